"""What is computed: one trace and one score for each network, thresholds, bits and data; made once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deltasim.exploration.space.space import Subject
from deltasim.networks.files.cached_execution import executed
from deltasim.networks.numbers.arithmetic import FixedPoint, Q, quantise
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from deltasim.networks.graph import Network, Projection
    from deltasim.networks.trace import Trace
    from deltasim.workloads.benchmark import Benchmark

HELD = 16
"""Traces that a process has at hand."""


class Computed(NamedTuple):
    """A network on the data of a study: its messages, its score (None without labels), and their digest."""

    benchmark: Benchmark
    network: Network
    trace: Trace
    score: float | None
    digest: str


class Subjects:
    """The traces of a study. ``load`` finds the benchmark, with another network where one is named."""

    def __init__(self, load: Callable[[str | None], Benchmark]) -> None:
        self.load = load
        self.loaded: dict[str | None, Benchmark] = {}
        self.held: OrderedDict[Subject, Computed] = OrderedDict()

    def benchmark(self, network: str | None) -> Benchmark:
        """The benchmark with a network, read once."""
        if network not in self.loaded:
            self.loaded[network] = self.load(network)
        return self.loaded[network]

    def computed(self, subject: Subject) -> Computed:
        """The messages and the score of one subject. Errors: InputError."""
        if subject in self.held:
            self.held.move_to_end(subject)
            return self.held[subject]
        benchmark = self.benchmark(subject.network)
        network = benchmark.network
        if subject.weight_bits is not None:
            network = with_weight_bits(network, subject.weight_bits)
        for role, theta in subject.theta:
            network = network.with_thresholds({role: theta} if role else theta)
        trace, outputs = executed(network, benchmark.sequences)
        found = Computed(
            benchmark,
            network,
            trace,
            benchmark.scored(outputs),
            hashlib.sha256(f"{network.digest} {trace.digest}".encode()).hexdigest(),
        )
        self.held[subject] = found
        while len(self.held) > HELD:
            self.held.popitem(last=False)
        return found


def with_weight_bits(network: Network, bits: int) -> Network:
    """The same network with weights of so many bits, each rounded half to even and saturated.

    In fixed point the integer bits stay and the fraction changes; of a float32 network every projection gets
    as many integer bits as its largest weight needs, and all else is as in `FixedPoint`.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> stack = random_stack("gru", 4, (8,), np.random.default_rng(0), arithmetic=FixedPoint())
    >>> narrow = with_weight_bits(stack, 4)
    >>> [narrow.weight_bits(number) for number in range(2)], stack.weight_bits(0)
    ([4, 4], 8)
    """
    arithmetic = network.arithmetic
    if not isinstance(arithmetic, FixedPoint):
        forms = {p.name: narrowest(p, bits) for p in network.projections}
        return quantised(network, FixedPoint(), forms)

    def narrowed(projection: Projection) -> Projection:
        own = projection.weight_format or arithmetic.weight
        form = Q(own.integer, bits - own.integer)
        if form.fraction < 0:
            rule = f"projection {projection.name} needs {own.integer} integer bits"
            raise InputError("weight_bits", bits, rule, "Use more bits.")
        words = quantise(projection.connection.weights.astype(np.float64) / 2.0**own.fraction, form)
        connection = projection.connection.with_weights(words)
        return replace(projection, connection=connection, weight_format=form)

    return replace(network, projections=tuple(map(narrowed, network.projections)))


def narrowest(projection: Projection, bits: int) -> Q:
    """The format of so many bits with no more integer bits than the largest weight needs."""
    largest = float(np.abs(projection.connection.weights).max(initial=0.0))
    integer = 1
    while integer < bits and largest > 2.0 ** (integer - 1):
        integer += 1
    return Q(integer, bits - integer)
