"""Values of a model as arrays of tags, and the layers that compute new ones from them.

A model is read with a few frames. Where it holds an array of numbers, we hold one of the same shape with a
*tag* for each: frame * SPAN + element. Operations that only move values are done on the tags, by the very
function that the model calls, so that no rule of reshaping is written twice; only what computes becomes a
layer (``layers``). The tags say as well where the frames went: a layer must find one axis along which they
count up, all else being equal, or what it computes is no network that goes from frame to frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.importers.lowering.layers import Constant, Feed, Layers
from deltasim.networks.importers.lowering.operators import Doubles, Kernel, Matrix, Operator, Scale, Synapses
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.errors import InputError

SPAN = 1 << 32
FRAMES = 3
"""Frames that a model is read with."""


class OtherAxis(InputError):
    """A layer goes through the frames along another axis than the one they were laid on."""


class Frame(NamedTuple):
    """The elements of a value in every frame, and the axis of the frames (None: only the last frame)."""

    axis: int | None
    elements: Integers


@dataclass(frozen=True, eq=False)
class Tagged:
    """A value that differs from frame to frame, as tags."""

    tags: Integers


class Signals:
    """The layers of a model while it is read.

    >>> signals = Signals()
    >>> x = signals.source("input", (2,), axis=0)
    >>> x.shape, signals.frame("x", x).elements.tolist()
    ((3, 2), [1, 2])
    >>> signals.matrix("double", x, np.eye(2) * 2, None).shape
    (3, 2)
    """

    def __init__(self) -> None:
        self.layers = Layers()

    # From tags to elements and back

    def source(self, name: str, shape: tuple[int, ...], axis: int) -> Integers:
        """The tags of an input of this shape for each frame, the frames along ``axis``."""
        elements = self.layers.source(name, int(np.prod(shape))).reshape(shape)
        return self.spread(Frame(axis, elements))

    def constant(self, values: Numbers) -> Integers:
        """The tags of numbers."""
        return self.layers.constant(np.asarray(values, np.float64))

    def spread(self, frame: Frame) -> Integers:
        """The tags of elements."""
        if frame.axis is None:
            return frame.elements + (FRAMES - 1) * SPAN
        return np.stack([frame.elements + number * SPAN for number in range(FRAMES)], axis=frame.axis)

    def frame(self, place: str, tags: Integers) -> Frame:
        """The elements of every frame. Errors: InputError where frames are mixed."""
        (found,) = self.aligned(place, tags)
        return found

    def aligned(self, place: str, *tags: Integers) -> list[Frame]:
        """The elements of several values of one shape, whose frames lie along one axis."""
        numbers, elements = zip(*(np.divmod(each, SPAN) for each in tags), strict=True)
        constant = [self.is_constant(each) for each in elements]
        for axis in range(tags[0].ndim):
            if tags[0].shape[axis] != FRAMES:
                continue
            count = np.arange(FRAMES).reshape([-1 if own == axis else 1 for own in range(tags[0].ndim)])
            if all(
                ((own == count) | fixed).all() and (each == each.take([0], axis)).all()
                for own, fixed, each in zip(numbers, constant, elements, strict=True)
            ):
                return [Frame(axis, each.take(0, axis)) for each in elements]
        if all(((own == FRAMES - 1) | fixed).all() for own, fixed in zip(numbers, constant, strict=True)):
            return [Frame(None, each) for each in elements]
        rule = "this step reads values of several frames, or frames of its own choice, at once"
        raise InputError(place, "frames mixed", rule, "Let it read one frame at a time; recurrence may.")

    def is_constant(self, elements: Integers) -> Numbers:
        """Which elements are numbers of the model."""
        kinds = np.array([isinstance(layer, Constant) for layer in self.layers.listed])
        found: Numbers = kinds[self.layers.owners[elements]]
        return found

    def numbers(self, place: str, values: Numbers, shape: tuple[int, ...], axis: int | None) -> Doubles:
        """Numbers spread to a value's shape, those of one frame, as a list."""
        whole = np.broadcast_to(np.asarray(values, np.float64), shape)
        if axis is None:
            return whole.ravel()
        if (whole != whole.take([0], axis)).any():
            rule = "these numbers differ from frame to frame"
            raise InputError(place, f"shape {np.shape(values)}", rule, "Give one set for all frames.")
        return whole.take(0, axis).ravel()

    # Layers that compute

    def formula(self, place: str, formula: str, *operands: Numbers) -> Integers:
        """``formula`` of x0, x1 ..., element by element; operands of several shapes are spread."""
        tags = np.broadcast_arrays(*operands)
        frames = self.aligned(place, *tags)
        lists = tuple(frame.elements.ravel() for frame in frames)
        elements = self.layers.elementwise(place, formula, lists)
        return self.spread(Frame(frames[0].axis, elements.reshape(frames[0].elements.shape)))

    def affine(self, place: str, terms: Sequence[tuple[Numbers, Any]], offset: Any) -> Integers:
        """The sum of ``factors * value`` over (value, factors), and an offset; spread as in numpy."""
        shape = np.broadcast_shapes(np.shape(offset), *(np.shape(part) for term in terms for part in term))
        tags = [np.broadcast_to(value, shape) for value, _ in terms]
        frames = self.aligned(place, *tags)
        axis = frames[0].axis
        feeds = tuple(
            Feed(frame.elements.ravel(), Scale(self.numbers(place, factors, shape, axis)))
            for frame, (_, factors) in zip(frames, terms, strict=True)
        )
        elements = self.layers.linear(place, feeds, self.numbers(place, offset, shape, axis))
        return self.spread(Frame(axis, elements.reshape(frames[0].elements.shape)))

    def matrix(self, place: str, tags: Integers, weights: Numbers, bias: Numbers | None) -> Integers:
        """``weights @ x + bias`` along the last axis, for weights (outputs, inputs)."""
        axis, elements = self.frame(place, tags)
        outputs, inputs = weights.shape
        if axis == tags.ndim - 1 or elements.shape[-1:] != (inputs,):
            rule = f"its matrix multiplies the last axis, of {inputs} values"
            raise InputError(place, f"input shape {tags.shape}", rule, "Put the frames on another axis.")
        lead = elements.shape[:-1]
        many = int(np.prod(lead))
        own = np.zeros(outputs) if bias is None else np.asarray(bias, np.float64)
        operator: Operator
        if many == 1:
            operator = Matrix(np.asarray(weights, np.float64)[None])
        else:  # a convolution of one tap, which shares the weights
            operator = Kernel(np.asarray(weights, np.float64)[:, :, None, None], (inputs, 1, many))
        feed = Feed(elements.reshape(many, inputs).T.ravel(), operator)
        found = self.layers.linear(place, (feed,), np.repeat(own, many))
        return self.spread(Frame(axis, found.reshape(outputs, many).T.reshape(*lead, outputs)))

    def planes(self, place: str, tags: Integers) -> tuple[Frame, Integers]:
        """The elements (C, H, W) of what a convolution or pooling reads: (frames, C, [H,] W)."""
        axis, elements = self.frame(place, tags)
        if axis is None and len(elements) == 1:
            kept, elements = Frame(None, elements), elements[0]
        elif axis == 0:
            kept = Frame(axis, elements)
        else:
            rule = "a convolution or a pooling takes a frame at a time: frames first, then planes"
            remedy = "Put the frames on axis 0; a convolution over time itself is no step of a delta network."
            raise OtherAxis(place, f"input shape {tags.shape}, frames on axis {axis}", rule, remedy)
        if elements.ndim not in (2, 3):
            rule = "convolutions and poolings have one dimension or two"
            raise InputError(place, f"input shape {tags.shape}", rule, "Use one or two dimensions.")
        return kept, elements if elements.ndim == 3 else elements[:, None]

    def restored(self, frame: Frame, elements: Integers, shape: tuple[int, int, int]) -> Integers:
        """The tags of new planes in the form that ``planes`` was given."""
        planes, high, wide = shape
        flat = frame.elements.ndim - (frame.axis is None) == 2
        found = elements.reshape((planes, wide) if flat else (planes, high, wide))
        return self.spread(Frame(frame.axis, found[None] if frame.axis is None else found))

    def convolve(
        self,
        place: str,
        tags: Integers,
        kernel: Numbers,
        bias: Numbers | None,
        *,
        stride: Sequence[int],
        padding: Sequence[tuple[int, int]],
        dilation: Sequence[int],
        groups: int = 1,
    ) -> Integers:
        """Cross-correlation with kernel (C_out, C_in / groups, [kh,] kw); one pair of paddings an axis."""
        taps = np.asarray(kernel, np.float64)
        alone = max(taps.shape[2:]) == max(stride) == 1 and not np.any(padding) and groups == 1
        if alone and self.frame(place, tags).axis not in (None, 0):  # over the frames, each by itself
            matrix = taps.reshape(len(taps), -1)
            return np.moveaxis(self.matrix(place, np.moveaxis(tags, 1, -1), matrix, bias), -1, 1)
        kept, elements = self.planes(place, tags)
        if taps.ndim == 3:
            taps = taps[:, :, None]
            stride, padding, dilation = (1, *stride), ((0, 0), *padding), (1, *dilation)
        if taps.shape[1] * groups != len(elements) or taps.ndim != 4:
            rule = f"its kernel has the shape {np.shape(kernel)}, for {taps.shape[1] * groups} planes"
            raise InputError(place, f"input shape {tags.shape}", rule, "Check the input's shape.")
        even = all(before == after for before, after in padding)
        if not even:
            elements, padding = np.pad(elements, ((0, 0), *padding)), ((0, 0), (0, 0))
        own = Kernel(
            spread_taps(taps, dilation, groups, len(elements)),
            (elements.shape[0], elements.shape[1], elements.shape[2]),
            (stride[0], stride[1]),
            (padding[0][0], padding[1][0]),
        )
        shape = own.out_shape
        if min(shape) < 1:
            rule = f"the kernel {np.shape(kernel)[2:]} does not fit the input"
            raise InputError(place, f"input shape {tags.shape}", rule, "Give larger frames.")
        operator = own if groups == 1 and max(dilation) == 1 else synapses(own)
        offset = np.zeros(shape[0]) if bias is None else np.asarray(bias, np.float64)
        feed = Feed(elements.ravel(), operator)
        found = self.layers.linear(place, (feed,), np.repeat(offset, shape[1] * shape[2]))
        return self.restored(kept, found, shape)

    def sequence(self, place: str, tags: Integers, axis: int) -> Integers:
        """The elements that a recurrent layer reads in a frame, the frames along ``axis``, one batch."""
        found, elements = self.frame(place, tags)
        if found != axis:
            rule = f"it goes through axis {axis} step by step"
            raise OtherAxis(place, f"input shape {tags.shape}, frames on axis {found}", rule, "Swap them.")
        if int(np.prod(elements.shape[:-1])) != 1:
            rule = "a recurrent layer is imported for one sequence at a time"
            raise InputError(place, f"batch shape {elements.shape[:-1]}", rule, "Use a batch of one.")
        return elements.ravel()


