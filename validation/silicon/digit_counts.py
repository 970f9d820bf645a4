"""How many elements a delta network sends in each step of recorded digits: ``validation/digit_counts.csv``.

    python -m deltasim.validation.silicon.digit_counts > validation/digit_counts.csv

runs the shipped network of 200 GRU units, with the thresholds it was trained with, on ten recordings of the
test part of the Free Spoken Digit Dataset, one of each digit.
"""

from __future__ import annotations

import numpy as np

from deltasim.networks.execute import execute
from deltasim.workloads.registry import benchmark

RECORDINGS = 10


def main() -> None:
    """Print the table."""
    chosen = benchmark("digits", "fsdd").limited(RECORDINGS)
    trace, _ = execute(chosen.network, list(chosen.sequences))
    into = [(projection.source, projection.target) for projection in chosen.network.projections]
    units = into[0][1]
    inputs, hidden = 0, into.index((units, units))
    print(f"# {chosen.data}; thresholds: {chosen.thresholds}")
    print("recording,step,inputs,hidden")
    for recording in range(trace.sequences):
        one = trace.sequence(recording)
        for step in range(one.steps):
            sent = np.bincount(one.step(step)["projection"], minlength=len(into))
            print(recording, step, sent[inputs], sent[hidden], sep=",")


if __name__ == "__main__":
    main()
