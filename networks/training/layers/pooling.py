"""The largest value of every window of a plane, in training."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from deltasim.networks.training.encoder import Threshold, hold
from deltasim.networks.training.layers.layer import EXPORTED, Conditions, Encoding, Outcome, Place
from deltasim.runtime.errors import InputError, nearest

ACTIVATIONS = {"identity": "m", "relu": "relu(m)", "elu": "max(m, 0) + expm1(min(m, 0))"}
"""Of the largest value m: the activation as a formula's expression."""


class MaxPool(nn.Module):
    """``y = activation(max of a window of held)``: windows (rows, columns) that cover planes (C, F, P).

    Every window keeps what was last sent of each of its values, so the largest may fall again. A rising
    activation gives the same behind the largest value as before it, and is computed once for a window.

    >>> layer = MaxPool(Place("pool_1", (("conv2d_0", 24),)), (2, 4, 3), (2, 3), "elu", theta=0.1)
    >>> layer(torch.randn(5, 3, 24)).values.shape, layer.out_shape
    (torch.Size([5, 3, 4]), (2, 2, 1))
    """

    fan_out: Tensor

    def __init__(
        self,
        place: Place,
        in_shape: tuple[int, int, int],
        window: tuple[int, int],
        activation: str = "identity",
        *,
        theta: float | Tensor = 0.0,
        learned: str = "",
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            rule = "this is no activation of a pooling"
            raise InputError("layer", activation, rule, nearest(activation, ACTIVATIONS))
        count, rows, columns = in_shape
        if count * rows * columns != place.width or len(place.below) != 1:
            rule = f"planes {in_shape} hold as many values as one population has, {place.width}"
            raise InputError(place.name, count * rows * columns, rule, "Mend the shape.")
        if min(window) < 1 or rows % window[0] or columns % window[1]:
            rule = f"windows cover planes {rows} x {columns} without a rest"
            raise InputError(place.name, f"window {window}", rule, "Give divisors.")
        self.place, self.in_shape, self.window, self.activation = place, in_shape, window, activation
        self.out_shape = (count, rows // window[0], columns // window[1])
        self.theta = Threshold(theta, place.width, learned)
        self.register_buffer("fan_out", torch.ones(place.width, dtype=torch.long), persistent=False)

    @property
    def formula(self) -> str:
        """What its population computes, an accumulator for each place of a window."""
        places = ", ".join(f"a{number}" for number in range(self.window[0] * self.window[1]))
        return f"m = max({places}); y = {ACTIVATIONS[self.activation]}"

    @property
    def outputs(self) -> tuple[tuple[str, int], ...]:
        """Its population."""
        planes, rows, columns = self.out_shape
        return ((self.place.name, planes * rows * columns),)

    @property
    def weights(self) -> tuple[tuple[str, Tensor], ...]:
        """None that is learned."""
        return ()

    def forward(
        self, values: Tensor, lengths: Tensor | None = None, conditions: Conditions = EXPORTED
    ) -> Outcome:
        """Sequences (T, B, C F P) to (T, B, n)."""
        theta = self.theta(conditions.share)
        held = hold(values, theta)
        largest = nn.functional.max_pool2d(held.reshape(-1, *self.in_shape), self.window)
        found = largest.reshape(*values.shape[:2], -1)
        if self.activation == "elu":
            found = nn.functional.elu(found)
        elif self.activation == "relu":
            found = found.relu()
        if conditions.formats is not None:
            found = conditions.formats.activations(found)
        sent = Encoding(self.place.name, held, theta, self.fan_out).parts(self.place)
        return Outcome(found, sent)
