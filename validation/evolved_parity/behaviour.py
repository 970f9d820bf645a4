"""What mutations do to an evolved network's outputs: how much of its behaviour children keep."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deltasim.networks.evolution.mutation import mutated
from deltasim.runtime.arrays import Numbers
from deltasim.workloads.evolved_parity.parity import PARITY, SEQUENCES, SHAPE
from deltasim.workloads.evolved_parity.tasks import TASKS
from deltasim.workloads.evolved_parity.trained import SHIPPED, load

CHILDREN = 500
LENGTHS = (0.5, 1.0, 2.0)  # of a step in the space of weights


class Kept(NamedTuple):
    """Of one mutation: the share of children that keep all 16 answers at each length, and 5, 50 and 95 %
    of the mean square change of outputs at the mutation's own magnitude."""

    mutation: str
    shares: tuple[float, ...]
    changes: tuple[float, float, float]


def parent() -> Numbers:
    """The genome of the dense network in the box, (1, parameters)."""
    network = load(SHIPPED).dense
    parts: list[Numbers] = []
    for population in network.populations[1:]:
        own = [p.connection.weights[:, 0].T for p in network.projections if p.target == population.name]
        parts += [np.asarray(matrix, np.float64).ravel() for matrix in own]
        bias = np.asarray(population.bias, np.float64).ravel()
        parts += [bias] if population.name == "readout" else [bias, np.zeros_like(bias)]
    return np.concatenate(parts)[None]


def kept(mutation: str) -> Kept:
    """Children of the network in the box by one mutation."""
    rng = np.random.default_rng(0)
    genome = parent()
    parents = np.repeat(genome, CHILDREN, axis=0)
    noise = rng.standard_normal(parents.shape)
    samples = np.broadcast_to(SEQUENCES, (CHILDREN, *SEQUENCES.shape))
    magnitude, _ = TASKS["parity"].mutations[mutation]
    steps = mutated(SHAPE, mutation, parents, noise, samples, magnitude) - parents
    before = SHAPE.outputs_on(genome, SEQUENCES)
    changes = ((SHAPE.outputs_on(parents + steps, SEQUENCES) - before) ** 2).mean((1, 2))
    unit = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    shares = []
    for length in LENGTHS:
        right = SHAPE.outputs_on(parents + length * unit, SEQUENCES).argmax(-1) == PARITY
        shares.append(float(right.all(1).mean()))
    low, middle, high = (float(value) for value in np.percentile(changes, (5, 50, 95)))
    return Kept(mutation, tuple(shares), (low, middle, high))
