"""What compiling a plan costs: ``python -m benchmarks.plan`` prints a row for each chip."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from deltasim.networks.builders.recurrent import random_stack
from deltasim.simulator.chip import load_chip
from deltasim.simulator.engines.compiled.phases.eligible import phase_plan
from deltasim.simulator.engines.compiled.tables import tables_of
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan

CHIPS = ("edgedrnn", "mesh16", "mesh64-hbm")
REPEATS = 12


def least_ms(work: Callable[[], object]) -> float:
    """Processor time of the fastest of several runs, in milliseconds."""
    spent = []
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent) * 1e3


def main() -> None:
    """A 2 x 768 GRU on every chip: the plan, and the tables of the compiled engine."""
    network = random_stack("gru", 40, (768, 768), np.random.default_rng(0))
    print("| chip | plan | tables |\n|---|--:|--:|")
    for name in CHIPS:
        chip = load_chip(name)
        mapping = map_network(network, chip)
        plan = compile_plan(network, chip, mapping)
        planned = least_ms(lambda: compile_plan(network, chip, mapping))  # noqa: B023 (called at once)
        laid_out = least_ms(lambda: tables_of(plan, phase_plan(plan)))  # noqa: B023 (called at once)
        print(f"| {name} | {planned:.1f} ms | {laid_out:.1f} ms |")


if __name__ == "__main__":
    main()
