"""Train a network on labelled sequences of one's own: what ``deltasim train --data FILE`` does."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.runtime.disk.output import told_in_a_sentence
from deltasim.runtime.disk.unfinished import new_file, tell_when_stopped
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.networks.training.trainer.costs import Prices
    from deltasim.shell.progress import Progress

DRAWING = "curve.svg"


def require_torch(what: object) -> None:
    """Refuse to train without PyTorch."""
    if importlib.util.find_spec("torch") is None:
        rule = "training needs PyTorch, which is not installed"
        raise InputError("deltasim train", what, rule, "Run pip install 'deltasim[train]'.")


def train_on(
    data: str | Path,
    out: str | Path,
    recipe: str | Path | None = None,
    task: str | None = None,
    test: str | Path | None = None,
    energy: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Train on the sequences at ``data`` and write the network's folder ``out``; the record of it.

    ``recipe`` is a YAML file of the fields of `deltasim.networks.training.trainer.recipe.Recipe`; ``changes``
    are fields that win over it. ``energy`` is a chip, whose joules a column costs weigh messages in place of
    their number. ``task``, ``test`` and ``resume``: see `deltasim.workloads.own.learning.train.train_own`.
    """
    require_torch(data)
    from deltasim.networks.training.trainer.recipe import read_recipe, recipe_from
    from deltasim.runtime.disk.output import refuse_existing
    from deltasim.workloads.own.learning.train import train_own
    from deltasim.workloads.own.read import read_sequences

    folder = Path(out)
    if not resume:
        refuse_existing(folder)
    chosen = recipe_from({**({} if recipe is None else read_recipe(recipe)), **changes})
    if energy is not None and not chosen.l1:
        rule = "joules weigh the cost of messages, whose weight l1 is 0"
        raise InputError("--energy", energy, rule, "Give --l1 too, for example 0.1.")
    record, history = train_own(
        read_sequences(data, None),
        chosen,
        folder,
        task=task,
        test=None if test is None else read_sequences(test, None),
        prices=None if energy is None else lambda network: prices_on(energy, network),
        resume=resume,
        progress=telling(folder, progress),
    )
    if history:
        from deltasim.reports.learning_curve import learning_curve

        drawing = learning_curve(history, folder.name)
        with told_in_a_sentence(folder), new_file(folder / DRAWING) as file:
            file.write(drawing.encode())
    return record


def telling(folder: Path, progress: Progress | None) -> Progress:
    """Progress after whose every step a person who stops the program is told how to go on."""

    def moved(done: int, total: int) -> None:
        tell_when_stopped(f"{folder} holds a checkpoint after {done} epochs; --resume goes on from it.")
        if progress is not None:
            progress(done, total)

    return moved


def prices_on(chip: str | Path, network: Network) -> Prices:
    """The prices of a network's columns on a chip of this name or file."""
    from deltasim.api.column_prices import column_prices
    from deltasim.simulator.chip import load_chip

    return column_prices(network, load_chip(chip))
