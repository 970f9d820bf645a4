"""Feed-forward layers in training: dense, and convolutions over a plane or a line."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.grad import conv2d_input

from deltasim.networks.training.encoder import Threshold, hold
from deltasim.networks.training.layers.layer import EXPORTED, Conditions, Encoding, Outcome, Place, words
from deltasim.runtime.errors import InputError, nearest

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda values: values,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


def activated(sums: Tensor, activation: str, conditions: Conditions) -> Tensor:
    """The activation of accumulators; in fixed point through the tables, straight through for the gradient.

    >>> activated(torch.tensor([-1.0, 2.0]), "relu", EXPORTED).tolist()
    [0.0, 2.0]
    """
    exact = ACTIVATIONS[activation](sums)
    if conditions.formats is None:
        return exact
    if activation in ("identity", "relu"):
        return conditions.formats.activations(exact)
    tables = conditions.formats.tables(sums)
    table = tables.sigmoid if activation == "sigmoid" else tables.tanh
    return exact + (tables.looked_up(table, sums.detach()) - exact).detach()


def require_activation(name: str) -> None:
    """Refuse an unknown activation."""
    if name not in ACTIVATIONS:
        raise InputError("layer", name, "this is no known activation", nearest(name, ACTIVATIONS))


class Dense(nn.Module):
    """``y = activation(W held + b)``, ``held`` being what was sent of the inputs: parameters of nn.Linear.

    >>> layer = Dense(Place("readout", (("gru_0", 4),)), 2, theta=0.1)
    >>> layer(torch.randn(5, 3, 4)).values.shape, layer.outputs
    (torch.Size([5, 3, 2]), (('readout', 2),))
    """

    def __init__(
        self,
        place: Place,
        units: int,
        activation: str = "identity",
        *,
        theta: float | Tensor = 0.0,
        learned: str = "",
    ) -> None:
        super().__init__()
        require_activation(activation)
        self.place, self.units, self.activation = place, units, activation
        bound = place.width**-0.5
        self.weight = nn.Parameter(torch.empty(units, place.width).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(units).uniform_(-bound, bound))
        self.theta = Threshold(theta, place.width, learned)

    @property
    def outputs(self) -> tuple[tuple[str, int], ...]:
        """Its population."""
        return ((self.place.name, self.units),)

    @property
    def weights(self) -> tuple[tuple[str, Tensor], ...]:
        """Its matrix by name."""
        return (("weight", self.weight),)

    def forward(
        self, values: Tensor, lengths: Tensor | None = None, conditions: Conditions = EXPORTED
    ) -> Outcome:
        """Sequences (T, B, n) to (T, B, units)."""
        theta = self.theta(conditions.share)
        weight, bias = conditions.parameters(self.weight, self.bias)
        held = hold(values, theta)
        outputs = activated(nn.functional.linear(held, weight, bias), self.activation, conditions)
        return Outcome(outputs, Encoding(self.place.name, held, theta, words(self.weight)).parts(self.place))


class Convolution(nn.Module):
    """``y = activation(K * held + b)`` over planes (C, H, W): parameters of nn.Conv2d, values flattened.

    A convolution over lines (C, L), nn.Conv1d, is one over planes (C, 1, L) with a kernel of height 1.

    >>> layer = Convolution(Place("conv2d_0", (("input", 36),)), (1, 6, 6), 2, (3, 3), theta=0.1)
    >>> layer(torch.randn(5, 3, 36)).values.shape, layer.out_shape
    (torch.Size([5, 3, 32]), (2, 4, 4))
    """

    fan_out: Tensor

    def __init__(
        self,
        place: Place,
        in_shape: tuple[int, int, int],
        planes: int,
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int] = (0, 0),
        activation: str = "relu",
        *,
        theta: float | Tensor = 0.0,
        learned: str = "",
    ) -> None:
        super().__init__()
        require_activation(activation)
        count, height, width = in_shape
        if count * height * width != place.width:
            rule = f"planes {in_shape} hold as many values as are read, {place.width}"
            raise InputError(place.name, count * height * width, rule, "Mend the shape.")
        self.place, self.in_shape, self.activation = place, in_shape, activation
        self.stride, self.padding = stride, padding
        self.out_shape = (
            planes,
            (height + 2 * padding[0] - kernel[0]) // stride[0] + 1,
            (width + 2 * padding[1] - kernel[1]) // stride[1] + 1,
        )
        if min(self.out_shape) < 1:
            rule = f"a kernel {kernel} fits the padded planes {in_shape[1:]}"
            raise InputError(place.name, f"output {self.out_shape}", rule, "Use a smaller kernel.")
        bound = (count * kernel[0] * kernel[1]) ** -0.5
        self.weight = nn.Parameter(torch.empty(planes, count, *kernel).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(planes).uniform_(-bound, bound))
        self.theta = Threshold(theta, place.width, learned)
        reach: Tensor = conv2d_input(  # type: ignore[no-untyped-call]
            (1, *in_shape), torch.ones_like(self.weight), torch.ones(1, *self.out_shape), stride, padding
        )
        self.register_buffer("fan_out", reach.detach().round().long().flatten(), persistent=False)

    @property
    def outputs(self) -> tuple[tuple[str, int], ...]:
        """Its population."""
        planes, height, width = self.out_shape
        return ((self.place.name, planes * height * width),)

    @property
    def weights(self) -> tuple[tuple[str, Tensor], ...]:
        """Its kernel by name."""
        return (("weight", self.weight),)

    def forward(
        self, values: Tensor, lengths: Tensor | None = None, conditions: Conditions = EXPORTED
    ) -> Outcome:
        """Sequences (T, B, C H W) to (T, B, n)."""
        theta = self.theta(conditions.share)
        weight, bias = conditions.parameters(self.weight, self.bias)
        held = hold(values, theta)
        planes = held.reshape(-1, *self.in_shape)
        sums = nn.functional.conv2d(planes, weight, bias, self.stride, self.padding)
        outputs = activated(sums.reshape(*values.shape[:2], -1), self.activation, conditions)
        sent = Encoding(self.place.name, held, theta, self.fan_out).parts(self.place)
        return Outcome(outputs, sent)
