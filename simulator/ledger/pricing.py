"""Joules: what a ledger counted, times what the chip's description says each count costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from deltasim.simulator.chip.actions import chip_actions
from deltasim.simulator.ledger.arithmetic_prices import MAC, mac_prices, mean_price

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.simulator.chip import Chip
    from deltasim.simulator.ledger.ledger import Ledger

PICOSECOND = 1e-12


@dataclass(frozen=True)
class PricedAction:
    """One line of the bill: how often an action happened, what one costs, what all cost together.

    ``unit`` says what ``count`` counts: with "ps" the price is in watts, else in joules per count.

    >>> line = PricedAction("core.mac", "compute", 1000, "multiply-accumulates", 2e-13, 2e-10,
    ...                     "estimated", "Horowitz, ISSCC 2014", "28 nm")
    >>> line.joules == line.count * line.price
    True
    """

    action: str
    part: str
    count: int
    unit: str
    price: float
    joules: float
    kind: str
    source: str
    node: str


@dataclass(frozen=True, eq=False)
class Energy:
    """Energy of a run in joules, split every way that a report asks for.

    ``joules`` is a float64 array (units, actions) in the ledger's order. ``by_part`` maps a part of the
    chip ("compute", "encode", "state", a memory's name, "network", "static") to joules, ``by_layer`` a
    layer to such a split. ``total_j`` is the sum of the parts; ``estimated_share`` the share of it, 0
    to 1, that rests on prices marked "estimated".
    """

    joules: npt.NDArray[np.float64]
    by_part: Mapping[str, float]
    by_layer: Mapping[str, Mapping[str, float]]
    total_j: float
    estimated_share: float
    lines: tuple[PricedAction, ...]


def price(ledger: Ledger, chip: Chip, network: Network | None = None) -> Energy:
    """Price a ledger: energy = count x joules for events, picoseconds x watts for what leaks.

    With the ``network`` a multiply-accumulate of each layer costs what it does for the layer's numbers, where
    the chip says which its price is for; its line has their mean, and so has each unit.

    The ledger stays as it is, so the same run can be priced again with another table. Actions that a
    chip counts without a price (row hits, bytes) cost nothing and have no line. No price is missing
    here: a description without a price for an action that its chip can cause is refused when it is
    read.
    """
    known = {action.name: action for action in chip_actions(chip)}
    own = mac_prices(chip, network) if network is not None else {}
    factor = np.zeros(len(ledger.actions))
    parts: list[str | None] = [None] * len(ledger.actions)
    lines: list[PricedAction] = []
    for number, name in enumerate(ledger.actions):
        action = known.get(name)
        if action is None or not action.priced:
            continue
        stated = chip.priced[name]
        if name == MAC and own:
            counts = {layer: int(ledger.layer_counts[ledger.layers.index(layer), number]) for layer in own}
            stated = mean_price(counts, own)
        value = stated.value
        factor[number] = value * PICOSECOND if action.static else value
        parts[number] = action.part
        count = ledger.total(name)
        lines.append(
            PricedAction(
                name, action.part, count, action.counts, value, count * float(factor[number]),
                stated.kind, stated.source, str(stated.node),
            )
        )  # fmt: skip
    order = list(dict.fromkeys(action.part for action in known.values() if action.priced))
    numbers = {part: [number for number, held in enumerate(parts) if held == part] for part in order}
    by_part = {part: math.fsum(line.joules for line in lines if line.part == part) for part in order}
    layer_joules = np.asarray(ledger.layer_counts, np.float64) * factor
    for layer, found in own.items():
        place = ledger.layers.index(layer), ledger.actions.index(MAC)
        layer_joules[place] = ledger.layer_counts[place] * found.value
    by_layer = {
        layer: {part: math.fsum(layer_joules[row, numbers[part]]) for part in order}
        for row, layer in enumerate(ledger.layers)
    }
    total = math.fsum(by_part.values())
    estimated = math.fsum(line.joules for line in lines if line.kind == "estimated")
    return Energy(
        joules=np.asarray(ledger.counts, np.float64) * factor,
        by_part=by_part,
        by_layer=by_layer,
        total_j=total,
        estimated_share=estimated / total if total else 0.0,
        lines=tuple(lines),
    )
