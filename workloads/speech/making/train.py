"""Train: once on synthetic reading, then for each fold a dense network and a delta network from there."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from deltasim.networks.files.checkpoint import FILE as CHECKPOINT
from deltasim.networks.graph import Network
from deltasim.networks.training.encoder import Threshold
from deltasim.networks.training.exporting import exported
from deltasim.networks.training.layers.layer import Conditions
from deltasim.networks.training.network import DeltaNetwork
from deltasim.networks.training.rounding import Formats
from deltasim.networks.training.trainer.batches import in_order
from deltasim.networks.training.trainer.costs import Activity, Prices, activity
from deltasim.networks.training.trainer.fit import Lesson, fit, seeded
from deltasim.networks.training.trainer.losses import transcript_loss
from deltasim.networks.training.trainer.recipe import Recipe
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.digits.making.methods import WITHOUT
from deltasim.workloads.speech.frames import INPUTS, analysed, heard
from deltasim.workloads.speech.letters import OUTPUTS
from deltasim.workloads.speech.making.choosing import DEFAULT_EPOCHS, NAIVE, SCALES, WITHIN, Point, chosen_of
from deltasim.workloads.speech.making.dense import trained_dense
from deltasim.workloads.speech.making.lesson import LOOKED_AT, Sentences, batches, looked_at
from deltasim.workloads.speech.recordings import RATE, Recordings, folds_of
from deltasim.workloads.speech.scores import characters_right

BITS = 8
UNDER_WAY = "under-way"
HELD_OUT = 15  # sentences' names of a fold's training part, to choose on
READING_HELD_OUT = 48  # sentences of the synthetic reading, to choose the epoch on
READING_BATCH, DENSE_BATCH = 20, 8  # sentences
RECIPE = Recipe(
    units=96, layers=2, bidirectional=True, theta_x=0.8, theta_h=0.3, theta_readout=0.05, learned="neuron",
    dense_epochs=DEFAULT_EPOCHS[1], epochs=DEFAULT_EPOCHS[2], batch=12, learning_rate=0.003,
    weight_decay=0.01, ramp=0.1, l1=0.4, bits=BITS, patience=0,
)  # fmt: skip
"""Of a fold: ``dense_epochs`` without thresholds from the reading's weights, then ``epochs`` with them."""

Report = Callable[[str, dict[str, float]], None]


@dataclass(frozen=True)
class Fold:
    """A fold's recordings to learn from, and those to choose on; the test part is in neither."""

    number: int
    learned: Sentences
    held_out: Sentences
    digest: str


def sentences_of(recordings: Recordings) -> Sentences:
    """Features and texts of recordings."""
    return Sentences(tuple(analysed(sound, RATE) for sound in recordings.audio), recordings.texts)


def fold_of(recordings: Recordings, number: int, seed: int) -> Fold:
    """The training part of a fold; whole names of it, drawn by ``seed``, are held out to choose on."""
    training = np.flatnonzero(folds_of(recordings.names) != number)
    names = np.unique([recordings.names[place] for place in training])
    drawn = set(np.random.default_rng([seed, 7, number]).permutation(names)[:HELD_OUT].tolist())
    apart = np.array([recordings.names[place] in drawn for place in training])
    whole = sentences_of(recordings.chosen(training))
    learned = whole.chosen(np.flatnonzero(~apart).tolist())
    held_out = whole.chosen(np.flatnonzero(apart).tolist())
    return Fold(number, learned, held_out, digest_of(*whole.features, *whole.texts, apart))


def words(model: DeltaNetwork) -> Prices:
    """The price of a message: the weights it fetches."""
    network = exported(model, "dense", dense=True)
    return {p.name: p.connection.fan_out.astype(np.float32) for p in network.projections}


def new_model(recipe: Recipe) -> DeltaNetwork:
    """A model whose weights are drawn by the recipe's seed."""
    seeded(recipe.seed, 0)
    return DeltaNetwork(INPUTS, recipe.shapes(OUTPUTS), recipe.learned)


def pretrained(reading: Sentences, epochs: int, recipe: Recipe, report: Report) -> dict[str, Tensor]:
    """Weights of a network without thresholds that learned the reading; no fold has a part in it."""
    count = len(reading.texts)
    own = reading.chosen(range(count - READING_HELD_OUT))
    held_out = looked_at(reading.chosen(range(count - READING_HELD_OUT, count)))
    return trained_dense(
        recipe,
        epochs,
        lambda rng: batches(own, READING_BATCH, rng),
        held_out,
        None,
        lambda found: report("reading", found),
    )


