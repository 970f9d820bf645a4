"""A recipe: every choice of a training, in Python or as a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deltasim.networks.training.spike_trains.fit import METHODS, Recipe
from deltasim.networks.training.spike_trains.gradients import FORMS, Rule
from deltasim.networks.training.spike_trains.layer import Neuron
from deltasim.networks.training.spike_trains.loss import Targets
from deltasim.networks.training.spike_trains.network import Layer, Stack
from deltasim.networks.training.trainer.recipe import Rule as Check
from deltasim.networks.training.trainer.recipe import number, one_of, read_content
from deltasim.runtime.errors import InputError, InputErrors, nearest


@dataclass(frozen=True)
class Choices:
    """Every choice of a training but the data.

    A layer of ``units`` neurons, a recurrent one of as many, and a neuron for each class; weights are drawn
    evenly from -span to span. ``steps`` and ``peak`` say how a picture is drawn (`images.Coding`),
    ``samples`` how many examples an epoch takes, ``held_out`` how many choose the epoch. The others are
    fields of `Neuron`, `Rule`, `Targets` and `Recipe` (`deltasim.networks.training.spike_trains`).

    >>> Choices(units=400).stack(10)[1].recurrent
    True
    >>> Choices(units=0)
    Traceback (most recent call last):
    deltasim.runtime.errors.InputErrors: recipe: units: 0: it is a whole number from 1 to 16384. ...
    """

    method: str = METHODS[0]
    units: int = 200
    threshold: float = 2.0
    tau_m: float = 64.0
    tau_s: float = 8.0
    refractory: int = 2
    span: float = 0.3
    steps: int = 100
    peak: float = 0.2
    form: str = "full"
    self_dependence: float = 0.0
    least: float = 0.2
    most: float = 3.0
    right: float = 15.0
    wrong: float = 2.0
    margin: float = 2.0
    samples: int = 10_000
    held_out: int = 1000
    epochs: int = 12
    batch: int = 4
    rate: float = 5e-4
    patience: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        wrong = [
            InputError(f"recipe: {name}", value, *fault)
            for name, value in asdict(self).items()
            if (fault := CHECKS[name](value))
        ]
        if wrong:
            raise InputErrors(wrong)
        self.stack(10)
        self.recipe  # noqa: B018 - refuses what does not go together

    def stack(self, classes: int) -> Stack:
        """The layers."""
        neuron = Neuron(self.threshold, self.tau_m, self.tau_s, self.refractory)
        return (Layer(self.units, neuron), Layer(self.units, neuron, recurrent=True), Layer(classes, neuron))

    @property
    def recipe(self) -> Recipe:
        """What the trainer is given."""
        rule = Rule(self.form, self.self_dependence, self.least, self.most)
        targets = Targets(self.right, self.wrong, self.margin)
        return Recipe(
            self.method, rule, targets, self.epochs, self.batch, self.rate, self.patience, self.seed
        )


CHECKS: dict[str, Check] = {
    "method": one_of(METHODS),
    "units": number(1, 1 << 14, int),
    "threshold": number(1e-6, 1e6),
    "tau_m": number(1.001, 1e6),
    "tau_s": number(2, 1024),
    "refractory": number(0, 127, int),
    "span": number(1e-6, 1e3),
    "steps": number(2, 10_000, int),
    "peak": number(1e-4, 1.0),
    "form": one_of(FORMS),
    "self_dependence": number(0, 1),
    "least": number(1e-4, 1),
    "most": number(1, 1e9),
    "right": number(0, 1e5),
    "wrong": number(0, 1e5),
    "margin": number(0, 1e5),
    "samples": number(1, 10_000_000, int),
    "held_out": number(1, 1_000_000, int),
    "epochs": number(1, 100_000, int),
    "batch": number(1, 1 << 16, int),
    "rate": number(1e-9, 10),
    "patience": number(0, 100_000, int),
    "seed": number(0, (1 << 31) - 1, int),
}


def choices_from(content: Mapping[str, Any], place: str = "recipe") -> Choices:
    """Choices of plain data; what is left out has its default. Errors: all that is wrong.

    >>> choices_from({"unit": 3})
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: recipe: unit: there is no such field. Did you mean units? ...
    """
    for name in content:
        if name not in CHECKS:
            raise InputError(place, name, "there is no such field", nearest(str(name), CHECKS))
    return Choices(**content)


def read_choices(path: str | Path) -> dict[str, Any]:
    """The fields that a recipe's file gives. Errors: InputError with the place."""
    content = read_content(path)
    if content is None:
        return {}
    if not isinstance(content, dict):
        rule = "a recipe is fields and values"
        raise InputError(path, type(content).__name__, rule, "Write units: 200.")
    choices_from(content, str(path))
    return dict(content)
