"""ONNX operators as layers: one line in a table each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deltasim.networks.importers.lowering import reductions, windows
from deltasim.networks.importers.lowering.functions import formula
from deltasim.networks.importers.lowering.signals import Signals, Tagged
from deltasim.networks.importers.onnx.nodes import Handler, Node
from deltasim.networks.importers.onnx.recurrent import gru, lstm, rnn
from deltasim.runtime.arrays import Integers, Numbers

MOVES = frozenset({
    "Concat", "DepthToSpace", "Dropout", "Expand", "Flatten", "Gather", "Identity", "Pad", "Reshape", "Shape",
    "Size", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze",
})  # fmt: skip
"""What only moves values or asks for their shape, and is computed on tags."""


def one(name: str, **defaults: float) -> Handler:
    """The function of this name in ``functions``, with the node's attributes or their defaults."""

    def handler(signals: Signals, node: Node) -> Tagged:
        parameters = {key: float(node.attribute(key, value)) for key, value in defaults.items()}
        return Tagged(signals.formula(node.name, formula(name, **parameters), node.tags(signals, 0)))

    return handler


def add(sign: float) -> Handler:
    """``Add`` and ``Sub``."""

    def handler(signals: Signals, node: Node) -> Tagged:
        return summed(signals, node, (1.0, sign))

    return handler


def summed(signals: Signals, node: Node, factors: Sequence[float]) -> Tagged:
    """The sum of all inputs, each times its factor."""
    terms: list[tuple[Integers, Numbers]] = []
    offset: Numbers = np.zeros(())
    for number, factor in enumerate(factors):
        value = node.input(number)
        if isinstance(value, Tagged):
            terms.append((value.tags, np.array(factor)))
        else:
            offset = offset + factor * node.numbers(number)
    return Tagged(signals.affine(node.name, terms, offset))


def multiply(signals: Signals, node: Node) -> Tagged:
    """``Mul``."""
    a, b = node.input(0), node.input(1)
    if isinstance(a, Tagged) and isinstance(b, Tagged):
        return Tagged(signals.formula(node.name, "x0 * x1", a.tags, b.tags))
    value, factor = (a, node.numbers(1)) if isinstance(a, Tagged) else (b, node.numbers(0))
    assert isinstance(value, Tagged)
    return Tagged(signals.affine(node.name, [(value.tags, factor)], np.zeros(())))


def divide(signals: Signals, node: Node) -> Tagged:
    """``Div``."""
    if isinstance(node.input(1), Tagged):
        return Tagged(signals.formula(node.name, "x0 / x1", node.tags(signals, 0), node.tags(signals, 1)))
    factor = 1.0 / np.asarray(node.numbers(1), np.float64)
    return Tagged(signals.affine(node.name, [(node.tags(signals, 0), factor)], np.zeros(())))


def negative(signals: Signals, node: Node) -> Tagged:
    """``Neg``."""
    return Tagged(signals.affine(node.name, [(node.tags(signals, 0), np.array(-1.0))], np.zeros(())))


def power(signals: Signals, node: Node) -> Tagged:
    """``Pow`` with one exponent for all."""
    exponent = node.numbers(1)
    if exponent.size != 1:
        raise node.refuse(f"shape {exponent.shape}", "an exponent is one number", "Use one for all values.")
    text = formula("power", exponent=float(exponent.item()))
    return Tagged(signals.formula(node.name, text, node.tags(signals, 0)))


def extreme(name: str) -> Handler:
    """``Max`` and ``Min`` of several values."""

    def handler(signals: Signals, node: Node) -> Tagged:
        values = [node.tags(signals, number) for number in range(len(node.inputs))]
        text = f"{name}({', '.join(f'x{number}' for number in range(len(values)))})"
        return Tagged(signals.formula(node.name, text if len(values) > 1 else "x0 * 1", *values))

    return handler


def average(signals: Signals, node: Node) -> Tagged:
    """``Mean`` of several values."""
    return summed(signals, node, [1.0 / len(node.inputs)] * len(node.inputs))


