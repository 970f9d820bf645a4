"""The GRU whose reset gate is applied before the recurrent product: a second encoder lies inside its step.

``r, u = sigmoid(M_r, M_u)``, ``g = r held_h``, ``c = tanh(W_xc held_x + W_hc held_g + b)``,
``h = u h + (1 - u) c``, where ``M`` reads held inputs and states. The product ``r held_h`` is a population
of its own on a chip, which sends its changes with a threshold of its own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from deltasim.networks.training.encoder import into_theta


class Looped(NamedTuple):
    """States, what was sent of them, and what was sent of the gated states, (T, B, H)."""

    hidden: Tensor
    held: Tensor
    held_gated: Tensor


class _Loop(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, projected: Tensor, weight: Tensor, theta: Tensor, theta_gated: Tensor, noise: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        steps, batch, _ = projected.shape
        size = weight.shape[1]
        both = 2 * size
        hidden = projected.new_empty(steps, batch, size)
        held, held_gated, gated = (torch.empty_like(hidden) for _ in range(3))
        sent, sent_gated = torch.empty_like(hidden), torch.empty_like(hidden)
        gates = projected.new_empty(steps, batch, 3 * size)  # r, u, c
        state = last = last_gated = projected.new_zeros(batch, size)
        to_gates, to_candidate = weight[:both].t(), weight[both:].t()
        for step in range(steps):
            now = gates[step]
            torch.sigmoid(torch.addmm(projected[step, :, :both], last, to_gates), out=now[:, :both])
            torch.mul(now[:, :size], last, out=gated[step])
            torch.ge((gated[step] - last_gated).abs_(), theta_gated, out=sent_gated[step])
            last_gated = torch.where(sent_gated[step] > 0, gated[step], last_gated)
            held_gated[step] = last_gated
            inner = torch.addmm(projected[step, :, both:], last_gated, to_candidate)
            proposal = torch.tanh(inner, out=now[:, both:])
            state = torch.lerp(proposal, state, now[:, size:both])
            if noise is not None:
                state = state + noise[step]
            hidden[step] = state
            torch.ge((state - last).abs_(), theta, out=sent[step])
            last = torch.where(sent[step] > 0, state, last)
            held[step] = last
        ctx.save_for_backward(
            weight, theta, theta_gated, hidden, held, gated, held_gated, gates, sent, sent_gated
        )
        return hidden, held, held_gated

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weight, theta, theta_gated, hidden, held, gated, held_gated, gates, sent, sent_gated = (
            ctx.saved_tensors
        )
        from_hidden, from_held, from_gated = gradients
        steps, batch, size = hidden.shape
        both = 2 * size
        into = gates.new_empty(steps, batch, 3 * size)
        read, read_gated = from_held.clone(), from_gated.clone()
        nothing = hidden.new_zeros(batch, size)
        older = older_gated = carried = nothing
        for step in range(steps - 1, -1, -1):
            reset, update, proposal = torch.split(gates[step], size, 1)
            before, last = (hidden[step - 1], held[step - 1]) if step else (nothing, nothing)
            older = older + read[step]
            through = older * sent[step]
            older = older - through
            state = through.add_(from_hidden[step]).add_(carried)
            carried = state * update
            out = into[step]
            inner = (state - carried) * (1 - proposal * proposal)
            out[:, both:] = inner
            read_gated[step].addmm_(inner, weight[both:])
            older_gated = older_gated + read_gated[step]
            product = older_gated * sent_gated[step]
            older_gated = older_gated - product
            out[:, :size] = product * last * reset * (1 - reset)
            out[:, size:both] = state * (before - proposal) * update * (1 - update)
            if step:
                read[step - 1].add_(product * reset).addmm_(out[:, :both], weight[:both])
        d_gates = into[1:, :, :both].reshape(-1, both).t() @ held[:-1].reshape(-1, size)
        d_candidate = into[:, :, both:].reshape(-1, size).t() @ held_gated.reshape(-1, size)
        needed = ctx.needs_input_grad
        return (
            into,
            torch.cat([d_gates, d_candidate]),
            into_theta(read, held - hidden, theta) if needed[2] else None,
            into_theta(read_gated, held_gated - gated, theta_gated) if needed[3] else None,
            None,
        )


def loop(
    projected: Tensor, weight: Tensor, theta: Tensor, theta_gated: Tensor, noise: Tensor | None = None
) -> Looped:
    """Run a layer from rest over ``projected`` (T, B, 3 H), which is ``W_x held_x + b``; ``weight`` (3 H, H).

    >>> still = loop(torch.ones(2, 1, 3), torch.zeros(3, 1), torch.tensor(0.1), torch.tensor(0.1))
    >>> still.hidden.shape, still.held_gated[0].item()
    (torch.Size([2, 1, 1]), 0.0)
    """
    found = _Loop.apply(projected, weight, theta, theta_gated, noise)  # type: ignore[no-untyped-call]
    return Looped(*found)
