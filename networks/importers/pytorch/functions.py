"""PyTorch's functions and methods as layers: one line in a table each, by the name that both go by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deltasim.networks.importers.lowering import reductions
from deltasim.networks.importers.lowering.functions import formula
from deltasim.networks.importers.lowering.operators import Doubles
from deltasim.networks.importers.lowering.signals import Signals, Tagged
from deltasim.networks.importers.pytorch.pooling import adaptive_pool, average_pool, max_pool, norm_pool
from deltasim.networks.importers.pytorch.tagged import Handler, each, numbers, tags_of
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.errors import InputError

MOVES = frozenset({
    "alias", "broadcast_to", "cat", "chunk", "clone", "concat", "concatenate", "contiguous",
    "detach", "dropout", "dropout2d", "expand", "expand_as", "feature_dropout", "flatten", "flip",
    "getitem", "index_select", "interpolate", "movedim", "moveaxis", "narrow", "pad", "permute",
    "pixel_shuffle", "pixel_unshuffle", "repeat", "repeat_interleave", "reshape", "reshape_as",
    "roll", "select", "split", "squeeze", "stack", "swapaxes", "swapdims", "t", "tensor_split",
    "tile", "transpose", "unbind", "unflatten", "unfold", "unsqueeze", "view", "view_as",
})  # fmt: skip
"""What only moves values, and is called on tags."""

SIZES = frozenset(["dim", "get_device", "is_floating_point", "ndimension", "numel", "size", "getattr"])
"""What asks a value for its shape and kind."""

TYPES = frozenset(["float", "double", "half", "bfloat16", "to", "type_as", "type", "cpu", "cuda"])
"""What changes the type of a value and keeps it a real number."""


def call(signals: Signals, place: str, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The result of a function or method on values of which some are Tagged. Errors: one without a row."""
    if name in FUNCTIONS:
        return FUNCTIONS[name](signals, place, *args, **kwargs)
    rule = f"torch's {name} is not among the functions that are imported"
    raise InputError(place, name, rule, f"Use one of: {', '.join(sorted(FUNCTIONS))}; or moves of values.")


def one(name: str, **defaults: float) -> Handler:
    """The function of this name in ``functions``; ``defaults`` are its parameters in order."""

    def handler(
        signals: Signals, place: str, x: Any, *given: Any, inplace: bool = False, **named: Any
    ) -> Tagged:
        positional = [value for value in given if not isinstance(value, bool)]
        parameters = dict(defaults) | dict(zip(defaults, positional, strict=False))
        parameters |= {key: value for key, value in named.items() if key in defaults}
        return Tagged(signals.formula(place, formula(name, **parameters), x.tags))

    return handler


def add(signals: Signals, place: str, a: Any, b: Any, *, alpha: float = 1.0, sign: float = 1.0) -> Tagged:
    """``a + alpha * b``."""
    terms = [(each.tags, own) for each, own in ((a, 1.0), (b, sign * alpha)) if isinstance(each, Tagged)]
    offset: Numbers = np.zeros(())
    if not isinstance(a, Tagged):
        offset = numbers(a)
    elif not isinstance(b, Tagged):
        offset = sign * alpha * numbers(b)
    return Tagged(signals.affine(place, terms, offset))


def multiply(signals: Signals, place: str, a: Any, b: Any) -> Tagged:
    """``a * b``."""
    if isinstance(a, Tagged) and isinstance(b, Tagged):
        return Tagged(signals.formula(place, "x0 * x1", a.tags, b.tags))
    value, factor = (a, b) if isinstance(a, Tagged) else (b, a)
    return Tagged(signals.affine(place, [(value.tags, numbers(factor))], 0.0))


def divide(signals: Signals, place: str, a: Any, b: Any, *, rounding_mode: str | None = None) -> Tagged:
    """``a / b``."""
    if rounding_mode is not None:
        raise InputError(
            place, f"rounding_mode {rounding_mode}", "a quotient is not rounded", "Leave it out."
        )
    if not isinstance(b, Tagged):
        return Tagged(signals.affine(place, [(a.tags, 1.0 / numbers(b))], 0.0))
    return Tagged(signals.formula(place, "x0 / x1", tags_of(signals, a), b.tags))


def power(signals: Signals, place: str, x: Any, exponent: Any) -> Tagged:
    """``x ** exponent``, one number for all."""
    if isinstance(exponent, Tagged) or not isinstance(x, Tagged) or numbers(exponent).size != 1:
        raise InputError(place, "exponent", "an exponent is one number", "Write it as exp(p * log(x)).")
    return Tagged(signals.formula(place, formula("power", exponent=numbers(exponent).item()), x.tags))


def extreme(name: str) -> Handler:
    """The larger or smaller of two values."""
    return lambda signals, place, a, b: Tagged(
        signals.formula(place, f"{name}(x0, x1)", tags_of(signals, a), tags_of(signals, b))
    )


