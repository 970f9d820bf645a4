"""What a parameter of a study may be: values to choose from, a range, or an expression of others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from quantiphy import QuantiPhyError

from deltasim.exploration.space.expressions import Expression, Value, expression
from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.schema.quantities import LONGEST, amount_of

MOST_VALUES = 10_000
WHOLE_UNITS = ("B", "bit", "bits", "cycle", "cycles")
RANGE_FIELDS = ("from", "to", "step", "count", "scale")
SCALES = ("linear", "log")


@dataclass(frozen=True)
class Choice:
    """Some values, in the order given; ``ordered`` where they are numbers that rise."""

    values: tuple[Any, ...]
    ordered: bool

    def at(self, share: float) -> Any:
        """The value at a share of the way, 0 to below 1.

        >>> Choice(("a", "b", "c"), False).at(0.5)
        'b'
        """
        return self.values[min(len(self.values) - 1, int(share * len(self.values)))]


@dataclass(frozen=True)
class Range:
    """All numbers from ``low`` to ``high``, whole ones or real ones, evenly or by their logarithm."""

    low: float
    high: float
    unit: str
    whole: bool
    log: bool

    def at(self, share: float) -> Any:
        """The value at a share of the way, 0 to 1.

        >>> Range(4096, 16384, "B", True, True).at(0.5), Range(0.0, 0.4, "", False, False).at(0.25)
        ('8192 B', 0.1)
        """
        if self.log:
            number = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            number = self.low + share * (self.high - self.low)
        return self.written(min(self.high, max(self.low, number)))

    def written(self, number: float) -> Any:
        """A number as a description has it."""
        return written(round(number) if self.whole else number, self.unit)


Parameter = Choice | Range | Expression


def written(number: float, unit: str) -> Any:
    """A number with its unit, as a description has it; nine digits of a real one.

    >>> written(4096, "B"), written(0.1 + 0.2, ""), written(8.0, "")
    ('4096 B', 0.3, 8)
    """
    rounded = float(f"{number:.9g}")
    short: float | int = int(number) if number == int(number) else rounded
    return f"{short} {unit}" if unit else short


def number_of(value: Any) -> Value | None:
    """A value of a parameter as expressions see it: a number without its unit, a text, or nothing.

    >>> number_of("4 KiB"), number_of(8), number_of("pinned"), number_of([1])
    (4096.0, 8, 'pinned', None)
    """
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str):
        return None
    if not value[:1].isdigit() or len(value) > LONGEST:
        return value
    try:
        return float(amount_of(value))
    except (QuantiPhyError, ValueError, OverflowError):
        return value


def unit_of(value: Any) -> str:
    """The unit a value is written with, "" where it has none.

    >>> unit_of("4 KiB"), unit_of(8), unit_of("pinned")
    ('B', '', '')
    """
    if not isinstance(value, str) or not value[:1].isdigit() or len(value) > LONGEST:
        return ""
    try:
        return str(amount_of(value).units)
    except (QuantiPhyError, ValueError, OverflowError):
        return ""


def read_parameter(given: Any, place: str) -> Parameter:
    """A parameter as a study writes it. Errors: InputError.

    >>> read_parameter({"from": "4 KiB", "to": "12 KiB", "step": "4 KiB"}, "a").values
    ('4096 B', '8192 B', '12288 B')
    >>> read_parameter("cores.mac.lanes / 2", "a").text
    'cores.mac.lanes / 2'
    >>> read_parameter([4, 8], "a").ordered
    True
    """
    if isinstance(given, str):
        return expression(given, place)
    if isinstance(given, Mapping):
        return read_range(given, place)
    values = list(given) if isinstance(given, list | tuple) else [given]
    if not values:
        raise InputError(place, "no values", "a parameter has at least one value", "Give some.")
    if len(values) > MOST_VALUES:
        rule = f"a parameter has at most {MOST_VALUES:,} values"
        raise InputError(place, f"{len(values):,} values", rule, "Give a range.")
    twice = [value for position, value in enumerate(values) if value in values[:position]]
    if twice:
        raise InputError(place, twice[0], "each value is given once", "Leave one out.")
    return Choice(tuple(values), rises(values))


def rises(values: Sequence[Any]) -> bool:
    """Whether the values are numbers of one unit, each above the one before."""
    numbers = [number_of(value) for value in values]
    if any(isinstance(number, str | bool) or number is None for number in numbers):
        return False
    known = [float(number) for number in numbers if number is not None]
    return len(known) > 1 and all(a < b for a, b in pairwise(known))


def read_range(given: Mapping[str, Any], place: str) -> Choice | Range:
    """A range: ``{from, to}`` with a ``step``, a ``count`` of values, or neither, ``scale: log`` or not."""
    for name in given:
        if name not in RANGE_FIELDS:
            raise InputError(
                f"{place}.{name}", given[name], "a range has no such field", nearest(name, RANGE_FIELDS)
            )
    ends = []
    for name in ("from", "to"):
        number = number_of(given.get(name))
        if number is None or isinstance(number, str | bool) or not math.isfinite(number):
            rule = "a range has a number at both ends"
            raise InputError(f"{place}.{name}", given.get(name), rule, "Write {from: 4 KiB, to: 64 KiB}.")
        ends.append(float(number))
    low, high = ends
    units = {unit_of(given[name]) for name in ("from", "to", "step") if name in given}
    if len(units) > 1:
        rule = "a range has one unit"
        raise InputError(place, ", ".join(sorted(units)), rule, "Write both ends and the step alike.")
    (unit,) = units
    scale = given.get("scale", "linear")
    if scale not in SCALES:
        raise InputError(f"{place}.scale", scale, "there is no such scale", nearest(str(scale), SCALES))
    if low >= high:
        raise InputError(place, f"{given['from']} to {given['to']}", "a range rises", "Swap its ends.")
    if scale == "log" and low <= 0:
        raise InputError(f"{place}.from", given["from"], "a log scale begins above 0", "Begin above 0.")
    whole = unit in WHOLE_UNITS or (not unit and all(isinstance(given[name], int) for name in ("from", "to")))
    if whole and "step" in given:
        whole = isinstance(given["step"], int) or bool(unit)
    found = Range(low, high, unit, whole, scale == "log")
    if "step" in given:
        return stepped(found, given["step"], place)
    if "count" in given:
        count = given["count"]
        if isinstance(count, bool) or not isinstance(count, int) or not 2 <= count <= MOST_VALUES:
            rule = f"a count is a whole number, 2 to {MOST_VALUES:,}"
            raise InputError(f"{place}.count", count, rule, "Give one.")
        values = [found.at(position / (count - 1)) for position in range(count)]
        return Choice(tuple(dict.fromkeys(values)), True)
    return found


def stepped(found: Range, given: Any, place: str) -> Choice:
    """The values of a range that lie so far apart."""
    step = number_of(given)
    if step is None or isinstance(step, str | bool) or not 0 < step < math.inf:
        raise InputError(f"{place}.step", given, "a step is above 0", "Give a number with the range's unit.")
    if found.log:
        rule = "steps of a log scale are told by their count"
        raise InputError(f"{place}.step", given, rule, "Write count: 8.")
    count = math.floor((found.high - found.low) / step * (1 + 1e-12)) + 1
    if count > MOST_VALUES:
        rule = f"a parameter has at most {MOST_VALUES:,} values"
        raise InputError(place, f"{count:,} values", rule, "Make the step larger.")
    return Choice(tuple(found.written(found.low + position * step) for position in range(count)), True)
