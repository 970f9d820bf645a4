"""Rounding that a gradient passes straight through, so that a trained network survives fixed point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from deltasim.networks.numbers.arithmetic import FixedPoint, Q


class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, integer_bits: int, fraction_bits: int) -> Tensor:
        scale, limit = float(1 << fraction_bits), float(1 << (integer_bits - 1))
        ctx.save_for_backward((values >= -limit) & (values <= limit))
        return (values * scale).round_().div_(scale).clamp_(-limit, limit - 1 / scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (inside,) = ctx.saved_tensors
        return gradients[0] * inside, None, None


def rounded(values: Tensor, integer_bits: int, fraction_bits: int) -> Tensor:
    """Round to the fixed-point format Qm.n, half to even, saturating; any shape.

    The gradient passes unchanged where the value lies inside the format's range and is 0 outside of it
    (straight-through estimator, Bengio et al. 2013, arXiv 1308.3432).

    >>> import torch
    >>> x = torch.tensor([0.3, 0.5, 5.0], requires_grad=True)
    >>> y = rounded(x, 2, 1)
    >>> y.tolist()
    [0.5, 0.5, 1.5]
    >>> y.sum().backward(); x.grad.tolist()
    [1.0, 1.0, 0.0]
    """
    result: Tensor = _Rounded.apply(values, integer_bits, fraction_bits)  # type: ignore[no-untyped-call]
    return result


class Tables(NamedTuple):
    """What a loop in fixed point looks activations up in, and the grid of the activations."""

    sigmoid: Tensor
    tanh: Tensor
    scale: float
    lowest: int
    highest: int

    def looked_up(self, table: Tensor, sums: Tensor) -> Tensor:
        """The table's entries for sums, which are rounded to activations first."""
        places = (sums * self.scale).round_().clamp_(self.lowest, self.highest).long().sub_(self.lowest)
        return table[places]

    def to_activation(self, values: Tensor) -> Tensor:
        """Values on the grid of the activations, half to even, saturated."""
        return (values * self.scale).round_().clamp_(self.lowest, self.highest).div_(self.scale)


@dataclass(frozen=True)
class Formats:
    """Fixed point as it is trained for: weights of so many bits, activations Q8.8, table outputs Q2.8.

    A weight matrix has the shortest integer part that holds its largest weight, so none saturates. An
    accumulator's fraction holds every product, so sums are exact; up to 8 bits a sum of magnitude below 256
    is exact in float32 too, and a network so trained computes what its exported one does, to the bit.

    >>> str(Formats(4).arithmetic)
    'fixed point (activation Q8.8, weight Q1.3, accumulator Q9.15, lookup Q2.8)'
    >>> Formats(8).of_weights(torch.tensor([0.2, -1.5]))
    Q(integer=2, fraction=6)
    """

    bits: int

    @property
    def arithmetic(self) -> FixedPoint:
        """The arithmetic of the exported network."""
        accumulator = Q(9, 15 if self.bits <= 8 else 23)
        return FixedPoint(Q(8, 8), Q(1, self.bits - 1), accumulator, Q(2, 8))

    def of_weights(self, weights: Tensor) -> Q:
        """The format of one matrix or kernel."""
        largest = float(weights.detach().abs().max()) if weights.numel() else 0.0
        integer = 1 if largest <= 1 else 1 + math.ceil(math.log2(largest))
        integer = min(integer, self.bits)
        return Q(integer, self.bits - integer)

    def weights(self, weights: Tensor) -> Tensor:
        """Weights rounded to their format, straight through."""
        return rounded(weights, *self.of_weights(weights))

    def activations(self, values: Tensor) -> Tensor:
        """Inputs and outputs rounded to activations, straight through."""
        return rounded(values, *self.arithmetic.activation)

    def biases(self, values: Tensor) -> Tensor:
        """What accumulators start from, rounded to their format, straight through."""
        return rounded(values, *self.arithmetic.accumulator)

    def tables(self, like: Tensor) -> Tables:
        """The lookup tables, of the kind of a tensor."""
        return tables(self.arithmetic, like.dtype, like.device)


@lru_cache(maxsize=8)
def tables(arithmetic: FixedPoint, dtype: torch.dtype, device: torch.device) -> Tables:
    """The tables of an arithmetic as real numbers."""
    scale = 2.0**-arithmetic.lookup.fraction
    sigmoid, tanh = (
        torch.from_numpy(table).to(device, dtype) * scale
        for table in (arithmetic.sigmoid_table, arithmetic.tanh_table)
    )
    form = arithmetic.activation
    return Tables(sigmoid, tanh, 2.0**form.fraction, form.lowest, form.highest)
