"""Random PyTorch modules: chains of every layer that is imported, on frames that are vectors or planes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from deltasim.networks.importers.pytorch.layers import LAYERS


class Case(NamedTuple):
    """A module and the shape of its frames."""

    module: nn.Module
    frame_shape: tuple[int, ...]


class First(nn.Module):
    """A recurrent module as one that gives its outputs alone."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.inner(x)[0]
        return found


Draw = st.DrawFn
Chain = tuple[list[nn.Module], tuple[int, ...]]  # modules, and the shape of what the last gives

ACTIVATIONS: dict[str, Callable[[Draw], nn.Module]] = {
    "CELU": lambda draw: nn.CELU(draw(st.sampled_from([0.5, 1.5]))),
    "ELU": lambda draw: nn.ELU(draw(st.sampled_from([0.5, 1.0]))),
    "GELU": lambda draw: nn.GELU(draw(st.sampled_from(["none", "tanh"]))),
    "Hardshrink": lambda draw: nn.Hardshrink(1e-3),  # a jump: two sums may lie on its two sides
    "Hardsigmoid": lambda draw: nn.Hardsigmoid(),
    "Hardswish": lambda draw: nn.Hardswish(),
    "Hardtanh": lambda draw: nn.Hardtanh(-0.5, 0.25),
    "Identity": lambda draw: nn.Identity(),
    "LeakyReLU": lambda draw: nn.LeakyReLU(draw(st.sampled_from([0.01, 0.3]))),
    "LogSigmoid": lambda draw: nn.LogSigmoid(),
    "LogSoftmax": lambda draw: nn.LogSoftmax(-1),
    "Mish": lambda draw: nn.Mish(),
    "PReLU": lambda draw: nn.PReLU(),
    "ReLU": lambda draw: nn.ReLU(inplace=draw(st.booleans())),
    "ReLU6": lambda draw: nn.ReLU6(),
    "SELU": lambda draw: nn.SELU(),
    "SiLU": lambda draw: nn.SiLU(),
    "Sigmoid": lambda draw: nn.Sigmoid(),
    "Softmax": lambda draw: nn.Softmax(-1),
    "Softplus": lambda draw: nn.Softplus(draw(st.sampled_from([1.0, 2.5])), 1.5),
    "Softshrink": lambda draw: nn.Softshrink(0.1),
    "Softsign": lambda draw: nn.Softsign(),
    "Tanh": lambda draw: nn.Tanh(),
    "Tanhshrink": lambda draw: nn.Tanhshrink(),
    "Threshold": lambda draw: nn.Threshold(0.0, 0.0),
    "Dropout": lambda draw: nn.Dropout(0.5),
}


@st.composite
def cases(draw: Draw) -> Case:
    """A chain with batch norms that have seen something, and some of its weights pruned or normalised."""
    torch.manual_seed(draw(st.integers(0, 2**16)))
    build = draw(st.sampled_from([vectors, sequences, lines, planes]))
    frame_shape, modules = build(draw)
    module = nn.Sequential(*modules)
    settle(module)
    reparametrise(draw, module)
    return Case(module.eval(), frame_shape)


def vectors(draw: Draw) -> tuple[tuple[int, ...], list[nn.Module]]:
    """Linear layers, norms and activations."""
    size = draw(st.integers(1, 8))
    modules, _ = feed_forward(draw, size, draw(st.integers(1, 3)))
    return (size,), modules


def sequences(draw: Draw) -> tuple[tuple[int, ...], list[nn.Module]]:
    """Recurrent layers of every kind, before, between and behind others."""
    size = draw(st.integers(1, 6))
    modules: list[nn.Module] = []
    width = size
    if draw(st.booleans()):
        modules.append(nn.Linear(width, width := draw(st.integers(1, 6))))
        modules.append(activation(draw, ("LogSoftmax", "Softmax", "PReLU")))
    batch_first = draw(st.booleans())
    for _ in range(draw(st.integers(1, 2))):
        layer, width = recurrent(draw, width, batch_first)
        modules.append(First(layer))
        if draw(st.booleans()):
            modules.append(activation(draw, ("PReLU",)))
    if draw(st.booleans()):
        modules += [nn.Linear(width, 3, bias=draw(st.booleans()))]
    return (size,), modules


