"""Train the networks of a benchmark, or one on labelled sequences of one's own: ``deltasim train``."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.runtime.disk.output import told_in_a_sentence
from deltasim.runtime.disk.unfinished import new_file, tell_when_stopped
from deltasim.runtime.errors import InputError, nearest

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.networks.training.trainer.costs import Prices
    from deltasim.shell.progress import Progress

DRAWING = "curve.svg"
SPIKING = "fashion-spiking"
ELSEWHERE = {
    "driving": (
        "it trains a family of networks with a command of its own",
        "Run `python -m deltasim.workloads.driving.making OUT --data FOLDER`.",
    ),
    "sensor-faults": (
        "it trains a family of networks with a command of its own",
        "Run `python -m deltasim.workloads.sensor_faults.making OUT --help`.",
    ),
    "nmnist": (
        "its networks are trained with a command of their own",
        "Run `python -m deltasim.workloads.nmnist.making OUT --data FOLDER`.",
    ),
    "vad": (
        "its network was trained by others, and has its thresholds by a command of its own",
        "Run `python -m deltasim.validation.vad.choosing FOLDER/speech.npz OUT`.",
    ),
    "mackey-glass": (
        "its readout is fitted, not trained step by step",
        "Run `python -m deltasim.workloads.mackey_glass.making OUT`.",
    ),
    "evolved-parity": (
        "its networks are evolved, not trained step by step",
        "Run `deltasim evolve evolved-parity --out OUT`.",
    ),
    "music-tags": (
        "it trains a family of networks with a command of its own",
        "Run `python -m deltasim.workloads.music_tags.making OUT --data FOLDER`.",
    ),
    "speech": (
        "its networks are trained fold by fold with a command of their own",
        "Run `python -m deltasim.workloads.speech.making OUT --help`.",
    ),
}
"""Benchmarks that are trained in another way: the rule and the remedy."""


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
    if energy is not None:
        require_cost(chosen.l1, energy)
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


def train_benchmark(
    benchmark: str,
    out: str | Path,
    data: str | Path | None = None,
    recipe: str | Path | None = None,
    energy: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Train the networks of a benchmark and write their folder ``out``; the record of them.

    ``recipe`` is a YAML file of fields that win over the benchmark's recipe
    (``workloads/digits/making/recipes``), ``changes`` are fields that win over both. ``data`` is fsdd,
    synthetic, or a folder; None for fsdd. ``energy`` and ``resume``: see `train_on`. Of ``sequences``, data
    are the tasks of `deltasim.workloads.sequences.tasks`.
    """
    require_torch(benchmark)
    if benchmark == "sequences":
        return train_task(data, out, recipe, energy, resume, progress, changes)
    if benchmark in ELSEWHERE:
        raise InputError("deltasim train", benchmark, *ELSEWHERE[benchmark])
    if benchmark == SPIKING:
        return train_on_spikes(out, data, recipe, energy, resume, progress, **changes)
    from deltasim.networks.training.trainer.recipe import read_recipe, recipe_from
    from deltasim.runtime.disk.output import refuse_existing
    from deltasim.workloads.digits.making.lesson import TASKS
    from deltasim.workloads.digits.making.recipes import recipe_of
    from deltasim.workloads.digits.making.train import train_digits, words
    from deltasim.workloads.digits.sources import source

    if benchmark not in TASKS:
        known = nearest(benchmark, [*TASKS, SPIKING, "sequences"])
        raise InputError("deltasim train", benchmark, "there is no such recipe", known)
    folder = Path(out)
    if not resume:
        refuse_existing(folder)
    fields = {} if recipe is None else read_recipe(recipe)
    chosen = recipe_from({**recipe_of(benchmark).described(), **fields, **changes})
    if energy is not None:
        require_cost(chosen.l1, energy)
    found = source(data or "fsdd")
    trained = train_digits(
        benchmark,
        found,
        chosen,
        folder,
        pricing=words if energy is None else lambda network: prices_on(energy, network),
        command=command_of(benchmark, found.name, recipe, energy, changes),
        resume=resume,
        progress=telling(folder, progress),
    )
    return trained.record


