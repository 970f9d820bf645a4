"""What was trained is what runs: a model's outputs and messages beside those of its exported network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from deltasim.networks.budget import Budget
from deltasim.networks.execute import execute
from deltasim.networks.training.cells import NAMES, PRODUCTS
from deltasim.networks.training.exporting import exported
from deltasim.networks.training.layers.layer import Conditions, Encoding
from deltasim.networks.training.network import (
    ConvolutionShape,
    DeltaNetwork,
    DenseShape,
    RecurrentShape,
    Shape,
)
from deltasim.networks.training.rounding import Formats

LENGTHS = (7, 1, 4)
THETAS = st.sampled_from([0.0, 0.05, 0.25, 0.6])
ACTIVATIONS = st.sampled_from(["identity", "relu", "sigmoid", "tanh"])


@st.composite
def models(draw: st.DrawFn, kinds: tuple[str, ...] = NAMES, bounded: bool = False) -> DeltaNetwork:
    """Perhaps a convolution or a dense layer, one or two recurrent layers, perhaps a readout.

    Where it is ``bounded``, perhaps with budgets of messages.
    """
    inputs = draw(st.sampled_from([6, 12]))
    shapes: list[Shape] = []
    if draw(st.booleans()):
        shape = (1, 2, inputs // 2) if draw(st.booleans()) else (inputs // 3, 1, 3)
        kernel = (draw(st.integers(1, shape[1])), 2)
        theta = draw(THETAS)
        shapes.append(ConvolutionShape(shape, 2, kernel, (1, 2), (0, 1), draw(ACTIVATIONS), theta))
    elif draw(st.booleans()):
        shapes.append(DenseShape(3, draw(ACTIVATIONS), draw(THETAS)))
    for _ in range(draw(st.integers(1, 2))):
        kind, units = draw(st.sampled_from(kinds)), draw(st.integers(1, 6))
        slope = draw(st.sampled_from([0.2, 1 / 6]))
        thetas = draw(THETAS), draw(THETAS), draw(st.booleans()), draw(THETAS)
        shape = RecurrentShape(kind, units, *thetas, slope)
        if bounded and draw(st.booleans()):
            rate, most = draw(st.sampled_from([0.5, 1.0, 1.5])), draw(st.integers(2, 4))
            budget = Budget(rate, most, draw(st.integers(1, min(2, units))))
            above = any(isinstance(below, RecurrentShape) and below.bidirectional for below in shapes)
            shape = replace(shape, budget_h=budget, budget_x=None if above else Budget(1, 1))
        shapes.append(shape)
    if draw(st.booleans()):
        shapes.append(DenseShape(draw(st.integers(1, 3)), draw(ACTIVATIONS), draw(THETAS)))
    torch.manual_seed(draw(st.integers(0, 10**6)))
    return DeltaNetwork(inputs, shapes, draw(st.sampled_from(["", "", "layer", "neuron"])))


def batch(model: DeltaNetwork, seed: int) -> Tensor:
    values = np.random.default_rng(seed).normal(size=(max(LENGTHS), len(LENGTHS), model.inputs))
    return torch.from_numpy((0.5 * values.cumsum(0)).astype(np.float32))


def sequences(values: Tensor) -> list[np.ndarray]:
    return [values[:length, place].numpy() for place, length in enumerate(LENGTHS)]


def messages(encodings: tuple[Encoding, ...]) -> dict[str, int]:
    """How many are sent in real frames, by projection."""
    found = {}
    for encoding in encodings:
        frames = torch.arange(len(encoding.held))[:, None] < torch.tensor(LENGTHS) - encoding.delay
        found[encoding.projection] = int((encoding.deltas().ne(0) & frames[:, :, None]).sum())
    return found


def thresholded(encodings: tuple[Encoding, ...]) -> dict[str, int]:
    """Messages of the projections that have a threshold to reach."""
    names = {encoding.projection for encoding in encodings if encoding.theta.min() > 1e-6}
    return {name: count for name, count in messages(encodings).items() if name in names}


@settings(max_examples=30, deadline=None)
@given(models(), st.integers(0, 10**6))
def test_the_exported_network_computes_what_was_trained(model: DeltaNetwork, seed: int) -> None:
    """Float32 sums in another order: a few units in the last place, unless one decides whether to send.

    That is so where a value lies within rounding of its threshold. Such a draw is left out: in double
    precision thresholds a little lower and a little higher send the same there.
    """
    values, lengths = batch(model, seed), torch.tensor(LENGTHS)
    with torch.no_grad():
        outputs, encodings = model(values, lengths)
        exact, _ = model.double()(values.double(), lengths)
        around = [
            model(values.double(), lengths, Conditions(share)).encodings for share in (1 - 1e-4, 1 + 1e-4)
        ]
    model.float()
    assume(thresholded(around[0]) == thresholded(around[1]))
    network = exported(model, "tried")
    trace, found = execute(network, sequences(values))
    counts = np.bincount(trace.messages["projection"], minlength=len(network.projections))
    sent = {p.name: int(count) for p, count in zip(network.projections, counts, strict=True)}
    expected = thresholded(encodings)
    assert {name: sent[name] for name in expected} == expected
    scale = max(1.0, float(exact.abs().max()))
    for place, output in enumerate(found):
        np.testing.assert_allclose(output, outputs[: len(output), place], atol=2e-5 * scale)
    for encoding in encodings:
        projection = next(p for p in network.projections if p.name == encoding.projection)
        assert projection.connection.fan_out.tolist() == encoding.fan_out.tolist()


@settings(max_examples=30, deadline=None)
@given(models(("rnn", "gru", "lstm"), bounded=True), st.integers(0, 10**6), st.sampled_from([4, 6, 8]))
def test_in_fixed_point_it_is_equal_to_the_bit(model: DeltaNetwork, seed: int, bits: int) -> None:
    values, formats = batch(model, seed), Formats(bits)
    with torch.no_grad():
        outputs, encodings = model(values, torch.tensor(LENGTHS), Conditions(formats=formats))
    network = exported(model, "tried", formats=formats)
    trace, found = execute(network, sequences(values))
    for place, output in enumerate(found):
        np.testing.assert_array_equal(output, outputs[: len(output), place].numpy())
    counts = np.bincount(trace.messages["projection"], minlength=len(network.projections))
    sent = {p.name: int(count) for p, count in zip(network.projections, counts, strict=True)}
    assert sent == messages(encodings)


def test_a_budget_in_training_is_the_one_that_runs() -> None:
    """In float32, and its gradient is that of the values it lets through."""
    torch.manual_seed(3)
    bounded = RecurrentShape("gru", 8, 0.1, 0.05, budget_x=Budget(2, 4), budget_h=Budget(2, 2, 2))
    model = DeltaNetwork(6, [bounded, DenseShape(3, theta=0.1)])
    values, lengths = batch(model, 5), torch.tensor(LENGTHS)
    outputs, encodings = model(values, lengths)
    trace, found = execute(exported(model, "tried"), sequences(values))
    for place, output in enumerate(found):
        np.testing.assert_allclose(output, outputs[: len(output), place].detach(), atol=1e-5)
    counts = np.bincount(trace.messages["projection"], minlength=3).tolist()
    assert counts == list(messages(encodings).values())
    loose, _ = execute(exported(model, "dense", dense=True), sequences(values))
    assert len(loose.messages) > 2 * len(trace.messages)
    free = model(values, lengths, Conditions(share=0.0)).values
    dense = execute(exported(model, "dense", dense=True), sequences(values))[1]
    np.testing.assert_allclose(dense[0], free[: LENGTHS[0], 0].detach(), atol=1e-5)


def test_sixteen_bits_are_nearly_equal() -> None:
    torch.manual_seed(1)
    model = DeltaNetwork(6, [RecurrentShape("gru", 8, 0.1, 0.1), DenseShape(3, theta=0.1)])
    values, formats = batch(model, 2), Formats(16)
    with torch.no_grad():
        outputs = model(values, torch.tensor(LENGTHS), Conditions(formats=formats)).values
    _, found = execute(exported(model, "tried", formats=formats), sequences(values))
    for place, output in enumerate(found):
        np.testing.assert_allclose(output, outputs[: len(output), place], atol=3 / 256)
    assert exported(model, "tried", formats=formats).weight_bits(0) == 16


def test_dense_and_sparse_exports() -> None:
    torch.manual_seed(1)
    model = DeltaNetwork(6, [RecurrentShape("lstm", 8, 0.1, 0.1), DenseShape(3, theta=0.1)])
    assert {np.max(p.theta) for p in exported(model, "dense", dense=True).projections} == {0.0}
    with torch.no_grad():
        for _, weight in model.weights:
            weight[weight.abs() < weight.abs().median()] = 0
    whole, sparse = exported(model, "whole"), exported(model, "sparse", sparse=True)
    assert sparse.weight_words < 0.55 * whole.weight_words
    values = sequences(batch(model, 0))
    np.testing.assert_allclose(execute(sparse, values)[1][0], execute(whole, values)[1][0], atol=1e-6)
    (_, encodings) = model(batch(model, 0))
    assert [e.fan_out.tolist() for e in encodings] == [
        p.connection.fan_out.tolist() for p in sparse.projections
    ]


def test_weights_beyond_one_are_not_cut_off() -> None:
    form = Formats(8).of_weights(torch.tensor([3.9]))
    assert (form.integer, form.fraction) == (3, 5)


@pytest.mark.parametrize("kind", PRODUCTS)
def test_fixed_point_of_a_product_inside_a_step_is_refused(kind: str) -> None:
    model = DeltaNetwork(3, [RecurrentShape(kind, 4)])
    with pytest.raises(ValueError, match="in float32 alone"):
        model(torch.zeros(2, 1, 3), None, Conditions(formats=Formats(8)))
