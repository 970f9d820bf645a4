"""From layers to populations and projections: what is folded away, and what joins what is left.

1. A layer that only scales, shifts or adds up (a batch norm, a bias, a residual sum) is folded into the
   matrix before it where only it reads that, else into the matrix behind it.
2. An element-wise layer takes in the element-wise and linear layers that only it reads: one population,
   whose accumulators the matrices feed and whose cell computes the rest.
3. Every other layer becomes a population of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.networks.cells import Cell, Conv2d, Dense, Formula, Input
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.importers.lowering.connecting import (
    Piece,
    joined,
    of_matrix,
    of_planes,
    placed,
    scattered,
    unit,
)
from deltasim.networks.importers.lowering.folding import Folding
from deltasim.networks.importers.lowering.layers import (
    Constant,
    Elementwise,
    Feed,
    Hidden,
    Layer,
    Layers,
    Linear,
    Neurons,
    Source,
)
from deltasim.networks.importers.lowering.operators import Doubles, Kernel, Matrix, Scale
from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError

Flags = npt.NDArray[np.bool_]
OUTPUT = -1  # the reader of what the model gives
ACTIVATIONS = {"x0": "identity", "relu(x0)": "relu", "sigmoid(x0)": "sigmoid", "tanh(x0)": "tanh"}
"""Formulas that are the activation of a Dense or Conv2d cell."""


class Plan(NamedTuple):
    """A population to be: what it reads is connected when all populations are there."""

    name: str
    cell: Cell
    feeds: tuple[Feed, ...]
    bias: Doubles | None
    reverse: bool


def lower(layers: Layers, outputs: Sequence[Integers], name: str) -> Network:
    """The network of layers; ``outputs`` are lists of elements, side by side the network's output.

    >>> layers = Layers()
    >>> x = layers.source("input", 2)
    >>> total = layers.linear("sum", (Feed(x, Scale(np.ones(2))),), np.array([1.0, 0.0]))
    >>> y = layers.elementwise("square", "x0 * x0", (total,))
    >>> [(p.name, p.cell.kind) for p in lower(layers, [y], "squares").populations]
    [('input', 'input'), ('square', 'formula')]
    """
    return Lowering(layers, outputs).network(name)


class Lowering:
    """Populations made one after another, each when something that is left reads it."""

    def __init__(self, layers: Layers, outputs: Sequence[Integers]) -> None:
        self.layers, self.listed = layers, layers.listed
        self.outputs = [np.asarray(elements, np.int64).ravel() for elements in outputs]
        self.folding = Folding(layers, self.outputs)
        self.plans: list[Plan] = []
        self.place: dict[int, int] = {}  # of a layer, in plans
        self.copies: dict[tuple[bytes, bool], Integers] = {}

    def network(self, name: str) -> Network:
        """Everything that the outputs need; every source is kept."""
        for number, layer in enumerate(self.listed):
            if isinstance(layer, Source):
                self.population(number)
        shown = [self.plans[place].name for elements in self.outputs for place in self.shown(elements)]
        if len(set(shown)) < len(shown):
            value = next(one for one in shown if shown.count(one) > 1)
            raise InputError(
                f"model {name}", value, "a network gives each output once", "Drop the second one."
            )
        projections: list[Projection] = []
        place = 0
        while place < len(self.plans):  # connecting may add populations
            projections += self.connected(place)
            place += 1
        passes = self.passes(projections)
        populations = [
            Population(
                plan.name,
                plan.cell,
                None if plan.bias is None else plan.bias.astype(np.float32),
                pass_number,
                plan.reverse,
            )
            for plan, pass_number in zip(self.plans, passes, strict=True)
        ]
        return Network(name, tuple(populations), tuple(projections), tuple(shown))

    # Populations

    def population(self, number: int) -> int:
        """The place of a layer's population, which is planned now if it is not there."""
        if number in self.place:
            return self.place[number]
        layer = self.listed[number]
        if isinstance(layer, Source):
            self.plan(number, Plan(layer.name, Input(layer.elements.size), (), None, False))
        elif isinstance(layer, Elementwise) or self.folding.takes_in(number, number):
            self.elementwise(number)
        elif isinstance(layer, Linear):
            self.assemble(number, None, layer.feeds, layer.bias[None], "x0")
        elif isinstance(layer, Neurons):
            self.assemble(number, layer.cell, layer.feeds, layer.bias, "")
        elif isinstance(layer, Hidden):
            raise InputError(layer.name, "read by another layer", layer.why, "Use the outputs of the layer.")
        return self.place[number]

    def plan(self, number: int, plan: Plan) -> None:
        self.plans.append(plan)
        self.place[number] = len(self.plans) - 1

    def elementwise(self, number: int) -> None:
        """An element-wise layer, or a sum of such, and all that it takes in, as one cell."""
        size = self.listed[number].elements.size
        accumulators: dict[bytes, int] = {}
        feeds: list[Feed] = []
        biases: list[Doubles] = []
        statements: list[str] = []
        written: dict[int, str] = {}
        folding = self.folding

        def accumulator(key: bytes, elements: Integers | None, bias: Doubles) -> str:
            if key not in accumulators:
                accumulators[key] = len(accumulators)
                biases.append(bias)
                if elements is not None:
                    feeds.append(Feed(elements, Scale(np.ones(size)), (accumulators[key],)))
            return f"a{accumulators[key]}"

        def numbers(values: Doubles) -> str:
            if (values == values[0]).all():
                return f"({float(values[0])!r})"
            return accumulator(b"numbers" + values.tobytes(), None, values)

        def operand(elements: Integers) -> str:
            if folding.is_constant(elements).all():
                return numbers(folding.values(elements))
            owners = np.unique(folding.owner[elements]).tolist()
            first = owners[0]
            plain = isinstance(self.listed[first], Elementwise)
            inside = len(owners) == 1 and (plain or isinstance(self.listed[first], Linear))
            if inside and folding.root(first) == number and (plain or folding.takes_in(first, number)):
                if first not in written:
                    text = filled(self.listed[first])
                    written[first] = f"t{len(written)}"
                    statements.append(f"{written[first]} = {text}")
                return written[first]
            return accumulator(elements.tobytes(), elements, np.zeros(size))

        def filled(inner: Layer) -> str:
            if isinstance(inner, Elementwise):
                texts = [operand(elements) for elements in inner.operands]
                return re.sub(r"\bx(\d+)\b", lambda found: texts[int(found[1])], inner.formula)
            assert isinstance(inner, Linear)
            terms = [numbers(inner.bias)] if inner.bias.any() else []
            for feed in inner.feeds:
                assert isinstance(feed.operator, Scale)
                value = operand(feed.elements)
                plain = (feed.operator.factors == 1).all()
                terms.append(value if plain else f"{numbers(feed.operator.factors)} * {value}")
            return " + ".join(terms)

        formula = filled(self.listed[number])
        plain = formula.replace("a0", "x0") if len(accumulators) == 1 and not statements else ""
        cell = None if plain in ACTIVATIONS else Formula(size, "; ".join([*statements, f"y = {formula}"]))
        self.assemble(number, cell, feeds, np.array(biases), plain)

    def assemble(
        self, number: int, cell: Cell | None, feeds: Sequence[Feed], bias: Doubles, plain: str
    ) -> None:
        """Plan a population of this cell, or (None) of a Dense or Conv2d one with the activation ``plain``.

        One that has a single matrix takes its name, else that of its own layer.
        """
        layer, own, matrices = self.listed[number], bias.copy(), set()
        reverse = isinstance(layer, Neurons) and layer.reverse
        found: list[Feed] = []
        for feed in feeds:
            more, added, taken_in = self.folding.expanded(feed, number, self.place)
            found += more
            matrices |= taken_in
            own[list(feed.accumulators)] += added
        name = matrices.pop() if len(matrices) == 1 and not isinstance(layer, Neurons) else layer.name
        found = [self.by_planes(feed, name, reverse) for feed in found]
        for feed in found:
            constant = self.folding.is_constant(feed.elements)
            if constant.any():
                values = np.where(constant, self.folding.values(feed.elements), 0.0)
                own[list(feed.accumulators)] += feed.operator.of(values)
        if cell is None:
            operator = found[0].operator if len(found) == 1 else None
            shape = operator.out_shape if isinstance(operator, Kernel) else None
            activation = ACTIVATIONS[plain]
            cell = Conv2d(shape, activation) if shape else Dense(layer.elements.size, activation)
        for feed in found:
            if not feed.delay:
                for owner in np.unique(self.folding.owner[feed.elements]).tolist():
                    if not isinstance(self.listed[owner], Constant):
                        self.population(owner)
        self.plan(number, Plan(name, cell, tuple(found), own, reverse))

    def by_planes(self, feed: Feed, name: str, reverse: bool) -> Feed:
        """A feed whose convolution reads whole planes of populations: as it is, or by a copy."""
        if not isinstance(feed.operator, Kernel) or self.planes(feed, feed.operator) is not None:
            return feed
        return replace(feed, elements=self.copy(feed.elements, f"{name}_input", reverse))

    def shown(self, elements: Integers) -> list[int]:
        """The populations whose values side by side are these elements; a copy where there are none."""
        cuts = np.flatnonzero(np.diff(self.folding.owner[elements])) + 1
        parts = [(int(self.folding.owner[part[0]]), part) for part in np.split(elements, cuts)]
        for owner, part in parts:
            layer = self.listed[owner]
            if isinstance(layer, Constant | Source) or not np.array_equal(layer.elements, part):
                held = self.copy(elements, "output", False)
                return [self.population(int(self.folding.owner[held[0]]))]
        return [self.population(owner) for owner, _ in parts]

    def copy(self, elements: Integers, name: str, reverse: bool) -> Integers:
        """The elements of a population that holds these values in this order: one for all that ask for it."""
        key = (elements.tobytes(), reverse)
        if key not in self.copies:
            size = elements.size
            feeds = (Feed(elements, Scale(np.ones(size))),)
            own = self.layers.reserve(size)
            layer = Neurons(self.layers.named(name), own, Dense(size), feeds, np.zeros((1, size)), reverse)
            self.copies[key] = self.layers.add(layer)
            self.folding.renew()
        return self.copies[key]

    # Projections

    def connected(self, place: int) -> list[Projection]:
        """The projections into a population."""
        plan = self.plans[place]
        into: dict[tuple[int, int], list[Piece]] = {}
        for feed in plan.feeds:
            for source, piece in self.pieces(feed, plan):
                place = source
                while not placed(piece, into.setdefault((place, feed.delay), [])):
                    whole = self.whole(place)  # two that are no one connection: the second reads a copy
                    held = self.copy(whole, f"{plan.name}_skip", plan.reverse)
                    place = self.population(int(self.folding.owner[held[0]]))
        projections = []
        for (source, delay), pieces in into.items():
            if pieces:
                name, size = self.plans[source].name, self.plans[source].cell.size
                connection, accumulators = joined(pieces, size, plan.cell.size)
                role = "recurrent" if delay else "input"
                fed = None if plan.cell.accumulators_of(role) == accumulators else accumulators
                projections.append(Projection(name, plan.name, connection, role, delay, accumulators=fed))
        return projections

    def whole(self, place: int) -> Integers:
        """All elements of a population."""
        number = next(number for number, own in self.place.items() if own == place)
        return self.listed[number].elements

    def pieces(self, feed: Feed, plan: Plan) -> Iterator[tuple[int, Piece]]:
        """What a feed reads, population by population."""
        operator, elements = feed.operator, feed.elements
        varying = np.flatnonzero(~self.folding.is_constant(elements))
        owner = self.folding.owner[elements]
        if isinstance(operator, Kernel):
            for number, kernel in self.planes(feed, operator) or ():
                yield self.population(number), Piece(feed.accumulators, kernel)
            return
        for number in np.unique(owner[varying]).tolist():
            columns = varying[owner[varying] == number]
            places = elements[columns] - self.listed[number].elements[0]
            size = self.listed[number].elements.size
            if isinstance(operator, Matrix):
                yield (
                    self.population(number),
                    Piece(feed.accumulators, of_matrix(operator, columns, places, size)),
                )
            elif isinstance(operator, Scale) and is_plain(operator, places, elements.size, size):
                yield self.population(number), Piece(feed.accumulators, unit(size))
            else:
                yield self.population(number), Piece(feed.accumulators, scattered(operator, columns, places))

    def planes(self, feed: Feed, kernel: Kernel) -> list[tuple[int, Kernel]] | None:
        """A kernel as kernels on whole populations, where every plane it reads is one of theirs."""
        count, high, wide = kernel.in_shape
        elements = feed.elements.reshape(count, high * wide)
        owner = self.folding.owner[elements]
        constant = self.folding.is_constant(elements)
        plane = np.full(count, -1)
        for number in range(count):
            if constant[number].all():
                continue
            first = elements[number, 0] - self.listed[owner[number, 0]].elements[0]
            apart = (owner[number] != owner[number, 0]).any() or (np.diff(elements[number]) != 1).any()
            if apart or first % (high * wide):
                return None
            plane[number] = first // (high * wide)
        found = []
        for number in np.unique(owner[plane >= 0, 0]).tolist():
            size = self.listed[number].elements.size
            mine = np.where((owner[:, 0] == number) & (plane >= 0), plane, -1)
            own = of_planes(kernel, mine, size // (high * wide)) if size % (high * wide) == 0 else None
            if own is None:
                return None
            found.append((number, own))
        return found

    def passes(self, projections: Sequence[Projection]) -> list[int]:
        """The earliest pass in which each population can be computed.

        What runs the other way is read once it has seen the whole sequence, so a pass later.
        """
        place = {plan.name: number for number, plan in enumerate(self.plans)}
        passes, changed = [0] * len(self.plans), True
        while changed:
            changed = False
            for projection in projections:
                source, target = place[projection.source], place[projection.target]
                if self.plans[source].bias is None:
                    continue
                apart = self.plans[source].reverse != self.plans[target].reverse
                if passes[target] < passes[source] + apart:
                    passes[target], changed = passes[source] + apart, True
                if projection.delay and passes[source] < passes[target]:
                    passes[source], changed = passes[target], True
        return passes


def is_plain(scale: Scale, places: Integers, count: int, size: int) -> bool:
    """Whether all of a population's values are read as they are, in order."""
    return count == size == places.size and bool((scale.factors == 1).all() and (np.diff(places) == 1).all())
