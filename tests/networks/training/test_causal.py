"""Convolutions over blocks and poolings: beside PyTorch on the whole plane, and as networks that run."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deltasim.networks.cells import Dense, Formula, Input
from deltasim.networks.connections import Convolution
from deltasim.networks.execute import execute
from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.importers.nir.writing import export_nir
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.networks.training.exporting import exported
from deltasim.networks.training.layers.causal import CausalConvolution
from deltasim.networks.training.layers.layer import Conditions, Place
from deltasim.networks.training.layers.pooling import ACTIVATIONS, MaxPool
from deltasim.networks.training.network import CausalShape, DeltaNetwork, PoolShape, RecurrentShape
from deltasim.networks.training.rounding import Formats
from deltasim.runtime.errors import InputError

BATCH = 2


def blocks(line: torch.Tensor, columns: int) -> torch.Tensor:
    """Planes (B, C, F, T P) as a network receives them, (T, B, C F P)."""
    batch, count, rows, width = line.shape
    cut = line.reshape(batch, count, rows, width // columns, columns)
    return cut.permute(3, 0, 1, 2, 4).reshape(width // columns, batch, -1)


@st.composite
def stacks(draw: st.DrawFn, thetas: st.SearchStrategy[float]) -> DeltaNetwork:
    """A convolution over blocks, perhaps a pooling, a second convolution, perhaps a GRU."""
    rows, columns = draw(st.integers(1, 3)) * 2, draw(st.sampled_from([1, 2, 4]))
    shapes: list[CausalShape | PoolShape | RecurrentShape] = []
    planes = 1
    for _ in range(draw(st.integers(1, 2))):
        kernel = (draw(st.sampled_from([1, 3, rows])), draw(st.integers(1, 4)))
        padding = 1 if kernel[0] == 3 else 0
        theta = draw(thetas)
        shapes.append(CausalShape((planes, rows, columns), 2, kernel, padding, "identity", theta))
        planes, rows = 2, rows + 2 * padding - kernel[0] + 1
        if draw(st.booleans()):
            window = (draw(st.sampled_from([1, rows])), draw(st.sampled_from([1, columns])))
            activation = draw(st.sampled_from(sorted(ACTIVATIONS)))
            shapes.append(PoolShape((planes, rows, columns), window, activation, draw(thetas)))
            rows, columns = rows // window[0], columns // window[1]
    if draw(st.booleans()):
        shapes.append(RecurrentShape("gru", 3, draw(thetas), draw(thetas)))
    torch.manual_seed(draw(st.integers(0, 10**6)))
    first = shapes[0]
    assert isinstance(first, CausalShape)
    return DeltaNetwork(int(np.prod(first.in_shape)), shapes)


def whole(model: DeltaNetwork, line: torch.Tensor) -> torch.Tensor:
    """The same without blocks or deltas: PyTorch's own layers over the whole plane."""
    values = line
    for layer in model.layers:
        if isinstance(layer, CausalConvolution):
            padded = torch.nn.functional.pad(values, (layer.weight.shape[3] - 1, 0))
            values = torch.nn.functional.conv2d(padded, layer.weight, layer.bias, padding=(layer.padding, 0))
        elif isinstance(layer, MaxPool):
            function = {"identity": lambda x: x, "relu": torch.relu, "elu": torch.nn.functional.elu}
            values = function[layer.activation](values)
            values = torch.nn.functional.max_pool2d(values, layer.window)
        else:
            gru = torch.nn.GRU(layer.place.width, layer.units)
            gru.load_state_dict(layer.state_dict(), strict=True)
            steps = blocks(values, model.layers[-2].out_shape[2])
            return gru(steps)[0]
    return blocks(values, model.layers[-1].out_shape[2])


