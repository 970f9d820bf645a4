"""Two parts of the data: one that thresholds are chosen on, one that they are reported on."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError
from deltasim.workloads.benchmark import Benchmark, stratified_order


def calibration_and_rest(
    benchmark: Benchmark, count: int | None = None, seed: int = 0
) -> tuple[Benchmark, Benchmark]:
    """Split by sequence: ``count`` of them (None: half), drawn by ``seed`` and spread over classes.

    Errors: InputError where nothing would be left for either part.
    """
    total = len(benchmark.sequences)
    chosen = total // 2 if count is None else count
    if not 1 <= chosen < total:
        rule = f"of {total} sequences some choose the thresholds and the others report on them"
        remedy = "Give at least two sequences." if total < 2 else f"Give 1 to {total - 1}."
        raise InputError("calibration", chosen, rule, remedy)
    drawn = np.random.default_rng(seed).permutation(total)
    order = drawn[stratified_order(benchmark.classes[drawn], benchmark.speakers[drawn])]
    first, others = np.sort(order[:chosen]), np.sort(order[chosen:])
    return part(benchmark, first, "calibration part"), part(benchmark, others, "the rest")


def part(benchmark: Benchmark, places: Numbers, name: str) -> Benchmark:
    """Some of a benchmark's sequences."""
    return benchmark.chosen(places, f"{name}, {len(places)} sequences")
