"""Train the networks of the digit benchmarks: dense weights first, from them a dense and a delta network."""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from deltasim.networks.execute import execute
from deltasim.networks.files.checkpoint import FILE as CHECKPOINT
from deltasim.networks.graph import Network
from deltasim.networks.training.exporting import exported
from deltasim.networks.training.network import DeltaNetwork
from deltasim.networks.training.rounding import Formats
from deltasim.networks.training.trainer.batches import Batch
from deltasim.networks.training.trainer.checkpoint import State
from deltasim.networks.training.trainer.costs import Prices
from deltasim.networks.training.trainer.fit import Lesson, fit, seeded
from deltasim.networks.training.trainer.recipe import Recipe
from deltasim.runtime.disk.output import refuse_existing, told_in_a_sentence
from deltasim.runtime.errors import InputError
from deltasim.workloads.digits.making.lesson import TASKS, Halves, Said, Task, halves, looked_at
from deltasim.workloads.digits.making.methods import WITHOUT
from deltasim.workloads.digits.sources import Source
from deltasim.workloads.digits.trained import Trained, save
from deltasim.workloads.features import BANDS, Normalisation, normalisation
from deltasim.workloads.fetches import fetches_saved

Progress = Callable[[int, int], None]
Pricing = Callable[[Network], Prices]
WRITTEN_BITS = 8  # of a weight where the recipe trains in float32: EdgeDRNN's
LOOKED_AT = 100  # sequences of a batch that nothing is learned from


@dataclass(frozen=True)
class Material:
    """What the networks of a task and a seed have in common: recordings, and what normalises them.

    ``chosen_on`` are the sequences held out.
    """

    task: Task
    source: Source
    halves: Halves
    stored: Normalisation
    chosen_on: Said
    digest: str


def material_of(task: Task, source: Source, seed: int) -> Material:
    """Read the training part and hold a part of it out; the test part is not looked at but for who speaks."""
    corpus = source.read("train")
    parts = halves(corpus, np.unique(source.read("test").speakers), seed)
    stored = normalisation(list(parts.learned.features))
    return Material(task, source, parts, stored, task.said(parts.held_out, stored, seed), corpus.digest)


def lesson_of(own: Material, recipe: Recipe, prices: Prices) -> Lesson:
    """What the trainer is given."""

    def batches(rng: np.random.Generator) -> Iterator[Batch]:
        return own.task.batches(own.halves.learned, own.stored, recipe.batch, rng)

    digest = hashlib.sha256(f"{own.task.name} {own.digest}".encode()).hexdigest()
    return Lesson(batches, looked_at(own.chosen_on, LOOKED_AT), own.task.loss, digest, prices)


def new_model(own: Material, recipe: Recipe) -> DeltaNetwork:
    """A model whose weights are drawn by the recipe's seed."""
    seeded(recipe.seed, 0)
    return DeltaNetwork(BANDS, recipe.shapes(own.task.classes), recipe.learned)


def words(network: Network) -> Prices:
    """The price of a message: the weights it fetches."""
    return {p.name: p.connection.fan_out.astype(np.float32) for p in network.projections}


class Learned(NamedTuple):
    """A network as it runs, in fixed point, and where its training ended."""

    network: Network
    state: State


def pretrained(
    own: Material, recipe: Recipe, folder: Path, progress: Callable[[int, int], None] | None = None
) -> dict[str, Tensor]:
    """Weights of a network trained without thresholds for ``dense_epochs``, in float32.

    A checkpoint stands in ``folder`` after every epoch, from which the same call goes on.
    """
    dense = replace(recipe, **WITHOUT, bits=0, epochs=0, patience=0)  # type: ignore[arg-type]
    model = new_model(own, dense)
    prices = words(exported(model, "dense", dense=True))
    resume = (folder / CHECKPOINT).is_file()
    fit(model, dense, lesson_of(own, dense, prices), folder=folder, resume=resume, progress=progress)
    return model.state_dict()


