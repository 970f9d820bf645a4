"""What a chip draws while nothing runs on it: leakage, and DRAM that is refreshed and powered down."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from deltasim.simulator.chip.actions import chip_actions
from deltasim.simulator.ledger.background import elapsed
from deltasim.simulator.ledger.pricing import PICOSECOND

if TYPE_CHECKING:
    from deltasim.simulator.chip import Chip
    from deltasim.simulator.plan.plan import Plan

IDLE_PS = 10**10  # 10 ms: thousands of refreshes, behind which the first ticks do not show


def idle_watts(plan: Plan, chip: Chip) -> dict[str, float]:
    """Mean power of each action over 10 ms in which no message is sent, as the engines count it.

    Their sum is that of the chip: leakage of cores, memories and the network; of every DRAM refresh and
    background, powered down where its controller does that. What waking up takes is not in it.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> from deltasim.simulator.plan.compile import compile_plan
    >>> network, chip = random_stack("gru", 4, (8,), np.random.default_rng(0)), load_chip("mesh16")
    >>> found = idle_watts(compile_plan(network, chip, map_network(network, chip)), chip)
    >>> f"{sum(found.values()):.2e} W"
    '3.71e-02 W'
    """
    known = {action.name: action for action in chip_actions(chip)}
    spent: dict[str, list[float]] = {}
    for amount in elapsed(plan, plan.memories.drams_at_rest(), IDLE_PS):
        if (action := known.get(amount.action)) is not None and action.priced:
            price = chip.priced[amount.action].value * (PICOSECOND if action.static else 1.0)
            spent.setdefault(amount.action, []).append(amount.amount * price)
    return {name: math.fsum(joules) / (IDLE_PS * PICOSECOND) for name, joules in spent.items()}
