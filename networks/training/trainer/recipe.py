"""A recipe: every choice of a training run, in Python or as a YAML file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from deltasim.networks.budget import MOST_PARTS, Budget
from deltasim.networks.training.cells import NAMES, PRODUCTS
from deltasim.networks.training.network import DenseShape, RecurrentShape, Shape
from deltasim.networks.training.trainer.pruning import PATTERNS
from deltasim.runtime.errors import InputError, InputErrors, nearest
from deltasim.runtime.readers.files import Missing, Unreadable
from deltasim.runtime.readers.yaml_text import read_yaml


@dataclass(frozen=True)
class Recipe:
    """Every choice of a training run but the data.

    A network of ``layers`` recurrent layers of ``units`` neurons of a ``cell`` and a dense readout is trained
    for ``dense_epochs`` without thresholds, then for ``epochs`` as a delta network: thresholds (and
    sparsity) grow over the first ``ramp`` of these. ``theta_x`` is the threshold of inputs, ``theta_h`` of
    states, ``theta_product`` of what gru-reset-before, sgu and dsgu multiply inside a step, ``theta_readout``
    of what the readout hears of the states. The aids, each off at 0 or "": ``l1`` weighs
    the cost of messages, ``noise`` is the standard deviation of what is added to states, ``bits`` those of a
    weight in fixed point, ``sparsity`` the share of recurrent weights that become 0, in a ``pattern`` (for
    ``elements`` processing elements), ``learned`` which thresholds are trained. ``budget_x`` and ``budget_h``
    are how many messages a step inputs and states of a layer may send (0: as many as reach their threshold),
    saved for up to ``budget_steps`` steps (1: the largest changes of a step), in ``budget_parts``, one for
    each core that they lie on. ``patience`` is how many
    epochs may pass without a better validation part, 0 for all. ``seed`` draws everything that is drawn.

    >>> Recipe(units=32).cell, Recipe(bits=8).bits
    ('gru', 8)
    >>> Recipe(bits=7)
    Traceback (most recent call last):
    deltasim.runtime.errors.InputErrors: recipe: bits: 7: it is one of 0, 4, 6, 8, 16. Choose one of them.
    """

    cell: str = "gru"
    units: int = 64
    layers: int = 1
    bidirectional: bool = False
    theta_x: float = 0.1
    theta_h: float = 0.1
    theta_product: float = 0.1
    theta_readout: float = 0.1
    learned: str = ""
    budget_x: float = 0.0
    budget_h: float = 0.0
    budget_steps: float = 1.0
    budget_parts: int = 1
    dense_epochs: int = 20
    epochs: int = 30
    batch: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    clip: float = 1.0
    ramp: float = 0.3
    l1: float = 0.0
    noise: float = 0.0
    bits: int = 0
    sparsity: float = 0.0
    pattern: str = "unstructured"
    elements: int = 8
    patience: int = 10
    threads: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        wrong = [
            InputError(f"recipe: {name}", value, *fault)
            for name, value in asdict(self).items()
            if (fault := RULES[name](value))
        ]
        if not wrong and self.cell in PRODUCTS and self.bits:
            rule = f"a {self.cell}, which multiplies inside its step, is trained in float32 alone"
            wrong.append(InputError("recipe: bits", self.bits, rule, "Take the cell gru, or bits: 0."))
        if not wrong and self.cell in PRODUCTS and (self.budget_x or self.budget_h):
            rule = f"a {self.cell}, which multiplies inside its step, has no budget of messages"
            wrong.append(InputError("recipe: budget_h", self.budget_h, rule, "Take the cell gru, or 0."))
        if not wrong and self.sparsity and self.pattern == PATTERNS[1] and self.units % self.elements:
            rule = f"{self.units} units divide evenly among the processing elements"
            wrong.append(InputError("recipe: elements", self.elements, rule, "Give a divisor of the units."))
        thetas = self.theta_x, self.theta_h, self.theta_product, self.theta_readout
        if not wrong and self.learned and not min(thetas) > 0:
            rule = "a threshold that is learned starts above 0"
            wrong.append(InputError("recipe: learned", self.learned, rule, "Give all thetas."))
        if wrong:
            raise InputErrors(wrong)

    def shapes(self, outputs: int) -> list[Shape]:
        """The layers: recurrent ones, then a dense readout of ``outputs``.

        >>> [shape.units for shape in Recipe(units=32, layers=2).shapes(10)]
        [32, 32, 10]
        """
        found: list[Shape] = []
        for number in range(self.layers):
            theta_x = self.theta_h if number else self.theta_x
            shape = RecurrentShape(self.cell, self.units, theta_x, self.theta_h, self.bidirectional)
            budget_x = None if number else self.budget(self.budget_x)
            bounded = replace(shape, budget_x=budget_x, budget_h=self.budget(self.budget_h))
            found.append(replace(bounded, theta_product=self.theta_product))
        return [*found, DenseShape(outputs, theta=self.theta_readout)]

    def budget(self, rate: float) -> Budget | None:
        """The budget of an encoder of ``rate`` messages a step; None at 0.

        >>> Recipe(budget_h=4).budget(4), Recipe(budget_steps=8).budget(2.5)
        (Budget(rate=4, most=4, parts=1), Budget(rate=2.5, most=20, parts=1))
        """
        if not rate:
            return None
        most = max(self.budget_parts, 1, int(rate * self.budget_steps))
        return Budget(min(rate, most), most, self.budget_parts)

    def described(self) -> dict[str, Any]:
        """Plain data, as a file says it."""
        return asdict(self)


Rule = Callable[[Any], tuple[str, str] | None]
"""What is wrong with a value, as rule and remedy; None where nothing is."""


def number(lowest: float, highest: float, kind: type[int] | type[float] = float) -> Rule:
    """A number within bounds."""
    named = "a whole number" if kind is int else "a number"

    def checked(value: Any) -> tuple[str, str] | None:
        whole = isinstance(value, int) and not isinstance(value, bool)
        right = whole or (kind is float and isinstance(value, float) and math.isfinite(value))
        if right and lowest <= value <= highest:
            return None
        return f"it is {named} from {lowest:g} to {highest:g}", "Give one within."

    return checked


def one_of(choices: Sequence[object]) -> Rule:
    """One of a few."""
    listed = ", ".join(str(choice) or "nothing" for choice in choices)

    def checked(value: Any) -> tuple[str, str] | None:
        if any(value == choice and type(value) is type(choice) for choice in choices):
            return None
        close = nearest(value, [str(c) for c in choices]) if isinstance(value, str) else ""
        return f"it is one of {listed}", close or "Choose one of them."

    return checked


RULES: dict[str, Rule] = {
    "cell": one_of(NAMES),
    "units": number(1, 1 << 14, int),
    "layers": number(1, 64, int),
    "bidirectional": one_of((False, True)),
    "theta_x": number(0, 1e6),
    "theta_h": number(0, 1e6),
    "theta_product": number(0, 1e6),
    "theta_readout": number(0, 1e6),
    "learned": one_of(("", "layer", "neuron")),
    "budget_x": number(0, 1e6),
    "budget_h": number(0, 1e6),
    "budget_steps": number(1, 1e6),
    "budget_parts": number(1, MOST_PARTS, int),
    "dense_epochs": number(0, 100_000, int),
    "epochs": number(0, 100_000, int),
    "batch": number(1, 1 << 20, int),
    "learning_rate": number(1e-9, 10),
    "weight_decay": number(0, 10),
    "clip": number(1e-6, 1e6),
    "ramp": number(0, 1),
    "l1": number(0, 1e6),
    "noise": number(0, 1e3),
    "bits": one_of((0, 4, 6, 8, 16)),
    "sparsity": number(0, 0.999),
    "pattern": one_of(PATTERNS),
    "elements": number(1, 1 << 14, int),
    "patience": number(0, 100_000, int),
    "threads": number(1, 1024, int),
    "seed": number(0, (1 << 31) - 1, int),
}


def recipe_from(content: object, place: str = "recipe") -> Recipe:
    """A recipe of plain data; what is left out has its default. Errors: all that is wrong with it.

    >>> recipe_from({"units": 16, "noize": 0.1})
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: recipe: noize: there is no such field. Did you mean noise? ...
    """
    if content is None:
        return Recipe()
    if not isinstance(content, Mapping):
        raise InputError(place, type(content).__name__, "a recipe is fields and values", "Write units: 64.")
    for name in content:
        if name not in RULES:
            raise InputError(place, name, "there is no such field", nearest(str(name), RULES))
    try:
        return Recipe(**content)
    except InputErrors as errors:
        if place == "recipe":
            raise
        named = [InputError(f"{place}{e.place.removeprefix('recipe')}", e.value, e.rule, e.remedy)
                 for e in errors.errors]  # fmt: skip
        raise InputErrors(named) from None


def read_recipe(path: str | Path) -> dict[str, Any]:
    """The fields that a recipe's file gives. Errors: InputError with the place."""
    content = read_content(path)
    recipe_from(content, str(path))
    return dict(content or {})


def read_content(path: str | Path) -> Any:
    """What a recipe's file holds, a recipe of whatever: plain YAML. Errors: InputError with the place."""
    try:
        found = read_yaml(path)
    except Missing:
        raise InputError(path, "no such file", "a recipe is a YAML file", "Check the path.") from None
    except Unreadable as error:
        rule = f"a recipe is plain YAML ({error.reason})"
        raise InputError(error.at(path), "unreadable", rule, "Mend the file.") from None
    if found.repeated:
        raise InputError(path, found.repeated[0], "a field is given once", "Remove one.")
    return found.content