def retrained(
    own: Material,
    recipe: Recipe,
    weights: dict[str, Tensor],
    folder: Path,
    name: str,
    pricing: Pricing = words,
    progress: Callable[[int, int], None] | None = None,
) -> Learned:
    """A network trained on from dense ``weights`` as its recipe says; checkpoints stand in ``folder``."""
    delta = replace(recipe, dense_epochs=0)
    model = new_model(own, delta)
    model.load_state_dict({**model.state_dict(), **weights})
    prices = pricing(exported(model, "dense", dense=True))
    resume = (folder / CHECKPOINT).is_file()
    lesson = lesson_of(own, delta, prices)
    state = fit(model, delta, lesson, folder=folder, resume=resume, progress=progress)
    formats = Formats(recipe.bits or WRITTEN_BITS)
    return Learned(exported(model, name, formats=formats, sparse=recipe.sparsity > 0), state)


def train_digits(
    task: str,
    source: Source,
    recipe: Recipe,
    out: Path,
    *,
    pricing: Pricing = words,
    command: str = "",
    resume: bool = False,
    progress: Progress | None = None,
) -> Trained:
    """Train a pair of networks, dense and delta, and write them with their record to the folder ``out``.

    ``task`` is a key of `TASKS`. Both start from the same dense weights and are trained on for as many
    epochs, the dense one without thresholds. A ninth of the training part is held out: it chooses the
    epoch. The test part is scored once, by running both networks as they are written. ``pricing`` gives the
    price of every column, in the cost of messages: the weights it fetches, or joules. ``progress`` is called
    with (epochs done, epochs) over all three trainings. While it trains, ``out`` holds checkpoints, from
    which ``resume`` goes on, to the same bytes.

    Errors: a folder that exists, data too few to hold some out, divergence, a full disk.
    """
    if not resume:
        refuse_existing(out)
    kept = {name: out / f"under-way-{name}" for name in ("pretrained", "dense", "delta")}
    if resume and not any((part / CHECKPOINT).is_file() for part in kept.values()):
        rule = "there is no checkpoint to go on from"
        raise InputError(out, "nothing under way", rule, "Name the folder of a training that was stopped.")
    own = material_of(TASKS[task], source, recipe.seed)
    total = recipe.dense_epochs + 2 * recipe.epochs

    def behind(before: int, epochs: int) -> Progress:
        def moved(done: int, of: int) -> None:
            if progress is not None:
                progress(before + (epochs if done == of else done), total)

        return moved

    first = behind(0, recipe.dense_epochs)
    weights = pretrained(own, recipe, kept["pretrained"], first)
    name = f"{task}-{source.name}-{BANDS}-{recipe.units}"
    undisturbed = replace(recipe, **WITHOUT)  # type: ignore[arg-type]
    second = behind(recipe.dense_epochs, recipe.epochs)
    dense = retrained(own, undisturbed, weights, kept["dense"], f"{name}-dense", words, second)
    third = behind(recipe.dense_epochs + recipe.epochs, recipe.epochs)
    delta = retrained(own, recipe, weights, kept["delta"], f"{name}-delta", pricing, third)
    tested = own.task.tested(source, own.stored)
    record = {
        "command": command,
        **described(own, recipe),
        "chosen_on": measured(own.task, own.chosen_on, dense.network, delta.network),
        "result": measured(own.task, tested, dense.network, delta.network),
    }
    result = Trained(dense.network, delta.network, own.stored, record)
    with told_in_a_sentence(out):
        save(result, out)
        for part in kept.values():
            shutil.rmtree(part, ignore_errors=True)
    return result


def described(own: Material, recipe: Recipe) -> dict[str, Any]:
    """What a record says of a training: data, parts, recipe, versions."""
    return {
        "data": own.source.about,
        "data_digest": own.digest,
        "parts": {
            "training": len(own.halves.learned.labels),
            "held_out": len(own.halves.held_out.labels),
        },
        "recipe": recipe.described(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
    }


def measured(task: Task, said: Said, dense: Network, delta: Network) -> dict[str, Any]:
    """Run a pair of networks as a chip would and say what came out and what was saved."""
    _, dense_outputs = execute(dense, said.sequences)
    trace, outputs = execute(delta, said.sequences)
    scores = []
    for found in (dense_outputs, outputs):
        right, every = task.points(found, said.targets).sum(0).tolist()
        scores.append(right / every)
    return {
        "sequences": len(said.sequences),
        "dense_score": scores[0],
        "score": scores[1],
        "weight_fetches_saved": fetches_saved(delta, trace),
        "occupancy": trace.occupancy(delta),
    }
