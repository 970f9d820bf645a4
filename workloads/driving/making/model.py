"""The network that steers, as it is trained: convolutions, features, a delta GRU, and a readout of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from deltasim.networks.training.cells import CELLS
from deltasim.networks.training.cells.loop import loop
from deltasim.networks.training.encoder import hold
from deltasim.networks.training.rounding import Formats, rounded
from deltasim.workloads.driving.drive import COLUMNS, ROWS

CHANNELS = (8, 16, 24, 32)  # planes of the four convolutions, each of stride 2
FEATURES = 16  # few: each of them is a message where the picture changes
ACTIVATION, WEIGHT, TABLE = (8, 8), (1, 7), (2, 8)  # integer, fraction bits: EdgeDRNN's, `Formats(8)`


@dataclass(frozen=True)
class Thresholds:
    """What has to change to be sent: in the picture and after each convolution; features; states.

    ``hidden`` is that of the recurrence, where a message fetches a column of three gates, ``readout`` that of
    the readout, where it fetches one word: so the latter can be finer.
    """

    convolution: tuple[float, ...] = (0.0,) * (len(CHANNELS) + 1)
    feature: float = 0.0
    hidden: float = 0.0
    readout: float = 0.0

    def scaled(self, by: float) -> Thresholds:
        """All of them times a number."""
        convolution = tuple(by * theta for theta in self.convolution)
        return Thresholds(convolution, self.feature * by, self.hidden * by, self.readout * by)


class Seen(NamedTuple):
    """What went through the network: the steering (T, B), and what every encoder held, (T, B, n) each.

    ``held`` is in the order of the network's projections.
    """

    steering: Tensor
    held: tuple[Tensor, ...]


class Steerer(nn.Module):
    """Picture -> 4 convolutions -> 16 features -> GRU -> steering, rounded to fixed point everywhere.

    ``alone`` is the same without the recurrent part: the steering read from the features. With ``hidden`` 0
    there is no other.
    """

    def __init__(self, hidden: int, features: int = FEATURES) -> None:
        super().__init__()
        planes = (1, *CHANNELS)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(few, many, 3 if level else 5, 2, 1 if level else 2)
            for level, (few, many) in enumerate(zip(planes, CHANNELS, strict=False))
        )
        shrunk = (ROWS >> len(CHANNELS)) * (COLUMNS >> len(CHANNELS))
        self.features = nn.Linear(CHANNELS[-1] * shrunk, features)
        self.alone = nn.Linear(features, 1)
        for layer in self.layers():
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if hidden:
            self.layer = nn.GRU(features, hidden)
            self.readout = nn.Linear(hidden, 1)

    def layers(self) -> list[nn.Conv2d]:
        """The convolutions."""
        return [layer for layer in self.convolutions if isinstance(layer, nn.Conv2d)]

    def see(
        self, frames: Tensor, thetas: Thresholds, drop: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Features (T, B, 16) of frames (T, B, 32, 64), and what was held on the way to them."""
        steps, batch = frames.shape[:2]
        values = frames[:, :, None]
        kept = []
        for layer, theta in zip(self.layers(), thetas.convolution[:-1], strict=True):
            values = held(values, theta)
            kept.append(values.flatten(2))
            weights = rounded(layer.weight, *WEIGHT)
            mapped = nn.functional.conv2d(
                values.flatten(0, 1), weights, layer.bias, layer.stride, layer.padding
            )
            mapped = rounded(mapped.relu(), *ACTIVATION)
            values = mapped.view(steps, batch, *mapped.shape[1:])
        values = held(values.flatten(2), thetas.convolution[-1])
        kept.append(values)
        linear = nn.functional.linear(values, rounded(self.features.weight, *WEIGHT), self.features.bias)
        features = rounded(linear.relu(), *ACTIVATION)
        return features if drop is None else features * drop, kept

    def steer(self, features: Tensor, thetas: Thresholds, noise: Tensor | None = None) -> Seen:
        """Steering from features through the recurrent part."""
        gates, given = 2 * self.layer.hidden_size, dict(self.layer.named_parameters())
        weight_ih, weight_hh = (rounded(given[f"weight_{name}_l0"], *WEIGHT) for name in ("ih", "hh"))
        bias_ih, bias_hh = given["bias_ih_l0"], given["bias_hh_l0"]
        sent = held(features, thetas.feature)
        # a bias of a gate is added once, with the inputs; that of the candidate's recurrent product with it
        apart = torch.cat([torch.zeros_like(bias_hh[:gates]), bias_hh[gates:]])
        projected = nn.functional.linear(sent, weight_ih, bias_ih + bias_hh - apart)
        theta, tables = torch.tensor(thetas.hidden), Formats(8).tables(features)
        run = loop(CELLS["gru"], projected, weight_hh, apart, theta, noise, tables)
        states = held(run.hidden, thetas.readout)
        read = nn.functional.linear(states, rounded(self.readout.weight, *WEIGHT), self.readout.bias)
        return Seen(read[..., 0], (sent, run.held, states))

    def steer_alone(self, features: Tensor, thetas: Thresholds) -> Seen:
        """Steering from features without it."""
        sent = held(features, thetas.feature)
        read = nn.functional.linear(sent, rounded(self.alone.weight, *WEIGHT), self.alone.bias)
        return Seen(read[..., 0], (sent,))


def held(values: Tensor, theta: float) -> Tensor:
    """What an encoder has sent last; at threshold 0 the values as they are."""
    return hold(values, torch.tensor(theta)) if theta else values
