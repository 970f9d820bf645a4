"""A two-dimensional convolution, seen from the source: one pixel reaches a small patch of every output
plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from deltasim.networks.connections.integrating import Integrating, held
from deltasim.networks.connections.rules import Integrator, bounds_of, fed_of, require_matching
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint
from deltasim.networks.numbers.fixed_point import Wide, saturated, shifted
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.compiling import kernel
from deltasim.runtime.errors import InputError

Geometry: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Convolution(Integrating):
    """Cross-correlation as in PyTorch's ``conv2d``: output (o, y, x) reads input (c, y*sy + ky - py, x*sx +
    kx - px).

    ``kernel`` has shape (gates * C_out, C_in, kh, kw), gate by gate; ``in_shape`` is (C_in, H, W). Neurons
    are numbered plane by plane, row by row. A message of source (c, y, x) touches the outputs whose window
    covers it: at most C_out * ceil(kh / sy) * ceil(kw / sx), with a word for each gate. ``padding`` stands
    before the input and, where ``after`` does not say another, behind it; below 0 it leaves rows or columns
    out. ``start`` and ``stop`` limit the targets to the slice a core holds.

    >>> import numpy as np
    >>> blur = Convolution(np.ones((1, 1, 3, 3), np.float32), in_shape=(1, 4, 4), padding=(1, 1))
    >>> blur.out_shape, blur.fan_out[:4].tolist(), blur.weight_words
    ((1, 4, 4), [4, 6, 6, 4], 9)
    """

    kernel: Numbers
    in_shape: tuple[int, int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    start: int = 0
    stop: int | None = None
    gates: int = 1
    after: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        weights = np.ascontiguousarray(self.kernel)
        if weights.ndim != 4 or 0 in weights.shape or weights.shape[1] != self.in_shape[0]:
            planes = self.in_shape[0]
            rule = f"a kernel on {planes} input planes has the shape (C_out, {planes}, kh, kw)"
            raise InputError("weights", f"shape {weights.shape}", rule, "Reshape the array.")
        if self.gates < 1 or len(weights) % self.gates:
            rule = f"the kernels of {self.gates} gates, one after another, have as many planes each"
            raise InputError(
                "weights", f"{len(weights)} output planes", rule, "Stack one kernel for each gate."
            )
        if min(self.stride) < 1 or (self.after is None and min(self.padding) < 0):
            rule = "a stride is at least 1, and a padding that is the same on both sides at least 0"
            raise InputError(
                "convolution", f"stride {self.stride}, padding {self.padding}", rule, "Mend them."
            )
        if weights.dtype.kind == "f":
            weights = np.ascontiguousarray(weights, np.float32)
        object.__setattr__(self, "kernel", weights)
        if min(self.out_shape) < 1:
            rule = f"the kernel {weights.shape[2:]} does not fit the padded input {self.in_shape[1:]}"
            raise InputError(
                "convolution", f"output {self.out_shape}", rule, "Use a smaller kernel or padding."
            )
        full = int(np.prod(self.out_shape))
        object.__setattr__(self, "stop", full if self.stop is None else self.stop)
        bounds_of((self.start, self.stop or 0), full)

    @property
    def out_shape(self) -> tuple[int, int, int]:
        """(C_out, H_out, W_out) of the whole convolution, whatever slice this is."""
        planes, _, kh, kw = self.kernel.shape
        (_, h, w), (sy, sx), (py, px) = self.in_shape, self.stride, self.padding
        below, right = self.padding if self.after is None else self.after
        return int(planes) // self.gates, (h + py + below - kh) // sy + 1, (w + px + right - kw) // sx + 1

    @property
    def source_size(self) -> int:
        return int(np.prod(self.in_shape))

    @property
    def target_size(self) -> int:
        return int(self.stop or 0) - self.start

    @property
    def weights(self) -> Numbers:
        """The stored words, as they lie in memory."""
        return self.kernel

    @property
    def content(self) -> tuple[Numbers, ...]:
        """Everything that makes this connection what it is, as arrays: for digests."""
        more = () if self.gates == 1 else (self.gates,)
        return (self.kernel, np.array((*self._geometry, self.start, self.target_size, *more), np.int64))

    @property
    def weight_words(self) -> int:
        """Words stored: the kernel's, shared by all positions."""
        return int(self.kernel.size)

    @cached_property
    def fan_out(self) -> Integers:
        """Words fetched, and multiply-accumulates done, for a message of each source. Shape (n_source,)."""
        return np.ascontiguousarray(self.column_words((0, self.target_size))[:, 0])

    def index_bits(self, targets: int) -> int:
        """Bits stored beside a word to say where it belongs: none, its place says it."""
        return 0

    def column_words(self, bounds: Sequence[int] | Integers) -> Integers:
        """Words of each column that fall in target neurons [bounds[i], bounds[i+1]). (n_source, len - 1)."""
        checked = bounds_of(bounds, self.target_size) + self.start
        words = np.zeros((self.source_size, checked.size - 1), np.int64)
        count_words(words, checked, self._geometry)
        return words * self.gates

    def restrict(self, lo: int, hi: int) -> Convolution:
        """The part that feeds target neurons [lo, hi): what a core that holds only those needs."""
        bounds_of((lo, hi), self.target_size)
        return replace(self, start=self.start + lo, stop=self.start + hi)

    def with_weights(self, weights: Numbers) -> Convolution:
        """The same connection with other stored words."""
        return replace(self, kernel=weights)

    @cached_property
    def _geometry(self) -> Geometry:
        """(C_in, H, W, C_out, H_out, W_out, kh, kw, sy, sx, py, px) as the kernels take it."""
        return (*self.in_shape, *self.out_shape, *self.kernel.shape[2:], *self.stride, *self.padding)

    def integrator(self, fed: Sequence[int] | Integers, arithmetic: Arithmetic) -> Integrator:
        """``integrate`` with its lanes and arithmetic settled once: ``f(accumulators, sources, deltas)``."""
        require_matching(self.kernel, arithmetic)
        if self.gates == 1:
            return self.patches(self.kernel, int(fed_of(fed)[0]), arithmetic)
        kernels = np.split(self.kernel, self.gates)
        own = [
            self.patches(kernel, int(accumulator), arithmetic)
            for kernel, accumulator in zip(kernels, fed_of(fed), strict=True)
        ]

        def integrate(totals: Numbers, sources: Numbers, deltas: Numbers) -> None:
            for gate in own:
                gate(totals, sources, deltas)

        return integrate

    def patches(self, kernel: Numbers, accumulator: int, arithmetic: Arithmetic) -> Integrator:
        """The integrator of one gate, which has this kernel and feeds this accumulator."""
        geometry, start, stop = self._geometry, self.start, int(self.stop or 0)
        if not isinstance(arithmetic, FixedPoint):
            return lambda totals, sources, deltas: add_patches(
                totals[accumulator], kernel, sources, deltas, geometry, start, stop
            )
        shift = arithmetic.product_shift
        return held(
            lambda totals, sources, deltas, lowest, highest: add_patches_fixed(
                totals[accumulator], kernel, sources, deltas, geometry, start, stop, shift, lowest, highest
            ),
            fed_of((accumulator,)),
            arithmetic,
        )


