"""Train the networks of a benchmark: which there are, and how each is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.api.training.asked import Asked, require_torch
from deltasim.runtime.errors import InputError, nearest

if TYPE_CHECKING:
    from deltasim.shell.progress import Progress


def digits(asked: Asked) -> dict[str, Any]:
    """The pair of `digits` or `digit-strings`; data are fsdd, synthetic, or a folder."""
    from deltasim.workloads.digits.making.recipes import recipe_of
    from deltasim.workloads.digits.making.train import train_digits, words
    from deltasim.workloads.digits.sources import source

    asked.refuse_existing()
    chosen = asked.recipe_over(recipe_of(asked.benchmark).described())
    prices = asked.pricing(chosen.l1)
    found = source(asked.data or "fsdd")
    return train_digits(
        asked.benchmark,
        found,
        chosen,
        asked.folder,
        pricing=words if prices is None else prices,
        command=asked.command(found.name),
        resume=asked.resume,
        progress=asked.telling(),
    ).record


def sequences(asked: Asked) -> dict[str, Any]:
    """The pair of a task of `sequences`, which data name, of a cell that the recipe names."""
    from deltasim.workloads.sequences.making.train import RECIPES, train_sequences
    from deltasim.workloads.sequences.tasks import task_of

    asked.refuse_energy("messages of sequences are weighed by the words they fetch")
    task = task_of(asked.data)
    chosen = asked.recipe_over(RECIPES[task.name].described() | {"cell": "dsgu"})
    return train_sequences(
        task,
        chosen,
        asked.folder,
        command=asked.command(task.name),
        resume=asked.resume,
        progress=asked.telling(),
    ).record


def spiking(asked: Asked) -> dict[str, Any]:
    """The network of `fashion-spiking`; its recipe's fields are those of its own `Choices`."""
    from deltasim.workloads.fashion.making import train_spiking
    from deltasim.workloads.fashion.recipe import choices_from, read_choices
    from deltasim.workloads.fashion.sources import source

    asked.refuse_energy("spikes know no thresholds, so no price of a message is learned")
    asked.refuse_existing()
    chosen = choices_from({**({} if asked.recipe is None else read_choices(asked.recipe)), **asked.changes})
    found = source(asked.data or "fashion")
    return train_spiking(
        found,
        chosen,
        asked.folder,
        command=asked.command(found.name),
        resume=asked.resume,
        progress=asked.telling(),
    ).record


def predistortion(asked: Asked) -> dict[str, Any]:
    """A model of an amplifier and the pair of `predistortion`; data are a folder in OpenDPD's layout."""
    from deltasim.workloads.predistortion.making.train import OURS, RECIPES, train_predistortion
    from deltasim.workloads.predistortion.sources import source

    asked.refuse_energy("messages of predistorters are weighed by the words they fetch")
    chosen = asked.recipe_over(RECIPES[OURS].described())
    found = source(asked.data)
    return train_predistortion(
        found,
        chosen,
        asked.folder,
        command=asked.command(found.name),
        resume=asked.resume,
        progress=asked.telling(),
    ).record


TRAINED: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "digits": digits,
    "digit-strings": digits,
    "sequences": sequences,
    "fashion-spiking": spiking,
    "predistortion": predistortion,
}
"""How the networks of a benchmark are trained."""

FAMILY = "it trains a family of networks with a command of its own"
ELSEWHERE = {
    "driving": (FAMILY, "Run `python -m deltasim.workloads.driving.making OUT --data FOLDER`."),
    "sensor-faults": (FAMILY, "Run `python -m deltasim.workloads.sensor_faults.making OUT --help`."),
    "music-tags": (FAMILY, "Run `python -m deltasim.workloads.music_tags.making OUT --data FOLDER`."),
    "nmnist": (
        "its networks are trained with a command of their own",
        "Run `python -m deltasim.workloads.nmnist.making OUT --data FOLDER`.",
    ),
    "speech": (
        "its networks are trained fold by fold with a command of their own",
        "Run `python -m deltasim.workloads.speech.making OUT --help`.",
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
}
"""Benchmarks that are trained in another way: the rule and the remedy."""


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

    ``recipe`` is a YAML file of fields that win over the benchmark's recipe, ``changes`` are fields that win
    over both. ``data`` are the benchmark's (`digits`, `sequences`, `spiking`, `predistortion`), None for
    recorded ones. ``energy`` is a chip, whose joules weigh messages; ``resume`` goes on in the folder.
    """
    require_torch(benchmark)
    if benchmark in ELSEWHERE:
        raise InputError("deltasim train", benchmark, *ELSEWHERE[benchmark])
    if benchmark not in TRAINED:
        known = nearest(benchmark, list(TRAINED))
        raise InputError("deltasim train", benchmark, "there is no such recipe", known)
    return TRAINED[benchmark](Asked(benchmark, Path(out), data, recipe, energy, resume, progress, changes))
