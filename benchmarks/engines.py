"""The compiled engine beside the SimPy engine: the same trace, the same plan, in one process, as a ratio."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from networks.arithmetic import FixedPoint
from networks.build import random_stack
from networks.quantise import quantised
from networks.trace import random_trace
from simulator.chip import load_chip
from simulator.simulate import simulate

CHIPS = ("edgedrnn", "mesh16", "mesh64-hbm")
REPEATS = 5


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compare(chip_name: str, frames: int = 20, occupancy: float = 0.1) -> tuple[int, list[float], list[float]]:
    """Messages of a 2 x 128 GRU at 10 % occupancy, and seconds of each engine, taken in turn."""
    chip, rng = load_chip(chip_name), np.random.default_rng(0)
    network = quantised(random_stack("gru", 40, (128, 128), rng), FixedPoint())
    trace = random_trace(network, [frames], occupancy, rng)

    def run(engine: str) -> Callable[[], object]:
        return lambda: simulate(network, trace, chip, engine=engine)

    for engine in ("simpy", "compiled"):
        run(engine)()  # compiles
    pairs = [(seconds(run("simpy")), seconds(run("compiled"))) for _ in range(REPEATS)]
    slow, fast = zip(*pairs, strict=True)
    return len(trace.messages), list(slow), list(fast)


def main() -> None:
    """Print a row for each chip."""
    print("| chip | messages | SimPy, median | compiled, median | ratio, median (lowest to highest) |")
    print("|---|---:|---:|---:|---:|")
    for name in CHIPS:
        messages, slow, fast = compare(name)
        ratios = sorted(a / b for a, b in zip(slow, fast, strict=True))
        print(
            f"| {name} | {messages:,} | {statistics.median(slow) * 1e3:,.0f} ms "
            f"| {statistics.median(fast) * 1e3:,.1f} ms "
            f"| {statistics.median(ratios):,.0f} ({ratios[0]:,.0f} to {ratios[-1]:,.0f}) |"
        )


if __name__ == "__main__":
    main()
