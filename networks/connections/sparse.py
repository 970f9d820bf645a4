"""Synapses one by one: every source neuron reaches targets of its own choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from deltasim.networks.connections.integrating import Integrating, held
from deltasim.networks.connections.reach import largest_magnitude
from deltasim.networks.connections.rules import Integrator, bounds_of, fed_of, require_matching
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint
from deltasim.networks.numbers.fixed_point import saturated, shifted
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.compiling import kernel
from deltasim.runtime.errors import InputError


@dataclass(frozen=True, eq=False)
class Sparse(Integrating):
    """Compressed columns: the words of source s are ``weights[pointer[s]:pointer[s + 1]]``.

    Word k goes to place ``targets[k] = target * gates + gate``; with one gate that is the target neuron.
    Places ascend strictly within a column. A message (source, delta) does ``accumulators[lanes[gate],
    target] += weights[k] * delta`` for every word of its column: nothing is fetched or multiplied where
    there is no word. ``pointer`` (n_source + 1,) int64, ``targets`` (words,) uint16 where that holds every
    place, else int32, ``weights`` (words,) float32 or raw integers: 3 to 8 bytes a synapse, 8 a neuron.

    >>> connection = Sparse.from_matrices([[0.0, 2.0], [1.0, 0.0], [3.0, 0.0]])   # 3 targets, 2 sources
    >>> connection.targets.tolist(), connection.weights.tolist(), connection.fan_out.tolist()
    ([1, 2, 0], [1.0, 3.0, 2.0], [2, 1])
    >>> accumulators = np.zeros((1, 3), np.float32)
    >>> connection.accumulate(accumulators, (0,), source=0, delta=0.5)
    >>> accumulators.tolist()
    [[0.0, 0.5, 1.5]]
    """

    pointer: Integers
    targets: Numbers
    weights: Numbers
    target_size: int
    gates: int = 1

    def __post_init__(self) -> None:
        pointer = np.ascontiguousarray(self.pointer, np.int64)
        weights = np.ascontiguousarray(self.weights)
        if weights.dtype.kind == "f":
            weights = np.ascontiguousarray(weights, np.float32)
        places = self.target_size * self.gates
        if self.target_size < 1 or self.gates < 1 or places >= 2**31:
            rule = "a sparse connection has at least one target and one gate, together below 2**31"
            raise InputError("weights", f"{self.target_size} x {self.gates}", rule, "Split the population.")
        words = np.asarray(self.targets)
        if weights.ndim != 1 or words.shape != weights.shape:
            rule = "targets and weights of a sparse connection are two lists of one length"
            raise InputError("weights", f"{words.shape} and {weights.shape}", rule, "Give one of each.")
        ascending = pointer.ndim == 1 and pointer.size >= 2 and bool((np.diff(pointer) >= 0).all())
        if not ascending or pointer[0] != 0 or pointer[-1] != weights.size:
            rule = f"the pointer of a sparse connection ascends from 0 to its {weights.size} words"
            raise InputError("weights: pointer", pointer.ravel()[:8].tolist(), rule, "Build it again.")
        fault = first_fault(pointer, words, places)
        if fault >= 0:
            rule = f"targets of a source ascend without repetition, within 0 to {places - 1}"
            raise InputError(f"weights: word {fault}", words[fault], rule, "Sort, or add up double words.")
        object.__setattr__(self, "pointer", pointer)
        narrowest = np.uint16 if places <= 2**16 else np.int32
        object.__setattr__(self, "targets", np.ascontiguousarray(words, narrowest))
        object.__setattr__(self, "weights", weights)

    @classmethod
    def from_matrices(cls, weights: ArrayLike) -> Sparse:
        """The words that are not 0 of gate matrices (G, n_target, n_source), or of one (n_target, n_source).

        >>> pruned = Sparse.from_matrices(np.array([[[1, 0], [0, 2]], [[3, 4], [0, 0]]], np.int8))
        >>> pruned.gates, pruned.weight_words, pruned.targets.tolist()       # target * 2 + gate
        (2, 4, [0, 1, 1, 2])
        """
        matrices = np.asarray(weights)
        if matrices.ndim == 2:
            matrices = matrices[None]
        gates, targets, sources = matrices.shape
        columns = np.ascontiguousarray(matrices.transpose(2, 1, 0)).reshape(sources, targets * gates)
        source, places = np.nonzero(columns)
        pointer = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=sources))])
        return cls(pointer, places, columns[source, places], targets, gates)

    @classmethod
    def from_synapses(
        cls, sources: ArrayLike, targets: ArrayLike, weights: ArrayLike, source_size: int, target_size: int
    ) -> Sparse:
        """Synapses (source, target, weight) in any order; one gate.

        >>> Sparse.from_synapses([1, 0, 1], [2, 0, 1], [0.5, 1.0, 2.0], 2, 3).targets.tolist()
        [0, 1, 2]
        """
        starts, ends = np.asarray(sources, np.int64), np.asarray(targets, np.int64)
        if starts.size and not 0 <= starts.min() <= starts.max() < source_size:
            rule = f"sources lie within 0 to {source_size - 1}"
            raise InputError("synapses", f"{starts.min()} to {starts.max()}", rule, "Mend the list.")
        order = np.lexsort((ends, starts))
        pointer = np.concatenate([[0], np.cumsum(np.bincount(starts, minlength=source_size))])
        return cls(pointer, ends[order], np.asarray(weights)[order], target_size)

    @property
    def source_size(self) -> int:
        return self.pointer.size - 1

    @property
    def content(self) -> tuple[Numbers, ...]:
        """Everything that makes this connection what it is, as arrays: for digests."""
        return (self.pointer, self.targets, self.weights, np.array([self.target_size, self.gates], np.int64))

    @property
    def weight_words(self) -> int:
        """Words stored."""
        return int(self.weights.size)

    @property
    def fan_out(self) -> Integers:
        """Words fetched, and multiply-accumulates done, for a message of each source. Shape (n_source,)."""
        return np.diff(self.pointer)

    def index_bits(self, targets: int) -> int:
        """Bits stored beside a word to say where it belongs, on a core that holds ``targets`` neurons.

        >>> Sparse.from_matrices(np.eye(3)).index_bits(3), Sparse.from_matrices(np.eye(3)).index_bits(1)
        (2, 0)
        """
        return (targets * self.gates - 1).bit_length()

    def column_words(self, bounds: Sequence[int] | Integers) -> Integers:
        """Words of each column that fall in target neurons [bounds[i], bounds[i+1]). (n_source, len - 1)."""
        checked = bounds_of(bounds, self.target_size) * self.gates
        words = np.empty((self.source_size, checked.size - 1), np.int64)
        count_words(self.pointer, self.targets, checked, words)
        return words

    def restrict(self, lo: int, hi: int) -> Sparse:
        """The part that feeds target neurons [lo, hi): what a core that holds only those needs."""
        low, high = bounds_of((lo, hi), self.target_size) * self.gates
        inside = (self.targets >= low) & (self.targets < high)
        before = np.concatenate([[0], np.cumsum(inside)])
        kept = self.targets[inside] - self.targets.dtype.type(low)
        return Sparse(before[self.pointer], kept, self.weights[inside], hi - lo, self.gates)

    def with_weights(self, weights: Numbers) -> Sparse:
        """The same synapses with other stored words."""
        return Sparse(self.pointer, self.targets, weights, self.target_size, self.gates)

    @cached_property
    def largest_weight(self) -> int:
        """The largest magnitude among raw words."""
        return max(-int(self.weights.min(initial=0)), int(self.weights.max(initial=0)))

    def integrator(self, fed: Sequence[int] | Integers, arithmetic: Arithmetic) -> Integrator:
        """``integrate`` with its lanes and arithmetic settled once: ``f(accumulators, sources, deltas)``."""
        require_matching(self.weights, arithmetic)
        pointer, targets, weights, rows = self.pointer, self.targets, self.weights, fed_of(fed)
        if not isinstance(arithmetic, FixedPoint):
            return lambda totals, sources, deltas: add_words(
                totals, rows, pointer, targets, weights, sources, deltas
            )
        shift, largest = arithmetic.product_shift, self.largest_weight
        return held(
            lambda totals, sources, deltas, lowest, highest: add_words_fixed(
                totals, rows, pointer, targets, weights, sources, deltas, shift, largest, lowest, highest
            ),
            rows,
            arithmetic,
        )


@kernel
def first_fault(pointer: Integers, targets: Numbers, places: int) -> int:
    """The first word whose place is outside [0, places) or not above the one before it; -1 if none."""
    for source in range(pointer.size - 1):
        before = -1
        for word in range(pointer[source], pointer[source + 1]):
            if targets[word] <= before or targets[word] >= places:
                return int(word)
            before = targets[word]
    return -1


@kernel
def count_words(pointer: Integers, targets: Numbers, bounds: Integers, words: Integers) -> None:
    """Count every column's words between each two bounds; places and bounds both ascend."""
    for source in range(pointer.size - 1):
        word, end = pointer[source], pointer[source + 1]
        while word < end and targets[word] < bounds[0]:
            word += 1
        for part in range(bounds.size - 1):
            first = word
            while word < end and targets[word] < bounds[part + 1]:
                word += 1
            words[source, part] = word - first


