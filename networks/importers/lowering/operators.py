"""Linear maps from what a layer reads to what it computes, before they become connections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from deltasim.runtime.arrays import Integers

Doubles: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Matrix:
    """``y[g] = weights[g] @ x`` with weights (gates, outputs, inputs)."""

    weights: Doubles

    def of(self, x: Doubles) -> Doubles:
        """The outputs (gates, outputs)."""
        return self.weights @ x

    def rows(self, chosen: Integers) -> tuple[Matrix, Integers] | None:
        """The same for the chosen outputs, and which inputs it still reads."""
        return Matrix(self.weights[:, chosen]), np.arange(self.weights.shape[2])

    def times_rows(self, factors: Doubles) -> Matrix | None:
        """``factors * y``."""
        return Matrix(self.weights * factors[:, None])

    def times_columns(self, factors: Doubles) -> Matrix | None:
        """The map of ``factors * x``."""
        return Matrix(self.weights * factors)


@dataclass(frozen=True, eq=False)
class Kernel:
    """A convolution as in ``deltasim.networks.connections.Convolution``, of one gate.

    ``kernel`` (C_out, C_in, kh, kw) over inputs ``in_shape`` (C_in, H, W).
    """

    kernel: Doubles
    in_shape: tuple[int, int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)

    @property
    def out_shape(self) -> tuple[int, int, int]:
        """(C_out, H_out, W_out)."""
        extents = zip(self.in_shape[1:], self.padding, self.kernel.shape[2:], self.stride, strict=True)
        high, wide = ((size + 2 * pad - tap) // step + 1 for size, pad, tap, step in extents)
        return len(self.kernel), high, wide

    def of(self, x: Doubles) -> Doubles:
        """The outputs (1, outputs)."""
        (py, px), (sy, sx) = self.padding, self.stride
        padded = np.pad(x.reshape(self.in_shape), ((0, 0), (py, py), (px, px)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.kernel.shape[2:], axis=(1, 2))
        found: Doubles = np.einsum("cyxij,ocij->oyx", windows[:, ::sy, ::sx], self.kernel).reshape(1, -1)
        return found

    def rows(self, chosen: Integers) -> tuple[Kernel, Integers] | None:
        """The same for some planes and a rectangle of their places, without padding where it is cut."""
        planes, high, wide = self.out_shape
        plane, row, column = np.unravel_index(chosen, (planes, high, wide))
        sides = [np.unique(part) for part in (row, column)]
        kept = plane[:: sides[0].size * sides[1].size]
        expected = np.ravel_multi_index(np.ix_(kept, *sides), (planes, high, wide)).ravel()
        if expected.size != chosen.size or (expected != chosen).any():
            return None
        reach = []
        for axis, side in enumerate(sides):
            first, last, size = int(side[0]), int(side[-1]), (high, wide)[axis]
            stride, pad = self.stride[axis], self.padding[axis]
            if side.size != last - first + 1 or (side.size < size and pad):
                return None
            stop = (
                last * stride + self.kernel.shape[2 + axis] if side.size < size else self.in_shape[1 + axis]
            )
            reach.append(np.arange(first * stride, stop))
        inputs = np.ravel_multi_index(np.ix_(np.arange(self.in_shape[0]), *reach), self.in_shape)
        own = replace(self, kernel=self.kernel[kept], in_shape=inputs.shape)
        return own, inputs.ravel()

    def times_rows(self, factors: Doubles) -> Kernel | None:
        """``factors * y``, where every plane has one factor."""
        by_plane = factors.reshape(len(self.kernel), -1)
        if (by_plane != by_plane[:, :1]).any():
            return None
        return replace(self, kernel=self.kernel * by_plane[:, :1, None, None])

    def times_columns(self, factors: Doubles) -> Kernel | None:
        """The map of ``factors * x``, where every plane has one factor."""
        by_plane = factors.reshape(self.in_shape[0], -1)
        if (by_plane != by_plane[:, :1]).any():
            return None
        return replace(self, kernel=self.kernel * by_plane[:, 0, None, None])


@dataclass(frozen=True, eq=False)
class Synapses:
    """``y[target] += weight * x[source]`` for each of a list of synapses, of one gate."""

    targets: Integers
    sources: Integers
    weights: Doubles
    size: int

    def of(self, x: Doubles) -> Doubles:
        """The outputs (1, outputs)."""
        return np.bincount(self.targets, self.weights * x[self.sources], self.size).astype(np.float64)[None]

    def rows(self, chosen: Integers) -> tuple[Synapses, Integers] | None:
        """The same for the chosen outputs, each chosen once."""
        place = np.full(self.size, -1)
        place[chosen] = np.arange(chosen.size)
        if np.count_nonzero(place >= 0) < chosen.size:
            return None
        mine = place[self.targets] >= 0
        targets, sources = place[self.targets[mine]], self.sources[mine]
        read, sources = np.unique(sources, return_inverse=True)
        return Synapses(targets, sources, self.weights[mine], chosen.size), read

    def times_rows(self, factors: Doubles) -> Synapses | None:
        """``factors * y``."""
        return replace(self, weights=self.weights * factors[self.targets])

    def times_columns(self, factors: Doubles) -> Synapses | None:
        """The map of ``factors * x``."""
        return replace(self, weights=self.weights * factors[self.sources])


@dataclass(frozen=True, eq=False)
class Scale:
    """``y = factors * x``, of one gate."""

    factors: Doubles

    def of(self, x: Doubles) -> Doubles:
        """The outputs (1, outputs)."""
        return (self.factors * x)[None]

    def rows(self, chosen: Integers) -> tuple[Scale, Integers] | None:
        """The same for the chosen outputs."""
        return Scale(self.factors[chosen]), chosen

    def times_rows(self, factors: Doubles) -> Scale | None:
        """``factors * y``."""
        return Scale(self.factors * factors)

    def times_columns(self, factors: Doubles) -> Scale | None:
        """The map of ``factors * x``."""
        return Scale(self.factors * factors)


Operator: TypeAlias = Matrix | Kernel | Synapses | Scale
