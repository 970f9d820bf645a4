"""What a recurrent cell is in training: one step forward, and its gradient written out."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from deltasim.networks.training.rounding import Tables


class Cell(Protocol):
    """A cell whose step follows from one product: ``projected + W @ held``, gate by gate.

    ``gates`` blocks of H rows make up the weights; a step keeps ``kept`` blocks of H values for its gradient.
    All tensors are (B, blocks H); steps write into tensors they are given.
    """

    gates: int
    kept: int

    def forward(
        self,
        projected: Tensor,
        recurrent: Tensor,
        hidden: Tensor,
        before: Tensor,
        now: Tensor,
        tables: Tables | None,
    ) -> Tensor:
        """The new state of ``hidden``, (B, H); ``before`` and ``now`` are the kept blocks of two steps."""
        ...

    def backward(
        self,
        gradient: Tensor,
        carried: Tensor,
        hidden: Tensor,
        before: Tensor,
        now: Tensor,
        into_projected: Tensor,
        into_recurrent: Tensor,
    ) -> Tensor:
        """From dL/d(new state) and what the later step ``carried`` back: writes dL/d(projected) and
        dL/d(recurrent), returns what is carried to the earlier step. ``hidden`` is the state before."""
        ...


def sigmoid(sums: Tensor, tables: Tables | None, out: Tensor) -> Tensor:
    """Sigmoid, through the table where there are some."""
    if tables is None:
        return torch.sigmoid(sums, out=out)
    return out.copy_(tables.looked_up(tables.sigmoid, sums))


def tanh(sums: Tensor, tables: Tables | None, out: Tensor) -> Tensor:
    """Tanh, likewise."""
    if tables is None:
        return torch.tanh(sums, out=out)
    return out.copy_(tables.looked_up(tables.tanh, sums))
