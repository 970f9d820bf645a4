"""Gradients of a loss of spike counts, through a layer and its recurrence, without unrolling time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from deltasim.networks.training.spike_trains.layer import Neuron, Weights
from deltasim.runtime.arrays import Flags, Integers, Numbers
from deltasim.runtime.compiling import kernel
from deltasim.runtime.errors import InputError, nearest

FORMS = ("full", "diagonal")
"""How weights share in the recurrence: through all of the inverse of Theta, or its diagonal alone."""

SILENT_RATIO = 0.5
"""e_{i|j} / o_j where i or j is silent, as in the authors' code."""


@dataclass(frozen=True)
class Rule:
    """Choices of the gradient that the paper's equations leave open.

    ``form``: "full" takes ``(Theta^T)^-1 delta`` for the weights, the derivative of the implicit equations;
    "diagonal" takes ``delta_i / Theta_ii``, as the authors' code. ``self_dependence``: the share of the
    closed form of ``de_{i|j}/do_i`` (`elasticity`) that is counted, 0 to 1. ``least``: what Theta_ii is at
    least. ``most``: how many times longer than dL/do the solution may be; a loop whose gain comes near 1
    makes it as long as one likes.
    """

    form: str = "full"
    self_dependence: float = 0.0
    least: float = 0.2
    most: float = 3.0

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise InputError("rule: form", self.form, "there is no such form", nearest(self.form, FORMS))
        if not 0 <= self.self_dependence <= 1:
            rule = "a share is 0 to 1"
            raise InputError("rule: self_dependence", self.self_dependence, rule, "Give one within.")
        if not 1e-4 <= self.least <= 1:
            rule = "a diagonal is kept from 0: 1e-4 to 1"
            raise InputError("rule: least", self.least, rule, "Give one within.")
        if not self.most >= 1:
            raise InputError("rule: most", self.most, "a bound is at least 1", "Give 1 or more.")


class Effects(NamedTuple):
    """S-PSPs of a layer: ``forward`` (neurons, sources), ``recurrent`` (neurons, neurons or 0)."""

    forward: Numbers
    recurrent: Numbers


class Counts(NamedTuple):
    """How often the sources fired, (sources,), and the neurons, (neurons,), in ``steps``."""

    sources: Integers
    neurons: Integers
    steps: int


class Gradient(NamedTuple):
    """``scale`` (neurons,): dL/dW_ij is ``scale_i e_{i|j}``. ``sources``: dL/do_j of the layer below."""

    scale: Numbers
    sources: Numbers


def elasticity(neuron: Neuron, counts: Integers, steps: int) -> Numbers:
    """``d log e / d log o_i`` of a regular train of o_i spikes in ``steps`` under a steady current.

    Each interval has ``m = max(T / o - refractory, 1)`` free steps, in which v rises to a share
    ``1 - leak^m`` of its limit, so ``e ~ o (1 - leak^m)`` and the elasticity is
    ``1 + (T / o) ln(leak) leak^m / (1 - leak^m)``. The authors fit a quartic to draws of random trains in its
    place; this is a closed form of our own. Above 0 while a neuron fires far apart, where e grows with the
    spikes; below 0 where refractory steps take much of the time. A silent neuron has 0.

    >>> elasticity(Neuron(tau_m=64), np.array([0, 1, 10, 50]), 400).round(3).tolist()
    [0.0, 0.988, 0.231, -0.271]
    """
    often = np.maximum(counts, 1).astype(np.float64)
    interval = steps / often
    free = np.maximum(interval - neuron.refractory, 1.0)
    left = neuron.leak**free
    found = 1 + interval * np.log(neuron.leak) * left / -np.expm1(free * np.log(neuron.leak))
    return np.where(counts > 0, found, 0.0)


