"""The gated recurrent unit in training, the reset gate applied after the recurrent product."""

from __future__ import annotations

import torch
from torch import Tensor

from deltasim.networks.training.cells.step import sigmoid, tanh
from deltasim.networks.training.rounding import Tables


class GRU:
    """``r, u = sigmoid(M_r, M_u)``, ``c = tanh(M_xc + r M_hc)``, ``h = u h + (1 - u) c``.

    Kept are r, u, c and M_hc. Source: Neil et al. 2017, equations 10 to 16, in PyTorch's form.
    """

    gates, kept = 3, 4

    def forward(
        self, projected: Tensor, recurrent: Tensor, hidden: Tensor, before: Tensor, now: Tensor,
        tables: Tables | None,
    ) -> Tensor:  # fmt: skip
        size = hidden.shape[1]
        both = 2 * size
        gates = sigmoid(projected[:, :both] + recurrent[:, :both], tables, now[:, :both])
        reset, update = gates[:, :size], gates[:, size:]
        inner, candidate = projected[:, both:], recurrent[:, both:]
        now[:, 3 * size :] = candidate
        if tables is None:
            total = torch.addcmul(inner, reset, candidate)
        else:  # the exact sum has more digits than float32
            total = torch.addcmul(inner.double(), reset.double(), candidate.double())
        proposal = tanh(total, tables, now[:, both : 3 * size])
        return torch.lerp(proposal, hidden, update)

    def backward(
        self, gradient: Tensor, carried: Tensor, hidden: Tensor, before: Tensor, now: Tensor,
        into_projected: Tensor, into_recurrent: Tensor,
    ) -> Tensor:  # fmt: skip
        size = hidden.shape[1]
        both = 2 * size
        reset, update, proposal, candidate = torch.split(now, size, 1)
        gradient = gradient + carried
        kept = gradient * update
        inner = into_projected[:, both:]
        torch.sub(gradient, kept, out=inner)
        inner.addcmul_(inner * proposal, proposal, value=-1)
        gates = into_projected[:, :both]
        torch.mul(inner, candidate, out=gates[:, :size])
        torch.mul(gradient, hidden - proposal, out=gates[:, size:])
        slopes = now[:, :both]
        gates.mul_(slopes).addcmul_(gates, slopes, value=-1)
        into_recurrent[:, :both] = gates
        torch.mul(inner, reset, out=into_recurrent[:, both:])
        return kept
