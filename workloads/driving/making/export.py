"""A trained network that steers as one Network in the fixed point it was trained for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import nn

from deltasim.networks.builders.feed_forward import Layer, feed_forward
from deltasim.networks.builders.torch import from_torch_state
from deltasim.networks.cells import conv2d, dense
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.arrays import Floats
from deltasim.workloads.driving.drive import COLUMNS, ROWS
from deltasim.workloads.driving.making.model import ACTIVATION, TABLE, WEIGHT, Steerer, Thresholds
from deltasim.workloads.driving.parts import FEATURES

ARITHMETIC = FixedPoint(activation=Q(*ACTIVATION), weight=Q(*WEIGHT), lookup=Q(*TABLE))


def fixed_point(model: Steerer, thetas: Thresholds, name: str, alone: bool = False) -> Network:
    """``input``, ``conv2d_0`` to ``conv2d_3``, ``dense_4`` (features), ``gru_0``, ``readout``.

    With ``alone`` the readout is that of the features, and there is no ``gru_0``.
    """
    front = convolutional_part(model, thetas, name)
    if alone:
        last: list[Layer] = [(linear(model.alone), "identity")]
        size = model.features.out_features
        back = feed_forward((size,), last, theta=thetas.feature)
    else:
        state = {key: value.detach().numpy() for key, value in model.state_dict().items()}
        own = {key: value for key, value in state.items() if key.startswith(("layer.", "readout."))}
        back = from_torch_state(
            own,
            "gru",
            theta_x=thetas.feature,
            theta_h=thetas.hidden,
            theta_readout=thetas.readout,
            prefix="layer.",
            readout="readout.",
        )
    behind = tuple(
        replace(projection, source=FEATURES) if projection.source == "input" else projection
        for projection in back.projections
    )
    whole = Network(
        name,
        (*front.populations, *back.populations[1:]),
        (*front.projections, *behind),
        back.outputs,
    )
    return quantised(whole, ARITHMETIC)


def convolutional_part(model: Steerer, thetas: Thresholds, name: str) -> Network:
    """Picture to features, in float32."""
    layers: list[Layer] = []
    for layer in model.convolutions:
        assert isinstance(layer, nn.Conv2d)
        stride, padding = (layer.stride[0], layer.stride[1]), (int(layer.padding[0]), int(layer.padding[1]))
        kernel, bias = array(layer.weight), array(layer.bias)
        layers.append((conv2d.Parameters(kernel, bias, stride=stride, padding=padding), "relu"))
    layers.append((linear(model.features), "relu"))
    return feed_forward((1, ROWS, COLUMNS), layers, theta=thetas.convolution, name=name)


def linear(layer: nn.Linear) -> dense.Parameters:
    """A linear layer's parameters."""
    return dense.Parameters(array(layer.weight), array(layer.bias))


def array(values: object) -> Floats:
    """A parameter as a float32 array."""
    assert isinstance(values, nn.Parameter)
    found: Floats = np.ascontiguousarray(values.detach().numpy(), np.float32)
    return found
