"""A training that was asked for, and what every kind of training does with that."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.runtime.disk.unfinished import tell_when_stopped
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.networks.training.trainer.costs import Prices
    from deltasim.networks.training.trainer.recipe import Recipe
    from deltasim.shell.progress import Progress


@dataclass(frozen=True)
class Asked:
    """Of what to train, on which data, into which folder; ``changes`` are fields that win over a recipe's.

    ``recipe`` is a YAML file, ``energy`` a chip whose joules a column costs weigh messages.

    >>> Asked("digits", Path("out"), recipe=Path("mine.yaml"), changes={"theta_x": 0.1, "seed": 3}).command(
    ...     "fsdd"
    ... )
    'deltasim train digits --data fsdd --recipe mine.yaml --theta 0.1 --seed 3'
    """

    benchmark: str
    folder: Path
    data: str | Path | None = None
    recipe: str | Path | None = None
    energy: str | Path | None = None
    resume: bool = False
    progress: Progress | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)

    def command(self, data: str) -> str:
        """The command line that trains so on ``data``: files by their names alone."""
        named = {"recipe": self.recipe, "energy": self.energy}
        words = [f"--{name} {Path(path).name}" for name, path in named.items() if path is not None]
        for name, value in self.changes.items():
            option = f"--{name.partition('_')[0]} {value}"
            if option not in words:
                words.append(option)
        return " ".join([f"deltasim train {self.benchmark} --data {data}", *words])

    def recipe_over(self, start: Mapping[str, Any]) -> Recipe:
        """The recipe of these fields, over which go those of the file, and over them what was given."""
        from deltasim.networks.training.trainer.recipe import read_recipe, recipe_from

        fields = {} if self.recipe is None else read_recipe(self.recipe)
        return recipe_from({**start, **fields, **self.changes})

    def refuse_energy(self, rule: str) -> None:
        """Refuse the joules of a chip, for this reason."""
        if self.energy is not None:
            raise InputError("--energy", self.energy, rule, "Leave it out.")

    def refuse_existing(self) -> None:
        """Refuse a folder that is there, unless the training in it goes on."""
        from deltasim.runtime.disk.output import refuse_existing

        if not self.resume:
            refuse_existing(self.folder)

    def pricing(self, l1: float) -> PricesOf | None:
        """How the chip prices columns, None without one; refused where messages weigh nothing."""
        if self.energy is None:
            return None
        if not l1:
            rule = "joules weigh the cost of messages, whose weight l1 is 0"
            raise InputError("--energy", self.energy, rule, "Give --l1 too, for example 0.1.")
        return PricesOf(self.energy)

    def telling(self) -> Progress:
        """Progress after whose every step a person who stops the program is told how to go on."""

        def moved(done: int, total: int) -> None:
            tell_when_stopped(
                f"{self.folder} holds a checkpoint after {done} epochs; --resume goes on from it."
            )
            if self.progress is not None:
                self.progress(done, total)

        return moved


@dataclass(frozen=True)
class PricesOf:
    """The prices of a network's columns on a chip of this name or file."""

    chip: str | Path

    def __call__(self, network: Network) -> Prices:
        from deltasim.exploration.column_prices import column_prices
        from deltasim.simulator.chip import load_chip

        return column_prices(network, load_chip(self.chip))


def require_torch(what: object) -> None:
    """Refuse to train without PyTorch."""
    if importlib.util.find_spec("torch") is None:
        rule = "training needs PyTorch, which is not installed"
        raise InputError("deltasim train", what, rule, "Run pip install 'deltasim[train]'.")
