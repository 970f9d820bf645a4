"""PyTorch's modules as layers: one line in a table each; others are read by their forward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deltasim.networks.importers import recurrent
from deltasim.networks.importers.operators import Doubles
from deltasim.networks.importers.recurrent import RELU, TANH, Variant, Weights, by_gate
from deltasim.networks.importers.signals import Frame, Signals
from deltasim.networks.importers.tensors import Tensors
from deltasim.networks.importers.torch_functions import (
    FUNCTIONS,
    Tagged,
    adaptive_pool,
    average_pool,
    convolution,
    max_pool,
    norm_pool,
    scaled,
)
from deltasim.runtime.errors import InputError

FINAL_MEMORY = "the memory of an LSTM stays in its neurons"


@dataclass(frozen=True)
class State:
    """A further input of a module, which may only be where a recurrent layer begins: at zero."""

    name: str


@dataclass(frozen=True, eq=False)
class Reading:
    """A module that is being read: where its layers go, and its tensors by their whole names."""

    signals: Signals
    tensors: Tensors

    def tensor(self, prefix: str, name: str) -> Doubles | None:
        """The tensor of a module, or None where it has none."""
        whole = f"{prefix}{name}"
        return self.tensors.take(whole) if self.tensors.has(whole) else None


Handler = Callable[..., Any]
"""``handler(reading, place, prefix, module, *args, **kwargs)`` with the arguments of the module's forward."""


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
    found = reading.signals.normalised(title, x.tags, axes, epsilon, centred)
    return scaled(reading.signals, place, found, weight, bias)


