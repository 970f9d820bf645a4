"""The plain recurrent neuron in training."""

from __future__ import annotations

import torch
from torch import Tensor

from deltasim.networks.training.cells.step import tanh
from deltasim.networks.training.rounding import Tables


class RNN:
    """``h = tanh(M)``, ``dL/dM = dL/dh (1 - h^2)``."""

    gates, kept = 1, 1

    def forward(
        self, projected: Tensor, recurrent: Tensor, hidden: Tensor, before: Tensor, now: Tensor,
        tables: Tables | None,
    ) -> Tensor:  # fmt: skip
        return tanh(projected + recurrent, tables, now)

    def backward(
        self, gradient: Tensor, carried: Tensor, hidden: Tensor, before: Tensor, now: Tensor,
        into_projected: Tensor, into_recurrent: Tensor,
    ) -> Tensor:  # fmt: skip
        torch.addcmul(gradient, gradient * now, now, value=-1, out=into_projected)
        into_recurrent.copy_(into_projected)
        return carried  # nothing: the state before is read through the encoder alone
