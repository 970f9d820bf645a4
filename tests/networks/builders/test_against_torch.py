"""At threshold 0 a delta network is the dense one: PyTorch is the judge.

Equal is: within 1e-5 of the largest output, or 4 times PyTorch's own float32 error against float64 where that
is larger.
"""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.utils import prune

from deltasim.networks.builders.feed_forward import feed_forward
from deltasim.networks.builders.torch import from_torch_state
from deltasim.networks.cells import conv2d, dense
from deltasim.networks.execute import execute
from deltasim.networks.numbers.arithmetic import WideSums
from deltasim.runtime.errors import InputError

LAYERS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


def apart(ours, computed, sequence, modules):
    """The largest difference from PyTorch in float64, and what of it is allowed."""
    with torch.no_grad():
        single = computed(*modules)(sequence).numpy()
        exact = computed(*(copy.deepcopy(module).double() for module in modules))(sequence.double()).numpy()
    allowed = max(1e-5 * np.abs(exact).max(), 4 * np.abs(single - exact).max())
    return np.abs(ours - exact).max(), allowed


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("both", [False, True], ids=["forward", "bidirectional"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
def test_recurrent_layers(kind, layers, both, bias):
    torch.manual_seed(layers)
    layer = LAYERS[kind](6, 9, num_layers=layers, bidirectional=both, bias=bias)
    linear = torch.nn.Linear(9 * (1 + both), 4)
    state = {f"layer.{key}": value for key, value in layer.state_dict().items()}
    state |= {f"linear.{key}": value for key, value in linear.state_dict().items()}
    network = from_torch_state(state, kind, prefix="layer.", readout="linear.")
    sequences = [torch.randn(length, 6) for length in (12, 1, 7)]
    _, outputs = execute(network, [sequence.numpy() for sequence in sequences])

    def computed(layer, linear):
        return lambda sequence: linear(layer(sequence)[0])

    for sequence, output in zip(sequences, outputs, strict=True):
        difference, allowed = apart(output, computed, sequence, (layer, linear))
        assert difference <= allowed


@pytest.mark.parametrize("kind", LAYERS)
def test_rounding_of_the_running_sum_grows_slowly(kind):
    """The accumulator is a running float32 sum, so rounding adds up: too much for an RNN after 2000 steps."""
    torch.manual_seed(0)
    layer = LAYERS[kind](6, 24)
    sequence = torch.randn(2000, 6)
    _, (output,) = execute(from_torch_state(layer.state_dict(), kind), [sequence.numpy()])

    def computed(layer):
        return lambda sequence: layer(sequence)[0]

    difference, allowed = apart(output[:1000], computed, sequence[:1000], (layer,))
    assert difference <= allowed
    difference, allowed = apart(output, computed, sequence, (layer,))
    assert difference <= allowed * (1.1 if kind == "rnn" else 1)


def test_wide_sums_hardly_drift():
    torch.manual_seed(0)
    layer = torch.nn.GRU(6, 24)
    sequence = torch.randn(2000, 6)
    network = replace(from_torch_state(layer.state_dict(), "gru"), arithmetic=WideSums())
    _, (output,) = execute(network, [sequence.numpy()])
    with torch.no_grad():
        expected = layer.double()(sequence.double())[0].numpy()
    np.testing.assert_allclose(output, expected, atol=1e-5)


@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (3, 2)])
@pytest.mark.parametrize("padding", [(0, 0), (1, 2)])
@pytest.mark.parametrize("activation", ["identity", "relu", "sigmoid", "tanh"])
def test_convolution_then_dense(stride, padding, activation):
    torch.manual_seed(1)
    shape = (2, 9, 8)
    first = torch.nn.Conv2d(2, 3, (3, 2), stride, padding)
    size = first(torch.zeros(1, *shape)).numel()
    last = torch.nn.Linear(size, 5)
    planes = conv2d.Parameters(first.weight.detach().numpy(), first.bias.detach().numpy(), stride, padding)
    flat = dense.Parameters(last.weight.detach().numpy(), last.bias.detach().numpy())
    layers = [(planes, activation), (flat, "identity")]
    network = feed_forward(shape, layers)
    frames = torch.randn(4, *shape).cumsum(0)
    _, (output,) = execute(network, [frames.reshape(4, -1).numpy()])
    function = {"identity": lambda z: z, "relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}

    def computed(first, last):
        return lambda frames: last(function[activation](first(frames)).flatten(1))

    difference, allowed = apart(output, computed, frames, (first, last))
    assert difference <= allowed


def test_tensors_of_any_type_and_whole_modules():
    layer = torch.nn.GRU(3, 4, bidirectional=True)
    expected = from_torch_state(layer.state_dict(), "gru").digest
    assert from_torch_state(layer, "gru").digest == expected
    assert (
        from_torch_state(dict(layer.named_parameters()), "gru").digest == expected
    )  # they require gradients
    assert from_torch_state(layer.double().state_dict(), "gru").digest == expected
    half = from_torch_state(layer.bfloat16().state_dict(), "gru")
    columns = half.projections[0].connection.weights.transpose(1, 2, 0).reshape(12, 3)
    assert (columns == layer.weight_ih_l0.detach().float().numpy()).all()


def test_a_pruned_layer_is_not_lost():
    layer = torch.nn.GRU(3, 4, 2, bidirectional=True)
    for name in ("weight_ih_l1", "weight_hh_l1_reverse", "bias_hh_l0"):
        prune.random_unstructured(layer, name, 0.5)
    plain = {
        name.removesuffix("_orig"): getattr(layer, name.removesuffix("_orig")) for name in layer.state_dict()
    }
    plain = {name: tensor for name, tensor in plain.items() if not name.endswith("_mask")}
    assert from_torch_state(layer.state_dict(), "gru").digest == from_torch_state(plain, "gru").digest


GRU2 = torch.nn.GRU(3, 4, 2).state_dict()


def without(state, name):
    return {key: tensor for key, tensor in state.items() if key != name}


@pytest.mark.parametrize(
    ("state", "kind", "sentence"),
    [
        (
            torch.nn.LSTM(3, 4, proj_size=2),
            "lstm",
            "weight_hr_l0: .*proj_size.* Use deltasim",
        ),
        (
            torch.nn.GRUCell(3, 4),
            "gru",
            "weight_ih: these are the weights of an nn.GRUCell",
        ),
        (torch.nn.RNN(3, 4, nonlinearity="relu"), "rnn", "nonlinearity relu: the cell rnn computes tanh"),
        (
            without(torch.nn.GRU(3, 4).state_dict(), "bias_hh_l0"),
            "gru",
            "bias_hh_l0: bias_ih_l0 is there without it",
        ),
        (
            without(torch.nn.GRU(3, 4, 2).state_dict(), "weight_ih_l1"),
            "gru",
            r"weight_hh_l1 \(and 2 more\): no layer",
        ),
        (torch.nn.GRU(3, 4).state_dict() | {"fc.weight": torch.ones(2, 4)}, "gru", "fc.weight: no layer"),
        (
            torch.nn.GRU(3, 4).state_dict() | {"bias_ih_l0": torch.ones(7)},
            "gru",
            r"shape \(7,\): 3 gates of 4 units",
        ),
        ([], "gru", "list: weights are a dict of named tensors, or a module that has one"),
    ],
)
def test_what_is_left_out_is_named(state, kind, sentence):
    with pytest.raises(InputError, match=sentence):
        from_torch_state(state, kind)