def dense_weights(
    own: Fold, weights: dict[str, Tensor], recipe: Recipe, folder: Path, report: Report
) -> dict[str, Tensor]:
    """Dense weights of a fold, trained from those of the reading; what stands in ``folder`` is taken."""
    file = folder / "dense.safetensors"
    if not file.is_file():
        found = trained_dense(
            recipe,
            recipe.dense_epochs,
            lambda rng: batches(own.learned, DENSE_BATCH, rng),
            looked_at(own.held_out),
            weights,
            lambda figures: report(f"fold {own.number} dense", figures),
        )
        folder.mkdir(parents=True, exist_ok=True)
        save_file(found, file)
    return load_file(file)


def with_thresholds(
    own: Fold, weights: dict[str, Tensor], recipe: Recipe, folder: Path, report: Report
) -> DeltaNetwork:
    """A delta network trained on a fold from dense weights; checkpoints stand in ``folder``."""
    chosen = replace(recipe, dense_epochs=0)
    model = as_delta(weights, chosen)
    lesson = Lesson(
        lambda rng: batches(own.learned, recipe.batch, rng),
        looked_at(own.held_out),
        transcript_loss,
        own.digest,
        words(model),
    )
    resume = (folder / CHECKPOINT).is_file()
    name = f"fold {own.number} delta"
    fit(model, chosen, lesson, folder=folder, resume=resume, report=lambda found: report(name, found))
    return model


def as_delta(weights: dict[str, Tensor], recipe: Recipe) -> DeltaNetwork:
    """A model of a recipe with these weights; its thresholds are the recipe's."""
    model = new_model(recipe)
    model.load_state_dict({**model.state_dict(), **weights})
    return model


def point(model: DeltaNetwork, own: Sentences, scale: float) -> Point:
    """A model's character error rate in fixed point with all thresholds scaled."""
    counted, right, said = np.zeros(4), 0.0, 0.0
    conditions = Conditions(share=scale, formats=Formats(BITS))
    lengths = [len(heard(features)) for features in own.features]
    texts = [place for group in in_order(lengths, LOOKED_AT) for place in group.tolist()]
    outputs = []
    with torch.no_grad():
        for batch in looked_at(own):
            values, encodings = model(batch.inputs, batch.lengths, conditions)
            counted += np.array(activity(encodings, batch))
            outputs += [values[:length, place].numpy() for place, length in enumerate(batch.lengths.tolist())]
    right, said = characters_right(outputs, [own.texts[place] for place in texts]).sum(0).tolist()
    return Point(scale, 1 - right / said, Activity(*counted.tolist()).saved)


class Made(NamedTuple):
    """A fold's networks as they run, and the record of how they were made and what was chosen."""

    dense: Network
    delta: Network
    record: dict[str, Any]


def trained_fold(own: Fold, weights: dict[str, Tensor], recipe: Recipe, folder: Path, report: Report) -> Made:
    """Both networks of a fold, the delta network from the dense one; the test part is not touched.

    Of the scales of the delta network's learned thresholds, and of the thetas that the dense network is run
    with, the one is kept that saves most within a point of the dense network's character error rate.
    """
    dense = dense_weights(own, weights, recipe, folder / UNDER_WAY, report)
    model = with_thresholds(own, dense, recipe, folder / UNDER_WAY, report)

    def at(theta: float) -> DeltaNetwork:
        thetas = {"theta_x": theta, "theta_h": theta, "theta_readout": theta}
        return as_delta(dense, replace(recipe, **{**WITHOUT, **thetas}))  # type: ignore[arg-type]

    plain = point(at(0.0), own.held_out, 1.0)
    naive = [point(at(theta), own.held_out, 1.0)._replace(scale=theta) for theta in NAIVE]
    tried = [point(model, own.held_out, scale) for scale in SCALES]
    kept = chosen_of(tried, plain.error + WITHIN)
    formats = Formats(BITS)
    name = f"speech-{recipe.cell}-{recipe.units}-fold-{own.number}"
    record = {
        "fold": own.number,
        "parts": {"training": len(own.learned.texts), "held_out": len(own.held_out.texts)},
        "recipe": recipe.described(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "chosen_on": {
            "dense": plain._asdict(),
            "naive": [found._asdict() for found in naive],
            "naive_theta": chosen_of(naive, plain.error + WITHIN).scale,
            "delta": [found._asdict() for found in tried],
            "scale": kept.scale,
        },
    }
    scale_thresholds(model, kept.scale)
    return Made(
        exported(at(0.0), f"{name}-dense", formats=formats),
        exported(model, f"{name}-delta", formats=formats),
        record,
    )


def scale_thresholds(model: DeltaNetwork, scale: float) -> None:
    """Multiply every learned threshold, in place."""
    for part in model.modules():
        if isinstance(part, Threshold) and part.log is not None:
            with torch.no_grad():
                part.log.add_(float(np.log(scale)))
