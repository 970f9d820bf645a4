"""A model as a small graph of named layers with arrays: what PyTorch and ONNX are both lowered to.

Every value that a layer gives for a frame is an *element* with a number of its own, counted over all layers.
What a layer reads is a list of such numbers, so that everything that only moves values about (reshaping,
transposing, slicing, joining, padding) is gone once a model stands here. Number 0 is the constant 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from deltasim.networks.importers.lowering.operators import Doubles, Operator
from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from deltasim.networks.cells import Cell


@dataclass(frozen=True, eq=False)
class Feed:
    """What a layer reads: ``operator`` of the values of ``elements``, added into ``accumulators``.

    The operator's gates feed one accumulator each. ``delay`` 1: the values of the step before.
    """

    elements: Integers
    operator: Operator
    accumulators: tuple[int, ...] = (0,)
    delay: int = 0


@dataclass(frozen=True, eq=False)
class Source:
    """An input of the model."""

    name: str
    elements: Integers


@dataclass(frozen=True, eq=False)
class Constant:
    """Numbers that belong to the model and never change."""

    name: str
    elements: Integers
    values: Doubles


@dataclass(frozen=True, eq=False)
class Linear:
    """The sum of its feeds and ``bias``."""

    name: str
    elements: Integers
    feeds: tuple[Feed, ...]
    bias: Doubles


@dataclass(frozen=True, eq=False)
class Elementwise:
    """``formula`` of x0, x1 ..., one of them for each list of elements in ``operands``."""

    name: str
    elements: Integers
    formula: str
    operands: tuple[Integers, ...]


@dataclass(frozen=True, eq=False)
class Neurons:
    """Neurons of a given cell, whose accumulators start at ``bias``; ``reverse``: from the last frame on."""

    name: str
    elements: Integers
    cell: Cell
    feeds: tuple[Feed, ...]
    bias: Doubles
    reverse: bool = False


@dataclass(frozen=True, eq=False)
class Hidden:
    """What the model knows and no message can tell, such as the memory of an LSTM: ``why`` it is refused."""

    name: str
    elements: Integers
    why: str


Layer: TypeAlias = Source | Constant | Linear | Elementwise | Neurons | Hidden


@dataclass
class Layers:
    """The layers of one model, each added when those that it reads without delay are there.

    >>> layers = Layers()
    >>> layers.source("input", 3).tolist(), layers.constant(np.array([2.5, 0.0, 2.5])).tolist()
    ([1, 2, 3], [4, 0, 4])
    """

    listed: list[Layer] = field(default_factory=lambda: [Constant("0", np.zeros(1, np.int64), np.zeros(1))])
    numbers: dict[float, int] = field(default_factory=lambda: {0.0: 0})
    taken: int = 1
    names: set[str] = field(default_factory=set)

    def reserve(self, size: int) -> Integers:
        """Numbers for the elements of a layer that is added later."""
        first, self.taken = self.taken, self.taken + size
        return np.arange(first, self.taken)

    @property
    def owners(self) -> Integers:
        """For every element the number of its layer in ``listed``."""
        owner = np.empty(self.taken, np.int64)
        for number, layer in enumerate(self.listed):
            owner[layer.elements] = number
        return owner

    def add(self, layer: Layer) -> Integers:
        """Add a layer; its elements."""
        self.listed.append(layer)
        return layer.elements

    def named(self, name: str) -> str:
        """The name, or with a number behind it where another layer has it."""
        wanted, number = name, 1
        while wanted in self.names:
            number += 1
            wanted = f"{name}_{number}"
        self.names.add(wanted)
        return wanted

    def source(self, name: str, size: int) -> Integers:
        """An input of ``size`` values a frame."""
        return self.add(Source(self.named(name), self.reserve(size)))

    def constant(self, values: Doubles) -> Integers:
        """Elements that hold these numbers: equal ones share one. The shape of ``values``."""
        if np.isnan(values).any():
            rule = "every number of a model is one"
            raise InputError("constant", "nan", rule, "Train or export the model again.")
        distinct, which = np.unique(np.asarray(values, np.float64), return_inverse=True)
        fresh = np.array([value for value in distinct.tolist() if value not in self.numbers])
        if fresh.size:
            elements = self.add(Constant("constant", self.reserve(fresh.size), fresh))
            self.numbers.update(zip(fresh.tolist(), elements.tolist(), strict=True))
        held = np.array([self.numbers[value] for value in distinct.tolist()], np.int64)
        return held[which].reshape(np.shape(values))

    def linear(self, name: str, feeds: tuple[Feed, ...], bias: Doubles) -> Integers:
        """The sum of the feeds and ``bias``; one value each."""
        return self.add(Linear(self.named(name), self.reserve(bias.size), feeds, bias))

    def elementwise(self, name: str, formula: str, operands: tuple[Integers, ...]) -> Integers:
        """``formula`` of x0, x1 ..., the operands, all of one size."""
        elements = self.reserve(operands[0].size)
        return self.add(Elementwise(self.named(name), elements, formula, operands))

    def hidden(self, name: str, size: int, why: str) -> Integers:
        """Elements that nothing may read."""
        return self.add(Hidden(name, self.reserve(size), why))
