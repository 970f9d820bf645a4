"""Rounding that a gradient passes straight through, so that a trained network survives fixed point."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


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
