"""Random small networks for property tests: every cell, connection and arithmetic."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from deltasim.networks.budget import Budget
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.builders.sgu import MATRICES, Thresholds, random_parameters, sgu_stack
from deltasim.networks.cells import GLIF, GRU, LIF, Conv2d, Dense, Formula, Input, LeakyIntegrator
from deltasim.networks.cells.glif import RESETS
from deltasim.networks.connections import AllToAll, Convolution, Sparse
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.loss import Loss
from deltasim.networks.numbers.arithmetic import EDGEDRNN, FLOAT32, FixedPoint, Q, WideSums
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.arrays import Floats

# 4, 8, 16 and 32 bits, and widths that share a byte
weight_formats = st.sampled_from([Q(1, 3), Q(2, 6), Q(1, 15), Q(2, 30), Q(1, 2), Q(3, 9)])


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Stacks of RNN, GRU, LSTM (in both directions too), SGU, DSGU; convolutions; feedback; formulas;
    spikes; float32 and fixed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    network = draw(
        st.sampled_from(
            [recurrent, simple_gated, pruned, convolutional, with_feedback, with_formulas, spiking, delayed]
        )
    )(draw, rng)
    theta = draw(st.sampled_from([0.0, 0.05, 0.3]))
    network = network.with_thresholds({"input": theta, "recurrent": draw(st.sampled_from([0.0, 0.1]))})
    arithmetic = draw(st.sampled_from([FLOAT32, WideSums(), FixedPoint(), EDGEDRNN]))
    if not isinstance(arithmetic, FixedPoint):
        return replace(network, arithmetic=arithmetic)
    names = st.sampled_from(["input", "recurrent", *(projection.name for projection in network.projections)])
    return quantised(network, arithmetic, draw(st.dictionaries(names, weight_formats, max_size=3)))


@st.composite
def losses(draw: st.DrawFn, network: Network) -> Network:
    """The same network, some of whose projections lose messages; all of them, now and then."""
    probabilities = st.sampled_from([0.0, 0.3, 0.8, 1.0])
    chosen = []
    for number, projection in enumerate(network.projections):
        loss = None
        if draw(st.booleans()):
            probability, seed = draw(probabilities), draw(st.integers(0, 2**16))
            refresh = 0 if network.sends_events(number) else draw(st.integers(0, 3))
            carries = draw(st.sampled_from(["values", "deltas"])) if refresh else "values"
            loss = Loss(probability, seed, carries, refresh)
        chosen.append(replace(projection, loss=loss))
    return replace(network, projections=tuple(chosen))


@st.composite
def budgets(draw: st.DrawFn, network: Network, cores: dict[str, int]) -> Network:
    """The same network, some of whose projections send no more than a budget allows; ``cores`` is on how many
    each population lies."""
    chosen = []
    for number, projection in enumerate(network.projections):
        budget = None
        if not network.sends_events(number) and projection.loss is None and draw(st.booleans()):
            parts = min(projection.connection.source_size, cores[projection.source])
            most = draw(st.integers(parts, parts + 6))
            budget = Budget(draw(st.sampled_from([most, 1, 0.3, most / 2])), most, parts)
        chosen.append(replace(projection, budget=budget))
    return replace(network, projections=tuple(chosen))


def recurrent(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """A stack of one to two layers."""
    kind = draw(st.sampled_from(["rnn", "gru", "lstm"]))
    sizes = draw(st.lists(st.integers(1, 11), min_size=1, max_size=2))
    both = draw(st.booleans())
    readout = draw(st.sampled_from([None, 2]))
    return random_stack(kind, draw(st.integers(1, 7)), sizes, rng, bidirectional=both, readout=readout)


def simple_gated(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """One or two layers of simple gated units, whose products send with thresholds of their own."""
    kind, theta = draw(st.sampled_from(list(MATRICES))), st.sampled_from([0.0, 0.1])
    sizes = [draw(st.integers(1, 5)), *draw(st.lists(st.integers(1, 9), min_size=1, max_size=2))]
    weights = [random_parameters(kind, below, size, rng) for below, size in pairwise(sizes)]
    thetas = Thresholds(draw(theta), draw(theta), draw(theta))
    slope = draw(st.sampled_from([0.2, 1 / 6]))
    return sgu_stack(kind, sizes[0], weights, theta_x=draw(theta), thetas=thetas, slope=slope)


def pruned(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """A stack with most of its weights taken out: packed columns of several gates, some empty."""
    network = recurrent(draw, rng)
    kept = draw(st.sampled_from([0.1, 0.5]))

    def sparse(projection: Projection) -> Projection:
        matrices = projection.connection.weights.transpose(1, 2, 0)
        words = matrices * (rng.random(matrices.shape) < kept)
        return replace(projection, connection=Sparse.from_matrices(words.astype(np.float32)))

    return replace(network, projections=tuple(map(sparse, network.projections)))


def spiking(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """Two spiking populations that receive an input, a real-valued population and each other; a readout."""
    left, right, analogue = (draw(st.integers(1, 9)) for _ in range(3))

    def sparse(sources: int, targets: int) -> Sparse:
        words = rng.normal(size=(targets, sources)) * (rng.random((targets, sources)) < 0.6)
        return Sparse.from_matrices(words.astype(np.float32))

    return Network(
        "spiking",
        (
            Population("input", Input(4)),
            Population("analogue", Dense(analogue, "tanh"), small(rng, 1, analogue)),
            Population("left", LIF(left, 0.5, 0.75), small(rng, 1, left)),
            Population("right", LIF(right, 0.5, 1.0, -0.5), small(rng, 1, right)),
            Population("readout", Dense(2), small(rng, 1, 2)),
        ),
        (
            Projection("input", "analogue", AllToAll(small(rng, 4, 1, analogue))),
            Projection("input", "left", sparse(4, left)),
            Projection("analogue", "left", AllToAll(small(rng, analogue, 1, left))),
            Projection("left", "left", sparse(left, left), "recurrent", 1),
            Projection("left", "right", sparse(left, right), "input", 1),
            Projection("right", "left", sparse(right, left), "recurrent", 1),
            Projection("left", "readout", AllToAll(small(rng, left, 1, 2)), "input", 1),
            Projection("right", "readout", sparse(right, 2), "input", 1),
        ),
        ("readout", "right"),
        FLOAT32,
    )


def delayed(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """Generalised neurons with delays of none to several steps, two synapses between one pair, integrators
    of spikes and of deltas."""
    left, right = draw(st.integers(1, 9)), draw(st.integers(1, 7))
    late = st.integers(0, 4)
    own = draw(st.sampled_from([(), ("leak",), ("leak", "threshold", "synapse")]))
    synapse, adaptation = draw(st.sampled_from([0.0, 0.5])), draw(st.sampled_from([0.0, 0.25]))
    resets, waits = draw(st.sampled_from(list(RESETS))), draw(st.integers(0, 2))
    neuron = GLIF(left, 0.75, 0.5, -0.25, resets, waits, synapse, adaptation, 0.875, own)
    integrator = LeakyIntegrator(2, 0.5, synapse)
    constants = [small(rng, 1, left), np.abs(small(rng, len(own), left))]

    def dense(sources: int, targets: int) -> AllToAll:
        return AllToAll(2 * small(rng, sources, 1, targets))

    return Network(
        "delayed",
        (
            Population("input", Input(4)),
            Population("left", neuron, np.concatenate(constants)),
            Population("right", GLIF(right, 1.0, 0.5, resets="by_subtraction"), small(rng, 1, right)),
            Population("readout", integrator, small(rng, 1, 2)),
            Population("graded", LeakyIntegrator(3, 0.75), small(rng, 1, 3)),
        ),
        (
            Projection("input", "left", dense(4, left), "input", draw(late)),
            Projection("left", "left", dense(left, left), "recurrent", 1 + draw(late)),
            Projection("left", "left", dense(left, left), "recurrent", 1 + draw(late), label="again"),
            Projection("left", "right", dense(left, right), "input", draw(late)),
            Projection("right", "left", dense(right, left), "recurrent", 1 + draw(late)),
            Projection("right", "readout", dense(right, 2), "input", draw(late)),
            Projection("readout", "graded", dense(2, 3), "input", draw(late), 0.05),
            Projection("graded", "graded", dense(3, 3), "recurrent", 1 + draw(late), 0.05),
        ),
        ("readout", "graded", "left"),
        FLOAT32,
    )


def convolutional(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """Two convolutions and a Dense readout; the first reads the image before as well.

    With a stride beyond the kernel some pixels reach nobody.
    """
    planes, high, wide = (draw(st.integers(1, 2)), draw(st.integers(3, 5)), draw(st.integers(3, 5)))
    size, stride = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    first = Convolution(
        rng.normal(size=(2, planes, size, size)).astype(np.float32) / 4,
        in_shape=(planes, high, wide),
        stride=(stride, stride),
        padding=(size // 2, size // 2),
    )
    cut = draw(st.integers(0, 2))
    late = Convolution(
        rng.normal(size=first.kernel.shape).astype(np.float32) / 4,
        in_shape=(planes, high, wide),
        stride=(stride, stride),
        padding=(size // 2, size // 2 - cut),
        after=(size // 2, size // 2 + cut),
    )
    second = Convolution(rng.normal(size=(1, 2, 1, 1)).astype(np.float32), in_shape=first.out_shape)
    pixels = second.target_size
    return Network(
        "convolutional",
        (
            Population("image", Input(planes * high * wide)),
            Population("conv_0", Conv2d(first.out_shape), small(rng, 1, first.target_size)),
            Population("conv_1", Conv2d(second.out_shape), small(rng, 1, pixels)),
            Population("readout", Dense(2, "sigmoid"), small(rng, 1, 2)),
        ),
        (
            Projection("image", "conv_0", first),
            Projection("image", "conv_0", late, "input", 1, label="before"),
            Projection("conv_0", "conv_1", second),
            Projection("conv_1", "readout", AllToAll(small(rng, pixels, 1, 2))),
        ),
        ("readout",),
        FLOAT32,
    )


def with_feedback(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """Two inputs, a skip connection, and a delayed projection from the upper population to the lower."""
    left, right, lower, upper = (draw(st.integers(1, 6)) for _ in range(4))
    return Network(
        "feedback",
        (
            Population("left", Input(left)),
            Population("right", Input(right)),
            Population("lower", Dense(lower, "tanh"), small(rng, 1, lower)),
            Population("upper", GRU(upper), small(rng, 4, upper)),
        ),
        (
            Projection("left", "lower", AllToAll(small(rng, left, 1, lower))),
            Projection("upper", "lower", AllToAll(small(rng, upper, 1, lower)), "recurrent", 1),
            Projection("lower", "upper", AllToAll(small(rng, lower, 3, upper))),
            Projection("right", "upper", AllToAll(small(rng, right, 3, upper))),
        ),
        ("lower", "upper"),
        FLOAT32,
    )


def with_formulas(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """A magnitude of two convolutions, the largest of several, and a product with what was given before."""
    wide, hidden = draw(st.integers(2, 6)), draw(st.integers(1, 5))
    planes = Convolution(small(rng, 4, 1, 1, 2), in_shape=(1, 1, wide), gates=2)
    unit = Convolution(np.ones((1, 1, 1, 1), np.float32), in_shape=(1, 1, hidden))
    magnitude = Formula(planes.target_size, "y = sqrt(a0**2 + a1**2)")
    largest = Formula(hidden, "y = max(a0, a1)")
    product = Formula(hidden, "c = 0.5 * c + a1; y = tanh(c) * sigmoid(a0)")
    return Network(
        "formulas",
        (
            Population("input", Input(wide)),
            Population("magnitude", magnitude, small(rng, 2, magnitude.size)),
            Population("largest", largest, small(rng, 2, hidden)),
            Population("product", product, small(rng, 2, hidden)),
        ),
        (
            Projection("input", "magnitude", planes),
            Projection("magnitude", "largest", AllToAll(small(rng, magnitude.size, 2, hidden))),
            Projection("largest", "product", unit, accumulators=(1,)),
            Projection(
                "product", "product", AllToAll(small(rng, hidden, 1, hidden)), "recurrent", 1, 0.0, None, (0,)
            ),
        ),
        ("product", "magnitude"),
        FLOAT32,
    )


def small(rng: np.random.Generator, *shape: int) -> Floats:
    return rng.uniform(-0.7, 0.7, shape).astype(np.float32)
