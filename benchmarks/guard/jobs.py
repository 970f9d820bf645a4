"""Short jobs that every version since 0.1.0 can run; ``python jobs.py JOB`` prints seconds of processor time.

Only names that have not changed since are used. The networks are made up here, so that all versions replay
the same messages; chips are as each version has them.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

REPEATS = 3
LENGTHS = tuple(range(10, 58, 3))
CHIPS = ("edgedrnn", "mesh16", "mesh16-cached", "mesh64-hbm")


def network() -> Any:
    """Two GRU layers of 8-bit weights."""
    import numpy as np

    from deltasim.networks import FixedPoint, quantised, random_stack

    return quantised(random_stack("gru", 40, (96, 96), np.random.default_rng(0), theta=0.1), FixedPoint())


def replayed(chip: str, dense: bool) -> Callable[[], object]:
    """Sequences of many lengths on a chip: a tenth of all elements sent, or all."""
    import numpy as np

    from deltasim.networks import dense_trace, random_trace
    from deltasim.simulator.chip import load_chip
    from deltasim.simulator.simulate import simulate

    of, lengths = network(), LENGTHS[::3] if dense else LENGTHS
    trace = dense_trace(of, lengths) if dense else random_trace(of, lengths, 0.1, np.random.default_rng(1))
    loaded = load_chip(chip)
    return lambda: simulate(of, trace, loaded)


def executed() -> Callable[[], object]:
    """The values and messages of a network."""
    import numpy as np

    from deltasim.networks.execute import execute

    of, rng = network(), np.random.default_rng(2)
    inputs = [rng.normal(size=(length, 40)).cumsum(0).astype(np.float32) / 8 for length in LENGTHS]
    return lambda: execute(of, inputs)


JOBS: dict[str, Callable[[], Callable[[], object]]] = {
    "execute": executed,
    **{chip: lambda chip=chip: replayed(chip, False) for chip in CHIPS},  # type: ignore[misc]
    **{f"{chip}, dense": lambda chip=chip: replayed(chip, True) for chip in CHIPS},  # type: ignore[misc]
}


def seconds(job: Callable[[], object]) -> float:
    """The least of some runs, in processor time; the kernels are there before."""
    job()
    found = []
    for _ in range(REPEATS):
        began = time.process_time()
        job()
        found.append(time.process_time() - began)
    return min(found)


if __name__ == "__main__":
    print(json.dumps({name: seconds(JOBS[name]()) for name in sys.argv[1:]}))