def clamp(signals: Signals, place: str, x: Tagged, min: Any = None, max: Any = None) -> Tagged:
    """``x`` within bounds, of which one may be missing."""
    text = "x0"
    for name, bound in (("max", min), ("min", max)):
        if bound is not None:
            text = f"{name}({text}, {numbers(bound).item()!r})"
    return Tagged(signals.formula(place, text, x.tags))


def linear(signals: Signals, place: str, x: Tagged, weight: Any, bias: Any = None) -> Tagged:
    """``weight @ x + bias`` along the last axis."""
    return Tagged(signals.matrix(place, x.tags, numbers(weight), None if bias is None else numbers(bias)))


def matmul(signals: Signals, place: str, a: Any, b: Any) -> Tagged:
    """A product with a matrix of the model on either side."""
    if isinstance(a, Tagged) and isinstance(b, Tagged):
        rule = "a product of two values that both differ from frame to frame has no weights"
        raise InputError(place, "matmul", rule, "Attention and its like are not imported.")
    if isinstance(a, Tagged):
        return Tagged(signals.matrix(place, a.tags, numbers(b).T, None))
    return Tagged(signals.matrix(place, b.tags.swapaxes(-1, -2), numbers(a), None).swapaxes(-1, -2))


def convolution(
    signals: Signals,
    place: str,
    x: Tagged,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tagged:
    """``conv1d`` and ``conv2d``."""
    kernel = numbers(weight)
    axes = kernel.ndim - 2
    steps, spread = each(stride, axes), each(dilation, axes)
    if isinstance(padding, str):
        reach = [own * (tap - 1) for own, tap in zip(spread, kernel.shape[2:], strict=True)]
        pads = [(total // 2, total - total // 2) if padding == "same" else (0, 0) for total in reach]
    else:
        pads = [(own, own) for own in each(padding, axes)]
    offset = None if bias is None else numbers(bias)
    return Tagged(
        signals.convolve(
            place, x.tags, kernel, offset, stride=steps, padding=pads, dilation=spread, groups=groups
        )
    )


def along(kind: str) -> Handler:
    """``sum``, ``mean`` and ``amax`` along axes."""

    def handler(
        signals: Signals, place: str, x: Tagged, dim: Any = None, keepdim: bool = False, dtype: Any = None
    ) -> Tagged:
        axes = range(x.tags.ndim) if dim is None else dim if isinstance(dim, Sequence) else (dim,)
        if kind == "max":
            return Tagged(reductions.peak(signals, place, x.tags, list(axes), keepdim))
        return Tagged(reductions.total(signals, place, x.tags, list(axes), keepdim, mean=kind == "mean"))

    return handler


def softmax(logarithm: bool) -> Handler:
    """``softmax`` and ``log_softmax``."""

    def handler(signals: Signals, place: str, x: Tagged, dim: Any = -1, *rest: Any, **more: Any) -> Tagged:
        return Tagged(reductions.softmax(signals, place, x.tags, -1 if dim is None else dim, logarithm))

    return handler


def layer_norm(
    signals: Signals,
    place: str,
    x: Tagged,
    normalized_shape: Sequence[int],
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Tagged:
    """``layer_norm`` over the last axes."""
    axes = range(x.tags.ndim - len(normalized_shape), x.tags.ndim)
    found = reductions.normalised(
        signals, f"{place}_norm" if weight is not None else place, x.tags, list(axes), eps
    )
    return scaled(signals, place, found, weight, bias)


def scaled(signals: Signals, place: str, tags: Integers, weight: Any, bias: Any) -> Tagged:
    """``weight * x + bias``, either of which may be missing."""
    if weight is None and bias is None:
        return Tagged(tags)
    factor: Doubles = np.ones(()) if weight is None else numbers(weight)
    return Tagged(signals.affine(place, [(tags, factor)], 0.0 if bias is None else numbers(bias)))


def gelu(signals: Signals, place: str, x: Tagged, approximate: str = "none") -> Tagged:
    """``gelu``, exact or by its tanh."""
    name = "gelu" if approximate == "none" else "gelu_tanh"
    return Tagged(signals.formula(place, formula(name), x.tags))


def glu(signals: Signals, place: str, x: Tagged, dim: int = -1) -> Tagged:
    """The first half along an axis times the sigmoid of the second."""
    first, second = np.split(x.tags, 2, axis=dim)
    return Tagged(signals.formula(place, "x0 * sigmoid(x1)", first, second))


def prelu(signals: Signals, place: str, x: Tagged, weight: Any) -> Tagged:
    """``max(x, 0) + weight * min(x, 0)``, a weight for all or for each plane (axis 1)."""
    slope = numbers(weight).ravel()
    if slope.size > 1:
        slope = slope.reshape([-1 if axis == 1 else 1 for axis in range(x.tags.ndim)])
    tags = signals.constant(slope)
    return Tagged(signals.formula(place, "max(x0, 0) + x1 * min(x0, 0)", x.tags, tags))


def batch_norm(
    signals: Signals,
    place: str,
    x: Tagged,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tagged:
    """What batch norm is once trained: each plane (axis 1) times a factor, plus an offset."""
    if running_mean is None or running_var is None:
        rule = "a batch norm without running statistics looks at other sequences"
        raise InputError(place, "track_running_stats", rule, "Train it with running statistics.")
    factor = 1.0 / np.sqrt(numbers(running_var) + eps)
    if weight is not None:
        factor = factor * numbers(weight)
    offset = -numbers(running_mean) * factor
    if bias is not None:
        offset = offset + numbers(bias)
    shape = [-1 if axis == 1 else 1 for axis in range(x.tags.ndim)]
    return Tagged(signals.affine(place, [(x.tags, factor.reshape(shape))], offset.reshape(shape)))


def negative(signals: Signals, place: str, x: Tagged) -> Tagged:
    return Tagged(signals.affine(place, [(x.tags, -1.0)], 0.0))


def softplus(signals: Signals, place: str, x: Tagged, beta: float = 1.0, threshold: float = 20.0) -> Tagged:
    """``softplus``, which PyTorch takes as linear where ``beta * x`` is above the threshold."""
    smooth = formula("softplus", beta=beta)
    text = f"({smooth}) * ({beta!r} * x0 <= {threshold!r}) + x0 * ({beta!r} * x0 > {threshold!r})"
    return Tagged(signals.formula(place, text, x.tags))


FUNCTIONS: dict[str, Handler] = {
    "abs": one("abs"),
    "adaptive_avg_pool1d": adaptive_pool(1, False),
    "adaptive_avg_pool2d": adaptive_pool(2, False),
    "adaptive_max_pool1d": adaptive_pool(1, True),
    "adaptive_max_pool2d": adaptive_pool(2, True),
    "add": add,
    "amax": along("max"),
    "avg_pool1d": average_pool(1),
    "avg_pool2d": average_pool(2),
    "batch_norm": batch_norm,
    "celu": one("celu", alpha=1.0),
    "clamp": clamp,
    "clip": clamp,
    "conv1d": convolution,
    "conv2d": convolution,
    "div": divide,
    "divide": divide,
    "elu": one("elu", alpha=1.0),
    "erf": one("erf"),
    "exp": one("exp"),
    "expm1": one("expm1"),
    "gelu": gelu,
    "glu": glu,
    "hardshrink": one("hard_shrink", lambd=0.5),
    "hardsigmoid": lambda signals, place, x, *_, **__: Tagged(
        signals.formula(place, formula("hard_sigmoid", alpha=1 / 6, beta=0.5), x.tags)
    ),
    "hardswish": one("hard_swish"),
    "hardtanh": lambda signals, place, x, min_val=-1.0, max_val=1.0, inplace=False: Tagged(
        signals.formula(place, formula("hard_tanh", low=min_val, high=max_val), x.tags)
    ),
    "layer_norm": layer_norm,
    "leaky_relu": lambda signals, place, x, negative_slope=0.01, inplace=False: Tagged(
        signals.formula(place, formula("leaky_relu", alpha=negative_slope), x.tags)
    ),
    "linear": linear,
    "log": one("log"),
    "log1p": one("log1p"),
    "log_softmax": softmax(True),
    "logsigmoid": one("log_sigmoid"),
    "lp_pool1d": norm_pool(1),
    "lp_pool2d": norm_pool(2),
    "matmul": matmul,
    "max_pool1d": max_pool(1),
    "max_pool2d": max_pool(2),
    "maximum": extreme("max"),
    "mean": along("mean"),
    "minimum": extreme("min"),
    "mish": one("mish"),
    "mul": multiply,
    "multiply": multiply,
    "neg": negative,
    "negative": negative,
    "pow": power,
    "prelu": prelu,
    "reciprocal": one("reciprocal"),
    "relu": one("relu"),
    "relu6": one("relu6"),
    "rsqrt": one("rsqrt"),
    "selu": one("selu"),
    "sigmoid": one("sigmoid"),
    "silu": one("silu"),
    "softmax": softmax(False),
    "softplus": softplus,
    "softshrink": one("soft_shrink", lambd=0.5),
    "softsign": one("softsign"),
    "sqrt": one("root"),
    "square": one("square"),
    "sub": lambda signals, place, a, b, *, alpha=1.0: add(signals, place, a, b, alpha=alpha, sign=-1.0),
    "subtract": lambda signals, place, a, b, *, alpha=1.0: add(signals, place, a, b, alpha=alpha, sign=-1.0),
    "sum": along("sum"),
    "tanh": one("tanh"),
    "tanhshrink": one("tanh_shrink"),
    "threshold": one("threshold", threshold=0.0, value=0.0),
    "true_divide": divide,
    "truediv": divide,
}
"""Every function that computes, by its name in torch, torch.nn.functional, operator or as a method."""