@kernel
def first_cover(position: Wide, extent: int, stride: int, padding: int) -> Wide:
    """First output along one axis whose window, ``extent`` wide, covers the input ``position``."""
    return max(0, -((extent - 1 - position - padding) // stride))


@kernel
def last_cover(position: Wide, outputs: int, stride: int, padding: int) -> Wide:
    """Last output along one axis whose window covers the input ``position`` (below the first: none does)."""
    return min(outputs - 1, (position + padding) // stride)


@kernel
def count_words(words: Integers, bounds: Integers, geometry: Geometry) -> None:
    """Count, for every source, the targets it touches between each two bounds."""
    planes_in, h, w, planes, h_out, w_out, kh, kw, sy, sx, py, px = geometry
    for y in range(h):
        top, bottom = first_cover(y, kh, sy, py), last_cover(y, h_out, sy, py)
        for x in range(w):
            left, right = first_cover(x, kw, sx, px), last_cover(x, w_out, sx, px)
            for plane in range(planes):
                for row in range(top, bottom + 1):
                    begin = (plane * h_out + row) * w_out
                    for part in range(bounds.size - 1):
                        lo = max(begin + left, bounds[part])
                        hi = min(begin + right + 1, bounds[part + 1])
                        words[y * w + x, part] += max(0, hi - lo)
    for plane in range(1, planes_in):
        words[plane * h * w : (plane + 1) * h * w] = words[: h * w]


@kernel
def add_patches(
    row: Numbers,
    weights: Numbers,
    sources: Numbers,
    deltas: Numbers,
    geometry: Geometry,
    start: int,
    stop: int,
) -> None:
    """Add the float32 patch of every message to the accumulators of targets [start, stop)."""
    _, h, w, planes, h_out, w_out, kh, kw, sy, sx, py, px = geometry
    for message in range(sources.size):
        plane_in, pixel = divmod(np.int64(sources[message]), h * w)
        y, x = divmod(pixel, w)
        left, right = first_cover(x, kw, sx, px), last_cover(x, w_out, sx, px)
        for plane in range(planes):
            for y_out in range(first_cover(y, kh, sy, py), last_cover(y, h_out, sy, py) + 1):
                begin = (plane * h_out + y_out) * w_out
                taps = weights[plane, plane_in, y + py - y_out * sy]
                for x_out in range(max(left, start - begin), min(right + 1, stop - begin)):
                    row[begin + x_out - start] += taps[x + px - x_out * sx] * deltas[message]


@kernel
def add_patches_fixed(
    row: Numbers,
    weights: Numbers,
    sources: Numbers,
    deltas: Numbers,
    geometry: Geometry,
    start: int,
    stop: int,
    shift: int,
    lowest: int,
    highest: int,
) -> None:
    """The same on raw integers: every product rounded to the accumulator's fraction, every sum saturated."""
    _, h, w, planes, h_out, w_out, kh, kw, sy, sx, py, px = geometry
    for message in range(sources.size):
        plane_in, pixel = divmod(np.int64(sources[message]), h * w)
        y, x = divmod(pixel, w)
        left, right = first_cover(x, kw, sx, px), last_cover(x, w_out, sx, px)
        for plane in range(planes):
            for y_out in range(first_cover(y, kh, sy, py), last_cover(y, h_out, sy, py) + 1):
                begin = (plane * h_out + y_out) * w_out
                taps = weights[plane, plane_in, y + py - y_out * sy]
                for x_out in range(max(left, start - begin), min(right + 1, stop - begin)):
                    product = shifted(np.int64(deltas[message]) * taps[x + px - x_out * sx], shift)
                    at = begin + x_out - start
                    row[at] = saturated(row[at] + product, lowest, highest)
