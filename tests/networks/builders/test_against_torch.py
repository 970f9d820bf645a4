"""At threshold 0 a delta network is the dense one: PyTorch is the judge."""

import numpy as np
import pytest
import torch

from deltasim.networks.builders.feed_forward import feed_forward
from deltasim.networks.builders.torch import from_torch_state
from deltasim.networks.cells import conv2d, dense
from deltasim.networks.execute import execute

LAYERS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


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
    with torch.no_grad():
        for sequence, output in zip(sequences, outputs, strict=True):
            expected = linear(layer(sequence)[0])
            np.testing.assert_allclose(output, expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("kind", LAYERS)
def test_rounding_of_the_running_sum_grows_slowly(kind):
    """The accumulator is a running float32 sum, so rounding adds up: 5e-5 after 2000 steps of noise."""
    torch.manual_seed(0)
    layer = LAYERS[kind](6, 24)
    sequence = torch.randn(2000, 6)
    _, (output,) = execute(from_torch_state(layer.state_dict(), kind), [sequence.numpy()])
    with torch.no_grad():
        expected = layer(sequence)[0].numpy()
    np.testing.assert_allclose(output[:300], expected[:300], atol=1e-5)
    np.testing.assert_allclose(output, expected, atol=5e-5)


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
    with torch.no_grad():
        expected = last(function[activation](first(frames)).flatten(1))
    np.testing.assert_allclose(output, expected.numpy(), atol=2e-5)
