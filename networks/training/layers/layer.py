"""What a layer of a delta network in training is, what it is given, and what it hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from deltasim.networks.training.rounding import Formats


@dataclass(frozen=True)
class Conditions:
    """What is done to values inside the loop: ``share`` of every threshold, noise, rounding.

    ``noise`` is the standard deviation of what is added to every new state of a recurrent layer; with
    ``formats`` everything is computed in fixed point. The default is the exported float32 network's.
    """

    share: float = 1.0
    noise: float = 0.0
    formats: Formats | None = None

    def parameters(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Weights, and what accumulators start from, as they are computed with: rounded in fixed point."""
        if self.formats is None:
            return weight, bias
        return self.formats.weights(weight), self.formats.biases(bias)


EXPORTED = Conditions()


class Place(NamedTuple):
    """Where a layer stands: its name, and the populations it reads with their sizes."""

    name: str
    below: tuple[tuple[str, int], ...]

    @property
    def width(self) -> int:
        """Values read a frame."""
        return sum(size for _, size in self.below)


class Encoding(NamedTuple):
    """What one projection's encoder has sent: ``held`` (T, B, n) in the order in which frames are met.

    ``delay`` is 1 where step t reads what was held at t - 1. ``theta`` is a scalar or (n,), ``fan_out`` (n,)
    the words of every column.
    """

    projection: str
    held: Tensor
    theta: Tensor
    fan_out: Tensor
    delay: int = 0

    def deltas(self) -> Tensor:
        """What was sent, 0 where nothing was, (T, B, n)."""
        return torch.diff(self.held, dim=0, prepend=torch.zeros_like(self.held[:1]))

    def parts(self, place: Place) -> tuple[Encoding, ...]:
        """One encoding for each population that a layer reads."""
        target = self.projection
        if len(place.below) == 1:
            return (self._replace(projection=f"{place.below[0][0]}->{target}"),)
        found, start = [], 0
        for source, size in place.below:
            cut = slice(start, start + size)
            theta = self.theta[cut] if self.theta.dim() else self.theta
            name = f"{source}->{target}"
            found.append(Encoding(name, self.held[..., cut], theta, self.fan_out[cut], self.delay))
            start += size
        return tuple(found)


class Outcome(NamedTuple):
    """What a layer gives: its values (T, B, n), and what its encoders have sent."""

    values: Tensor
    encodings: tuple[Encoding, ...]


class Layer(Protocol):
    """A layer: an ``nn.Module`` that is called with (T, B, n), lengths (B,) and conditions."""

    place: Place

    @property
    def outputs(self) -> tuple[tuple[str, int], ...]:
        """Its output populations and their sizes."""
        ...

    @property
    def weights(self) -> tuple[tuple[str, Tensor], ...]:
        """Its weight matrices and kernels by name: what is rounded and pruned."""
        ...

    def __call__(self, values: Tensor, lengths: Tensor | None, conditions: Conditions) -> Outcome: ...


def words(weight: Tensor) -> Tensor:
    """Words of every column of a matrix (targets, sources): pruned weights, exactly 0, are not stored."""
    return weight.detach().ne(0).sum(0)
