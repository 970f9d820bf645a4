"""DeltaRNN: a layer of 256 GRU units, weights in block RAM."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.simulator.chip import load_chip
from deltasim.validation.measure import measure, occupancy_of
from deltasim.validation.row import Row

PAPER = "FPGA 2018, abstract"
INPUTS, HIDDEN, STEPS = 40, 256, 20
OCCUPANCIES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.5, 1.0)
PEAK = 192e9  # operations a second: 768 multipliers at 125 MHz
RATE = 1.2e12  # effective, operations a second
FASTER = 5.7  # over dense
POWER_W = 7.3  # 1.2 TOp/s at 164 GOp/s/W


def rows() -> Iterator[Row]:
    """Peak; the occupancy that each published figure would need; power there."""
    arithmetic = FixedPoint(weight=Q(8, 8), accumulator=Q(16, 16))
    rng = np.random.default_rng(0)
    network = random_stack("gru", INPUTS, (HIDDEN,), rng, arithmetic=arithmetic)
    chip = load_chip("deltarnn")
    measured = {occupancy: measure(network, chip, occupancy, STEPS) for occupancy in OCCUPANCIES}
    name, dense, operations = chip.name, measured[1.0], 2 * network.weight_words
    steps_s = [measured[occupancy].step_s for occupancy in OCCUPANCIES]
    ledger = dense.ledger
    mac = next(row for row, unit in enumerate(ledger.units) if unit.kind == "mac")
    peak = 2 * ledger.total("core.mac") / (int(ledger.busy_ps[mac]) * 1e-12)
    words = "lanes and clock of the description, at work without a gap"
    yield Row(
        name,
        "peak rate",
        "dense",
        PEAK,
        peak,
        "Op/s",
        0.01,
        "circular",
        "768 MACs, 125 MHz",
        words,
        "derived",
    )
    words = "the peak less the first fetch, the scan and the update of every step"
    yield Row(
        name, "rate of a dense step", "dense", PEAK, operations / dense.step_s, "Op/s", None, "assumed",
        "768 MACs, 125 MHz", words, "derived",
    )  # fmt: skip
    missing = (
        "neither occupancy nor scan rate at the published mean is known, and 192 GOp/s x 5.7 is 1.09, not "
        "1.2 TOp/s: the published figures disagree by 9 % among themselves"
    )
    needed = occupancy_of(operations / RATE, OCCUPANCIES, steps_s)
    yield Row(
        name, "effective rate", "occupancy unknown", RATE, None, "Op/s", 0.05, "open", PAPER,
        f"{missing}; {reached(needed)}",
    )  # fmt: skip
    needed_faster = occupancy_of(dense.step_s / FASTER, OCCUPANCIES, steps_s)
    yield Row(
        name, "faster than dense", "occupancy unknown", FASTER, None, "x", 0.05, "open", PAPER,
        f"the occupancy is not known; {reached(needed_faster)}",
    )  # fmt: skip
    for occupancy in (0.05, 0.1, 0.15, 0.2):
        rate = operations / measured[occupancy].step_s
        times = dense.step_s / measured[occupancy].step_s
        words = f"{times:.1f} times faster than dense"
        yield Row(
            name,
            "effective rate",
            f"G = {1 - occupancy:g}",
            None,
            rate,
            "Op/s",
            None,
            "predicted",
            "-",
            words,
        )
    if needed is not None:
        there = measure(network, chip, needed, STEPS)
        words = (
            "the idle power of this board is not known: EdgeDRNN's, of a far smaller device, stands in; "
            f"without it the prices make {there.power_w - chip.prices['core.leakage'].value:.1f} W"
        )
        yield Row(
            name, "power", f"G = {1 - needed:.3f}", POWER_W, there.power_w, "W", 0.10, "open",
            f"1.2 TOp/s at 164 GOp/s/W, {PAPER}", words, "derived",
        )  # fmt: skip


def reached(occupancy: float | None) -> str:
    """In words, where the description reaches a published figure."""
    return (
        "no occupancy gives it"
        if occupancy is None
        else f"the description gives it at G = {1 - occupancy:.3f}"
    )
