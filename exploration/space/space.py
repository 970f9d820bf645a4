"""The space of a study: its parameters, and the chip, network and thresholds that a point stands for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from deltasim.exploration.space.expressions import Expression, Value
from deltasim.exploration.space.parameters import (
    Choice,
    Parameter,
    Range,
    number_of,
    read_parameter,
    unit_of,
    written,
)
from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.chip import Chip
from deltasim.simulator.chip.paths import numbered, require_path, value_at

THETAS = ("theta", "theta.input", "theta.recurrent")
OF_NETWORKS = (*THETAS, "weight_bits", "network", "chip")
TRAINED = "trained"
MAPPING = "mapping"  # what a search for a mapping gives a point beside its parameters
LABEL = "label"  # what fields that go together are called
MOST_BITS = 16

Values = dict[str, Any]
"""What a point gives each parameter."""


class Subject(NamedTuple):
    """What is computed at a point: a network, thresholds by role ("" for all), bits of weights."""

    network: str | None = None
    theta: tuple[tuple[str, float], ...] = ()
    weight_bits: int | None = None


class Setting(NamedTuple):
    """What a point stands for: a base chip, other values for its fields, and what is computed on it."""

    chip: str
    fields: tuple[tuple[str, Any], ...]
    subject: Subject


@dataclass(frozen=True)
class Space:
    """The parameters of a study, those that are chosen (``free``) and those that follow (``expressions``).

    ``chips`` are the base chips by name, the first that of ``base``. A parameter in ``joint`` is no field:
    its values are fields and values each.
    """

    free: dict[str, Choice | Range]
    expressions: dict[str, Expression]
    joint: frozenset[str]
    chips: dict[str, Chip]

    @property
    def size(self) -> float:
        """How many points there are; infinity with a real range."""
        return math.prod(len(p.values) if isinstance(p, Choice) else math.inf for p in self.free.values())

    @property
    def base(self) -> str:
        return next(iter(self.chips))

    def grid(self) -> Iterator[Values]:
        """Every point, the last parameter first to change."""
        values = [p.values for p in self.free.values() if isinstance(p, Choice)]
        for chosen in itertools.product(*values):
            yield dict(zip(self.free, chosen, strict=True))

    def at(self, shares: Sequence[float]) -> Values:
        """The point at a share of the way along each parameter."""
        return {name: p.at(float(share)) for (name, p), share in zip(self.free.items(), shares, strict=True)}

    def together(self, values: Values) -> Values:
        """What a point gives each field, those that go together taken apart."""
        found: Values = {}
        for name, value in values.items():
            found |= value if name in self.joint else {name: value}
        found.pop(LABEL, None)
        return found

    def known(self, values: Values) -> dict[str, Value]:
        """What expressions may ask for: parameters, and fields of the base chip that nothing changes."""
        given = self.together(values)
        found = {name: number for name, value in given.items() if (number := number_of(value)) is not None}
        waiting = dict(self.expressions)
        asked = {name for one in waiting.values() for name in one.names}
        chip = self.chips[str(given.get("chip", self.base))]
        for name in asked - set(found) - set(waiting):
            number = number_of(value_at(chip.content(), numbered(chip, name)))
            if number is not None:
                found[name] = number
        while waiting:
            ready = [name for name, one in waiting.items() if not one.names & set(waiting)]
            for name in ready:
                found[name] = waiting.pop(name).value(found)
        return found

    def setting(self, values: Values) -> Setting:
        """What a point stands for. Errors: InputError where an expression has no value."""
        fields = self.together(values)
        base = str(fields.pop("chip", self.base))
        chip = self.chips[base]
        known = self.known(values)
        for name in self.expressions:
            now = value_at(chip.content(), numbered(chip, name))
            value = known[name]
            fields[name] = written(value, unit_of(now)) if isinstance(value, int | float) else value
        theta = tuple(
            (name.removeprefix("theta").removeprefix("."), float(fields.pop(name)))
            for name in THETAS
            if name in fields and fields[name] != TRAINED
        )
        fields = {name: value for name, value in fields.items() if name not in THETAS}
        network, bits = fields.pop("network", None), fields.pop("weight_bits", None)
        subject = Subject(network, theta, None if bits is None else int(bits))
        own = tuple((numbered(chip, name), value) for name, value in fields.items())
        return Setting(base, own, subject)


def read_space(parameters: Mapping[str, Any], chips: dict[str, Chip]) -> Space:
    """The space of a study's parameters. Errors: InputError for a path there is not, a circle, no values.

    >>> from deltasim.simulator.chip import load_chip
    >>> parameters = {"cores.mac.lanes": [4, 8], "cores.update.lanes": "cores.mac.lanes / 2"}
    >>> space = read_space(parameters, {"mesh16": load_chip("mesh16")})
    >>> space.size, space.setting(space.at([0.5])).fields
    (2, (('cores.mac.lanes', 8), ('cores.update.lanes', 4)))
    """
    free: dict[str, Choice | Range] = {}
    follow: dict[str, Expression] = {}
    joint: set[str] = set()
    for name, given in parameters.items():
        place = f"parameters.{name}"
        found: Parameter = read_parameter(given, place)
        if name == "chip" and isinstance(found, Choice):
            found = Choice(tuple(chips), False)
        elif is_joint(name, found):
            joint.add(name)
            for values in found.values if isinstance(found, Choice) else ():
                for field, value in values.items():
                    if field == LABEL:
                        continue
                    require_field(
                        field, read_parameter([value], f"{place}.{field}"), chips, f"{place}.{field}"
                    )
        else:
            require_field(name, found, chips, place)
        if isinstance(found, Expression):
            follow[name] = found
        else:
            free[name] = found
    space = Space(free, follow, frozenset({*joint, MAPPING}), chips)
    require_no_circle(space)
    return space


def is_joint(name: str, found: Parameter) -> bool:
    """Whether a parameter sets several fields at once: a name that is no path, its values fields each."""
    values = found.values if isinstance(found, Choice) else ()
    return bool(values) and "." not in name and all(isinstance(value, Mapping) for value in values)


def require_field(name: str, found: Parameter, chips: Mapping[str, Chip], place: str) -> None:
    """Raise InputError unless a parameter is a field of every base chip, or something of the network."""
    values = found.values if isinstance(found, Choice) else ()
    if name in THETAS:
        for value in values:
            if value != TRAINED and not (isinstance(value, int | float) and 0 <= value < math.inf):
                rule = "a threshold is a number of at least 0, or: trained"
                raise InputError(place, value, rule, "Write it like 0.2.")
        return
    if name == "weight_bits":
        for value in values:
            if isinstance(value, bool) or not isinstance(value, int) or not 2 <= value <= MOST_BITS:
                rule = f"weights have 2 to {MOST_BITS} bits"
                raise InputError(place, value, rule, "Write it like [4, 8].")
        return
    if name in OF_NETWORKS:
        return
    if "." not in name:
        close = nearest(name, OF_NETWORKS)
        rule = "a parameter is the path of a chip's field, or something of the network"
        raise InputError(
            place, name, rule, f"{close} `deltasim describe chip NAME --paths` lists the fields."
        )
    for chip in chips.values():
        require_path(chip, name, place)


def require_no_circle(space: Space) -> None:
    """Raise InputError where expressions ask for each other, or for what nobody knows."""
    joint = space.joint & set(space.free)
    fields = {field for name in joint for value in _values(space.free[name]) for field in value}
    left = dict(space.expressions)
    for name, one in left.items():
        for asked in one.names - set(space.free) - set(left) - fields:
            for chip in space.chips.values():
                require_path(chip, asked, f"parameters.{name}")
    while left:
        ready = [name for name, one in left.items() if not one.names & set(left)]
        if not ready:
            name, one = next(iter(left.items()))
            raise InputError(
                f"parameters.{name}", one.text, "expressions go in a circle", "Give one a value."
            )
        for name in ready:
            del left[name]


def _values(found: Choice | Range) -> tuple[Any, ...]:
    return found.values if isinstance(found, Choice) else ()