@kernel
def by_place(accumulators: Numbers, fed: Integers) -> Numbers:
    """The sums in order of places: of one gate the accumulators themselves, of several a copy."""
    if fed.size == 1:
        row: Numbers = accumulators[fed[0]]
        return row
    sums = np.empty(fed.size * accumulators.shape[1], accumulators.dtype)
    for gate in range(fed.size):
        for target in range(accumulators.shape[1]):
            sums[target * fed.size + gate] = accumulators[fed[gate], target]
    return sums


@kernel
def put_back(accumulators: Numbers, fed: Integers, sums: Numbers) -> None:
    """The copy of ``by_place`` back to where it came from."""
    if fed.size > 1:
        for gate in range(fed.size):
            for target in range(accumulators.shape[1]):
                accumulators[fed[gate], target] = sums[target * fed.size + gate]


@kernel
def add_words(
    accumulators: Numbers,
    fed: Integers,
    pointer: Integers,
    targets: Numbers,
    weights: Numbers,
    sources: Numbers,
    deltas: Numbers,
) -> None:
    """Add float32 columns word by word."""
    sums = by_place(accumulators, fed)
    for message in range(sources.size):
        delta, source = deltas[message], sources[message]
        places = targets[pointer[source] : pointer[source + 1]]
        words = weights[pointer[source] : pointer[source + 1]]
        for word in range(words.size):
            sums[np.uint64(places[word])] += words[word] * delta
    put_back(accumulators, fed, sums)


