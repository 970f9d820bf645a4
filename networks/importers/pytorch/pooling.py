"""PyTorch's poolings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deltasim.networks.importers.lowering import windows
from deltasim.networks.importers.lowering.signals import Signals, Tagged
from deltasim.networks.importers.pytorch.tagged import Handler, each
from deltasim.runtime.errors import InputError


def pool_windows(
    x: Tagged, axes: int, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool
) -> list[list[Any]]:
    """The windows of each axis of PyTorch's poolings."""
    taps = each(kernel, axes)
    steps = taps if stride is None or stride == [] else each(stride, axes)
    settings = zip(x.tags.shape[-axes:], taps, steps, each(padding, axes), each(dilation, axes), strict=True)
    return [
        windows.windows_of(size, tap, step, (pad, pad), spread, ceil)
        for size, tap, step, pad, spread in settings
    ]


def max_pool(axes: int) -> Handler:
    """``max_pool1d`` and ``max_pool2d``."""

    def handler(
        signals: Signals,
        place: str,
        x: Tagged,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Tagged:
        if return_indices:
            raise InputError(place, "return_indices", "only largest values are given", "Leave it out.")
        sides = pool_windows(x, axes, kernel_size, stride, padding, dilation, ceil_mode)
        return Tagged(windows.largest(signals, place, x.tags, sides))

    return handler


def average_pool(axes: int) -> Handler:
    """``avg_pool1d`` and ``avg_pool2d``; a ``divisor_override`` of 1 makes sums."""

    def handler(
        signals: Signals,
        place: str,
        x: Tagged,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Tagged:
        sides = pool_windows(x, axes, kernel_size, stride, padding, 1, ceil_mode)
        divisor = None if divisor_override is None else float(divisor_override)
        found = windows.average(signals, place, x.tags, sides, padded=count_include_pad, divisor=divisor)
        return Tagged(found)

    return handler


def norm_pool(axes: int) -> Handler:
    """``lp_pool1d`` and ``lp_pool2d`` with norm 1, the sum, and 2, the root of the sum of squares."""

    def handler(
        signals: Signals,
        place: str,
        x: Tagged,
        norm_type: float,
        kernel_size: Any,
        stride: Any = None,
        ceil_mode: bool = False,
    ) -> Tagged:
        if norm_type not in (1, 2) or ceil_mode:
            rule = "a pooling by a norm has norm 1 or 2, and no ceil_mode"
            raise InputError(place, f"norm {norm_type}, ceil_mode {ceil_mode}", rule, "Use one of these.")
        sides = pool_windows(x, axes, kernel_size, stride, 0, 1, False)
        if norm_type == 2:
            return Tagged(windows.root_of_squares(signals, place, x.tags, sides))
        return Tagged(windows.average(signals, f"{place}_sum", x.tags, sides, divisor=1.0))

    return handler


def adaptive_pool(axes: int, largest: bool) -> Handler:
    """``adaptive_avg_pool`` and ``adaptive_max_pool`` in one and two dimensions."""

    def handler(
        signals: Signals, place: str, x: Tagged, output_size: Any, return_indices: bool = False
    ) -> Tagged:
        wanted = list(output_size) if isinstance(output_size, Sequence) else [output_size] * axes
        sizes = x.tags.shape[-axes:]
        sides = [
            windows.adaptive(size, size if own is None else own)
            for size, own in zip(sizes, wanted, strict=True)
        ]
        pool = windows.largest if largest else windows.average
        return Tagged(pool(signals, place, x.tags, sides))

    return handler
