"""Which layers are folded into which: nobody else reads them, and one matrix says what both do."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.networks.importers.lowering.layers import (
    Constant,
    Elementwise,
    Feed,
    Layer,
    Layers,
    Linear,
    Neurons,
)
from deltasim.networks.importers.lowering.operators import Doubles, Scale
from deltasim.runtime.arrays import Integers

Flags = npt.NDArray[np.bool_]
OUTPUT = -1  # the reader of what the model gives


class Use(NamedTuple):
    """Which elements of a layer another one reads in one list, and how."""

    reader: int
    elements: Integers
    plain: bool  # value by value, in a list that has elements of no other layer


class Folding:
    """The layers that the outputs need, and who reads them."""

    def __init__(self, layers: Layers, outputs: Sequence[Integers]) -> None:
        self.layers, self.listed, self.outputs = layers, layers.listed, outputs
        self.renew()
        self.uses = self.uses_of()
        self.roots: dict[int, int] = {}

    def renew(self) -> None:
        """Look again at which elements there are, after a layer was added."""
        self.owner = self.layers.owners
        self.constant = np.array([isinstance(layer, Constant) for layer in self.listed])
        self.numbers = np.zeros(self.layers.taken)
        for layer in self.listed:
            if isinstance(layer, Constant):
                self.numbers[layer.elements] = layer.values

    def is_constant(self, elements: Integers) -> Flags:
        """Which of the elements are numbers of the model."""
        return self.constant[self.owner[elements]]

    def values(self, elements: Integers) -> Doubles:
        """The numbers of those elements that are constants; others mean nothing."""
        found: Doubles = self.numbers[elements]
        return found

    def uses_of(self) -> dict[int, list[Use]]:
        """For every layer who reads it, among those that the outputs need."""
        uses: dict[int, list[Use]] = {}
        waiting: list[tuple[int, Integers, bool]] = [(OUTPUT, elements, False) for elements in self.outputs]
        seen: set[int] = set()
        while waiting:
            reader, elements, plain = waiting.pop()
            owner = self.owner[elements]
            found = np.unique(owner).tolist()
            for number in found:
                use = Use(reader, elements[owner == number], plain and len(found) == 1)
                uses.setdefault(number, []).append(use)
                if number not in seen:
                    seen.add(number)
                    waiting += [(number, *read) for read in self.read_by(self.listed[number])]
        return uses

    @staticmethod
    def read_by(layer: Layer) -> Iterator[tuple[Integers, bool]]:
        """The lists of elements that a layer reads, and whether value by value."""
        if isinstance(layer, Elementwise):
            yield from ((elements, True) for elements in layer.operands)
        elif isinstance(layer, Linear | Neurons):
            for feed in layer.feeds:
                yield feed.elements, isinstance(feed.operator, Scale) and not feed.delay

    def root(self, number: int) -> int:
        """The layer whose population computes this one: itself, or the only one that reads it."""
        if number not in self.roots:
            layer = self.listed[number]
            found = {number}
            if isinstance(layer, Elementwise) and self.read_whole(number):
                found = {self.taking_in(use.reader) for use in self.uses[number]}
            elif isinstance(layer, Linear) and self.read_once(number):
                found = {self.root(use.reader) for use in self.uses[number]}
            only = found.pop() if len(found) == 1 else number
            self.roots[number] = number if only == OUTPUT else only
        return self.roots[number]

    def read_whole(self, number: int) -> bool:
        """Whether all that reads a layer reads it value by value, every value, in order."""
        own = self.listed[number].elements
        return all(use.plain and np.array_equal(use.elements, own) for use in self.uses[number])

    def read_once(self, number: int) -> bool:
        """Whether all that reads a layer reads it value by value, and no value in two ways."""
        uses = self.uses[number]
        chosen = {use.elements.tobytes(): use.elements.size for use in uses}
        size = self.listed[number].elements.size
        return all(use.plain for use in uses) and sum(chosen.values()) <= size

    def taking_in(self, reader: int) -> int:
        """The root of a layer that reads an element-wise one, if it can take that in; else OUTPUT.

        A linear layer can when it is taken in itself, or when it is the model's output: behind any other a
        matrix follows, into which it is folded.
        """
        layer = self.listed[reader]
        if isinstance(layer, Elementwise):
            return self.root(reader)
        if not self.is_affine(reader):
            return OUTPUT
        root = self.root(reader)
        if root != reader:
            return self.taking_in(root) if self.read_whole(reader) else OUTPUT
        return reader if all(use.reader == OUTPUT for use in self.uses[reader]) else OUTPUT

    def is_affine(self, number: int) -> bool:
        """Whether a layer is a sum of other values times factors, without a matrix."""
        layer = self.listed[number]
        return isinstance(layer, Linear) and all(isinstance(feed.operator, Scale) for feed in layer.feeds)

    def takes_in(self, number: int, root: int) -> bool:
        """Whether an affine layer within the population of ``root`` reads an element-wise one within it."""
        if not self.is_affine(number):
            return False
        for elements, _ in self.read_by(self.listed[number]):
            for owner in np.unique(self.owner[elements]).tolist():
                plain = isinstance(self.listed[owner], Elementwise)
                inside = (plain or isinstance(self.listed[owner], Linear)) and self.root(owner) == root
                if inside and (plain or self.takes_in(owner, root)):
                    return True
        return False

    def expanded(
        self, feed: Feed, target: int, populations: Container[int]
    ) -> tuple[list[Feed], Doubles, set[str]]:
        """A feed without the linear layers that are folded into it.

        ``target`` is the layer whose population reads the feed; layers of ``populations`` have one of their
        own by now. Returns feeds, what they add to the bias of the accumulators, and the names of linear
        layers with a matrix of their own that were taken in.
        """
        alone: tuple[list[Feed], Doubles, set[str]]
        alone = [feed], np.zeros((len(feed.accumulators), 1)), set()
        owners = np.unique(self.owner[feed.elements]).tolist()
        layer = self.listed[owners[0]]
        if len(owners) > 1 or not isinstance(layer, Linear) or owners[0] in populations or feed.delay:
            return alone
        chosen = feed.elements - layer.elements[0]
        before = isinstance(feed.operator, Scale) and self.root(owners[0]) == target
        if not before and len(layer.feeds) > 1:
            return alone
        bias = feed.operator.of(layer.bias[chosen])
        matrices = any(not isinstance(part.operator, Scale) for part in layer.feeds)
        names = {layer.name} if matrices else set()
        found: list[Feed] = []
        for part in (self.folded(feed, part, chosen, before) for part in layer.feeds):
            if part is None:
                return alone
            more, own, taken_in = self.expanded(part, target, populations)
            found += more
            bias = bias + own
            names |= taken_in
        return found, bias, names

    @staticmethod
    def folded(feed: Feed, part: Feed, chosen: Integers, before: bool) -> Feed | None:
        """One feed of a linear layer and the one behind it as one, where that is a matrix too."""
        operator, elements = None, part.elements
        if isinstance(part.operator, Scale):
            operator, elements = feed.operator.times_columns(part.operator.factors[chosen]), elements[chosen]
        elif before and isinstance(feed.operator, Scale):
            rows = part.operator.rows(chosen)
            if rows is not None:
                operator, elements = rows[0].times_rows(feed.operator.factors), elements[rows[1]]
        return None if operator is None else Feed(elements, operator, feed.accumulators, part.delay)
