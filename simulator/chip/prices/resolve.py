"""The price of every action of a chip: as stated where it holds, else as the models make it, else why not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.actions import Action, chip_actions
from deltasim.simulator.chip.prices import of_cores, of_memories, of_network
from deltasim.simulator.chip.prices.conditions import (
    ANY,
    Value,
    depends_on,
    inherited,
    own_values,
    shown,
    written,
)
from deltasim.simulator.chip.prices.figure import Figure, Model, Scale
from deltasim.simulator.chip.prices.of_dram import standard_prices
from deltasim.simulator.chip.prices.price import Price
from deltasim.simulator.memories.kinds import KINDS
from deltasim.simulator.memories.standard_dram import StandardDram

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip

MODELS: dict[str, Model] = of_memories.MODELS | of_cores.MODELS | of_network.MODELS
SCALES: dict[str, Scale] = of_cores.SCALES | of_network.SCALES

UNKNOWN = {  # why no model prices an action, by the first part of its name
    **{kind: record.no_model for kind, record in KINDS.items()},
    "joined": "no model prices a link between chips",
    "core": "no model prices state that has no memory",
}


class Resolved(NamedTuple):
    """The price of an action and where it is from, or the reason why it has none."""

    price: Price | None
    by: Literal["stated", "derived", "scaled", "missing", "refused"]
    reason: str = ""


def resolve(chip: Chip) -> dict[str, Resolved]:
    """Every priced action of a chip, in the order of ``chip_actions``.

    A stated price holds while all that it was given for is so (``conditions``); a price of zero says that
    something is counted elsewhere, and holds whatever changes. Where one does not hold, its model gives it
    anew: the stated price times what the model says for now over what it says for then, so that what a
    description knows of its own silicon is kept. What no model reaches is refused with the reason.
    """
    found = {}
    of_standards: dict[str, Price] = {}
    reasons: dict[str, str] = {}
    for memory in chip.memories:
        if isinstance(memory, StandardDram):
            try:
                of_standards |= standard_prices(memory)
            except InputError as error:
                reasons[memory.name] = f"{error.place}: {error.value}: {error.rule}"
    for action in chip_actions(chip):
        if action.priced:
            known = of_standards.get(action.name)
            reason = reasons.get(action.name.split(".")[0], "")
            found[action.name] = _resolved(chip, action, known, reason)
    return found


def _resolved(chip: Chip, action: Action, known: Price | None, reason: str) -> Resolved:
    stated = chip.prices.get(action.name)
    if stated is None:
        if known is not None:
            return Resolved(known, "derived")
        try:
            return Resolved(_derived(chip, action), "derived")
        except InputError as error:
            return Resolved(None, "missing", reason or because(error))
    changed = broken(chip, action.name, stated)
    if not changed:
        return Resolved(stated.model_copy(update={"holds_for": None}), "stated")
    if stated.kind == "measured" and action.static:
        return Resolved(None, "refused", "no model scales a measured power at rest")
    if known is not None:
        return Resolved(known, "derived")
    try:
        return Resolved(_scaled(chip, action.name, stated, changed), "scaled")
    except InputError as error:
        why = because(error)
    try:
        return Resolved(_derived(chip, action), "derived")
    except InputError:
        return Resolved(None, "refused", why)


def because(error: InputError) -> str:
    """The part of an error that says why there is no price.

    >>> because(InputError("node", "7 nm", "CACTI 7 knows memories of 22 to 90 nm", "Give it."))
    'CACTI 7 knows memories of 22 to 90 nm (node: 7 nm)'
    """
    return f"{error.rule} ({error.place}: {error.value})"


def given_for(chip: Chip, action: str, stated: Price) -> dict[str, Value]:
    """What a stated price holds for: what it names itself, and what it inherits."""
    return inherited(chip, action, stated.kind == "measured" and stated.power_w is not None) | own_values(
        stated.holds_for
    )


def broken(chip: Chip, action: str, stated: Price) -> dict[str, Value]:
    """What a stated price was given for that is not so any more; of a zero, nothing ever is."""
    if stated.value == 0:
        return {}
    now = depends_on(chip, action)
    return {
        name: value
        for name, value in given_for(chip, action, stated).items()
        if value != ANY and now.get(name) != value
    }


def changed_texts(chip: Chip, action: str, stated: Price) -> list[str]:
    """What a stated price was given for that is not so any more, and what is now, in words."""
    now = depends_on(chip, action)
    return [
        f"{name} {shown(name, value)}, not {shown(name, now[name])}"
        for name, value in broken(chip, action, stated).items()
    ]


def all_conditions(chip: Chip, action: str, stated: Price) -> dict[str, str]:
    """What a price holds for, all of it, as it is written; of a zero, nothing."""
    if stated.value == 0:
        return {}
    return {name: written(name, value) for name, value in given_for(chip, action, stated).items()}


def own_conditions(chip: Chip, action: str, stated: Price) -> dict[str, str]:
    """What a price holds for beyond what it would inherit anyway, as it is written."""
    known = depends_on(chip, action)
    inherits = inherited(chip, action, stated.kind == "measured" and stated.power_w is not None)
    return {
        name: written(name, value)
        for name, value in own_values(stated.holds_for).items()
        if name in known and inherits.get(name) != value
    }


def model_name(chip: Chip, action: str) -> str:
    """The model of an action: that of a memory goes by its kind."""
    part, _, name = action.partition(".")
    kinds = {memory.name: memory.kind for memory in chip.memories}
    return f"{kinds[part]}.{name}" if part in kinds else action


def _figure(name: str, conditions: dict[str, Value]) -> Figure:
    model = MODELS.get(name)
    if model is None:
        raise InputError("price", name, UNKNOWN.get(name.split(".")[0], "no model prices it"), "Give it.")
    return model(conditions)


def _derived(chip: Chip, action: Action) -> Price:
    name, conditions = model_name(chip, action.name), depends_on(chip, action.name)
    figure = _figure(name, conditions)
    stated = chip.prices.get(f"{action.name.partition('.')[0]}.read")
    if action.part == "state" and stated is not None:  # as its reads are stated, so is its state
        factor = _now(chip, f"{action.name.partition('.')[0]}.read", stated).value
        factor /= _figure(f"{name.partition('.')[0]}.read", conditions).value
        figure = figure._replace(
            value=figure.value * factor,
            kind="estimated",
            why=f"{figure.why}; times {factor:.3g} as its reads",
        )
    unit, symbol = ("power", "W") if action.static else ("energy", "J")
    content: dict[str, Any] = {unit: f"{figure.value!r} {symbol}", "node": chip.node, "kind": figure.kind}
    if figure.low is not None and figure.high is not None:
        content |= {"low": f"{figure.low!r} {symbol}", "high": f"{figure.high!r} {symbol}"}
    return Price.model_validate(content | {"source": figure.why})


def price_for(chip: Chip, action: str, numbers: dict[str, Value]) -> Price:
    """The price of an action of a core for other numbers than the chip says it works on.

    Errors: InputError where no model gives it.
    """
    price = chip.priced[action]
    name, now = model_name(chip, action), depends_on(chip, action)
    scale = SCALES.get(name) or partial(_modelled, name)
    factor = scale(now | numbers) / scale(now)
    parts = [f"{key} {shown(key, value)}" for key, value in numbers.items() if now[key] != value]
    return price.times(factor, "estimated", f"{price.source}; times {factor:.3g}, for {', '.join(parts)}")


def _modelled(name: str, conditions: Mapping[str, Value]) -> float:
    """What a model says under conditions."""
    return _figure(name, dict(conditions)).value


def _now(chip: Chip, action: str, stated: Price) -> Price:
    """A stated price as it holds on this chip. Errors: InputError where it holds no more."""
    changed = broken(chip, action, stated)
    return _scaled(chip, action, stated, changed) if changed else stated


def _scaled(chip: Chip, action: str, stated: Price, changed: dict[str, Value]) -> Price:
    """The stated price times the model's ratio. Errors: InputError where the model does not reach both."""
    name, now = model_name(chip, action), depends_on(chip, action)
    if "clock" in changed and name in MODELS.keys() | SCALES.keys():
        raise InputError("clock", shown("clock", now["clock"]), "no model says what a clock changes", "")
    scale = SCALES.get(name) or partial(_modelled, name)
    before = scale(now | changed)
    if before == 0:
        raise InputError(name, "0", "the model knows of nothing that costs anything here", "")
    factor = scale(now) / before
    parts = ", ".join(changed_texts(chip, action, stated))
    return stated.times(
        factor, "estimated", f"{stated.source}; times {factor:.3g}, as it was given for {parts}"
    )
