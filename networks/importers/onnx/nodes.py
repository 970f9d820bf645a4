"""What an operator is given: a node with its attributes, values that are tags or numbers, and signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from deltasim.networks.importers.lowering.signals import Signals, Tagged
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.errors import InputError


@dataclass(frozen=True)
class State:
    """An input of the model that is only where a recurrent layer begins: at zero."""

    name: str


Value: TypeAlias = Tagged | State | Numbers | None
"""A value of the model; None where a node leaves an input out."""


@dataclass(frozen=True, eq=False)
class Node:
    """One node of the graph while it is read.

    ``name`` is what its layer is called, ``place`` what an error calls it.
    """

    op: str
    name: str
    place: str
    inputs: tuple[Value, ...]
    attributes: Mapping[str, Any]
    outputs: int
    opset: int
    producer: str

    def input(self, number: int) -> Value:
        """An input, or None where the node has none of this number."""
        return self.inputs[number] if number < len(self.inputs) else None

    def tags(self, signals: Signals, number: int) -> Integers:
        """An input as tags, numbers of the model too."""
        value = self.input(number)
        if isinstance(value, Tagged):
            return value.tags
        return signals.constant(self.numbers(number))

    def numbers(self, number: int) -> Numbers:
        """An input that the model gives itself. Errors: it is missing, or differs from frame to frame."""
        value = self.input(number)
        if isinstance(value, np.ndarray):
            return value
        rule = f"input {number} of {self.op} is a number of the model"
        found = "none" if value is None else "a value that differs from frame to frame"
        raise InputError(self.place, found, rule, "Export the model with it as a constant.")

    def given(self, number: int) -> Numbers | None:
        """An input that the model may give itself."""
        return None if self.input(number) is None else self.numbers(number)

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute, or what it is where it is left out."""
        return self.attributes.get(name, default)

    def refuse(self, value: object, rule: str, remedy: str) -> InputError:
        """The error of this node."""
        return InputError(self.place, value, rule, remedy)


Handler = Callable[[Signals, Node], Any]
"""``handler(signals, node)`` gives the node's output, or several as a tuple."""