def recurrent(draw: Draw, size: int, batch_first: bool) -> tuple[nn.Module, int]:
    """One recurrent module, and the size of its outputs."""
    kind = draw(st.sampled_from(["RNN", "GRU", "LSTM"]))
    hidden, both = draw(st.integers(2, 6)), draw(st.booleans())
    more: dict[str, Any] = {}
    width = hidden
    if kind == "RNN":
        more["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    elif kind == "LSTM" and draw(st.booleans()):
        width = more["proj_size"] = draw(st.integers(1, hidden - 1))
    layer = getattr(nn, kind)(
        size,
        hidden,
        num_layers=draw(st.integers(1, 3)),
        bias=draw(st.booleans()),
        batch_first=batch_first,
        bidirectional=both,
        **more,
    )
    return layer, width * (1 + both)


def lines(draw: Draw) -> tuple[tuple[int, ...], list[nn.Module]]:
    """One-dimensional convolutions and poolings."""
    return shaped(draw, (draw(st.integers(1, 4)), draw(st.integers(8, 14))))


def planes(draw: Draw) -> tuple[tuple[int, ...], list[nn.Module]]:
    """Two-dimensional convolutions and poolings."""
    return shaped(draw, (draw(st.integers(1, 3)), draw(st.integers(6, 9)), draw(st.integers(6, 9))))


def shaped(draw: Draw, shape: tuple[int, ...]) -> tuple[tuple[int, ...], list[nn.Module]]:
    """Convolutions with what stands between them, then flattened to a vector."""
    modules: list[nn.Module] = []
    first = shape
    axes = len(shape) - 1
    for _ in range(draw(st.integers(1, 2))):
        if draw(st.integers(0, 3)) == 0:
            modules.append(padding(draw, axes))
            shape = after(modules[-1], shape)
        modules.append(convolution(draw, shape))
        shape = after(modules[-1], shape)
        if draw(st.booleans()):
            modules.append((nn.BatchNorm1d if axes == 1 else nn.BatchNorm2d)(shape[0]))
        modules.append(activation(draw, ()))
        if shape[0] % 2 == 0 and draw(st.integers(0, 3)) == 0:
            modules.append(nn.GLU(1))
            shape = (shape[0] // 2, *shape[1:])
        if draw(st.booleans()):
            modules.append(pooling(draw, shape))
            shape = after(modules[-1], shape)
        if min(shape[1:]) < 4:
            break
    modules.append(nn.Flatten())
    size = after(modules[-1], shape)[0]
    if draw(st.booleans()):
        modules += feed_forward(draw, size, 1)[0]
    return first, modules


def after(module: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of what a module gives."""
    with torch.no_grad():
        return tuple(module.eval()(torch.zeros(1, *shape)).shape[1:])


def convolution(draw: Draw, shape: tuple[int, ...]) -> nn.Module:
    axes = len(shape) - 1
    groups = draw(st.sampled_from([1, 1, shape[0]]))
    kernel, dilation = draw(st.integers(1, 3)), draw(st.sampled_from([1, 1, 2]))
    if dilation * (kernel - 1) + 1 > min(shape[1:]):
        kernel = 1
    same = draw(st.integers(0, 3)) == 0
    layer: nn.Module = (nn.Conv1d if axes == 1 else nn.Conv2d)(
        shape[0],
        groups * draw(st.integers(1, 3)),
        kernel,
        stride=1 if same else draw(st.integers(1, 2)),
        padding="same" if same else draw(st.integers(0, 1)),
        dilation=dilation,
        groups=groups,
        bias=draw(st.booleans()),
        padding_mode=draw(st.sampled_from(["zeros", "zeros", "reflect", "replicate", "circular"])),
    )
    return layer


def padding(draw: Draw, axes: int) -> nn.Module:
    sides = draw(st.lists(st.integers(0, 2), min_size=2 * axes, max_size=2 * axes))
    kind = draw(st.sampled_from(["ZeroPad", "ReflectionPad", "ReplicationPad", "ConstantPad"]))
    more = (draw(st.sampled_from([0.0, 0.75])),) if kind == "ConstantPad" else ()
    layer: nn.Module = getattr(nn, f"{kind}{axes}d")(tuple(sides), *more)
    return layer


def pooling(draw: Draw, shape: tuple[int, ...]) -> nn.Module:
    axes = len(shape) - 1
    tap, step = min(draw(st.integers(2, 3)), *shape[1:]), draw(st.sampled_from([None, 1, 2]))
    pad = draw(st.integers(0, tap // 2))
    choices: list[Callable[[], nn.Module]] = [
        lambda: getattr(nn, f"MaxPool{axes}d")(tap, step, pad, ceil_mode=draw(st.booleans())),
        lambda: getattr(nn, f"AvgPool{axes}d")(tap, step, pad, draw(st.booleans()), draw(st.booleans())),
        lambda: getattr(nn, f"LPPool{axes}d")(draw(st.sampled_from([1, 2])), tap, step),
        lambda: getattr(nn, f"AdaptiveAvgPool{axes}d")(draw(st.integers(1, 3))),
        lambda: getattr(nn, f"AdaptiveMaxPool{axes}d")(draw(st.integers(1, 3))),
    ]
    return draw(st.sampled_from(choices))()


def feed_forward(draw: Draw, size: int, layers: int) -> Chain:
    """Linear layers with norms and activations between them."""
    modules: list[nn.Module] = []
    for _ in range(layers):
        width = draw(st.integers(1, 8))
        modules.append(nn.Linear(size, width, bias=draw(st.booleans())))
        size = width
        if draw(st.booleans()):
            modules.append(nn.BatchNorm1d(size))
        modules.append(activation(draw, ()))
    return modules, (size,)


def activation(draw: Draw, without: tuple[str, ...]) -> nn.Module:
    name = draw(st.sampled_from([name for name in ACTIVATIONS if name not in without]))
    return ACTIVATIONS[name](draw)


def settle(module: nn.Module) -> None:
    """Give norms the factors and statistics of training."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(part.running_mean)  # type: ignore[arg-type]
            nn.init.uniform_(part.running_var, 0.5, 2.0)  # type: ignore[arg-type]
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm | nn.GroupNorm | nn.RMSNorm):
            for tensor in part.parameters():
                nn.init.normal_(tensor)


def reparametrise(draw: Draw, module: nn.Module) -> None:
    """Prune or normalise some weights, by PyTorch's own means."""
    for part in list(module.modules()):
        if not isinstance(part, nn.Linear | nn.Conv1d | nn.Conv2d | nn.RNNBase) or draw(st.integers(0, 3)):
            continue
        name = "weight_hh_l0" if isinstance(part, nn.RNNBase) else "weight"
        if draw(st.booleans()):
            prune.random_unstructured(part, name, 0.4)
        elif not isinstance(part, nn.RNNBase):
            how = draw(st.sampled_from([weight_norm, spectral_norm]))
            how(part, name)


DRAWN = {
    *ACTIVATIONS,
    *("BatchNorm1d", "BatchNorm2d", "Conv1d", "Conv2d", "Flatten", "GLU", "GRU", "LSTM"),
    *("Linear", "RNN"),
    *(f"{kind}{axes}d" for kind in ("AdaptiveAvgPool", "AdaptiveMaxPool", "AvgPool") for axes in (1, 2)),
    *(f"{kind}{axes}d" for kind in ("LPPool", "MaxPool", "ConstantPad", "ZeroPad") for axes in (1, 2)),
    *(f"{kind}{axes}d" for kind in ("ReflectionPad", "ReplicationPad") for axes in (1, 2)),
}
"""The layers that may be drawn."""

ALONE = set(LAYERS) - DRAWN
"""Those that have tests of their own."""
