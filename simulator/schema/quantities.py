"""Physical quantities in a chip description: "125 MHz", "64 KiB", "1.3 pJ", each with its own unit.

A number without a unit is refused, and so is another unit, a negative value, and zero where zero has no
meaning. In Python they are plain numbers in SI units, or whole bytes, bits and cycles; written out again they
keep a unit.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer
from quantiphy import QuantiPhyError, Quantity

from deltasim.runtime import names
from deltasim.runtime.errors import InputError
from deltasim.simulator.schema.faults import BrokenRule

LONGEST = 60
"""Characters of a quantity as it is written."""

LONGEST_TEXT = 2000

MOST_COUNT = 2**31 - 1
"""Of what is counted, where a field has no bound of its own."""


class QuantityError(BrokenRule):
    """A quantity that cannot be read: the rule it breaks and the remedy."""


class Amount(Quantity):
    """A quantity whose unit may be a cycle or a metre; quantiphy alone reads ``1 cycle`` as a centi-ycle."""


Amount.set_prefs(known_units="cycle cycles m")


@lru_cache(4096)
def amount_of(text: str) -> Amount:
    """A quantity as it is written; a study reads the same ones for every point. Errors: QuantiPhyError."""
    return Amount(text, binary=True)


def reads_as(
    units: tuple[str, ...],
    what: str,
    example: str,
    *,
    whole: bool,
    zero: bool,
    least: str = "",
    most: str = "",
) -> Callable[[object], float]:
    """Make the reader of one kind of quantity.

    ``units`` are the accepted spellings of the one unit; the value is scaled to it by SI or binary prefixes,
    and lies within ``least`` and ``most``, which are written the same way.

    >>> size = reads_as(("B",), "a size in bytes", "64 KiB", whole=True, zero=False, most="1 PiB")
    >>> size("64 KiB")
    65536
    >>> size("64")
    Traceback (most recent call last):
    deltasim.simulator.schema.quantities.QuantityError: a size in bytes needs its unit. Write it like 64 KiB.
    >>> size("2 PiB")
    Traceback (most recent call last):
    deltasim.simulator.schema.quantities.QuantityError: a size in bytes is at most 1 PiB. ...
    """
    lowest = float(Amount(least, binary=True)) if least else 0.0
    highest = float(Amount(most, binary=True)) if most else math.inf

    def read(text: object) -> float:
        remedy = f"Write it like {example}."
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            raise QuantityError(f"expected {what}", remedy)
        if isinstance(text, str) and len(text) > LONGEST:
            raise QuantityError(f"{what} is written in at most {LONGEST} characters", remedy)
        try:
            amount = amount_of(str(text))
            value, unit = float(amount), amount.units
        except (QuantiPhyError, ValueError, OverflowError):
            raise QuantityError(f"expected {what}", remedy) from None
        if unit == "":
            raise QuantityError(f"{what} needs its unit", remedy)
        if unit not in units:
            raise QuantityError(f"expected {what}, not {unit}", remedy)
        if not math.isfinite(value) or value < 0 or (value == 0 and not zero):
            above = "at least 0" if zero else "above 0"
            raise QuantityError(f"{what} is {above} and finite", remedy)
        if value < lowest:
            raise QuantityError(f"{what} is at least {least}", remedy)
        if value > highest:
            raise QuantityError(f"{what} is at most {most}", remedy)
        if not whole:
            return value
        if value != round(value):
            raise QuantityError(f"{what} is a whole number of {units[-1]}", remedy)
        return round(value)

    return read


def quantity(
    units: tuple[str, ...],
    what: str,
    example: str,
    *,
    whole: bool = False,
    zero: bool = False,
    least: str = "",
    most: str = "",
) -> tuple[Any, ...]:
    """What pydantic needs to read a quantity, to write it back with its unit, and to say what it may be."""
    reader = reads_as(units, what, example, whole=whole, zero=zero, least=least, most=most)
    begins = least or ("0" if zero else f"1 {units[0]}" if whole else "above 0")
    said = f"{what}, {begins} to {most}"
    return (
        BeforeValidator(reader),
        PlainSerializer(lambda value: f"{value!r} {units[0]}", return_type=str),
        Field(description=said),
    )


def counted(most: int, least: int = 1) -> Any:
    """What pydantic needs to read a whole number of things, at most so many."""
    return Field(strict=True, ge=least, le=most, description=f"a whole number, {least} to {most:,}")


def plain(text: str) -> str:
    """A text of printed lines. Errors: BrokenRule for control characters and halves of characters.

    >>> plain("two\\nlines")
    'two\\nlines'
    """
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t" for sign in text):
        raise BrokenRule("a text has no control characters", "Leave them out.")
    return text


def named(text: str) -> str:
    """A text that may be a name. Errors: BrokenRule."""
    if not names.is_name(text):
        raise BrokenRule(names.RULE, names.REMEDY)
    return text


Frequency = Annotated[float, *quantity(("Hz",), "a frequency", "125 MHz", least="1 Hz", most="1 THz")]
Bytes = Annotated[int, *quantity(("B",), "a size in bytes", "64 KiB", whole=True, most="1 PiB")]
Bits = Annotated[int, *quantity(("bit", "bits"), "a width in bits", "64 bit", whole=True, most="65536 bit")]
Length = Annotated[float, *quantity(("m",), "a length", "0.6 mm", least="1 nm", most="1 m")]
Cycles = Annotated[
    int,
    *quantity(
        ("cycles", "cycle"), "a number of cycles", "2 cycles", whole=True, zero=True, most="1000000 cycles"
    ),
]
Energy = Annotated[float, *quantity(("J",), "an energy", "1.3 pJ", zero=True, most="1 kJ")]
Power = Annotated[float, *quantity(("W",), "a power", "12 mW", zero=True, most="1 MW")]
Count = Annotated[int, counted(MOST_COUNT)]
CycleCount = Annotated[int, counted(1_000_000)]
CycleCountOrZero = Annotated[int, counted(1_000_000, least=0)]
Port = Annotated[int, counted((1 << 16) - 1, least=0)]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT, description="text"), AfterValidator(plain)]
Name = Annotated[str, Field(strict=True, description="a name"), AfterValidator(named)]
read_energy = reads_as(("J",), "an energy", "1.3 pJ", whole=False, zero=True, most="1 kJ")
read_power = reads_as(("W",), "a power", "12 mW", whole=False, zero=True, most="1 MW")
read_size = reads_as(("B",), "a size in bytes", "64 KiB", whole=True, zero=False, most="1 PiB")
read_time = reads_as(("s",), "a time", "10 ms", whole=False, zero=False, least="1 ns", most="86400 s")
read_bits = reads_as(("bit", "bits"), "a width in bits", "64 bit", whole=True, zero=False, most="65536 bit")
read_frequency = reads_as(
    ("Hz",), "a frequency", "125 MHz", whole=False, zero=False, least="1 Hz", most="1 THz"
)


def read_share(text: str) -> float:
    """A share in per cent, as a number.

    >>> read_share("30 %")
    0.3
    """
    number = text.strip().removesuffix("%").strip()
    try:
        share = float(number) / 100
    except ValueError:
        share = math.nan
    if not 0 <= share < math.inf:
        raise QuantityError("a share is a number of per cent, at least 0", "Write it like 30 %.")
    return share


NOT_STATED = "not stated"  # a technology node that a source does not name


def read_node(text: object) -> str:
    """Check a technology node, "28 nm", or "not stated" where a source does not name it.

    >>> read_node("28 nm")
    '28 nm'
    """
    remedy = "Write it like 28 nm, or: not stated."
    if text == NOT_STATED:
        return NOT_STATED
    written = str(text)
    try:
        if len(written) > LONGEST or not written.isprintable():
            raise ValueError
        length = Amount(written)
    except (QuantiPhyError, ValueError, OverflowError):
        raise QuantityError("a technology node is a length", remedy) from None
    if length.units != "m" or not 0 < float(length) < math.inf:
        raise QuantityError("a technology node is a length", remedy)
    if not 1e-10 <= float(length) <= 1e-4:
        raise QuantityError("a technology node is 0.1 nm to 100 um", remedy)
    return written


@lru_cache(1024)
def nanometres(node: str) -> float:
    """A technology node as a length; InputError where none is stated.

    >>> nanometres("28 nm")
    28.0
    """
    if node == NOT_STATED:
        raise InputError(
            "node", node, "what is on the chip is priced by its node", "State it, or the prices."
        )
    return round(float(Amount(node)) * 1e9, 6)


@lru_cache(1024)
def plain_node(text: object) -> str:
    """A node in its one spelling.

    >>> plain_node("0.022 um")
    '22 nm'
    """
    node = read_node(text)
    return node if node == NOT_STATED else f"{nanometres(node):g} nm"


Node = Annotated[
    str,
    BeforeValidator(read_node),
    Field(description="a length, 0.1 nm to 100 um, or: not stated"),
]


def period_ps(frequency_hz: float) -> int:
    """The period of a clock in picoseconds, rounded to the nearest, as every clock domain counts time.

    >>> period_ps(125e6), period_ps(533.333e6)
    (8000, 1875)
    """
    return max(1, round(1e12 / frequency_hz))


def size_text(size: int) -> str:
    """A size in the largest unit that leaves it whole.

    >>> size_text(196608), size_text(24000), size_text(100)
    ('192 KiB', '24 kB', '100 B')
    """
    for unit, scale in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10), ("kB", 1000)):
        if size >= scale and size % scale == 0:
            return f"{size // scale:,} {unit}"
    return f"{size:,} B"
