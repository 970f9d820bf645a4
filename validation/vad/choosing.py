"""Choose the detector's thresholds, on sentences of a voice that tests nothing.

    python -m deltasim.validation.vad.choosing FOLDER/speech.npz OUT

OUT holds ``dense``, which `python -m deltasim.workloads.vad.making` wrote. ``delta`` and ``training.json``
come beside it: the same in fixed point, with thresholds that save most on one chip within what may be lost.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.exploration.tuning.tune import tune
from deltasim.exploration.tuning.within import parse_within
from deltasim.networks.execute import execute
from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.disk.unfinished import new_file
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import run_plan
from deltasim.workloads.benchmark import Benchmark
from deltasim.workloads.training_record import RECORD
from deltasim.workloads.vad.benchmarks import on
from deltasim.workloads.vad.sentences import read
from deltasim.workloads.vad.trained import Trained, in_fixed_point

CHIP = "earbud"
WITHIN = "0.5points"  # of ROC AUC, against the same network at threshold 0
SENTENCES = 3  # the shortest, each at two ratios
CHOOSING = 4  # of these scenes; the other two report
NAIVE = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1)  # one threshold for all layers


def chosen(benchmark: Benchmark) -> tuple[Network, dict[str, Any]]:
    """The benchmark's network with thresholds tuned for the chip, and the record of the search."""
    network, chip, within = benchmark.network, load_chip(CHIP), parse_within(WITHIN)
    plan = compile_plan(network, chip, map_network(network, chip))

    def joules(tried: Network, trace: Trace) -> float:
        return price(run_plan(plan, trace, jobs=1), chip, tried).total_j

    found = tune(benchmark, joules, within, calibration=CHOOSING, progress=told)
    record = {"chip": CHIP, "data": benchmark.data, "digest": benchmark.data_digest, **found.to_dict()}
    record["thresholds"] = {name: float(np.asarray(theta)) for name, theta in found.thresholds.items()}
    return found.tuned, record


def naive(benchmark: Benchmark) -> dict[str, float]:
    """Of one threshold for all layers, 0 included: the score on all scenes of the choosing part."""
    found = {}
    for theta in (0.0, *NAIVE):
        _, outputs = execute(benchmark.network.with_thresholds(theta), benchmark.sequences)
        score = benchmark.scored(outputs)
        assert score is not None
        found[f"{theta:g}"] = score
    return found


def within_of(scores: dict[str, float]) -> float:
    """The largest of the thresholds up to which no score lies further below that of 0 than may be lost.

    >>> within_of({"0": 0.96, "0.1": 0.958, "0.2": 0.94, "0.3": 0.96})
    0.1
    """
    most, best = parse_within(WITHIN).most / 100, 0.0
    for theta, score in scores.items():
        if score < scores["0"] - most:
            break
        best = float(theta)
    return best


def told(done: int, total: int) -> None:
    """One line a setting."""
    print(f"{done} of at most {total}", file=sys.stderr, flush=True)


def choose(source: Path, out: Path) -> None:
    """Write the tuned detector and the record beside the dense one."""
    dense = load_network(out / "dense")
    benchmark = on(read(source, "choose").shortest(SENTENCES), Trained(dense, in_fixed_point(dense), {}))
    network, record = chosen(benchmark)
    scores = naive(benchmark)
    record |= {"naive": {"scores": scores, "theta": within_of(scores)}}
    record["command"] = "python -m deltasim.validation.vad.choosing FOLDER/speech.npz OUT"
    save_network(network, out / "delta")
    with new_file(out / RECORD) as file:
        file.write((json.dumps(record, indent=1, allow_nan=False) + "\n").encode())


if __name__ == "__main__":
    try:
        choose(Path(sys.argv[1]), Path(sys.argv[2]))
    except InputError as error:
        sys.exit(str(error))