def spread_taps(taps: Doubles, dilation: Sequence[int], groups: int, planes: int) -> Doubles:
    """A kernel without dilation and groups: zeros between its taps and for the planes of other groups."""
    outputs, inputs, high, wide = taps.shape
    spread = np.zeros((outputs, planes, (high - 1) * dilation[0] + 1, (wide - 1) * dilation[1] + 1))
    for output in range(outputs):
        first = output // (outputs // groups) * inputs
        spread[output, first : first + inputs, :: dilation[0], :: dilation[1]] = taps[output]
    return spread


def synapses(kernel: Kernel) -> Synapses:
    """A convolution synapse by synapse, without those of weight 0; its weights are then shared no more."""
    planes, high, wide = kernel.in_shape
    (py, px), (sy, sx) = kernel.padding, kernel.stride
    numbers = np.arange(planes * high * wide).reshape(kernel.in_shape)
    padded = np.pad(numbers, ((0, 0), (py, py), (px, px)), constant_values=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.kernel.shape[2:], axis=(1, 2))
    windows = windows[:, ::sy, ::sx]  # C, H, W, kh, kw
    count = windows.shape[1] * windows.shape[2]
    targets, sources, weights = [], [], []
    for output, taps in enumerate(kernel.kernel):
        for plane, row, column in np.argwhere(taps):
            read = windows[plane, :, :, row, column].ravel()
            inside = np.flatnonzero(read >= 0)
            targets.append(output * count + inside)
            sources.append(read[inside])
            weights.append(np.full(inside.size, taps[plane, row, column]))
    none = [np.zeros(0, np.int64)]
    return Synapses(
        np.concatenate(targets or none),
        np.concatenate(sources or none),
        np.concatenate([np.zeros(0), *weights]),
        len(kernel.kernel) * count,
    )
