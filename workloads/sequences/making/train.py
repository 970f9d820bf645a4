"""Train a cell on a task: a network without thresholds, from it one with them, and a scale of these."""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from deltasim.networks.files.checkpoint import FILE as CHECKPOINT
from deltasim.networks.training.encoder import Threshold
from deltasim.networks.training.exporting import exported
from deltasim.networks.training.layers.layer import Conditions
from deltasim.networks.training.network import DeltaNetwork
from deltasim.networks.training.trainer.batches import Batch, grouped, in_order, padded
from deltasim.networks.training.trainer.checkpoint import State
from deltasim.networks.training.trainer.costs import Activity, Prices, activity
from deltasim.networks.training.trainer.fit import Lesson, fit, seeded
from deltasim.networks.training.trainer.losses import Loss, class_loss, last_frames, pooled_loss
from deltasim.networks.training.trainer.recipe import Recipe
from deltasim.runtime.disk.output import refuse_existing, told_in_a_sentence
from deltasim.runtime.errors import InputError
from deltasim.workloads.features import Normalisation, normalisation, normalised
from deltasim.workloads.sequences.tasks import Part, Task
from deltasim.workloads.sequences.trained import Trained, save

Progress = Callable[[int, int], None]

SCALES = (0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)  # of all thresholds, tried on what is held out
WITHIN = {"accuracy": 0.01, "negative squared error": 0.005}  # of the score without thresholds
LOOKED_AT = 250  # sequences of a batch that nothing is learned from


def added_loss(outputs: Tensor, batch: Batch) -> Tensor:
    """The mean squared error of the last frame's only output, targets (B,)."""
    return (last_frames(outputs, batch)[:, 0] - batch.targets).square().mean()


LOSSES: dict[str, Loss] = {
    "synthetic": pooled_loss,
    "fsdd": pooled_loss,
    "mnist": class_loss,
    "adding": added_loss,
}

_SPOKEN = Recipe(
    units=64, theta_x=0.3, theta_h=0.1, theta_product=0.1, theta_readout=0.05, dense_epochs=14, epochs=6,
    batch=96, learning_rate=0.006, ramp=0.3, l1=0.3, patience=0,
)  # fmt: skip
RECIPES = {
    "synthetic": replace(_SPOKEN, dense_epochs=40, epochs=25),
    "fsdd": _SPOKEN,
    "mnist": replace(_SPOKEN, theta_x=0.1, batch=64),
    "adding": replace(
        _SPOKEN, units=32, theta_x=0.05, theta_h=0.02, theta_product=0.02, theta_readout=0.01, batch=50,
        dense_epochs=20, epochs=4, learning_rate=0.01, l1=0.0,
    ),
}  # fmt: skip
"""What the four cells have in common on each task."""


@dataclass(frozen=True)
class Material:
    """A task's parts to learn from and to choose on, scaled."""

    task: Task
    stored: Normalisation
    learned: Part
    held_out: Part
    digest: str


def material_of(task: Task) -> Material:
    """Read and scale both; the test part is not looked at."""
    learned, chosen_on = task.read("learned"), task.read("held_out")
    if task.normalised:
        stored = normalisation(list(learned.sequences))
    else:
        stored = Normalisation(np.zeros(task.inputs, np.float32), np.ones(task.inputs, np.float32))

    def scaled(part: Part) -> Part:
        return part._replace(sequences=tuple(normalised(frames, stored) for frames in part.sequences))

    return Material(task, stored, scaled(learned), scaled(chosen_on), f"{learned.digest} {chosen_on.digest}")


def batches_of(part: Part, count: int, rng: np.random.Generator) -> Iterator[Batch]:
    """An epoch of a part, about ``count`` sequences a batch."""
    lengths = [len(frames) for frames in part.sequences]
    for group in grouped(lengths, round(count * float(np.mean(lengths))), rng):
        yield padded([part.sequences[place] for place in group], torch.from_numpy(part.targets[group]))


def looked_at(part: Part) -> list[tuple[Batch, Any]]:
    """Batches of what is only looked at, with their places."""
    groups = in_order([len(frames) for frames in part.sequences], LOOKED_AT)
    return [
        (padded([part.sequences[place] for place in group], torch.from_numpy(part.targets[group])), group)
        for group in groups
    ]


def lesson_of(own: Material, recipe: Recipe, prices: Prices) -> Lesson:
    """What the trainer is given."""
    shown = [batch for batch, _ in looked_at(own.held_out)]
    return Lesson(
        lambda rng: batches_of(own.learned, recipe.batch, rng),
        shown,
        LOSSES[own.task.name],
        f"{own.task.name} {own.digest}",
        prices,
    )


class Point(NamedTuple):
    """On what is held out: the scale of the thresholds, the score, and weight fetches saved."""

    scale: float
    score: float
    saved: float


