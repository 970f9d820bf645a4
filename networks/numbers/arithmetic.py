"""The two arithmetics a network can be computed in: float32, and fixed point exact to the bit.

Everything that changes values belongs to the network: number formats, rounding, saturation, lookup tables.
``docs/arithmetic.md`` states the rules in full.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.errors import InputError, nearest


class Q(NamedTuple):
    """A signed fixed-point format: ``integer`` bits, the sign among them, and ``fraction`` bits.

    A raw integer r stands for ``r / 2**fraction``.

    >>> Q(8, 8).bits, Q(8, 8).lowest, Q(8, 8).highest, str(Q(1, 7))
    (16, -32768, 32767, 'Q1.7')
    """

    integer: int
    fraction: int

    @property
    def bits(self) -> int:
        return self.integer + self.fraction

    @property
    def lowest(self) -> int:
        """The smallest raw integer."""
        return -(1 << (self.bits - 1))

    @property
    def highest(self) -> int:
        """The largest raw integer."""
        return (1 << (self.bits - 1)) - 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """The narrowest integer type that holds every raw value: int8, int16 or int32."""
        return np.dtype("i1" if self.bits <= 8 else "i2" if self.bits <= 16 else "i4")

    def __str__(self) -> str:
        return f"Q{self.integer}.{self.fraction}"


def quantise(values: ArrayLike, form: Q) -> Numbers:
    """Raw integers of real values: round half to even, then saturate. Any shape; NaN is the caller's to
    refuse.

    >>> quantise([0.5, 1.5 / 256, 2.5 / 256, 1000.0], Q(8, 8)).tolist()
    [128, 2, 2, 32767]
    """
    scaled = np.rint(np.asarray(values, np.float64) * 2.0**form.fraction)
    return np.clip(scaled, form.lowest, form.highest).astype(form.dtype)


def dequantise(raw: ArrayLike, form: Q) -> Floats:
    """The real values of raw integers, as float32 (exact for raw magnitudes up to 2**24).

    >>> dequantise([128, -256], Q(8, 8)).tolist()
    [0.5, -1.0]
    """
    return np.asarray(raw, np.float32) * np.float32(2.0**-form.fraction)  # rounded once: the scaling is exact


@dataclass(frozen=True)
class Float32:
    """IEEE single precision: one rounding for every multiplication and every addition, no fused operations.

    >>> Float32().weight_bits, str(Float32())
    (32, 'float32')
    """

    weight_bits = activation_bits = accumulator_bits = 32

    @property
    def dtype(self) -> np.dtype[Any]:
        """What states and last sent values are kept in."""
        return np.dtype("f4")

    @property
    def accumulator_dtype(self) -> np.dtype[Any]:
        """What accumulators are kept in."""
        return self.dtype

    @property
    def accumulator_words(self) -> int:
        """Words of at most 32 bits that an accumulator takes."""
        return 1

    def encode(self, values: ArrayLike) -> Numbers:
        """Real values in this arithmetic."""
        return np.ascontiguousarray(values, np.float32)

    def decode(self, values: Numbers) -> Floats:
        """Values of this arithmetic as real float32 numbers."""
        return np.asarray(values, np.float32)

    def threshold(self, theta: ArrayLike) -> Numbers:
        """Thresholds as the transmit rule compares them."""
        return np.ascontiguousarray(theta, np.float32)

    def __str__(self) -> str:
        return "float32"


@dataclass(frozen=True)
class WideSums(Float32):
    """Single precision whose accumulators are double: running sums that hardly drift over long sequences.

    A product of weight and delta is rounded to float32 as ever and added in double precision; an update reads
    the sum rounded to float32 once. An accumulator takes two words of state.

    >>> WideSums().accumulator_bits, WideSums().weight_bits, str(WideSums())
    (64, 32, 'float32 with sums of 64 bits')
    """

    accumulator_bits = 64

    @property
    def accumulator_dtype(self) -> np.dtype[Any]:
        """What accumulators are kept in."""
        return np.dtype("f8")

    @property
    def accumulator_words(self) -> int:
        """Words of at most 32 bits that an accumulator takes."""
        return 2

    def __str__(self) -> str:
        return "float32 with sums of 64 bits"


# EdgeDRNN's formats, read in its released hardware description (arXiv 1912.12193).
ACTIVATION, WEIGHT, ACCUMULATOR, LOOKUP = Q(8, 8), Q(1, 7), Q(9, 15), Q(2, 4)
ROUNDING_POINTS = {
    "factors": "an accumulator that is multiplied by a gate, before the product",
    "terms": "each product of a new state, before the sum",
}
OVERFLOWS = {
    "saturate": "the nearest value that the format holds",
    "wrap": "what is left of it modulo the format's range, as in two's complement",
}
WIDEST_PRODUCT = 63  # bits, the sign among them: with an accumulator added, 64 hold the sum


@dataclass(frozen=True)
class FixedPoint:
    """Fixed point: formats of activations, weights and accumulators, and of what the lookup tables give out.

    The defaults are EdgeDRNN's; ``weight`` is that of every projection that names none of its own.
    Activations and table outputs have at most 16 bits, weights and accumulators at most 32, and a product in
    the accumulator's fraction at most 63, so that every sum below is exact in 64-bit integers.

    ``rounded`` names the points of an update, beside its end, at which a value is rounded to an activation
    (ROUNDING_POINTS); ``overflow`` says what becomes of a sum or a rounded value that its format does not
    hold (OVERFLOWS).

    >>> FixedPoint().weight_bits, FixedPoint().accumulator_bits, str(FixedPoint())
    (8, 24, 'fixed point (activation Q8.8, weight Q1.7, accumulator Q9.15, lookup Q2.4)')
    """

    activation: Q = ACTIVATION
    weight: Q = WEIGHT
    accumulator: Q = ACCUMULATOR
    lookup: Q = LOOKUP
    rounded: tuple[str, ...] = ()
    overflow: str = "saturate"

    def __post_init__(self) -> None:
        limits = {"activation": 16, "weight": 32, "accumulator": 32, "lookup": 16}
        for role, most in limits.items():
            form = Q(*getattr(self, role))
            object.__setattr__(self, role, form)
            if form.integer < 1 or form.fraction < 0 or form.bits > most:
                rule = f"Qm.n needs m >= 1 for the sign, n >= 0 and m + n <= {most}"
                raise InputError(f"fixed point {role} format", form, rule, "Choose a narrower format.")
        for point in self.rounded:
            if point not in ROUNDING_POINTS:
                rule = "this is no point of an update at which fixed point may round"
                raise InputError("fixed point: rounded", point, rule, nearest(str(point), ROUNDING_POINTS))
        object.__setattr__(self, "rounded", tuple(p for p in ROUNDING_POINTS if p in self.rounded))
        if self.overflow not in OVERFLOWS:
            rule = "fixed point saturates or wraps"
            raise InputError("fixed point: overflow", self.overflow, rule, nearest(self.overflow, OVERFLOWS))
        product_bits = self.activation.bits + self.weight.bits - min(self.product_shift, 0)
        if product_bits > WIDEST_PRODUCT:
            rule = (
                f"its product with a delta has {product_bits} bits in the fraction of the accumulator, "
                f"{self.accumulator}, and {WIDEST_PRODUCT} are computed"
            )
            remedy = "Use fewer bits, or an accumulator with a shorter fraction."
            raise InputError("fixed point weight format", self.weight, rule, remedy)

    @property
    def weight_bits(self) -> int:
        return self.weight.bits

    @property
    def activation_bits(self) -> int:
        return self.activation.bits

    @property
    def accumulator_bits(self) -> int:
        return self.accumulator.bits

    @property
    def dtype(self) -> np.dtype[Any]:
        """What states and last sent values are kept in."""
        return np.dtype("i4")

    @property
    def accumulator_dtype(self) -> np.dtype[Any]:
        """What accumulators are kept in."""
        return self.dtype

    @property
    def accumulator_words(self) -> int:
        """Words of at most 32 bits that an accumulator takes."""
        return 1

    @property
    def product_shift(self) -> int:
        """Fraction bits a product of delta and weight has beyond the accumulator's (negative: fewer)."""
        return self.activation.fraction + self.weight.fraction - self.accumulator.fraction

    @property
    def fits_32_bits(self) -> bool:
        """Whether no product is rounded and every sum of accumulator and product stays within 32 bits.

        Then the compiled loops need half the width, and give the same bits.

        >>> FixedPoint().fits_32_bits, FixedPoint(weight=Q(1, 11)).fits_32_bits
        (True, False)
        """
        product_bits = self.activation.bits + self.weight.bits - min(self.product_shift, 0)
        return self.product_shift <= 0 and product_bits <= 30 and self.accumulator.bits <= 30

    def encode(self, values: ArrayLike) -> Numbers:
        """Real values as raw integers of the activation format."""
        return quantise(values, self.activation).astype(np.int32)

    def decode(self, values: Numbers) -> Floats:
        """Raw integers of the activation format (or differences of two) as real float32 numbers."""
        return dequantise(values, self.activation)

    def threshold(self, theta: ArrayLike) -> Numbers:
        """The smallest raw difference that reaches theta, so that comparing integers is comparing reals.

        >>> FixedPoint().threshold([0.0, 0.25, 0.3, 1e9]).tolist()
        [0, 64, 77, 2147483647]
        """
        raw = np.ceil(np.asarray(theta, np.float64) * 2.0**self.activation.fraction)
        return np.minimum(raw, 2**31 - 1).astype(np.int32)

    @cached_property
    def sigmoid_table(self) -> Numbers:
        """Sigmoid of every activation, lowest first, in the lookup format (int16)."""
        return self._table(lambda x: 1.0 / (1.0 + np.exp(-x)))

    @cached_property
    def tanh_table(self) -> Numbers:
        """Tanh of every activation, lowest first, in the lookup format (int16)."""
        return self._table(np.tanh)

    def _table(self, function: Any) -> Numbers:
        raw = np.arange(self.activation.lowest, self.activation.highest + 1)
        real = np.clip(raw * 2.0**-self.activation.fraction, -700.0, 700.0)
        return quantise(function(real), self.lookup).astype(np.int16)

    @property
    def described(self) -> dict[str, object]:
        """Its fields for files and digests; what rounds once and saturates is not named.

        >>> sorted(EDGEDRNN.described)
        ['accumulator', 'activation', 'lookup', 'overflow', 'rounded', 'weight']
        """
        fields = asdict(self)
        for field, usual in (("rounded", ()), ("overflow", "saturate")):
            if fields[field] == usual:
                del fields[field]
        return fields

    def __str__(self) -> str:
        forms = (
            f"{role} {getattr(self, role)}" for role in ("activation", "weight", "accumulator", "lookup")
        )
        more = "".join(f", {point} rounded" for point in self.rounded)
        return f"fixed point ({', '.join(forms)}{more}{', wrapping' * (self.overflow == 'wrap')})"


EDGEDRNN = FixedPoint(rounded=("factors", "terms"), overflow="wrap")
"""The arithmetic of EdgeDRNN's hardware description."""

ARITHMETICS: dict[str, FixedPoint] = {"edgedrnn": EDGEDRNN}
"""The arithmetics of chips, by name."""

Arithmetic: TypeAlias = Float32 | FixedPoint

FLOAT32 = Float32()
"""The arithmetic a network has unless it names another."""
