"""One price of a description, and the short forms it can be written in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field, field_serializer, model_validator

from deltasim.simulator.schema.faults import Fault, Faults
from deltasim.simulator.schema.part import Part
from deltasim.simulator.schema.quantities import (
    Energy,
    Node,
    Power,
    QuantityError,
    Text,
    read_energy,
    read_power,
    read_share,
)

DERIVED = "derived"  # in the place of a price: the model is asked, as where none is given
DEFAULT = "default"  # in the place of an action: node, kind and source of all prices that do not say them
SHARED = ("node", "kind", "source")
READERS: dict[str, Callable[[object], float]] = {"energy": read_energy, "power": read_power}


class Price(Part):
    """What one counted action costs, or what a static one draws, and where that is known from.

    ``low`` and ``high`` are its spread, where one is known: written as such, or as ``4 pJ ± 30 %`` or ``4 pJ
    ± 1 pJ`` in the place of the value. ``holds_for`` names what the price was given for (size, width, banks,
    bits, clock, node ...: ``deltasim.simulator.chip.prices.conditions``); what it does not name is inherited
    from the description it stands in. ``any`` says that the price does not depend on it.

    >>> price = Price.model_validate(
    ...     {"energy": "4 pJ ± 30 %", "node": "22 nm", "kind": "estimated", "source": "a guess"})
    >>> f"{price.value * 1e12:.1f}, {price.low * 1e12:.1f} to {price.high * 1e12:.1f} pJ"
    '4.0, 2.8 to 5.2 pJ'
    """

    energy_j: Energy | None = Field(default=None, alias="energy")
    power_w: Power | None = Field(default=None, alias="power")
    low: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    high: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    node: Node
    kind: Literal["measured", "simulated", "estimated"]
    source: Text
    holds_for: dict[Text, Text | int] | None = None

    @property
    def value(self) -> float:
        """Joules per count, or watts for an action counted in picoseconds."""
        return self.power_w if self.power_w is not None else (self.energy_j or 0.0)

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, content: Any) -> Any:
        """Read a spread in any of its forms, in joules or watts."""
        if not isinstance(content, dict):
            return content
        given = [name for name in READERS if name in content]
        if len(given) != 1:  # refused where the action is known
            return content
        name = given[0]
        return _with_spread(dict(content), name, READERS[name])

    @model_validator(mode="after")
    def _contains(self) -> Price:
        for name, value, wrong in (
            ("low", self.low, self.low is not None and self.low > self.value),
            ("high", self.high, self.high is not None and self.high < self.value),
        ):
            if wrong:
                rule = f"the price, {self.value!r} {self.unit}, lies between low and high"
                raise Faults((Fault(name, f"{value!r} {self.unit}", rule, "Correct one of them."),))
        return self

    @property
    def unit(self) -> str:
        return "J" if self.power_w is None else "W"

    @field_serializer("low", "high", when_used="unless-none")
    def _written(self, value: float) -> str:
        return f"{value!r} {self.unit}"

    def times(self, factor: float, kind: str, source: str) -> Price:
        """The same with its value and spread scaled, and what made it so."""
        scaled = {
            name: None if value is None else value * factor
            for name, value in {
                "energy_j": self.energy_j, "power_w": self.power_w, "low": self.low, "high": self.high,
            }.items()
        }  # fmt: skip
        return self.model_copy(update=scaled | {"kind": kind, "source": source, "holds_for": None})


def _with_spread(content: dict[str, Any], name: str, read: Callable[[object], float]) -> dict[str, Any]:
    """Bring ``value ± spread``, ``low`` and ``high`` to numbers. Errors: Faults."""
    text = content[name]
    centre, sign, spread = str(text).replace("+-", "±").partition("±")
    if sign:
        try:
            value = read(centre.strip())
            share = spread.strip().endswith("%")
            reach = value * read_share(spread) if share else read(spread.strip())
        except QuantityError as error:
            raise Faults((Fault(name, str(text), error.rule, "Write it like 4 pJ ± 30 %."),)) from None
        if {"low", "high"} & content.keys():
            raise Faults((Fault(name, str(text), "a spread is stated once", "Leave low and high out."),))
        return content | {name: centre.strip(), "low": max(0.0, value - reach), "high": value + reach}
    for bound in ("low", "high"):
        if isinstance(content.get(bound), str):
            try:
                content[bound] = read(content[bound])
            except QuantityError as error:
                raise Faults((Fault(bound, content[bound], error.rule, error.remedy),)) from None
    return content


def written_out(prices: object) -> object:
    """Bring every short form of ``prices`` to the long one, before it is checked.

    ``default`` gives node, kind and source to every price without its own; a quantity alone is a price with
    these; ``derived`` is left to the models.

    >>> written_out({"default": {"node": "22 nm"}, "core.mac": "1 pJ", "core.scan": "derived"})
    {'core.mac': {'node': '22 nm', 'energy': '1 pJ'}}
    """
    if not isinstance(prices, dict):
        return prices
    shared = prices.get(DEFAULT, {})
    if not isinstance(shared, dict):
        raise Faults((Fault(DEFAULT, str(shared), "expected fields", "Write node, kind and source."),))
    for name in shared:
        if name not in SHARED:
            rule = "all prices of a file can share their node, kind and source"
            raise Faults((Fault(f"{DEFAULT}.{name}", str(shared[name]), rule, "Give it with the price."),))
    return {
        name: _long(price, shared) for name, price in prices.items() if name != DEFAULT and price != DERIVED
    }


def _long(price: object, shared: dict[str, Any]) -> object:
    if isinstance(price, str):
        unit = "power" if price.replace("+-", "±").partition("±")[0].rstrip().endswith("W") else "energy"
        return shared | {unit: price}
    return shared | price if isinstance(price, dict) else price


Prices = Annotated[dict[str, Price], BeforeValidator(cast(Callable[[Any], Any], written_out))]