def point(model: DeltaNetwork, own: Material, scale: float) -> Point:
    """A model's score with all thresholds scaled."""
    rows, counted = [], np.zeros(4)
    with torch.no_grad():
        for batch, group in looked_at(own.held_out):
            values, encodings = model(batch.inputs, batch.lengths, Conditions(share=scale))
            counted += np.array(activity(encodings, batch))
            outputs = [values[:length, place].numpy() for place, length in enumerate(batch.lengths.tolist())]
            rows.append(own.task.points(outputs, own.held_out.targets[group]))
    total, count = np.concatenate(rows).sum(axis=0).tolist()
    return Point(scale, total / count, Activity(*counted.tolist()).saved)


def chosen(points: list[Point], least: float) -> Point:
    """The largest scale whose score is good enough; where none is, the one of the best score.

    >>> chosen([Point(1.0, 0.9, 2.0), Point(2.0, 0.8, 4.0), Point(4.0, 0.5, 9.0)], 0.8).scale
    2.0
    >>> chosen([Point(1.0, 0.9, 2.0), Point(2.0, 0.8, 4.0)], 0.95).scale
    1.0
    """
    good = [found for found in points if found.score >= least]
    if good:
        return max(good, key=lambda found: found.scale)
    return max(points, key=lambda found: found.score)


def new_model(own: Material, recipe: Recipe) -> DeltaNetwork:
    """A model whose weights are drawn by the recipe's seed."""
    seeded(recipe.seed, 0)
    return DeltaNetwork(own.task.inputs, recipe.shapes(own.task.outputs), recipe.learned)


def words(model: DeltaNetwork) -> Prices:
    """The price of a message: the weights it fetches."""
    network = exported(model, "dense", dense=True)
    return {p.name: p.connection.fan_out.astype(np.float32) for p in network.projections}


def train_sequences(
    task: Task,
    recipe: Recipe,
    out: Path,
    *,
    command: str = "",
    resume: bool = False,
    progress: Progress | None = None,
) -> Trained:
    """Train a pair of networks of ``recipe.cell`` and write them with their record to the folder ``out``.

    First ``dense_epochs`` without thresholds, then ``epochs`` with them; the part held out chooses the
    epochs, then the largest scale of all thresholds whose score is within `WITHIN` of that without. The test
    part is not looked at. While it trains, ``out`` holds checkpoints, from which ``resume`` goes on.

    Errors: a folder that exists, divergence, a full disk, bits (they are trained in float32).
    """
    if recipe.bits or recipe.sparsity or recipe.learned:
        rule = "these networks are trained in float32, with all weights and given thresholds"
        raise InputError("recipe", "bits, sparsity or learned", rule, "Leave them out.")
    if not resume:
        refuse_existing(out)
    kept = {name: out / f"under-way-{name}" for name in ("dense", "delta")}
    if resume and not (kept["dense"] / CHECKPOINT).is_file():
        rule = "there is no checkpoint to go on from"
        raise InputError(out, "nothing under way", rule, "Name the folder of a training that was stopped.")
    own = material_of(task)
    total = recipe.dense_epochs + recipe.epochs

    def behind(before: int) -> Progress:
        return lambda done, _: progress(before + done, total) if progress is not None else None

    def fitted(model: DeltaNetwork, stage: Recipe, name: str, before: int) -> tuple[State, float]:
        lesson = lesson_of(own, stage, words(model))
        begun, goes_on = time.process_time(), (kept[name] / CHECKPOINT).is_file()
        state = fit(model, stage, lesson, folder=kept[name], resume=goes_on, progress=behind(before))
        return state, time.process_time() - begun

    model = new_model(own, recipe)
    first, seconds = fitted(model, replace(recipe, epochs=0, l1=0.0), "dense", 0)
    dense = exported(model, f"{task.name}-{recipe.cell}-dense", dense=True)
    without = point(model, own, 0.0)
    fitted(model, replace(recipe, dense_epochs=0), "delta", recipe.dense_epochs)
    tried = [point(model, own, scale) for scale in SCALES]
    taken = chosen(tried, without.score - WITHIN[task.score_name])
    for module in model.modules():
        if isinstance(module, Threshold):
            module.theta.mul_(taken.scale)
    record = {
        "command": command,
        "data": task.about,
        "data_digest": own.digest,
        "cell": recipe.cell,
        "parts": {"learned": len(own.learned.targets), "held_out": len(own.held_out.targets)},
        "recipe": recipe.described(),
        "learning": [round(one["validation_loss"], 6) for one in first.history],
        "epoch_processor_s": seconds / max(1, recipe.dense_epochs),
        "updates_an_epoch": len(list(batches_of(own.learned, recipe.batch, seeded(recipe.seed)))),
        "scales": [found._asdict() for found in tried],
        "result": {"held_out_dense": without.score, **taken._asdict()},
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }
    result = Trained(dense, exported(model, f"{task.name}-{recipe.cell}-delta"), own.stored, record)
    with told_in_a_sentence(out):
        save(result, out)
        for part in kept.values():
            shutil.rmtree(part, ignore_errors=True)
    return result