def group_norm(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Tagged:
    """``nn.GroupNorm``: planes (axis 1) in groups."""
    weight, bias = (reading.tensor(prefix, name) for name in ("weight", "bias"))
    shape = x.tags.shape
    grouped = x.tags.reshape(shape[0], module.num_groups, -1)
    found = reading.signals.normalised(f"{place}_norm", grouped, [2], module.eps).reshape(shape)
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
        return Tagged(reading.signals.softmax(place, x.tags, axis, logarithm))

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
        import copy

        held = copy.copy(module)
        held.value = float(reading.signals.constant(np.array([module.value]))[0])
    with torch.no_grad():
        found = held(torch.from_numpy(x.tags.astype(np.float64)))
    return Tagged(np.rint(found.numpy()).astype(np.int64))


def unchanged(reading: Reading, place: str, prefix: str, module: Any, x: Tagged) -> Tagged:
    """A module that does nothing once trained."""
    return x


GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def weights_of(reading: Reading, prefix: str, suffix: str, gates: int) -> tuple[Weights, Doubles | None]:
    """One layer in one direction, and the projection of its outputs. A bias that is missing is zero.

    Errors: one of two biases missing; shapes that do not fit.
    """
    place = f"layer {prefix.rstrip('.') or '.'}"
    names = {part: f"{prefix}{part}{suffix}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    w_input, w_recurrent = (
        by_gate(f"{place}: {names[part]}", reading.tensors.take(names[part]), gates)
        for part in ("weight_ih", "weight_hh")
    )
    biases = [reading.tensor("", names[part]) for part in ("bias_ih", "bias_hh")]
    if (biases[0] is None) != (biases[1] is None):
        there, missing = ("bias_ih", "bias_hh") if biases[1] is None else ("bias_hh", "bias_ih")
        rule = f"{names[there]} is there without it; a layer has both biases or none"
        raise InputError(place, names[missing], rule, "Save the model whole.")
    first, second = (
        np.zeros(w_input.shape[:2]) if bias is None else by_gate(f"{place}: {names[part]}", bias, gates)
        for part, bias in zip(("bias_ih", "bias_hh"), biases, strict=True)
    )
    return Weights(w_input, w_recurrent, first, second), reading.tensor("", f"{prefix}weight_hr{suffix}")


def one_layer(
    reading: Reading, name: str, kind: str, prefix: str, suffix: str, read: Any, reverse: bool, relu: bool
) -> Any:
    """One layer of this kind in one direction; its elements."""
    weights, projection = weights_of(reading, prefix, suffix, GATES[kind])
    layers = reading.signals.layers
    if kind == "RNN":
        return recurrent.rnn(layers, name, read, weights, reverse, Variant((RELU if relu else TANH,)))
    if kind == "GRU":
        return recurrent.gru(layers, name, read, weights, reverse)
    return recurrent.lstm(layers, name, read, weights, reverse, projection=projection)


def stack(
    reading: Reading,
    place: str,
    kind: str,
    prefix: str,
    read: Any,
    layers: int,
    both: bool,
    relu: bool,
) -> list[tuple[Any, Any]]:
    """All layers: for each the elements of its directions, the reverse ones None where there are none."""
    found = []
    for level in range(layers):
        forward = one_layer(reading, f"{place}_{level}", kind, prefix, f"_l{level}", read, False, relu)
        back = None
        if both:
            name, suffix = f"{place}_{level}_reverse", f"_l{level}_reverse"
            back = one_layer(reading, name, kind, prefix, suffix, read, True, relu)
        found.append((forward, back))
        read = forward if back is None else np.concatenate([forward, back])
    return found


def recurrent_layer(kind: str) -> Handler:
    """``nn.RNN``, ``nn.GRU`` and ``nn.LSTM``: their outputs, and their final states."""

    def handler(
        reading: Reading, place: str, prefix: str, module: Any, x: Tagged, hx: Any = None
    ) -> tuple[Any, Any]:
        require_zero(place, hx)
        signals = reading.signals
        batched = x.tags.ndim == 3
        axis = 1 if module.batch_first and batched else 0
        read = signals.sequence(place, x.tags, axis)
        relu = getattr(module, "nonlinearity", "tanh") == "relu"
        both = module.bidirectional
        found = stack(reading, place, kind, prefix, read, module.num_layers, both, relu)
        last = np.concatenate([part for part in found[-1] if part is not None])
        output = signals.spread(Frame(axis, last[None] if batched else last))
        final = [part for level in found for part in level if part is not None]
        tags = np.stack(
            [
                part if both and number % 2 else signals.spread(Frame(None, part))
                for number, part in enumerate(final)
            ]
        )
        hidden = Tagged(tags[:, None] if batched else tags)
        if kind != "LSTM":
            return Tagged(output), hidden
        memory = signals.layers.hidden(place, len(final) * module.hidden_size, FINAL_MEMORY)
        memory = memory.reshape(len(final), module.hidden_size)
        return Tagged(output), (hidden, Tagged(memory[:, None] if batched else memory))

    return handler


def cell(kind: str) -> Handler:
    """``nn.RNNCell``, ``nn.GRUCell`` and ``nn.LSTMCell``, stepped along the frames from zero."""

    def handler(reading: Reading, place: str, prefix: str, module: Any, x: Tagged, hx: Any = None) -> Any:
        if not is_state(hx):
            rule = "a cell that is called without its state forgets it at every frame"
            remedy = f"Hand the state to forward and on to the cell, or use nn.{kind}."
            raise InputError(place, f"nn.{kind}Cell", rule, remedy)
        signals = reading.signals
        found, elements = signals.frame(place, x.tags)
        if int(np.prod(elements.shape[:-1])) != 1:
            rule = "a cell is imported for one sequence at a time"
            raise InputError(place, f"shape {x.tags.shape}", rule, "Use a batch of one.")
        relu = getattr(module, "nonlinearity", "tanh") == "relu"
        own = one_layer(reading, place, kind, prefix, "", elements.ravel(), False, relu)
        output = Tagged(signals.spread(Frame(found, own.reshape(*elements.shape[:-1], -1))))
        if kind != "LSTM":
            return output
        memory = signals.layers.hidden(place, own.size, FINAL_MEMORY)
        return output, Tagged(memory.reshape(*elements.shape[:-1], -1))

    return handler


def is_state(given: Any) -> bool:
    """Whether this is the state of a recurrent layer, or several."""
    if isinstance(given, Sequence):
        return bool(given) and all(map(is_state, given))
    return isinstance(given, State)


def require_zero(place: str, given: Any) -> None:
    """Refuse an initial state that is neither missing nor zero nor an input of the model for it."""
    listed = given if isinstance(given, Sequence) else [given]
    for state in listed:
        zero = state is None or isinstance(state, State)
        if not zero and (isinstance(state, Tagged) or bool((state != 0).any())):
            rule = "a sequence starts from a state of zeros"
            raise InputError(place, "initial state", rule, "Leave the initial state out.")


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