def train_on_spikes(
    out: str | Path,
    data: str | Path | None = None,
    recipe: str | Path | None = None,
    energy: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Train the network of fashion-spiking; its recipe's fields are those of its own `Choices`."""
    from deltasim.runtime.disk.output import refuse_existing
    from deltasim.workloads.fashion.making import train_spiking
    from deltasim.workloads.fashion.recipe import choices_from, read_choices
    from deltasim.workloads.fashion.sources import source

    if energy is not None:
        rule = "spikes know no thresholds, so no price of a message is learned"
        raise InputError("--energy", energy, rule, "Leave it out.")
    folder = Path(out)
    if not resume:
        refuse_existing(folder)
    chosen = choices_from({**({} if recipe is None else read_choices(recipe)), **changes})
    found = source(data or "fashion")
    command = command_of(SPIKING, found.name, recipe, None, changes)
    trained = train_spiking(
        found, chosen, folder, command=command, resume=resume, progress=telling(folder, progress)
    )
    return trained.record


def train_task(
    data: str | Path | None,
    out: str | Path,
    recipe: str | Path | None,
    energy: str | Path | None,
    resume: bool,
    progress: Progress | None,
    changes: Mapping[str, Any],
) -> dict[str, Any]:
    """Train the two networks of a task of `sequences`, of a cell that the recipe names."""
    from deltasim.networks.training.trainer.recipe import read_recipe, recipe_from
    from deltasim.workloads.sequences.making.train import RECIPES, train_sequences
    from deltasim.workloads.sequences.tasks import task_of

    if energy is not None:
        rule = "messages of sequences are weighed by the words they fetch"
        raise InputError("--energy", energy, rule, "Leave it out.")
    task = task_of(data)
    fields = {} if recipe is None else read_recipe(recipe)
    chosen = recipe_from({**RECIPES[task.name].described(), "cell": "dsgu", **fields, **changes})
    folder = Path(out)
    command = command_of("sequences", task.name, recipe, None, changes)
    trained = train_sequences(
        task, chosen, folder, command=command, resume=resume, progress=telling(folder, progress)
    )
    return trained.record


def command_of(
    benchmark: str,
    data: str,
    recipe: str | Path | None,
    energy: str | Path | None,
    changes: Mapping[str, Any],
) -> str:
    """The command line that trains so: files by their names alone, which are this machine's.

    >>> command_of("digits", "fsdd", "mine.yaml", None, {"theta_x": 0.1, "theta_h": 0.1, "seed": 3})
    'deltasim train digits --data fsdd --recipe mine.yaml --theta 0.1 --seed 3'
    """
    named = {"recipe": recipe, "energy": energy}
    words = [f"--{name} {Path(path).name}" for name, path in named.items() if path is not None]
    for name, value in changes.items():
        option = f"--{name.partition('_')[0]} {value}"
        if option not in words:
            words.append(option)
    return " ".join([f"deltasim train {benchmark} --data {data}", *words])


def require_cost(l1: float, energy: str | Path) -> None:
    """Refuse joules for a cost that weighs nothing."""
    if not l1:
        rule = "joules weigh the cost of messages, whose weight l1 is 0"
        raise InputError("--energy", energy, rule, "Give --l1 too, for example 0.1.")


def telling(folder: Path, progress: Progress | None) -> Progress:
    """Progress after whose every step a person who stops the program is told how to go on."""

    def moved(done: int, total: int) -> None:
        tell_when_stopped(f"{folder} holds a checkpoint after {done} epochs; --resume goes on from it.")
        if progress is not None:
            progress(done, total)

    return moved


def prices_on(chip: str | Path, network: Network) -> Prices:
    """The prices of a network's columns on a chip of this name or file."""
    from deltasim.exploration.column_prices import column_prices
    from deltasim.simulator.chip import load_chip

    return column_prices(network, load_chip(chip))
