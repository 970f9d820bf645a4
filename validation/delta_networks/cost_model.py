"""The paper's cost model of one n x n product beside what an engine counts of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deltasim.networks.builders.feed_forward import feed_forward
from deltasim.networks.cells import dense
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.simulate import simulate
from deltasim.validation.measure import steady_trace

CHIP = "edgedrnn"  # its state counts in words
SIZES = (64, 256, 1024)
OCCUPANCIES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.01, 0.0)
STEPS = 100


class Cost(NamedTuple):
    """Of one product a step: computes, and words moved to and from memory."""

    computes: float
    words: float


class Counted(NamedTuple):
    """What was counted a step: multiply-accumulates, elements scanned, neurons updated; weights, state words.

    ``sums`` are the accumulator words that multiply-accumulates read and write; ``state`` all others.
    """

    macs: float
    scanned: float
    updated: float
    weights: float
    state: float
    sums: float

    @property
    def cost(self) -> Cost:
        """As the paper has it: 2 computes a neuron, a delta and an update; accumulators are no memory."""
        return Cost(self.macs + self.scanned + self.updated, self.weights + self.state)


def paper(size: int, occupancy: float) -> Cost:
    """o n^2 + 2 n computes and o n^2 + 4 n words.

    >>> paper(10, 0.5)
    Cost(computes=70.0, words=90.0)
    """
    weights = occupancy * size * size
    return Cost(weights + 2 * size, weights + 4 * size)


def paper_dense(size: int) -> Cost:
    """n^2 computes and n^2 + n words.

    >>> paper_dense(10)
    Cost(computes=100.0, words=110.0)
    """
    return Cost(float(size * size), float(size * size + size))


def product(size: int) -> Network:
    """One dense layer of ``size`` neurons on as many inputs."""
    parameters = dense.Parameters(np.ones((size, size), np.float32), np.zeros(size, np.float32))
    return feed_forward((size,), [(parameters, "identity")], name=f"product-{size}")


def counted(network: Network, trace: Trace) -> Counted:
    """Run a trace, and take what the start of a sequence writes once out of it."""
    ledger = simulate(network, trace, load_chip(CHIP))
    totals = dict(zip(ledger.actions, ledger.counts.sum(0).tolist(), strict=True))
    empty = simulate(network, steady_trace(network, 1, 0.0), load_chip(CHIP))
    start = dict(zip(empty.actions, empty.counts.sum(0).tolist(), strict=True))
    size = network.populations[0].size
    begin = start["core.state_write"] - size  # but for the values that one update writes
    macs = totals["core.mac"]
    moved = totals["core.state_read"] + totals["core.state_write"] - begin
    whole = (
        macs,
        totals["core.scan"],
        totals["core.update"],
        totals["dram.words"],
        moved - 2 * macs,
        2 * macs,
    )
    return Counted(*(value / trace.steps for value in whole))


class Row(NamedTuple):
    """One size and occupancy: the paper's cost and what was counted."""

    size: int
    occupancy: float
    paper: Cost
    counted: Counted


def rows() -> list[Row]:
    """Every size at every occupancy."""
    found = []
    for size in SIZES:
        network = product(size)
        for occupancy in OCCUPANCIES:
            trace = steady_trace(network, STEPS, occupancy)
            found.append(Row(size, occupancy, paper(size, occupancy), counted(network, trace)))
    return found