def total(signals: Signals, node: Node) -> Tagged:
    """``Sum`` of several values."""
    return summed(signals, node, [1.0] * len(node.inputs))


def clip(signals: Signals, node: Node) -> Tagged:
    """``Clip``; its bounds are attributes before opset 11."""
    text = "x0"
    for number, name, function in ((1, "min", "max"), (2, "max", "min")):
        bound = node.given(number) if node.opset >= 11 else node.attribute(name)
        if bound is not None:
            text = f"{function}({text}, {float(np.asarray(bound).item())!r})"
    return Tagged(signals.formula(node.name, text if text != "x0" else "x0 * 1", node.tags(signals, 0)))


def prelu(signals: Signals, node: Node) -> Tagged:
    """``PRelu``."""
    text = "max(x0, 0) + x1 * min(x0, 0)"
    return Tagged(signals.formula(node.name, text, node.tags(signals, 0), node.tags(signals, 1)))


def gelu(signals: Signals, node: Node) -> Tagged:
    """``Gelu``, exact or by its tanh."""
    kind = node.attribute("approximate", "none")
    text = formula("gelu" if kind == "none" else "gelu_tanh")
    return Tagged(signals.formula(node.name, text, node.tags(signals, 0)))


def matmul(signals: Signals, node: Node) -> Tagged:
    """``MatMul`` with a matrix of the model on either side."""
    a, b = node.input(0), node.input(1)
    if isinstance(a, Tagged) and isinstance(b, Tagged):
        rule = "a product of two values that both differ from frame to frame has no weights"
        raise node.refuse("MatMul", rule, "Attention and its like are not imported.")
    matrix = node.numbers(1 if isinstance(a, Tagged) else 0)
    if matrix.ndim != 2:
        rule = "a matrix of the model has two axes"
        raise node.refuse(f"shape {matrix.shape}", rule, "Use one matrix for all.")
    if isinstance(a, Tagged):
        return Tagged(signals.matrix(node.name, a.tags, matrix.T, None))
    assert isinstance(b, Tagged)
    return Tagged(signals.matrix(node.name, b.tags.swapaxes(-1, -2), matrix, None).swapaxes(-1, -2))


def gemm(signals: Signals, node: Node) -> Tagged:
    """``Gemm``: ``alpha * A @ B + beta * C``, A differing from frame to frame."""
    if not isinstance(node.input(0), Tagged):
        rule = "the first matrix of a Gemm is the value, the second the weights"
        raise node.refuse("Gemm", rule, "Transpose the product.")
    tags = node.tags(signals, 0)
    tags = tags.T if node.attribute("transA", 0) else tags
    weights = np.asarray(node.numbers(1), np.float64) * node.attribute("alpha", 1.0)
    weights = weights if node.attribute("transB", 0) else weights.T
    bias = node.input(2)
    beta = node.attribute("beta", 1.0)
    plain = bias is None or (
        isinstance(bias, np.ndarray) and bias.size in (1, len(weights)) and bias.ndim < 2
    )
    if plain:
        own = None if bias is None else np.broadcast_to(beta * np.ravel(np.asarray(bias)), len(weights))
        return Tagged(signals.matrix(node.name, tags, weights, own))
    product = signals.matrix(f"{node.name}_product", tags, weights, None)
    terms = [(product, np.array(1.0))]
    if isinstance(bias, Tagged):
        return Tagged(signals.affine(node.name, [*terms, (bias.tags, np.array(beta))], np.zeros(())))
    return Tagged(signals.affine(node.name, terms, beta * node.numbers(2)))