@kernel
def add_words_fixed(
    accumulators: Numbers,
    fed: Integers,
    pointer: Integers,
    targets: Numbers,
    weights: Numbers,
    sources: Numbers,
    deltas: Numbers,
    shift: int,
    largest_weight: int,
    lowest: int,
    highest: int,
) -> None:
    """Add raw columns: every product rounded to the accumulator's fraction, every sum saturated.

    No word is beyond +-``largest_weight``. A message that cannot take a sum to its bounds is added without
    looking at any. How far the sums reach is looked up once as many words have been added as there are sums.
    """
    sums = by_place(accumulators, fed)
    reach, unseen = np.int64(highest) + 1, 0  # no sum is beyond it; words added since it was looked up
    for message in range(sources.size):
        delta, source = np.int64(deltas[message]), sources[message]
        places = targets[pointer[source] : pointer[source + 1]]
        words = weights[pointer[source] : pointer[source + 1]]
        growth = shifted(abs(delta) * largest_weight, shift)
        if reach + growth > highest and unseen >= sums.size:
            reach, unseen = largest_magnitude(sums), 0
        if shift <= 0 and reach + growth <= highest:
            times = shifted(delta, shift)
            for word in range(words.size):
                sums[np.uint64(places[word])] += times * words[word]
        else:
            for word in range(words.size):
                place = np.uint64(places[word])  # unsigned: no index is looked at for being negative
                total = sums[place] + shifted(delta * words[word], shift)
                sums[place] = saturated(total, lowest, highest)
        reach, unseen = min(reach + growth, np.int64(highest) + 1), unseen + words.size
    put_back(accumulators, fed, sums)
