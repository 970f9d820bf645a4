"""PyTorch's modules as layers: one line in a table each; others are read by their forward."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from deltasim.networks.importers.lowering import reductions
from deltasim.networks.importers.lowering.signals import Tagged
from deltasim.networks.importers.pytorch.functions import FUNCTIONS, convolution, scaled
from deltasim.networks.importers.pytorch.pooling import adaptive_pool, average_pool, max_pool, norm_pool
from deltasim.networks.importers.pytorch.reading import Handler, Reading
from deltasim.networks.importers.pytorch.recurrent import cell, recurrent_layer


def linear(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Tagged:
    """``nn.Linear``."""
    weight = reading.tensors.take(f"{prefix}weight")
    return Tagged(reading.signals.matrix(place, x.tags, weight, reading.tensor(prefix, "bias")))


def convolve(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Tagged:
    """``nn.Conv1d`` and ``nn.Conv2d``, padded by zeros or by the input itself."""
    weight, bias = reading.tensors.take(f"{prefix}weight"), reading.tensor(prefix, "bias")
    padding = module.padding
    if module.padding_mode != "zeros":
        sides = module._reversed_padding_repeated_twice
        pairs = [(0, 0)] * (x.tags.ndim - len(sides) // 2)
        pairs += list(zip(sides[::2], sides[1::2], strict=True))[::-1]
        mode = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[module.padding_mode]
        x, padding = Tagged(np.pad(x.tags, pairs, mode=mode)), 0  # type: ignore[call-overload]
    return convolution(
        reading.signals, place, x, weight, bias, module.stride, padding, module.dilation, module.groups
    )


def batch_norm(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Tagged:
    """``nn.BatchNorm1d`` and ``nn.BatchNorm2d``, as they are once trained."""
    reading.tensors.used.add(f"{prefix}num_batches_tracked")
    names = ("running_mean", "running_var", "weight", "bias")
    mean, variance, weight, bias = (reading.tensor(prefix, name) for name in names)
    norm = FUNCTIONS["batch_norm"]
    found: Tagged = norm(reading.signals, place, x, mean, variance, weight, bias, eps=module.eps)
    return found


def layer_norm(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Tagged:
    """``nn.LayerNorm`` and ``nn.RMSNorm``."""
    weight, bias = (reading.tensor(prefix, name) for name in ("weight", "bias"))
    axes = list(range(x.tags.ndim - len(module.normalized_shape), x.tags.ndim))
    centred = type(module).__name__ != "RMSNorm"
    epsilon = float(np.finfo(np.float32).eps) if module.eps is None else module.eps
    title = place if weight is None else f"{place}_norm"
    found = reductions.normalised(reading.signals, title, x.tags, axes, epsilon, centred)
    return scaled(reading.signals, place, found, weight, bias)


def group_norm(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Tagged:
    """``nn.GroupNorm``: planes (axis 1) in groups."""
    weight, bias = (reading.tensor(prefix, name) for name in ("weight", "bias"))
    shape = x.tags.shape
    grouped = x.tags.reshape(shape[0], module.num_groups, -1)
    found = reductions.normalised(reading.signals, f"{place}_norm", grouped, [2], module.eps).reshape(shape)
    spread = [-1 if axis == 1 else 1 for axis in range(len(shape))]
    factor, offset = (None if part is None else part.reshape(spread) for part in (weight, bias))
    return scaled(reading.signals, place, found, factor, offset)


def prelu(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Tagged:
    """``nn.PReLU``."""
    found: Tagged = FUNCTIONS["prelu"](reading.signals, place, x, reading.tensors.take(f"{prefix}weight"))
    return found


def as_function(name: str, *attributes: str) -> Handler:
    """A module without tensors as the function of this name, with the module's attributes in order."""

    def handler(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Any:
        settings = [getattr(module, attribute) for attribute in attributes]
        return FUNCTIONS[name](reading.signals, place, x, *settings)

    return handler


def softmax(logarithm: bool) -> Handler:
    """``nn.Softmax`` and ``nn.LogSoftmax``."""

    def handler(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Tagged:
        axis = module.dim
        if axis is None:  # PyTorch's own rule where none is said
            axis = 0 if x.tags.ndim in (0, 1, 3) else 1
        return Tagged(reductions.softmax(reading.signals, place, x.tags, axis, logarithm))

    return handler


def pool(function: Handler, *attributes: str) -> Handler:
    """A pooling module as its function, with the module's attributes by name."""

    def handler(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Any:
        settings = {name: getattr(module, name) for name in attributes}
        return function(reading.signals, place, x, **settings)

    return handler


def moved(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Tagged:
    """A module that only moves values, called on tags."""
    import torch

    held = module
    if type(module).__name__.startswith("ConstantPad"):
        held = copy.copy(module)
        held.value = float(reading.signals.constant(np.array([module.value]))[0])
    with torch.no_grad():
        found = held(torch.from_numpy(x.tags.astype(np.float64)))
    return Tagged(np.rint(found.numpy()).astype(np.int64))


def unchanged(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Tagged:
    """A module that does nothing once trained."""
    return x


LAYERS: dict[str, Handler] = {
    "AdaptiveAvgPool1d": pool(adaptive_pool(1, False), "output_size"),
    "AdaptiveAvgPool2d": pool(adaptive_pool(2, False), "output_size"),
    "AdaptiveMaxPool1d": pool(adaptive_pool(1, True), "output_size"),
    "AdaptiveMaxPool2d": pool(adaptive_pool(2, True), "output_size"),
    "AvgPool1d": pool(average_pool(1), "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"),
    "AvgPool2d": pool(
        average_pool(2),
        "kernel_size",
        "stride",
        "padding",
        "ceil_mode",
        "count_include_pad",
        "divisor_override",
    ),
    "BatchNorm1d": batch_norm,
    "BatchNorm2d": batch_norm,
    "CELU": as_function("celu", "alpha"),
    "ChannelShuffle": moved,
    "ConstantPad1d": moved,
    "ConstantPad2d": moved,
    "Conv1d": convolve,
    "Conv2d": convolve,
    "Dropout": unchanged,
    "Dropout1d": unchanged,
    "Dropout2d": unchanged,
    "ELU": as_function("elu", "alpha"),
    "Flatten": moved,
    "GELU": as_function("gelu", "approximate"),
    "GLU": as_function("glu", "dim"),
    "GRU": recurrent_layer("GRU"),
    "GRUCell": cell("GRU"),
    "GroupNorm": group_norm,
    "Hardshrink": as_function("hardshrink", "lambd"),
    "Hardsigmoid": as_function("hardsigmoid"),
    "Hardswish": as_function("hardswish"),
    "Hardtanh": as_function("hardtanh", "min_val", "max_val"),
    "Identity": unchanged,
    "LPPool1d": pool(norm_pool(1), "norm_type", "kernel_size", "stride", "ceil_mode"),
    "LPPool2d": pool(norm_pool(2), "norm_type", "kernel_size", "stride", "ceil_mode"),
    "LSTM": recurrent_layer("LSTM"),
    "LSTMCell": cell("LSTM"),
    "LayerNorm": layer_norm,
    "LeakyReLU": as_function("leaky_relu", "negative_slope"),
    "Linear": linear,
    "LogSigmoid": as_function("logsigmoid"),
    "LogSoftmax": softmax(True),
    "MaxPool1d": pool(max_pool(1), "kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    "MaxPool2d": pool(max_pool(2), "kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    "Mish": as_function("mish"),
    "PReLU": prelu,
    "PixelShuffle": moved,
    "PixelUnshuffle": moved,
    "RMSNorm": layer_norm,
    "RNN": recurrent_layer("RNN"),
    "RNNCell": cell("RNN"),
    "ReLU": as_function("relu"),
    "ReLU6": as_function("relu6"),
    "ReflectionPad1d": moved,
    "ReflectionPad2d": moved,
    "ReplicationPad1d": moved,
    "ReplicationPad2d": moved,
    "SELU": as_function("selu"),
    "SiLU": as_function("silu"),
    "Sigmoid": as_function("sigmoid"),
    "Softmax": softmax(False),
    "Softplus": as_function("softplus", "beta", "threshold"),
    "Softshrink": as_function("softshrink", "lambd"),
    "Softsign": as_function("softsign"),
    "Tanh": as_function("tanh"),
    "Tanhshrink": as_function("tanhshrink"),
    "Threshold": as_function("threshold", "threshold", "value"),
    "Unflatten": moved,
    "UpsamplingNearest2d": moved,
    "ZeroPad1d": moved,
    "ZeroPad2d": moved,
}
"""Every module that is a layer, by the name of its class in torch.nn."""
