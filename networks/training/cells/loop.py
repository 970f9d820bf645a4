"""The loop over time of a recurrent layer with the transmit rule in it, its gradient written out.

A receiver's accumulator is the sum of all deltas times their weights, so it always equals ``W @ held + b``,
where ``held`` is what the sender last transmitted. Training therefore multiplies held values, one matrix
product a step as in a dense layer, and gets the very gradients of the delta form: through the mask, without
a surrogate (arXiv 2312.09391). With ``s`` = 1 where something was sent:

    dL/dh[t]         = dL/dheld[t] * s[t]
    dL/dheld[t-1]   += dL/dheld[t] * (1 - s[t])
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from deltasim.networks.budget import Budget
from deltasim.networks.training.cells.step import Cell
from deltasim.networks.training.encoder import into_theta, spend, starting
from deltasim.networks.training.rounding import Tables


class Looped(NamedTuple):
    """States and what the encoder of the recurrence has sent of them, (T, B, H)."""

    hidden: Tensor
    held: Tensor


class _Loop(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        projected: Tensor,
        weight: Tensor,
        bias: Tensor,
        theta: Tensor,
        cell: Cell,
        noise: Tensor | None,
        tables: Tables | None,
        budget: Budget | None,
    ) -> tuple[Tensor, Tensor]:
        steps, batch, _ = projected.shape
        size = weight.shape[1]
        hidden = projected.new_empty(steps, batch, size)
        held, sent = torch.empty_like(hidden), torch.empty_like(hidden)
        kept = projected.new_empty(steps, batch, cell.kept * size)
        state = last = projected.new_zeros(batch, size)
        before = torch.zeros_like(kept[0]) if steps else kept
        transposed = weight.t()
        saved = starting(budget, hidden)
        for step in range(steps):
            recurrent = torch.addmm(bias, last, transposed)
            now = kept[step]
            state = cell.forward(projected[step], recurrent, state, before, now, tables)
            if noise is not None:
                state = state + noise[step]
            if tables is not None:
                state = tables.to_activation(state)
            hidden[step] = state
            # sent is 1 where the state is transmitted, so that a gradient is multiplied by it as it is
            change = (state - last).abs_()
            torch.ge(change, theta, out=sent[step])
            if budget is not None:
                spend(budget, saved, change, sent[step])
            last = torch.where(sent[step] > 0, state, last)
            held[step] = last
            before = now
        ctx.save_for_backward(weight, theta, hidden, held, kept, sent)
        ctx.cell = cell
        return hidden, held

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weight, theta, hidden, held, kept, sent = ctx.saved_tensors
        cell: Cell = ctx.cell
        from_hidden, from_held = gradients
        steps, batch, size = hidden.shape
        into_projected = hidden.new_empty(steps, batch, cell.gates * size)
        into_recurrent = torch.empty_like(into_projected)
        read = from_held.clone()  # dL/dheld[t] of what reads it at once, in the next product as well
        nothing, rest = hidden.new_zeros(batch, size), torch.zeros_like(kept[0]) if steps else kept
        older, carried = nothing, nothing  # dL/dheld[t-1] past a silent step; what the cell carries back
        for step in range(steps - 1, -1, -1):
            older = older + read[step]
            through = older * sent[step]
            older = older - through
            first = step == 0
            carried = cell.backward(
                through.add_(from_hidden[step]),
                carried,
                nothing if first else hidden[step - 1],
                rest if first else kept[step - 1],
                kept[step],
                into_projected[step],
                into_recurrent[step],
            )
            if not first:
                read[step - 1].addmm_(into_recurrent[step], weight)
        rows = into_recurrent[1:].reshape(-1, cell.gates * size)
        d_weight = rows.t() @ held[:-1].reshape(-1, size)
        d_bias = into_recurrent.sum((0, 1))
        d_theta = into_theta(read, held - hidden, theta) if ctx.needs_input_grad[3] else None
        return into_projected, d_weight, d_bias, d_theta, None, None, None, None


def loop(
    cell: Cell,
    projected: Tensor,
    weight: Tensor,
    bias: Tensor,
    theta: Tensor,
    noise: Tensor | None = None,
    tables: Tables | None = None,
    budget: Budget | None = None,
) -> Looped:
    """Run a layer from rest over ``projected`` (T, B, G H), which is ``W_x held_x + b_x``.

    A step computes the cell from ``projected[t]`` and ``weight held[t-1] + bias`` (``weight`` (G H, H),
    ``bias`` (G H,)), adds ``noise[t]`` to the new state, rounds it where there are ``tables``, and sends what
    changed by at least ``theta`` (a scalar, or one for each neuron), as far as a ``budget`` has room for it.

    >>> from deltasim.networks.training.cells import CELLS
    >>> one = torch.ones(3, 1, 1)
    >>> still = loop(CELLS["rnn"], one, torch.zeros(1, 1), torch.zeros(1), torch.tensor(0.5))
    >>> [round(value, 4) for value in still.held.flatten().tolist()]
    [0.7616, 0.7616, 0.7616]
    """
    found = _Loop.apply(  # type: ignore[no-untyped-call]
        projected, weight, bias, theta, cell, noise, tables, budget
    )
    return Looped(*found)
