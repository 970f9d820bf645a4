"""How sure joules are: prices drawn from their spreads over counts that stand."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from deltasim.simulator.chip import Chip
    from deltasim.simulator.ledger.ledger import Ledger
    from deltasim.simulator.ledger.pricing import Energy

DRAWS = 10_000
QUANTILES = (0.05, 0.95)  # an interval holds 90 %
NORMAL_95 = 1.6448536269514722  # 95 % of a standard normal lie below
LEAST = 0.01  # of a price: where its spread reaches down to nothing
SEED = 20

# Where a description states no spread: 90 % of prices of a kind lie between the price over this factor and
# the price times it. Assumptions of ours, but for what is said of them.
ASSUMED: dict[str, float] = {
    "measured": 1.1,  # assumption: instrument and sample of one
    "simulated": 1.25,  # assumption; CACTI's own table is met within 10.4 % in 90 % (docs/validation/sram.md)
    "estimated": 2.0,  # assumption; published scalings of one circuit to 7 nm are a factor of 2 to 4 apart
}

Interval = tuple[float, float]
Doubles = npt.NDArray[np.float64]


class Spread(NamedTuple):
    """A price with its spread: 90 % of what it may be lies between ``low`` and ``high``.

    ``joules`` is what it comes to in an inference. Prices of equal ``identity`` are one price, and are drawn
    together in all runs that have it.
    """

    action: str
    price: float
    low: float
    high: float
    joules: float
    identity: str


def spread_of(price: Mapping[str, Any]) -> Spread | None:
    """The spread of a price as a record has it; None for a record of a form before version 3.

    >>> found = spread_of({"action": "core.mac", "price": 2.0, "low": 1.0, "high": 4.0, "inference_j": 8.0,
    ...                    "unit": "J", "node": "22 nm", "kind": "estimated", "source": "a guess"})
    >>> found.low, found.high, found.joules
    (1.0, 4.0, 8.0)
    """
    if not {"low", "high", "inference_j"} <= price.keys():
        return None
    named = ("action", "price", "low", "high", "unit", "node", "kind", "source")
    identity = "\n".join(str(price.get(name)) for name in named)
    value, low, high, joules = (float(price[name]) for name in ("price", "low", "high", "inference_j"))
    return Spread(str(price["action"]), value, low, high, joules, identity)


def bounds(price: float, kind: str, low: float | None, high: float | None) -> tuple[float, float]:
    """The spread that a price states, or that of its kind.

    >>> bounds(4.0, "estimated", None, None), bounds(4.0, "estimated", 3.0, 5.0)
    ((2.0, 8.0), (3.0, 5.0))
    """
    factor = ASSUMED[kind]
    return (price / factor if low is None else low), (price * factor if high is None else high)


@functools.lru_cache(256)
def standard(identity: str) -> Doubles:
    """Standard normal draws of a price: the same in every run that has it. Shape (draws,)."""
    key = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:16])
    found: Doubles = np.random.default_rng([SEED, key]).standard_normal(DRAWS)
    found.flags.writeable = False
    return found


@functools.lru_cache(8)
def factors(spreads: tuple[Spread, ...]) -> Doubles:
    """What each price is times in every draw. Shape (draws, prices).

    Rule: the price is the middle; z standard deviations above it are (high / price) ** (z / 1.645) times it,
    as many below it (low / price) ** (z / 1.645): a twentieth lies above ``high`` and one below ``low``.
    """
    found = np.ones((DRAWS, len(spreads)))
    for column, spread in enumerate(spreads):
        if spread.price > 0 and spread.high > spread.low:
            up = np.log(max(1.0, spread.high / spread.price)) / NORMAL_95
            down = -np.log(min(1.0, max(LEAST, spread.low / spread.price))) / NORMAL_95
            drawn = standard(spread.identity)
            found[:, column] = np.exp(np.where(drawn > 0, up, down) * drawn)
    found.flags.writeable = False
    return found


def intervals(spreads: Sequence[Spread], joules: Doubles) -> list[Interval]:
    """The 90 % interval of each column of ``joules`` (prices, figures), of four digits."""
    drawn = np.einsum("dp,pf->df", factors(tuple(spreads)), joules)
    found = np.quantile(drawn, QUANTILES, axis=0)
    return [(rounded(low), rounded(high)) for low, high in found.T.tolist()]


def rounded(value: float) -> float:
    """Of four digits: further ones say nothing, and could differ between machines.

    >>> rounded(1.23456e-9)
    1.235e-09
    """
    return float(f"{value:.4g}")


class Sure(NamedTuple):
    """90 % intervals of the joules of an inference: the whole, each part, each layer."""

    inference: Interval
    parts: dict[str, Interval]
    layers: dict[str, Interval]


def price_records(energy: Energy, chip: Chip, sequences: int) -> list[dict[str, Any]]:
    """Every price of a run as its record has it, with its spread and what it comes to in an inference."""
    found = []
    for line in energy.lines:
        stated = chip.priced[line.action]
        known = stated.value == line.price  # else it is the mean of the prices of layers
        low, high = bounds(
            line.price, line.kind, stated.low if known else None, stated.high if known else None
        )
        found.append(
            {"action": line.action, "price": line.price, "low": low, "high": high,
             "unit": "W" if line.unit == "ps" else "J", "node": line.node, "kind": line.kind,
             "source": line.source, "inference_j": line.joules / sequences}
        )  # fmt: skip
    return found


def spreads_of(energy: Energy, chip: Chip, sequences: int) -> list[Spread]:
    """The spread of every price of a run."""
    return [one for price in price_records(energy, chip, sequences) if (one := spread_of(price))]


def sure(energy: Energy, ledger: Ledger, chip: Chip, sequences: int) -> Sure:
    """The intervals of a run by the spreads of its prices; its counts stand.

    What an action costs is split over the layers as they caused it.
    """
    spreads = spreads_of(energy, chip, sequences)
    parts = list(energy.by_part)
    columns = [ledger.actions.index(line.action) for line in energy.lines]
    counts = np.asarray(ledger.layer_counts[:, columns], np.float64)  # (layers, prices)
    totals = counts.sum(axis=0)
    joules = np.array([spread.joules for spread in spreads])
    by_layer = counts / np.where(totals > 0, totals, 1.0) * joules
    in_part = np.array([[line.part == part for part in parts] for line in energy.lines]) * joules[:, None]
    found = intervals(spreads, np.concatenate([joules[:, None], in_part, by_layer.T], axis=1))
    return Sure(
        found[0],
        dict(zip(parts, found[1 : 1 + len(parts)], strict=True)),
        dict(zip(ledger.layers, found[1 + len(parts) :], strict=True)),
    )
