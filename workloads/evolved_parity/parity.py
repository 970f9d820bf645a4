"""Recurrent parity: whether an even or an odd number of four bits were 1, one bit a step."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np

from deltasim.networks.evolution.population import Evaluated
from deltasim.networks.evolution.recurrent import Run, Stack
from deltasim.networks.graph import Network
from deltasim.runtime.arrays import Integers, Numbers

BITS = 4
SEQUENCES: Numbers = np.array(list(product((0.0, 1.0), repeat=BITS)))[..., None]
"""All 16, (16, 4, 1)."""
PARITY: Integers = SEQUENCES.sum((1, 2)).astype(np.int64) % 2
SHAPE = Stack("rnn", 1, 15, 2, 2)
FIRST_THETA = 0.05  # thresholds of the first population are drawn up to it


@dataclass(frozen=True, eq=False)
class Joules:
    """What messages cost: ``prices`` of a message of every source, by projection, in any unit.

    ``weight`` is what a network that sends every value at every step loses of its fitness.
    """

    prices: tuple[Numbers, ...]
    weight: float

    def share(self, run: Run) -> Numbers:
        """What K networks sent, over what it costs to send everything, (K,)."""
        spent = sum(sent @ price for sent, price in zip(run.sent, self.prices, strict=True))
        every = len(SEQUENCES) * BITS * sum(price.sum() for price in self.prices)
        share: Numbers = spent / every
        return share


@dataclass(frozen=True, eq=False)
class Parity:
    """Fitness is the mean log probability of the right answer after the last bit; solved is 16 of 16.

    With ``joules`` the thresholds of all encoders evolve too (a genome ends with a number for each, whose
    absolute is the threshold), networks run with them, what they send is subtracted from fitness, and an
    evolution goes on to the end of its budget.

    >>> task = Parity()
    >>> task.evaluate(np.zeros((1, 782))).fitness.round(3).tolist()    # of one that guesses
    [-0.693]
    """

    stack: Stack = SHAPE
    joules: Joules | None = None
    name: str = "parity"
    job: int = 25

    @property
    def model(self) -> Stack:
        """The networks' shape."""
        return self.stack

    @property
    def until_solved(self) -> bool:
        """Not where joules are still to be saved."""
        return self.joules is None

    def described(self) -> dict[str, Any]:
        """All that fitness follows from."""
        joules = self.joules and {
            "weight": self.joules.weight,
            "prices": [price.tolist() for price in self.joules.prices],
        }
        return {"name": self.name, "stack": asdict(self.stack), "joules": joules, "job": self.job}

    def drawn(self, rng: np.random.Generator) -> Numbers:
        """A network, with small thresholds where it has any."""
        weights = self.stack.drawn(rng)
        if self.joules is None:
            return weights
        return np.concatenate([weights, rng.uniform(0, FIRST_THETA, self.stack.projections)])

    def thetas(self, genomes: Numbers) -> Numbers | None:
        """Thresholds (K, projections); None where every value is sent."""
        return None if self.joules is None else np.abs(genomes[:, self.stack.parameters :])

    def evaluate(self, genomes: Numbers) -> Evaluated:
        """Fitness, whether all 16 are right, and all 16 sequences as what was met."""
        run = self.run(genomes)
        right = run.probabilities[:, np.arange(len(PARITY)), PARITY]
        fitness = np.log(np.maximum(right, 1e-30)).mean(1)
        if self.joules is not None:
            fitness = fitness - self.joules.weight * self.joules.share(run)
        met = np.broadcast_to(SEQUENCES, (len(genomes), *SEQUENCES.shape))
        return Evaluated(fitness, correct(run) == len(PARITY), met)

    def run(self, genomes: Numbers) -> Run:
        """All 16 sequences, with the genomes' own thresholds."""
        return self.stack.run(genomes[:, : self.stack.parameters], SEQUENCES, self.thetas(genomes))

    def network(self, genome: Numbers, name: str) -> Network:
        """A genome as deltasim runs it."""
        thetas = self.thetas(genome[None])
        found = np.zeros(self.stack.projections) if thetas is None else thetas[0]
        return self.stack.network(genome[: self.stack.parameters], found.tolist(), name)


def correct(run: Run) -> Integers:
    """How many of the 16 each network gets right, (K,)."""
    found: Integers = (run.probabilities.argmax(-1) == PARITY).sum(1)
    return found
