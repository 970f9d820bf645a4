"""Sums, means and largest values along axes, and what is built of them: softmax and normalisations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deltasim.networks.importers.lowering.layers import Feed
from deltasim.networks.importers.lowering.operators import Synapses
from deltasim.networks.importers.lowering.signals import Frame, Signals
from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError


def reduced(
    signals: Signals, place: str, tags: Integers, axes: Sequence[int], keep: bool
) -> tuple[Frame, Integers]:
    """The lists of elements that are taken together along ``axes``, (values, each), and their frame."""
    axis, elements = signals.frame(place, tags)
    along = sorted({own % tags.ndim for own in axes})
    if axis in along:
        rule = "it takes all frames of a sequence together"
        raise InputError(place, f"axes {along}, frames on axis {axis}", rule, "Take other axes together.")
    inner = [own - (axis is not None and axis < own) for own in along]
    kept = [own for own in range(elements.ndim) if own not in inner]
    moved = elements.transpose(*kept, *inner)
    shape = tuple(moved.shape[: len(kept)])
    lists = moved.reshape(int(np.prod(shape)), -1)
    if keep:
        shape = tuple(1 if own in inner else elements.shape[own] for own in range(elements.ndim))
    elif axis is not None:
        axis -= sum(own < axis for own in along)
    return Frame(axis, np.empty(shape, np.int64)), lists


def total(
    signals: Signals, place: str, tags: Integers, axes: Sequence[int], keep: bool, mean: bool = False
) -> Integers:
    """The sum, or the mean, along axes."""
    frame, lists = reduced(signals, place, tags, axes, keep)
    count, each = lists.shape
    weight = 1.0 / each if mean else 1.0
    operator = Synapses(
        np.repeat(np.arange(count), each), np.arange(count * each), np.full(count * each, weight), count
    )
    found = signals.layers.linear(place, (Feed(lists.ravel(), operator),), np.zeros(count))
    return signals.spread(Frame(frame.axis, found.reshape(frame.elements.shape)))


def peak(signals: Signals, place: str, tags: Integers, axes: Sequence[int], keep: bool) -> Integers:
    """The largest value along axes."""
    frame, lists = reduced(signals, place, tags, axes, keep)
    if lists.shape[1] == 1:
        found = lists[:, 0]
    else:
        text = f"max({', '.join(f'x{number}' for number in range(lists.shape[1]))})"
        found = signals.layers.elementwise(place, text, tuple(lists.T))
    return signals.spread(Frame(frame.axis, found.reshape(frame.elements.shape)))


def softmax(signals: Signals, place: str, tags: Integers, axis: int, logarithm: bool = False) -> Integers:
    """``exp(x) / sum(exp(x))`` along an axis, or its logarithm, taken from the largest value."""
    far = signals.affine(
        f"{place}_far", [(tags, 1.0), (peak(signals, f"{place}_max", tags, (axis,), True), -1.0)], 0.0
    )
    grown = signals.formula(f"{place}_exp", "exp(x0)", far)
    whole = total(signals, f"{place}_sum", grown, (axis,), True)
    return signals.formula(
        place, "x0 - log(x1)" if logarithm else "x0 / x1", far if logarithm else grown, whole
    )


def normalised(
    signals: Signals, place: str, tags: Integers, axes: Sequence[int], epsilon: float, centred: bool = True
) -> Integers:
    """``(x - mean) / sqrt(variance + epsilon)`` along axes; not ``centred``: ``x`` over its own root mean
    square."""
    far = tags
    if centred:
        mean = total(signals, f"{place}_mean", tags, axes, True, mean=True)
        far = signals.affine(f"{place}_centred", [(tags, 1.0), (mean, -1.0)], 0.0)
    square = signals.formula(f"{place}_square", "x0 ** 2", far)
    spread = total(signals, f"{place}_variance", square, axes, True, mean=True)
    return signals.formula(place, f"x0 / sqrt(x1 + {epsilon!r})", far, spread)
