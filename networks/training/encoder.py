"""The transmit rule in training: what an encoder has last sent, and how a gradient passes it."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from deltasim.networks.budget import Budget


def spend(budget: Budget, saved: Tensor, change: Tensor, sent: Tensor) -> None:
    """Take out of ``sent`` (B, n), in place, what a step's budget has no room for.

    ``change`` (B, n) is how far values are from what was last sent, ``saved`` (B, parts) in float64 what
    every sequence has saved, which is brought up to date. Rule: `deltasim.networks.budget.Budget`.

    >>> budget = Budget(2, 2)
    >>> saved, change = torch.tensor([budget.starting().tolist()]).double(), torch.tensor([[3.0, 0.0, 1, 2]])
    >>> sent = torch.ones(1, 4)
    >>> spend(budget, saved, change, sent)
    >>> sent.tolist()
    [[1.0, 0.0, 0.0, 1.0]]
    """
    torch.clamp(saved + budget.rate / budget.parts, max=budget.most / budget.parts, out=saved)
    candidates = (sent > 0) & (change > 0)
    for number, (start, stop) in enumerate(pairwise(budget.bounds(change.shape[1]))):
        own = candidates[:, start:stop]
        among = torch.where(own, change[:, start:stop], -1.0)
        order = torch.sort(among, dim=1, descending=True, stable=True).indices
        place = torch.arange(stop - start, device=change.device).expand_as(order)
        rank = torch.empty_like(order).scatter_(1, order, place)
        kept = own & (rank < saved[:, number : number + 1].floor())
        sent[:, start:stop] = kept
        saved[:, number] -= kept.sum(1)


def looser(budget: Budget | None, share: float, size: int) -> Budget | None:
    """A budget of which ``share`` is in force: at 0 none is, in between more may be sent.

    >>> looser(Budget(2, 4), 0.5, 10), looser(Budget(2, 4), 0.0, 10)
    (Budget(rate=6.0, most=7, parts=1), None)
    """
    if budget is None or share == 0.0 or share == 1.0:
        return budget if share else None
    rate = size + (budget.rate - size) * share
    return replace(budget, rate=rate, most=round(size + (budget.most - size) * share))


class _Hold(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, theta: Tensor, budget: Budget | None) -> Tensor:
        held = torch.empty_like(values)
        sent = torch.empty(values.shape, dtype=torch.bool, device=values.device)
        last = torch.zeros_like(values[0])
        saved = starting(budget, values)
        for step, value in enumerate(values):
            change = (value - last).abs_()
            torch.ge(change, theta, out=sent[step])
            if budget is not None:
                spend(budget, saved, change, sent[step])
            last = torch.where(sent[step], value, last)
            held[step] = last
        ctx.save_for_backward(sent, theta, held - values if theta.requires_grad else held[:0])
        return held

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, None]:
        sent, theta, error = ctx.saved_tensors
        through = torch.empty_like(gradients[0])
        carried = torch.zeros_like(gradients[0][0])
        for step in range(len(sent) - 1, -1, -1):
            carried = carried + gradients[0][step]
            torch.mul(carried, sent[step], out=through[step])
            carried = carried - through[step]
        learned = ctx.needs_input_grad[1]
        return through, into_theta(gradients[0], error, theta) if learned else None, None


def starting(budget: Budget | None, values: Tensor) -> Tensor:
    """What sequences (T, B, n) have saved before their first step, (B, parts); nothing without a budget."""
    if budget is None:
        return values.new_empty(0)
    return torch.from_numpy(budget.starting()).to(values.device).repeat(values.shape[1], 1)


def hold(values: Tensor, theta: Tensor, budget: Budget | None = None) -> Tensor:
    """What an encoder has last transmitted of ``values`` (T, B, n) at every step, from 0 before the first.

    ``held[t] = values[t] if |values[t] - held[t-1]| >= theta else held[t-1]``, with ``held[-1] = 0``;
    ``theta`` is a scalar tensor or one threshold for each element, (n,). Of those that reach it a ``budget``
    lets the largest changes through. The gradient is exact for values:
    what reaches ``held[t]`` goes to the value that was sent last. For theta it is an estimate, see
    `into_theta`.

    >>> ramp = torch.tensor([0.1, 0.2, 0.3, 0.4]).reshape(4, 1, 1)
    >>> hold(ramp, torch.tensor(0.25)).flatten().tolist()
    [0.0, 0.0, 0.30000001192092896, 0.30000001192092896]
    """
    result: Tensor = _Hold.apply(values, theta, budget)  # type: ignore[no-untyped-call]
    return result


def into_theta(gradient: Tensor, error: Tensor, theta: Tensor) -> Tensor:
    """The straight-through estimate of dL/dtheta from ``gradient`` = dL/dheld and ``error`` = held - value.

    Where nothing was sent the error is taken for a fixed share u of the threshold, ``held = value + theta
    u``, so ``dheld/dtheta = error / theta``; where something was sent it is 0. This is the gradient of a step
    size of Esser et al. 2020 (arXiv 1902.08153), with the transmit rule in place of rounding. The transmit
    rule itself is a step function of theta, whose true gradient is 0 wherever there is one.
    """
    whole = gradient * error / theta
    return whole.sum() if theta.dim() == 0 else whole.sum((0, 1))


class Threshold(nn.Module):
    """The threshold of an encoder of ``size`` elements: one number or one an element, fixed or learned.

    ``learned`` is "" (fixed), "layer" (one number is learned) or "neuron" (one an element). What is learned
    is the logarithm, so a threshold stays above 0; it starts at ``theta``.

    >>> Threshold(0.5, 3)().item(), Threshold(0.5, 3, "neuron")().tolist()
    (0.5, [0.5, 0.5, 0.5])
    """

    theta: Tensor

    def __init__(self, theta: float | Tensor, size: int, learned: str = "") -> None:
        super().__init__()
        start = torch.as_tensor(theta, dtype=torch.get_default_dtype())
        self.log: nn.Parameter | None = None
        if learned:
            shape = (size,) if learned == "neuron" else ()
            if start.dim() and not shape:
                start = start.mean()
            self.log = nn.Parameter(start.clamp_min(math.exp(-20)).log().expand(shape).clone())
        else:
            self.register_buffer("theta", start.clone(), persistent=False)

    def forward(self, share: float = 1.0) -> Tensor:
        """``share`` of the threshold, a scalar or (size,); at share 0 nothing is learned."""
        theta = self.theta if self.log is None else self.log.exp()
        if share == 0.0:
            return torch.zeros_like(theta, requires_grad=False)
        return theta * share if share != 1.0 else theta
