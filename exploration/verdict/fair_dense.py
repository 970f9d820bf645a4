"""A dense accelerator out of the same parts, at its best: what deltas have to beat on a chip."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deltasim.exploration.verdict.state_tax import StateTax
from deltasim.simulator.chip import Chip
from deltasim.simulator.chip.actions import chip_actions
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.ledger.pricing import Energy
from deltasim.simulator.memories.kinds import LABELS

STATE = ("state_read", "state_write")


class FairDense(NamedTuple):
    """Joules and seconds of a whole run on it, weights reused over ``batch`` sequences."""

    batch: int
    joules: float
    seconds: float


def fair_dense(ledger: Ledger, energy: Energy, tax: StateTax, chip: Chip, batch: int = 1) -> FairDense:
    """The dense run of a chip without what only deltas need.

    From the run with every element sent, its ``ledger``, ``energy`` and ``tax``: no scan, no last-sent
    values, and each weight read once for ``batch`` sequences that run side by side. What else is counted
    stays. Time is that of the busiest unit (a weight memory's divided by the batch, scans left out), so this
    accelerator never waits; what leaks, refreshes and idles goes with time. It is a bound that no design of
    these parts goes below, and deltas that beat it pay on this chip.
    """
    weights = tuple(memory.name for memory in chip.memories if not memory.timeless)
    alone = chip.cores.count == 1  # all that its network carries are weights
    busy = np.asarray(ledger.busy_ps, np.float64)
    factor = np.ones(len(ledger.units))
    for number, unit in enumerate(ledger.units):
        if unit.kind in ("scan", "fetch"):  # a fetch slot is held for as long as its column is consumed
            factor[number] = 0.0
        elif unit.kind in LABELS or (alone and unit.kind in ("bus", "link")):
            factor[number] = 1 / batch
    elapsed = float(max(ledger.elapsed_ps, 1))
    seconds = float((busy * factor).max(initial=0.0)) * 1e-12
    pace = seconds / (elapsed * 1e-12)
    actions = {action.name: action for action in chip_actions(chip)}
    joules = -tax.last_sent_j
    for line in energy.lines:
        memory, _, event = line.action.partition(".")
        if actions[line.action].static or event == "refresh":
            joules += line.joules * pace
        elif line.action == "core.scan":
            continue
        elif (memory in weights or (alone and memory in ("link", "router"))) and event not in STATE:
            joules += line.joules / batch
        else:
            joules += line.joules
    return FairDense(batch, joules, seconds)