@settings(max_examples=25, deadline=None)
@given(stacks(st.just(0.0)), st.integers(1, 4))
def test_blocks_at_threshold_0_are_the_whole_plane(model: DeltaNetwork, steps: int) -> None:
    first = model.layers[0]
    line = torch.randn(BATCH, *first.in_shape[:2], steps * first.in_shape[2])
    values = blocks(line, first.in_shape[2])
    expected = whole(model, line)
    torch.testing.assert_close(model(values).values, expected, rtol=1e-5, atol=1e-5)
    _, outputs = execute(exported(model, "blocks"), [values[:, place].numpy() for place in range(BATCH)])
    found = torch.from_numpy(np.stack(outputs, 1))
    torch.testing.assert_close(found, expected.detach(), rtol=1e-5, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(stacks(st.sampled_from([0.0, 0.1, 0.4])), st.integers(0, 10**6), st.sampled_from([0, 8]))
def test_what_was_trained_is_what_runs(model: DeltaNetwork, seed: int, bits: int) -> None:
    """Outputs and messages; in float32 draws in which a value lies near its threshold are left out."""
    formats = Formats(bits) if bits else None
    rng = np.random.default_rng(seed)
    values = torch.from_numpy((0.5 * rng.normal(size=(4, BATCH, model.inputs)).cumsum(0)).astype(np.float32))
    outputs, encodings = model(values, None, Conditions(formats=formats))
    if not bits:
        double, twins = model.double()(values.double())
        model.float()
        same = [torch.equal(a.held != 0, b.held != 0) for a, b in zip(encodings, twins, strict=True)]
        assume(all(same) and (double - outputs).abs().max() < 1e-5)
    network = exported(model, "blocks", formats=formats)
    trace, found = execute(network, [values[:, place].numpy() for place in range(BATCH)])
    torch.testing.assert_close(
        torch.from_numpy(np.stack(found, 1)), outputs.detach(), rtol=0, atol=0.0 if bits else 2e-5
    )
    sent = {p.name: n for p, n in zip(network.projections, trace.sent(network), strict=True)}
    for encoding in encodings:
        frames = len(encoding.held) - encoding.delay
        reached = encoding.deltas()[: max(frames, 0)] != 0
        assert sent[encoding.projection] == int(reached[..., encoding.fan_out > 0].sum()), encoding.projection
        projection = next(p for p in network.projections if p.name == encoding.projection)
        assert projection.connection.fan_out.tolist() == encoding.fan_out.tolist()


def test_a_network_of_blocks_is_saved_whole(tmp_path) -> None:
    shapes = [CausalShape((1, 4, 2), 2, (3, 3), 1, theta=0.1), PoolShape((2, 4, 2), (2, 2), "elu", 0.2)]
    network = exported(DeltaNetwork(8, shapes), "blocks", formats=Formats(8))
    save_network(network, tmp_path / "blocks")
    again = load_network(tmp_path / "blocks")
    assert again.digest == network.digest
    assert [p.connection.out_shape for p in again.projections[:2]] == [(2, 4, 2)] * 2


def test_nir_has_one_padding_for_both_sides(tmp_path) -> None:
    pytest.importorskip("h5py")
    uneven = Convolution(np.ones((1, 1, 1, 3), np.float32), (1, 1, 8), padding=(0, 2), after=(0, 0))
    network = Network(
        "uneven",
        (Population("input", Input(8)), Population("sums", Dense(8), np.zeros((1, 8), np.float32))),
        (Projection("input", "sums", uneven),),
        ("sums",),
    )
    with pytest.raises(InputError, match="the same padding on both sides"):
        export_nir(network, tmp_path / "uneven.nir", dt=1e-3)


def test_the_cell_rounds_its_activation_as_training_does() -> None:
    """Every activation that Q8.8 has, to the bit."""
    formats = Formats(8)
    layer = MaxPool(Place("pool_1", (("conv2d_0", 1),)), (1, 1, 1), (1, 1), "elu")
    form = formats.arithmetic.activation
    raw = np.arange(form.lowest, form.highest + 1)
    values = torch.from_numpy((raw * 2.0**-form.fraction).astype(np.float32)).reshape(-1, 1, 1)
    trained = layer(values, None, Conditions(formats=formats)).values.flatten()
    step = Formula(1, layer.formula).step(formats.arithmetic)
    accumulators = (raw << (formats.arithmetic.accumulator.fraction - form.fraction))[None]
    found = step(accumulators, np.zeros((1, raw.size), np.int64))[0]
    assert (found == (trained * 2**form.fraction).numpy()).all()
    assert isinstance(formats.arithmetic, FixedPoint)


def test_gradients_agree_with_differences() -> None:
    torch.manual_seed(4)
    values = torch.randn(3, 2, 8, dtype=torch.float64, requires_grad=True)
    layer = CausalConvolution(Place("layer", (("input", 8),)), (1, 4, 2), 2, (3, 3), 1, "tanh", theta=0.3)
    pool = MaxPool(Place("pool", (("layer", 16),)), (2, 4, 2), (2, 2), "elu", theta=0.2).double()
    layer.double()
    assert torch.autograd.gradcheck(
        lambda x, *_: pool(layer(x).values).values, (values, *layer.parameters()), eps=1e-7, atol=1e-5
    )


def test_what_is_no_such_layer_is_told() -> None:
    place = Place("layer", (("input", 8),))
    with pytest.raises(InputError, match="as many values as one population has, 8"):
        CausalConvolution(place, (1, 2, 2), 1, (1, 1))
    with pytest.raises(InputError, match="fits the padded planes"):
        CausalConvolution(place, (1, 2, 4), 1, (3, 3))
    with pytest.raises(InputError, match="cover planes 2 x 4 without a rest"):
        MaxPool(place, (1, 2, 4), (2, 3))
    with pytest.raises(InputError, match=r"no activation of a pooling\. Did you mean elu"):
        MaxPool(place, (1, 2, 4), (2, 2), "elo")