def pads_of(node: Node, shape: Sequence[int], taps: Sequence[int], spread: Sequence[int]) -> list[Any]:
    """The padding of each axis before and after, ``auto_pad`` worked out."""
    axes = len(taps)
    kind = node.attribute("auto_pad", "NOTSET")
    if kind == "NOTSET":
        pads = node.attribute("pads", [0] * (2 * axes))
        return list(zip(pads[:axes], pads[axes:], strict=True))
    if kind == "VALID":
        return [(0, 0)] * axes
    found = []
    for size, tap, step, wide in zip(shape, taps, strides_of(node, axes), spread, strict=True):
        missing = max(0, (-(-size // step) - 1) * step + (tap - 1) * wide + 1 - size)
        less, more = missing // 2, missing - missing // 2
        found.append((less, more) if kind == "SAME_UPPER" else (more, less))
    return found


def strides_of(node: Node, axes: int) -> list[int]:
    """The stride of each axis."""
    return list(node.attribute("strides", [1] * axes))


def convolve(signals: Signals, node: Node) -> Tagged:
    """``Conv`` in one and two dimensions."""
    kernel, bias = node.numbers(1), node.given(2)
    axes, tags = kernel.ndim - 2, node.tags(signals, 0)
    spread = list(node.attribute("dilations", [1] * axes))
    pads = pads_of(node, tags.shape[2:], kernel.shape[2:], spread)
    found = signals.convolve(
        node.name,
        tags,
        kernel,
        bias,
        stride=strides_of(node, axes),
        padding=pads,
        dilation=spread,
        groups=node.attribute("group", 1),
    )
    return Tagged(found)


def batch_norm(signals: Signals, node: Node) -> Tagged:
    """``BatchNormalization`` as it is once trained."""
    if node.attribute("training_mode", 0):
        raise node.refuse("training_mode 1", "a trained model is imported", "Export the model for inference.")
    scale, offset, mean, variance = (np.asarray(node.numbers(n), np.float64) for n in (1, 2, 3, 4))
    factor = scale / np.sqrt(variance + node.attribute("epsilon", 1e-5))
    tags = node.tags(signals, 0)
    shape = [-1 if axis == 1 else 1 for axis in range(tags.ndim)]
    shift = (offset - mean * factor).reshape(shape)
    return Tagged(signals.affine(node.name, [(tags, factor.reshape(shape))], shift))


def pool_windows(node: Node, shape: Sequence[int]) -> list[list[windows.Window]]:
    """The windows of each axis of a pooling."""
    taps = list(node.attribute("kernel_shape"))
    spread = list(node.attribute("dilations", [1] * len(taps)))
    pads = pads_of(node, shape, taps, spread)
    ceil = bool(node.attribute("ceil_mode", 0))
    settings = zip(shape, taps, strides_of(node, len(taps)), pads, spread, strict=True)
    return [windows.windows_of(size, tap, step, pad, wide, ceil) for size, tap, step, pad, wide in settings]


def max_pool(signals: Signals, node: Node) -> Tagged:
    """``MaxPool``; without the places of the largest values."""
    tags = node.tags(signals, 0)
    return Tagged(windows.largest(signals, node.name, tags, pool_windows(node, tags.shape[2:])))


def average_pool(signals: Signals, node: Node) -> Tagged:
    """``AveragePool``."""
    tags = node.tags(signals, 0)
    padded = bool(node.attribute("count_include_pad", 0))
    sides = pool_windows(node, tags.shape[2:])
    return Tagged(windows.average(signals, node.name, tags, sides, padded=padded))


def global_pool(kind: str) -> Handler:
    """``GlobalAveragePool`` and ``GlobalMaxPool``."""

    def handler(signals: Signals, node: Node) -> Tagged:
        tags = node.tags(signals, 0)
        sides = [windows.adaptive(size, 1) for size in tags.shape[2:]]
        pool = windows.largest if kind == "max" else windows.average
        return Tagged(pool(signals, node.name, tags, sides))

    return handler


def reduce(kind: str) -> Handler:
    """``ReduceMean``, ``ReduceSum`` and ``ReduceMax``; their axes are attributes in older opsets."""

    def handler(signals: Signals, node: Node) -> Any:
        tags, keep = node.tags(signals, 0), bool(node.attribute("keepdims", 1))
        axes = node.attribute("axes") if len(node.inputs) < 2 else node.given(1)
        if axes is None or np.size(axes) == 0:
            if node.attribute("noop_with_empty_axes", 0):
                return Tagged(tags)
            axes = range(tags.ndim)
        along = [int(axis) for axis in axes]
        if kind == "max":
            return Tagged(reductions.peak(signals, node.name, tags, along, keep))
        return Tagged(reductions.total(signals, node.name, tags, along, keep, mean=kind == "mean"))

    return handler


def softmax(logarithm: bool) -> Handler:
    """``Softmax`` and ``LogSoftmax`` along one axis."""

    def handler(signals: Signals, node: Node) -> Tagged:
        tags = node.tags(signals, 0)
        axis = node.attribute("axis", -1 if node.opset >= 13 else 1)
        if node.opset < 13 and axis % tags.ndim != tags.ndim - 1:
            rule = "before opset 13 it takes all axes from this one on together"
            raise node.refuse(f"axis {axis}", rule, "Export with opset 13 or later.")
        return Tagged(reductions.softmax(signals, node.name, tags, axis, logarithm))

    return handler


def layer_norm(signals: Signals, node: Node) -> Tagged:
    """``LayerNormalization``."""
    tags = node.tags(signals, 0)
    axes = list(range(node.attribute("axis", -1) % tags.ndim, tags.ndim))
    epsilon = float(node.attribute("epsilon", 1e-5))
    found = reductions.normalised(signals, f"{node.name}_norm", tags, axes, epsilon)
    bias = node.given(2)
    return Tagged(
        signals.affine(node.name, [(found, node.numbers(1))], np.zeros(()) if bias is None else bias)
    )


def cast(signals: Signals, node: Node) -> Any:
    """``Cast`` between types of real numbers."""
    if node.attribute("to") not in REALS:
        rule = "values of a network are real numbers"
        raise node.refuse(f"to type {node.attribute('to')}", rule, "Leave the conversion out.")
    return node.input(0)


REALS = {1, 10, 11, 16}  # float32, float16, float64, bfloat16

OPERATORS: dict[str, Handler] = {
    "Abs": one("abs"),
    "Add": add(1.0),
    "AveragePool": average_pool,
    "BatchNormalization": batch_norm,
    "Cast": cast,
    "Celu": one("celu", alpha=1.0),
    "Clip": clip,
    "Conv": convolve,
    "Div": divide,
    "Elu": one("elu", alpha=1.0),
    "Erf": one("erf"),
    "Exp": one("exp"),
    "GRU": gru,
    "Gelu": gelu,
    "Gemm": gemm,
    "GlobalAveragePool": global_pool("mean"),
    "GlobalMaxPool": global_pool("max"),
    "HardSigmoid": one("hard_sigmoid", alpha=0.2, beta=0.5),
    "HardSwish": one("hard_swish"),
    "LSTM": lstm,
    "LayerNormalization": layer_norm,
    "LeakyRelu": one("leaky_relu", alpha=0.01),
    "Log": one("log"),
    "LogSoftmax": softmax(True),
    "MatMul": matmul,
    "Max": extreme("max"),
    "MaxPool": max_pool,
    "Mean": average,
    "Min": extreme("min"),
    "Mish": one("mish"),
    "Mul": multiply,
    "Neg": negative,
    "PRelu": prelu,
    "Pow": power,
    "RNN": rnn,
    "Reciprocal": one("reciprocal"),
    "ReduceMax": reduce("max"),
    "ReduceMean": reduce("mean"),
    "ReduceSum": reduce("sum"),
    "Relu": one("relu"),
    "Selu": one("selu_of", alpha=1.6732632423543772, gamma=1.0507009873554805),
    "Shrink": one("shrink", lambd=0.5, bias=0.0),
    "Sigmoid": one("sigmoid"),
    "Softmax": softmax(False),
    "Softplus": one("softplus_of"),
    "Softsign": one("softsign"),
    "Sqrt": one("root"),
    "Sub": add(-1.0),
    "Sum": total,
    "Tanh": one("tanh"),
    "ThresholdedRelu": one("thresholded", alpha=1.0),
}
"""Every operator that computes."""
