"""Prices apart from counts: a table for each chip, and all energies of many points as one matrix product."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.simulator.chip.actions import chip_actions
from deltasim.simulator.ledger.arithmetic_prices import MAC, mac_prices
from deltasim.simulator.ledger.pricing import PICOSECOND

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.simulator.chip import Chip

Reals = npt.NDArray[np.float64]


class Form(NamedTuple):
    """What is counted: actions, then multiply-accumulates once more for each layer.

    Of each name the part of the energy report it belongs to, and what it counts.
    """

    names: tuple[str, ...]
    parts: tuple[str, ...]
    units: tuple[str, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self).encode()).hexdigest()[:16]


class PriceTable(NamedTuple):
    """Joules for one count of each name of a form; of what counts picoseconds, joules a picosecond."""

    form: Form
    joules: tuple[float, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps([self.form.digest, self.joules]).encode()).hexdigest()[:16]


def of_layer(layer: str) -> str:
    """The name under which the multiply-accumulates of one layer are counted."""
    return f"{MAC}@{layer}"


def form_of(chip: Chip, layers: Sequence[str]) -> Form:
    """What is counted on a chip, layers as its ledger names them."""
    known = chip_actions(chip)
    names = (*(action.name for action in known), *map(of_layer, layers))
    parts = (*(action.part for action in known), *("compute" for _ in layers))
    units = (*(action.counts for action in known), *("multiply-accumulates" for _ in layers))
    return Form(names, parts, units)


def price_table(chip: Chip, network: Network, layers: Sequence[str]) -> PriceTable:
    """What every count costs on a chip with a network, as `simulator.ledger.pricing.price` has it.

    Where layers have numbers of their own, multiply-accumulates are priced by layer and not as a whole.
    Errors: InputError where no model gives a price.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.numbers.arithmetic import FixedPoint
    >>> from deltasim.simulator.chip import load_chip
    >>> stack = random_stack("gru", 4, (8,), np.random.default_rng(0), arithmetic=FixedPoint())
    >>> table = price_table(load_chip("mesh16"), stack, ("input", "gru_0", "shared"))
    >>> table.joules[table.form.names.index("core.mac")]
    1.83e-13
    """
    form = form_of(chip, layers)
    own = mac_prices(chip, network)
    joules = []
    for action in chip_actions(chip):
        value = chip.priced[action.name].value if action.priced else 0.0
        joules.append(0.0 if action.name == MAC and own else value * (PICOSECOND if action.static else 1.0))
    joules += [own[layer].value if layer in own else 0.0 for layer in layers]
    return PriceTable(form, tuple(joules))


def energies(
    counts: Reals, chosen: npt.NDArray[np.int64], tables: Sequence[PriceTable], instead: Mapping[str, float]
) -> Reals:
    """Joules of each row of counts (points, names), priced by the table that ``chosen`` names.

    ``instead`` are joules that replace those of every table, by action (for a static one, watts times 1e-12).
    """
    prices = np.array([table.joules for table in tables])
    for name, value in instead.items():
        if name in tables[0].form.names:
            prices[:, tables[0].form.names.index(name)] = value
    joules: Reals = np.einsum("ij,ij->i", counts, prices[chosen])
    return joules
