"""Spartus: a delta LSTM of 1024 units whose pruned columns are dealt out to 8 arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from deltasim.networks.builders.pruning import column_balanced
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.connections import AllToAll, Sparse
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.simulator.chip import Chip, load_chip
from deltasim.validation.measure import Measured, measure, occupancy_of, steady_trace
from deltasim.validation.row import Row

PAPER = "arXiv 2108.02297"
INPUTS, HIDDEN, STEPS = 123, 1024, 4
ELEMENTS, GAMMA = 64, 0.94
OCCUPANCIES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
PEAK = 204.8e9  # operations a second: 8 arrays of 64 at 200 MHz
STEP_S = 1.0e-6
RATE = 9.4e12  # effective, operations a second
OVER_PEAK = 46.0
PRUNED = 0.94  # the low end of the published 94 to 96 %
POWER_W = RATE / 1.1e12  # 1.1 TOp/s/W


def networks() -> tuple[Network, Network]:
    """The LSTM with all of its weights, and pruned as published."""
    rng = np.random.default_rng(0)
    whole = random_stack("lstm", INPUTS, (HIDDEN,), rng, arithmetic=FixedPoint())
    projections = []
    for projection in whole.projections:
        assert isinstance(projection.connection, AllToAll)
        gates = projection.connection.columns.transpose(1, 2, 0)
        sparse = Sparse.from_matrices(column_balanced(gates, ELEMENTS, GAMMA))
        projections.append(replace(projection, connection=sparse))
    return whole, replace(whole, name="pruned", projections=tuple(projections))


def rows() -> Iterator[Row]:
    """Dense time and both kinds of sparsity, apart and together; the balance of the arrays; power."""
    whole, pruned = networks()
    chip = load_chip("spartus")
    name, operations = chip.name, 2 * whole.weight_words
    roomy = chip.changed({"memories.0.size": "8000 KiB"})  # unpruned weights do not fit the device
    dense = measure(whole, roomy, 1.0, 1)
    words = "weights and deltas dense, in a memory large enough: the first fetch, scan and update on top"
    source = f"9.4 TOp for 1 s / 204.8 GOp/s, {PAPER}"
    yield Row(
        name, "dense step at its own peak", "all dense", operations / PEAK, dense.step_s, "s", 0.05,
        "rederived", source, words, "derived",
    )  # fmt: skip
    sparsity = 1 - pruned.weight_words / whole.weight_words
    words = "gamma 0.94 leaves 4 of the 64 words of every processing element; the range is 94 to 96 %"
    yield Row(name, "weight sparsity", "gamma 0.94", PRUNED, sparsity, "", 0.01, "rederived", PAPER, words)
    measured = {occupancy: measure(pruned, chip, occupancy, STEPS) for occupancy in OCCUPANCIES}
    steps_s = [measured[occupancy].step_s for occupancy in OCCUPANCIES]
    yield from balance(pruned, chip, measured)
    missing = "the occupancy of the deltas is not known, nor how long scan and update take"
    needed = occupancy_of(STEP_S, OCCUPANCIES, steps_s)
    assert needed is not None
    yield Row(
        name, "latency of a step", "occupancy unknown", STEP_S, None, "s", 0.05, "open", PAPER,
        f"{missing}; the description takes 1.0 us at G = {1 - needed:.3f}, and {steps_s[0] * 1e6:.2f} us "
        "where nothing is sent",
    )  # fmt: skip
    words = "9.4 MOp in 1.0 us are 9.4 TOp/s are 46 times 204.8 GOp/s: one figure, told three times"
    for figure, value, unit in (("effective rate", RATE, "Op/s"), ("over its own peak", OVER_PEAK, "x")):
        yield Row(name, figure, "occupancy unknown", value, None, unit, 0.05, "open", PAPER, words)
    for occupancy in (1.0, 0.3, 0.2, 0.1):
        times = dense.step_s / measured[occupancy].step_s
        words = f"{measured[occupancy].step_s * 1e6:.2f} us a step"
        if occupancy == 1.0:
            words += ": weight sparsity alone, less than 64 / 4 for the update is not sparse"
        at = f"G = {1 - occupancy:g}"
        yield Row(name, "faster than dense", at, None, times, "x", None, "assumed", "-", words)
    there = measure(pruned, chip, needed, STEPS)
    words = (
        "the idle power of this board is not known: EdgeDRNN's, of a far smaller device, stands in; "
        f"without it the prices make {there.power_w - chip.prices['core.leakage'].value:.1f} W"
    )
    source = f"9.4 TOp/s at 1.1 TOp/s/W, {PAPER}"
    yield Row(
        name,
        "power",
        f"G = {1 - needed:.3f}",
        POWER_W,
        there.power_w,
        "W",
        0.10,
        "open",
        source,
        words,
        "derived",
    )


def balance(pruned: Network, chip: Chip, measured: dict[float, Measured]) -> Iterator[Row]:
    """The released code's cost of a step, the columns of the fullest array, beside what the engine takes."""
    arrays, cycles = chip.cores.mac.arrays, 4
    update = chip.cores.update
    rest = update.fixed + update.cycles * -(-HIDDEN // update.lanes)
    for occupancy in (0.1, 0.3):
        trace = steady_trace(pruned, STEPS, occupancy)
        fullest = total = 0
        for step in range(STEPS):
            columns = np.bincount(trace.step(step)["source"] % arrays, minlength=arrays)
            fullest, total = fullest + int(columns.max()), total + int(columns.sum())
        rule_s = (fullest * cycles / STEPS + rest) * chip.cores.period_ps * 1e-12
        at = f"G = {1 - occupancy:g}"
        yield Row(
            chip.name, "step of unbalanced arrays", at, rule_s, measured[occupancy].step_s, "s", 0.05,
            "rederived", "released code: 4 cycles for each column of the fullest array; update as described",
            f"the fullest array holds {fullest * arrays / total:.2f} times the mean of {arrays} arrays",
            "model",
        )  # fmt: skip
