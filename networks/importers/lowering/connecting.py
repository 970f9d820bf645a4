"""From the linear maps between two populations to one connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from deltasim.networks.connections import AllToAll, Connection, Convolution, Sparse
from deltasim.networks.importers.lowering.operators import Doubles, Kernel, Matrix, Scale, Synapses
from deltasim.runtime.arrays import Integers, Numbers


class Piece(NamedTuple):
    """What one feed makes a source population give a target: an operator on all of its values in order."""

    accumulators: tuple[int, ...]
    operator: Matrix | Kernel | Synapses


def unit(size: int) -> Kernel:
    """Every value to the neuron of its own number, as a convolution whose one weight all of them share."""
    return Kernel(np.ones((1, 1, 1, 1)), (1, 1, size))


def is_unit(operator: Matrix | Kernel | Synapses) -> bool:
    """Whether an operator is that one."""
    return (
        isinstance(operator, Kernel) and operator.kernel.shape == (1, 1, 1, 1) and operator.kernel.item() == 1
    )


def of_matrix(matrix: Matrix, columns: Integers, places: Integers, size: int) -> Matrix | Synapses:
    """The ``columns`` of a matrix that read the neurons ``places`` of a population, some of them twice."""
    gates, outputs, _ = matrix.weights.shape
    weights = np.zeros((size, gates, outputs))
    np.add.at(weights, places, matrix.weights[:, :, columns].transpose(2, 0, 1))
    whole = Matrix(weights.transpose(1, 2, 0))
    used = np.zeros(size, np.bool_)
    used[places] = True
    return whole if used.all() else synapses_of(whole, used)


def synapses_of(matrix: Matrix, used: Numbers | None = None) -> Synapses:
    """A matrix word by word, all of the columns ``used``; target * gates + gate stands for a target."""
    gates, outputs, inputs = matrix.weights.shape
    sources = np.arange(inputs) if used is None else np.flatnonzero(used)
    words = matrix.weights[:, :, sources].transpose(2, 1, 0)
    targets = np.tile(np.arange(outputs * gates), len(sources))
    return Synapses(targets, np.repeat(sources, outputs * gates), words.ravel(), outputs * gates)


def of_planes(kernel: Kernel, planes: Integers, count: int) -> Kernel | None:
    """A kernel that reads these planes of a population of ``count``; None where one is not read at all."""
    if np.unique(planes[planes >= 0]).size < count:
        return None
    taps = np.zeros((count, *kernel.kernel.transpose(1, 0, 2, 3).shape[1:]))
    read = planes >= 0
    np.add.at(taps, planes[read], kernel.kernel.transpose(1, 0, 2, 3)[read])
    return replace(kernel, kernel=taps.transpose(1, 0, 2, 3), in_shape=(count, *kernel.in_shape[1:]))


def widened(kernel: Kernel, to: Kernel) -> Kernel | None:
    """The same map as a kernel of another's geometry, with zeros around its taps; None where it is none.

    >>> large = Kernel(np.ones((1, 1, 1, 3)), (1, 1, 4), padding=(0, 1))
    >>> widened(unit(4), large).kernel.tolist()
    [[[[0.0, 1.0, 0.0]]]]
    """
    planes = to.in_shape[0]
    if is_unit(kernel) and kernel.in_shape != to.in_shape and kernel.in_shape[2] == int(np.prod(to.in_shape)):
        kernel = Kernel(np.eye(planes)[:, :, None, None], to.in_shape)
    if kernel.in_shape != to.in_shape or kernel.stride != to.stride or kernel.out_shape != to.out_shape:
        return None
    before = [wide - own for wide, own in zip(to.padding, kernel.padding, strict=True)]
    taps, wanted = kernel.kernel.shape[2:], to.kernel.shape[2:]
    after = [size - tap - first for size, tap, first in zip(wanted, taps, before, strict=True)]
    if min(before) < 0 or min(after) < 0:
        return None
    sides = ((0, 0), (0, 0), (before[0], after[0]), (before[1], after[1]))
    return Kernel(np.pad(kernel.kernel, sides), to.in_shape, to.stride, to.padding)


def placed(piece: Piece, others: list[Piece]) -> bool:
    """Add a piece to those that one connection is made of; False where it is none with them."""
    if fits(piece, others):
        others.append(piece)
        return True
    kernels = [own.operator for own in (piece, *others) if isinstance(own.operator, Kernel)]
    if len(kernels) <= len(others):
        return False
    largest = max(kernels, key=lambda kernel: kernel.kernel.size)
    wide = [found for kernel in kernels if (found := widened(kernel, largest)) is not None]
    if len(wide) <= len(others):
        return False
    pieces = [own._replace(operator=kernel) for own, kernel in zip((piece, *others), wide, strict=True)]
    others[:] = [*pieces[1:], pieces[0]]
    return True


def fits(piece: Piece, others: Sequence[Piece]) -> bool:
    """Whether one connection can be made of these: convolutions of one geometry, or none."""
    return all(
        same_geometry(piece.operator, other.operator)
        or not (is_convolution(piece.operator) or is_convolution(other.operator))
        for other in others
    )


def is_convolution(operator: Matrix | Kernel | Synapses) -> bool:
    return isinstance(operator, Kernel) and not is_unit(operator)


def same_geometry(one: Matrix | Kernel | Synapses, other: Matrix | Kernel | Synapses) -> bool:
    if not (isinstance(one, Kernel) and isinstance(other, Kernel)):
        return False
    return (one.kernel.shape, one.in_shape, one.stride, one.padding) == (
        other.kernel.shape,
        other.in_shape,
        other.stride,
        other.padding,
    )


def joined(pieces: Sequence[Piece], sources: int, targets: int) -> tuple[Connection, tuple[int, ...]]:
    """One connection of pieces that fit, and the accumulators that its gates feed.

    Matrices make an all-to-all connection, convolutions of one geometry a convolution, all else the list of
    its synapses.
    """
    accumulators = tuple(sorted({number for piece in pieces for number in piece.accumulators}))
    gate = {number: place for place, number in enumerate(accumulators)}
    operators = [piece.operator for piece in pieces]
    first = operators[0]
    if isinstance(first, Kernel) and all(same_geometry(first, operator) for operator in operators):
        kernels = np.zeros((len(accumulators), *first.kernel.shape))
        for piece in pieces:
            kernels[gate[piece.accumulators[0]]] += piece.operator.kernel  # type: ignore[union-attr]
        stacked = kernels.reshape(-1, *first.kernel.shape[1:]).astype(np.float32)
        connection = Convolution(
            stacked, first.in_shape, first.stride, first.padding, gates=len(accumulators)
        )
        return connection, accumulators
    if all(isinstance(operator, Matrix) for operator in operators):
        weights = np.zeros((len(accumulators), targets, sources))
        for piece in pieces:
            for own, number in enumerate(piece.accumulators):
                weights[gate[number]] += piece.operator.weights[own]  # type: ignore[union-attr]
        return AllToAll.from_matrices(weights.astype(np.float32)), accumulators
    listed = [by_gate(piece, sources, gate) for piece in pieces]
    place, source, weight = (np.concatenate(part) for part in zip(*listed, strict=True))
    keys, which = np.unique(source * (targets * len(gate)) + place, return_inverse=True)
    sums = np.bincount(which, weight, keys.size).astype(np.float32)
    source, place = np.divmod(keys, targets * len(gate))
    pointer = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=sources))])
    return Sparse(pointer, place, sums, targets, len(gate)), accumulators


def by_gate(piece: Piece, sources: int, gate: dict[int, int]) -> tuple[Integers, Integers, Doubles]:
    """A piece as (place, source, weight) of its synapses, place being target * gates + gate."""
    operator, own = piece.operator, np.array([gate[number] for number in piece.accumulators], np.int64)
    if isinstance(operator, Kernel):
        operator = Synapses(np.arange(sources), np.arange(sources), np.ones(sources), sources)
    elif isinstance(operator, Matrix):
        operator = synapses_of(operator)
    target, block = np.divmod(operator.targets, own.size)
    return target * len(gate) + own[block], operator.sources, operator.weights


def scattered(operator: Scale | Synapses, columns: Integers, places: Integers) -> Synapses:
    """The part of an operator that reads ``columns`` of its inputs, from the neurons ``places``."""
    if isinstance(operator, Scale):
        return Synapses(columns, places, operator.factors[columns], operator.factors.size)
    place_of = np.full(int(operator.sources.max(initial=0)) + 1 + int(columns.max(initial=0)), -1)
    place_of[columns] = places
    mine = place_of[operator.sources] >= 0
    return replace(
        operator,
        targets=operator.targets[mine],
        sources=place_of[operator.sources[mine]],
        weights=operator.weights[mine],
    )
