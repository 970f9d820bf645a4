"""What a multiplication and an addition cost, by the width and the format of the numbers."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.circuits.circuit import Circuit, at_node

NARROWEST, WIDEST = 2, 64
WHY = "Horowitz, ISSCC 2014 (45 nm), Jouppi et al., ISCA 2021 (7 nm)"

# Energies in pJ: 45 nm, 0.9 V (Horowitz, ISSCC 2014) and 7 nm (Jouppi et al., ISCA 2021, table 2). Areas in
# square micrometres: 45 nm, synthesised (Dally, tutorial at NIPS 2015, the same operations as Horowitz's).
ADD_PJ = {8: 0.03, 16: 0.05, 32: 0.1}
ADD_7NM_PJ = {8: 0.007, 32: 0.03}
ADD_UM2 = {8: 36.0, 16: 67.0, 32: 137.0}
MULTIPLY_PJ = {8: 0.2, 32: 3.1}
MULTIPLY_7NM_PJ = {8: 0.07, 32: 1.48}
MULTIPLY_UM2 = {8: 282.0, 32: 3495.0}


class Float(NamedTuple):
    """A floating-point format: its bits, and what an addition and a multiplication need."""

    bits: int
    add_pj: float
    add_7nm_pj: float
    add_um2: float
    multiply_pj: float
    multiply_7nm_pj: float
    multiply_um2: float


FLOATS = {
    "float32": Float(32, 0.9, 0.38, 4184.0, 3.7, 1.31, 7700.0),
    "float16": Float(16, 0.4, 0.16, 1360.0, 1.1, 0.34, 1640.0),
    # Extrapolated from the two others by the width of the fraction, 11, 24 and 53 bits with the leading one.
    "float64": Float(64, 2.05, 0.92, 13100.0, 12.7, 5.15, 37000.0),
    # Known at 7 nm only. At 45 nm: what float16 needs there, as much less as it does at 7 nm; area likewise.
    "bfloat16": Float(16, 0.275, 0.11, 935.0, 0.68, 0.21, 1013.0),
}


class Number(NamedTuple):
    """How a number is written: ``bits`` of an integer, or a floating-point format of that name.

    >>> Number.read("8 bit"), Number.read("float16").bits, str(Number.read("bfloat16"))
    (Number(bits=8, float_name=''), 16, 'bfloat16')
    """

    bits: int
    float_name: str = ""

    def __str__(self) -> str:
        return self.float_name or f"{self.bits} bit"

    @staticmethod
    def read(text: str) -> Number:
        """From ``8 bit`` or ``float32``. Errors: InputError for anything else."""
        if text in FLOATS:
            return Number(FLOATS[text].bits, text)
        count, _, unit = text.partition(" ")
        if unit in ("bit", "bits") and count.isascii() and count.isdigit() and len(count) < 4:
            return integer(int(count))
        rule = f"a number is integer, of {NARROWEST} to {WIDEST} bits, or {', '.join(FLOATS)}"
        remedy = nearest(text, FLOATS) if "float" in text else "Write it like 8 bit."
        raise InputError("number", text, rule, remedy)


def integer(bits: int) -> Number:
    """An integer, or a fixed-point number, of so many bits. Errors: InputError for too few or too many."""
    if not NARROWEST <= bits <= WIDEST:
        rule = f"an integer has {NARROWEST} to {WIDEST} bits here"
        raise InputError("number", f"{bits} bit", rule, "Give the price in the description.")
    return Number(bits)


def power_law(known: dict[int, float], bits: float) -> float:
    """Straight lines through known widths on logarithmic axes; the last ones go on beyond both ends.

    >>> [round(power_law({8: 1.0, 16: 2.0, 32: 8.0}, bits), 6) for bits in (4, 64)]
    [0.5, 32.0]
    """
    widths = sorted(known)
    low = max((width for width in widths[:-1] if width <= bits), default=widths[0])
    high = widths[widths.index(low) + 1]
    exponent = math.log(known[high] / known[low]) / math.log(high / low)
    return float(known[low] * (bits / low) ** exponent)


@lru_cache(1024)
def add(number: Number, node_nm: float) -> Circuit:
    """An addition. Integers: energy and area by a power law of the width, through 8, 16 and 32 bits.

    Errors: InputError for a node outside 7 to 90 nm.

    >>> [f"{add(Number.read(text), 45).energy_j * 1e12:.3f} pJ" for text in ("24 bit", "float32")]
    ['0.075 pJ', '0.900 pJ']
    """
    if number.float_name:
        of = FLOATS[number.float_name]
        return at_node(node_nm, of.add_pj, of.add_um2, WHY, of.add_7nm_pj / of.add_pj)
    energy = power_law(ADD_PJ, number.bits)
    share = power_law(ADD_7NM_PJ, number.bits) / energy
    return at_node(node_nm, energy, power_law(ADD_UM2, number.bits), WHY, share)


@lru_cache(1024)
def multiply(one: Number, other: Number, node_nm: float) -> Circuit:
    """A multiplication. Integers of a and b bits: a power law of a b, through 8 x 8 and 32 x 32 bits.

    The exponent is 0.99 in energy and 0.91 in area. Of a floating-point number and another one, the wider
    floating-point format multiplies. Errors: InputError for a node outside 7 to 90 nm.

    >>> [f"{multiply(integer(bits), integer(bits), 45).energy_j * 1e12:.3g}" for bits in (4, 8, 16, 32)]
    ['0.0508', '0.2', '0.787', '3.1']
    >>> f"{multiply(integer(8), integer(8), 7).energy_j * 1e12:.3g} pJ"
    '0.07 pJ'
    """
    floats = [number for number in (one, other) if number.float_name]
    if floats:
        of = FLOATS[max(floats).float_name]
        return at_node(node_nm, of.multiply_pj, of.multiply_um2, WHY, of.multiply_7nm_pj / of.multiply_pj)
    bits = math.sqrt(one.bits * other.bits)
    energy = power_law(MULTIPLY_PJ, bits)
    share = power_law(MULTIPLY_7NM_PJ, bits) / energy
    return at_node(node_nm, energy, power_law(MULTIPLY_UM2, bits), WHY, share)
