"""Networks for score and joules at once, evolved with and without safe mutation, and trained.

    python -m deltasim.validation.evolved_parity.joules OUT --seeds 5

OUT/joules.json grows by one network at a time, each in a folder of its own beside it; started again, it goes
on with what is missing.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.exploration.column_prices import column_prices
from deltasim.networks.evolution.population import Plan
from deltasim.networks.files.network import save_network
from deltasim.networks.trace import dense_trace
from deltasim.runtime.disk.unfinished import new_file
from deltasim.simulator.chip import load_chip
from deltasim.validation.measure import measure_trace
from deltasim.workloads.evolved_parity.joules import EPOCHS, Outcome, Prices, evolved, measured, trained
from deltasim.workloads.evolved_parity.making import read_runs
from deltasim.workloads.evolved_parity.parity import BITS, SEQUENCES, SHAPE
from deltasim.workloads.evolved_parity.tasks import TASKS

CHIP = "mesh16"
WEIGHT = 0.1
BUDGET = 20_000
METHODS = ("sm-r", "sm-g-so", "plain", "gradients")


def prices_on(chip: str) -> Prices:
    """Joules of a message of each source of the parity networks."""
    network = SHAPE.network(np.zeros(SHAPE.parameters), [0.0] * SHAPE.projections, "priced")
    return column_prices(network, load_chip(chip))


def made(method: str, prices: Prices, seed: int) -> Outcome:
    """One network."""
    if method == "gradients":
        return trained(prices, WEIGHT, seed)
    magnitude, _ = TASKS["parity"].mutations[method]
    return evolved(prices, WEIGHT, Plan(method, magnitude, seed, BUDGET))


def energy_of(outcome: Outcome) -> dict[str, float]:
    """Joules of a sequence on the chip: as the network sends, and with every value sent."""
    from deltasim.networks.execute import execute

    network, chip = outcome.network, load_chip(CHIP)
    trace, _ = execute(network, [sequence.astype(np.float32) for sequence in SEQUENCES])
    own, every = (
        measure_trace(network, chip, one) for one in (trace, dense_trace(network, [BITS] * len(SEQUENCES)))
    )
    return {"delta_j": own.step_j * BITS, "dense_j": every.step_j * BITS}


def make(out: Path, seeds: int) -> None:
    """Do what is missing."""
    out.mkdir(parents=True, exist_ok=True)
    file, prices = out / "joules.json", prices_on(CHIP)
    found: list[dict[str, Any]] = read_runs(file)
    command = f"python -m deltasim.validation.evolved_parity.joules OUT --seeds {seeds}"
    terms = {"chip": CHIP, "weight": WEIGHT, "budget": BUDGET, "epochs": sum(EPOCHS)}
    for seed in range(seeds):
        for method in METHODS:
            if any((run["method"], run["seed"]) == (method, seed) for run in found):
                continue
            outcome = made(method, prices, seed)
            found.append(
                {
                    "method": method,
                    "seed": seed,
                    **measured(outcome.network, prices),
                    **energy_of(outcome),
                    "evaluations": outcome.evaluations,
                    "processor_s": round(outcome.processor_s, 2),
                }
            )
            save_network(outcome.network, out / f"{method}-{seed}")
            with new_file(file) as part:
                text = json.dumps({"command": command, "terms": terms, "runs": found}, indent=1)
                part.write(f"{text}\n".encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="networks for score and joules at once")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    make(given.out, given.seeds)
