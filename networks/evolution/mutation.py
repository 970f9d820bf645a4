"""Mutations of whole broods: plain, and safe ones that are scaled to what they do to the outputs.

A brood is K networks (K, P), each with its own noise (K, P) of the standard normal distribution and its own
samples; all functions are pure. Source: see `deltasim.networks.evolution.sensitivity`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from deltasim.networks.evolution.sensitivity import SENSITIVITIES, Blocks
from deltasim.runtime.arrays import Flags, Numbers
from deltasim.runtime.errors import InputError, nearest

LEAST = 0.01  # a sensitivity below it counts as this
SEARCHED = 15  # lengths that SM-R tries
FIRST = 0.25  # the first of them


class Model(Protocol):
    """Networks of one shape: outputs (K, S, O) and their derivatives on samples (K, S, ...)."""

    @property
    def parameters(self) -> int: ...

    def outputs_on(self, genomes: Numbers, samples: Numbers) -> Numbers: ...

    def derivatives(self, genomes: Numbers, samples: Numbers) -> Blocks: ...


def plain(parents: Numbers, noise: Numbers, magnitude: float) -> Numbers:
    """``w + magnitude noise``.

    >>> plain(np.array([[1.0, 2.0]]), np.array([[1.0, -1.0]]), 0.5).tolist()
    [[1.5, 1.5]]
    """
    return parents + magnitude * noise


def divisor(sensitivity: Numbers) -> Numbers:
    """What noise is divided by: 0 becomes 1 first, and then what is below 0.01 becomes 0.01.

    >>> divisor(np.array([0.0, 1e-9, 0.5])).tolist()
    [1.0, 0.01, 0.5]
    """
    return np.maximum(np.where(sensitivity == 0, 1.0, sensitivity), LEAST)


def divided(
    model: Model, name: str, parents: Numbers, noise: Numbers, samples: Numbers, magnitude: float
) -> Numbers:
    """SM-G: ``w + magnitude noise / s`` with the sensitivities s of a variant (`SENSITIVITIES`)."""
    change = magnitude * noise
    return parents + change / divisor(SENSITIVITIES[name](model.derivatives(parents, samples), change))


def rescaled(
    model: Model, _name: str, parents: Numbers, noise: Numbers, samples: Numbers, magnitude: float
) -> Numbers:
    """SM-R: ``w + x d``, d the noise at length 1, x so long that outputs change by magnitude (mean square).

    x is doubled from 0.25 until the change is reached, then halved in between, 15 lengths in all; the last
    one below the magnitude is taken. Where it is never reached (probabilities have bounds) that is the
    longest. (The paper's code minimises the squared difference from magnitude, with Brent's method.)
    """
    direction = noise / np.linalg.norm(noise, axis=1, keepdims=True)
    before = model.outputs_on(parents, samples)

    def reached(lengths: Numbers) -> Flags:
        moved = model.outputs_on(parents + lengths[:, None] * direction, samples) - before
        found: Flags = (moved**2).mean((1, 2)) >= magnitude
        return found

    below, above, tried = np.zeros(len(parents)), np.full(len(parents), np.inf), np.full(len(parents), FIRST)
    for _ in range(SEARCHED):
        enough = reached(tried)
        below, above = np.where(enough, below, tried), np.where(enough, tried, above)
        tried = np.where(np.isinf(above), 2 * tried, (below + np.minimum(above, 1e300)) / 2)
    children: Numbers = parents + below[:, None] * direction
    return children


def unscaled(
    _model: Model, _name: str, parents: Numbers, noise: Numbers, _samples: Numbers, magnitude: float
) -> Numbers:
    """Plain mutation, which looks at no outputs."""
    return plain(parents, noise, magnitude)


Mutation = Callable[[Model, str, Numbers, Numbers, Numbers, float], Numbers]
MUTATIONS: dict[str, Mutation] = {
    "plain": unscaled,
    "sm-r": rescaled,
    **dict.fromkeys(SENSITIVITIES, divided),
}
"""Mutations by name."""


def mutated(
    model: Model, name: str, parents: Numbers, noise: Numbers, samples: Numbers, magnitude: float
) -> Numbers:
    """The children of a brood (K, P) by the mutation of this name.

    Errors: InputError for a name that none has.
    """
    if name not in MUTATIONS:
        raise InputError("mutation", name, "there is no such mutation", nearest(name, MUTATIONS))
    return MUTATIONS[name](model, name, parents, noise, samples, magnitude)