def layer_gradient(
    neuron: Neuron,
    rule: Rule,
    weights: Weights,
    effect: Effects,
    potentials: Numbers,
    counts: Counts,
    losses: Numbers,
    below: bool = True,
) -> Gradient:
    """The gradient of a layer from dL/do_i, ``losses`` (neurons,); that of sources only with ``below``.

    With ``o_i = a_i / threshold`` and ``a_i = sum_j W_ij e_{i|j} + sum_l R_il e_{i|l}``, where e grows in
    proportion to the count of its source and with the neuron's own count by its elasticity g:
    ``Theta_ii = 1 - g_i a_i / (threshold o_i)``,
    ``Theta_il = -R_il e_{i|l} / (threshold o_l)`` (i != l), and ``Phi_ij = W_ij e_{i|j} / (threshold o_j)``.
    Then ``dL/do_j = (Theta^-1 Phi)^T dL/do`` and ``dL/dW_ij = u_i e_{i|j} / threshold`` with
    ``u = (Theta^T)^-1 dL/do`` ("full") or ``dL/do_i / Theta_ii`` ("diagonal"). A layer without recurrence has
    a diagonal Theta. Source: arXiv 1908.06378 and its code.
    """
    diagonal = theta_diagonal(neuron, rule, potentials, counts)
    alone = losses / diagonal
    whole = alone
    if len(weights.recurrent):
        gain = recurrent_gain(neuron, weights.recurrent, effect.recurrent, counts.neurons)
        whole = held_back(solved(diagonal, gain, counts.neurons > 0, losses), losses, rule.most)
    scale = (whole if rule.form == "full" else alone) / neuron.threshold
    sources = np.zeros(len(weights.forward), weights.forward.dtype)
    if below:
        share = ratios(counts.sources, weights.forward.dtype)
        factor = (whole / neuron.threshold).astype(weights.forward.dtype)
        gather_sources(weights.forward, effect.forward, counts.neurons, share, factor, sources)
    return Gradient(scale, sources)


def theta_diagonal(neuron: Neuron, rule: Rule, potentials: Numbers, counts: Counts) -> Numbers:
    """Theta_ii, (neurons,), at least ``rule.least``; 1 for a silent neuron."""
    gain = potentials.astype(np.float64) / (neuron.threshold * np.maximum(counts.neurons, 1))
    whole = 1 - rule.self_dependence * elasticity(neuron, counts.neurons, counts.steps) * gain
    return np.maximum(whole, rule.least)


def solved(diagonal: Numbers, gain: Numbers, fires: Flags, losses: Numbers) -> Numbers:
    """``u = (Theta^T)^-1 losses``, (neurons,), with Theta the ``diagonal`` less ``gain``.

    The row of a silent neuron has its diagonal alone: nothing comes back through a neuron that does not fire.
    So the equations of those that fire are solved by themselves, and silent ones follow.
    """
    found = losses / diagonal
    active, silent = np.flatnonzero(fires), np.flatnonzero(~fires)
    theta = np.diag(diagonal[active]) - gain[np.ix_(active, active)]
    found[active] = np.linalg.solve(theta.T, losses[active])
    found[silent] = (losses[silent] + found[active] @ gain[np.ix_(active, silent)]) / diagonal[silent]
    return found


def held_back(found: Numbers, losses: Numbers, most: float) -> Numbers:
    """``found``, made at most ``most`` times as long as ``losses``.

    >>> held_back(np.array([30.0, 40.0]), np.array([3.0, 4.0]), 2.0).tolist()
    [6.0, 8.0]
    """
    length, bound = float(np.linalg.norm(found)), most * float(np.linalg.norm(losses))
    return found if length <= bound else found * (bound / length)


def ratios(counts: Integers, kind: np.dtype[np.generic]) -> Numbers:
    """1 / o_j, and 0 for a silent source."""
    return np.where(counts > 0, 1 / np.maximum(counts, 1), 0.0).astype(kind)


def recurrent_gain(neuron: Neuron, recurrent: Numbers, effect: Numbers, counts: Integers) -> Numbers:
    """``R_il e_{i|l} / (threshold o_l)``, (neurons i, neurons l); 0 where i is silent, and for i = l.

    The authors' code takes `SILENT_RATIO` for a silent i too. That closes loops through neurons that do not
    fire, and their gain passed 1 (decision 60).
    """
    share = ratios(counts, np.dtype(np.float64))
    ratio = effect * share
    ratio[:, counts == 0] = SILENT_RATIO
    ratio[counts == 0] = 0.0
    found: Numbers = recurrent.T * ratio / neuron.threshold
    np.fill_diagonal(found, 0.0)
    return found


@kernel
def gather_sources(
    forward: Numbers, effect: Numbers, counts: Integers, share: Numbers, factor: Numbers, sources: Numbers
) -> None:
    """``sum_i factor_i W_ij e_{i|j} / o_j`` for every source j."""
    ratio = forward.dtype.type(SILENT_RATIO)
    for i in range(len(factor)):
        u = factor[i]
        if u == 0:
            continue
        row, heard = effect[i], counts[i] > 0
        for j in range(len(sources)):
            one = row[j] * share[j] if heard and share[j] > 0 else ratio
            sources[j] += u * forward[j, i] * one
