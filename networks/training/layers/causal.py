"""A convolution over a sequence that comes block by block, and reads the blocks before."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.grad import conv2d_input

from deltasim.networks.training.encoder import Threshold, hold
from deltasim.networks.training.layers.feed_forward import activated, require_activation
from deltasim.networks.training.layers.layer import EXPORTED, Conditions, Encoding, Outcome, Place
from deltasim.runtime.errors import InputError


class Tap(NamedTuple):
    """What reads the block ``delay`` steps back: columns [first, stop) of the kernel, padded with columns
    before and after the block (below 0: so many are left out)."""

    delay: int
    first: int
    stop: int
    before: int
    after: int


def taps(kernel: int, block: int) -> tuple[Tap, ...]:
    """How a causal kernel over a line of blocks falls apart into kernels over one block each.

    Output column j of a block reads columns j - kernel + 1 to j, of which those below 0 are of blocks before.

    >>> taps(3, 4)
    (Tap(delay=0, first=0, stop=3, before=2, after=0), Tap(delay=1, first=0, stop=2, before=-2, after=3))
    >>> [(tap.delay, tap.first, tap.stop) for tap in taps(3, 1)]
    [(0, 2, 3), (1, 1, 2), (2, 0, 1)]
    """
    found = []
    for delay in range(-(-(kernel - 1) // block) + 1):
        lead = kernel - 1 - delay * block  # the tap that reads column 0 for output 0
        first, stop = max(0, lead - block + 1), min(kernel, lead + block)
        before = lead - first
        found.append(Tap(delay, first, stop, before, stop - first - 1 - before))
    return tuple(found)


class CausalConvolution(nn.Module):
    """``y = activation(K * held + b)`` over planes (C, F, P) of which P columns come each step.

    The blocks of a sequence, side by side, are one plane (C, F, T P) that the kernel moves over, padded with
    ``padding`` rows above and below and with kernel - 1 columns before the first block alone: a column of the
    output never waits for a block that has not come. Parameters of nn.Conv2d, values flattened.

    >>> layer = CausalConvolution(Place("conv2d_0", (("input", 12),)), (1, 3, 4), 2, (3, 3), 1, theta=0.1)
    >>> layer(torch.randn(5, 3, 12)).values.shape, layer.out_shape
    (torch.Size([5, 3, 24]), (2, 3, 4))
    """

    def __init__(
        self,
        place: Place,
        in_shape: tuple[int, int, int],
        planes: int,
        kernel: tuple[int, int],
        padding: int = 0,
        activation: str = "identity",
        *,
        theta: float | Tensor = 0.0,
        learned: str = "",
    ) -> None:
        super().__init__()
        require_activation(activation)
        count, rows, columns = in_shape
        if count * rows * columns != place.width or len(place.below) != 1:
            rule = f"planes {in_shape} hold as many values as one population has, {place.width}"
            raise InputError(place.name, count * rows * columns, rule, "Mend the shape.")
        self.place, self.in_shape, self.activation, self.padding = place, in_shape, activation, padding
        self.out_shape = (planes, rows + 2 * padding - kernel[0] + 1, columns)
        if self.out_shape[1] < 1:
            rule = f"a kernel {kernel} fits the padded planes {in_shape[1:]}"
            raise InputError(place.name, f"output {self.out_shape}", rule, "Use a smaller kernel.")
        bound = (count * kernel[0] * kernel[1]) ** -0.5
        self.weight = nn.Parameter(torch.empty(planes, count, *kernel).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(planes).uniform_(-bound, bound))
        self.theta = Threshold(theta, place.width, learned)
        self.taps = taps(kernel[1], columns)
        for tap in self.taps:
            self.register_buffer(f"fan_out_{tap.delay}", self.reach(tap), persistent=False)

    def reach(self, tap: Tap) -> Tensor:
        """Words that a message of every source fetches by a tap, (sources,)."""
        own = torch.ones_like(self.weight[..., tap.first : tap.stop]).detach()
        count, rows, columns = self.in_shape
        padded = (1, count, rows + 2 * self.padding, max(tap.before, 0) + columns + max(tap.after, 0))
        left_out = -min(tap.before, 0)
        read = columns - left_out + min(tap.after, 0)
        width = max(tap.before, 0) + read + max(tap.after, 0)
        reached: Tensor = conv2d_input(  # type: ignore[no-untyped-call]
            (*padded[:3], width), own, torch.ones(1, *self.out_shape)
        )
        reached = reached[:, :, self.padding : self.padding + rows, max(tap.before, 0) :][..., :read]
        whole = torch.zeros(count, rows, columns)
        whole[..., left_out : left_out + read] = reached[0]
        return whole.round().long().flatten()

    def fan_out(self, tap: Tap) -> Tensor:
        """Words that a message of every source fetches by a tap, (sources,)."""
        return self.get_buffer(f"fan_out_{tap.delay}")

    def thresholds(self, tap: Tap, theta: Tensor) -> Tensor:
        """A threshold for every source, (sources,): columns that a tap does not read are never sent."""
        return torch.where(self.fan_out(tap) > 0, theta, torch.full_like(theta, torch.inf))

    @property
    def outputs(self) -> tuple[tuple[str, int], ...]:
        """Its population."""
        planes, rows, columns = self.out_shape
        return ((self.place.name, planes * rows * columns),)

    @property
    def weights(self) -> tuple[tuple[str, Tensor], ...]:
        """Its kernel by name."""
        return (("weight", self.weight),)

    def forward(
        self, values: Tensor, lengths: Tensor | None = None, conditions: Conditions = EXPORTED
    ) -> Outcome:
        """Sequences (T, B, C F P) to (T, B, n)."""
        theta = self.theta(conditions.share)
        weight, bias = conditions.parameters(self.weight, self.bias)
        held = hold(values, theta)
        steps, batch = values.shape[:2]
        count, rows, columns = self.in_shape
        line = held.reshape(steps, batch, count, rows, columns).permute(1, 2, 3, 0, 4)
        line = line.reshape(batch, count, rows, steps * columns)
        line = nn.functional.pad(line, (self.weight.shape[3] - 1, 0))
        sums = nn.functional.conv2d(line, weight, bias, padding=(self.padding, 0))
        sums = sums.reshape(batch, *self.out_shape[:2], steps, columns).permute(3, 0, 1, 2, 4)
        outputs = activated(sums.reshape(steps, batch, -1), self.activation, conditions)
        return Outcome(outputs, tuple(self.encoding(tap, held, theta) for tap in self.taps))

    def encoding(self, tap: Tap, held: Tensor, theta: Tensor) -> Encoding:
        """What one tap's encoder has sent."""
        reach = self.fan_out(tap)
        name = f"{self.place.below[0][0]}->{self.place.name}{label_of(tap, ':')}"
        return Encoding(name, held * (reach > 0), self.thresholds(tap, theta), reach, tap.delay)


def label_of(tap: Tap, before: str = "") -> str:
    """What tells a projection from that of the block that has just come.

    >>> [label_of(tap, ":") for tap in taps(3, 4)]
    ['', ':delay_1']
    """
    return f"{before}delay_{tap.delay}" if tap.delay else ""
