"""Train a model of an amplifier, then networks whose output makes it linear, through that model."""

from __future__ import annotations

import math
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deltasim.networks.files.checkpoint import FILE as CHECKPOINT
from deltasim.networks.training.layers.layer import Conditions
from deltasim.networks.training.network import DeltaNetwork
from deltasim.networks.training.trainer.batches import Batch
from deltasim.networks.training.trainer.checkpoint import State
from deltasim.networks.training.trainer.costs import Prices
from deltasim.networks.training.trainer.fit import Lesson, fit, seeded
from deltasim.networks.training.trainer.recipe import Recipe
from deltasim.runtime.arrays import Floats
from deltasim.runtime.disk.output import refuse_existing, told_in_a_sentence
from deltasim.runtime.errors import InputError
from deltasim.workloads.predistortion.amplifier import Amplifier as Model
from deltasim.workloads.predistortion.capture import Capture, Complex
from deltasim.workloads.predistortion.features import FEATURES, features
from deltasim.workloads.predistortion.making.model import Amplifier, Bypassed, network_of
from deltasim.workloads.predistortion.sources import Source
from deltasim.workloads.predistortion.thresholds import SCALES, Point, chosen, rescaled
from deltasim.workloads.predistortion.trained import Trained, save

WINDOW = 88  # samples of a sequence that is learned from
SETTLING = 24  # of them, from rest, that no loss is taken of
LOOKED_AT = 16  # sequences that the validation part is cut into
WITHIN_DB = 3.0  # of the error without thresholds: twice its energy

OURS = "bypassed"
# Lags of ours: memory, and an echo that the recording has about 22 samples late (`making.echoes`).
PASSED = (0, 1, 2, 3, 21, 22)
ECHOES = (0, 1, 2, 3, 4, 6, 8, 10, 20, 21, 22, 23)  # lags of the amplifier's model


def plain(recipe: Recipe) -> DeltaNetwork:
    """DeltaDPD's form: a GRU of the features, and a readout."""
    return DeltaNetwork(len(FEATURES), recipe.shapes(2), recipe.learned)


def bypassed(recipe: Recipe) -> DeltaNetwork:
    """The same, past which the sample goes to the readout as well."""
    return Bypassed(len(FEATURES), recipe.shapes(2), recipe.learned, PASSED)


def amplifier(recipe: Recipe) -> DeltaNetwork:
    """The form of an amplifier's model."""
    return Bypassed(len(FEATURES), recipe.shapes(2), recipe.learned, ECHOES)


FORMS = {"plain": plain, OURS: bypassed}
"""What is trained to predistort."""

AMPLIFIER = Recipe(
    units=24, theta_x=0.0, theta_h=0.0, theta_readout=0.0, dense_epochs=90, epochs=0, batch=32,
    learning_rate=0.006, weight_decay=0.0, patience=0,
)  # fmt: skip

_DENSE = Recipe(
    units=15, theta_x=0.05, theta_h=0.05, theta_readout=0.0, dense_epochs=100, epochs=60, batch=48,
    learning_rate=0.006, weight_decay=0.0, patience=0,
)  # fmt: skip
RECIPES = {
    "plain": _DENSE,
    OURS: replace(
        _DENSE, theta_x=0.05, theta_h=0.05, theta_readout=0.01, learned="neuron", l1=0.5, dense_epochs=60,
        epochs=50,
    ),
}  # fmt: skip
"""What each form is trained by; units as DeltaDPD's, about 1,000 parameters."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Material:
    """What is learned: an input signal and the one that ought to come out, to learn from and to choose on."""

    learned: tuple[Complex, Complex]
    held_out: tuple[Complex, Complex]
    digest: str


def pairs(samples: Complex) -> Floats:
    """Complex samples as (T, 2) float32."""
    return np.stack([samples.real, samples.imag], 1).astype(np.float32)


def windows(inputs: Floats, wanted: Floats, first: int, length: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets of all whole windows from a sample on, (length, windows, ...)."""
    count = (len(inputs) - first) // length
    stop = first + count * length

    def cut(values: Floats) -> Tensor:
        own = values[first:stop].reshape(count, length, -1).transpose(1, 0, 2)
        return torch.from_numpy(np.ascontiguousarray(own))

    return cut(inputs), cut(wanted)


def batches_of(own: Material, size: int, rng: np.random.Generator) -> Iterator[Batch]:
    """An epoch: the signal cut at a place that is drawn, its windows in an order that is drawn."""
    inputs, targets = windows(
        features(own.learned[0]), pairs(own.learned[1]), int(rng.integers(WINDOW)), WINDOW
    )
    order = torch.from_numpy(rng.permutation(inputs.shape[1]))
    for start in range(0, len(order), size):
        group = order[start : start + size]
        yield Batch(inputs[:, group], torch.full((len(group),), WINDOW), targets[:, group])


def looked_at(own: Material) -> Batch:
    """What nothing is learned from, in a few long sequences."""
    inputs, targets = windows(
        features(own.held_out[0]), pairs(own.held_out[1]), 0, len(own.held_out[0]) // LOOKED_AT
    )
    return Batch(inputs, torch.full((inputs.shape[1],), len(inputs)), targets)


def log_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """The natural logarithm of the normalised squared error, without what settles: 0.23 times its dB."""
    apart = (outputs[SETTLING:] - targets[SETTLING:]).square().sum()
    return (apart / targets[SETTLING:].square().sum()).log()


def answered(outputs: Tensor, through: Amplifier | None) -> Tensor:
    """What comes of outputs behind the amplifier, where there is one."""
    found: Tensor = outputs if through is None else through.to(outputs.device)(outputs)
    return found


def lesson_of(own: Material, recipe: Recipe, through: Amplifier | None, prices: Prices) -> Lesson:
    """What the trainer is given; ``through`` is what outputs pass before they are compared."""

    def loss(outputs: Tensor, batch: Batch) -> Tensor:
        return log_error(answered(outputs, through), batch.targets)

    return Lesson(lambda rng: batches_of(own, recipe.batch, rng), [looked_at(own)], loss, own.digest, prices)


def words(model: DeltaNetwork) -> Prices:
    """The price of a message: the weights it fetches."""
    network = network_of(model, "dense", dense=True)
    return {p.name: p.connection.fan_out.astype(np.float32) for p in network.projections}


def point(model: DeltaNetwork, own: Material, through: Amplifier, scale: float) -> Point:
    """A model with all thresholds scaled."""
    batch = looked_at(own)
    with torch.no_grad():
        values, encodings = model(batch.inputs, batch.lengths, Conditions(share=scale))
        error = float(log_error(answered(values, through), batch.targets))
    sent = [encoding.deltas().ne(0) for encoding in encodings[:2]]  # of inputs and states, as published
    share = sum(float(flags.sum()) for flags in sent) / sum(flags.numel() for flags in sent)
    return Point(scale, 10 / math.log(10) * error, 1 - share)


def parts_of(found: Source) -> tuple[Capture, Capture]:
    """What is learned from, and what chooses; both are long enough to be cut."""
    learned, held_out = found.read("train"), found.read("val")
    for name, part, least in (
        ("train", learned, 2 * WINDOW),
        ("val", held_out, LOOKED_AT * (SETTLING + 1)),
    ):
        if len(part.sent) < least:
            rule = f"the part {name} has at least {least:,} samples, of whose sequences the first settle"
            raise InputError("--data", f"{len(part.sent):,} samples", rule, "Give a longer recording.")
    return learned, held_out


def started(form: Callable[[Recipe], DeltaNetwork], recipe: Recipe) -> DeltaNetwork:
    """A model whose weights are drawn by the recipe's seed."""
    seeded(recipe.seed, 0)
    return form(recipe)


def train_amplifier(
    found: Source, folder: Path | None = None, progress: Progress | None = None
) -> tuple[Model, float]:
    """A model of a recording's amplifier, and its error on what is held out, in dB.

    What nothing is learned from chooses the epoch; ``folder`` holds the checkpoint, from which it goes on.
    """
    learned, held_out = parts_of(found)
    own = Material((learned.sent, learned.received), (held_out.sent, held_out.received), learned.digest)
    model = started(amplifier, AMPLIFIER)
    state = fitted(model, AMPLIFIER, own, None, folder, progress)
    least = min(figures["validation_loss"] for figures in state.history)
    return Model(network_of(model, "amplifier", dense=True)), 10 / math.log(10) * least


def fitted(
    model: DeltaNetwork,
    recipe: Recipe,
    own: Material,
    through: Amplifier | None,
    folder: Path | None,
    progress: Progress | None,
) -> State:
    """Train a model; where ``folder`` has a checkpoint, go on from it."""
    goes_on = folder is not None and (folder / CHECKPOINT).is_file()
    lesson = lesson_of(own, recipe, through, words(model))
    return fit(model, recipe, lesson, folder=folder, resume=goes_on, progress=progress)


def train_predistortion(
    found: Source,
    recipe: Recipe,
    out: Path,
    *,
    form: str = OURS,
    model: Model | None = None,
    command: str = "",
    resume: bool = False,
    progress: Progress | None = None,
) -> Trained:
    """Train a pair of predistorters of a ``form`` (`FORMS`) and write them with their record to ``out``.

    First a model of the amplifier, where none is given; then through it ``dense_epochs`` without thresholds,
    and from there ``epochs`` with them. The part held out chooses the epochs, then the largest scale of all
    thresholds whose error is within `WITHIN_DB` of that without. The test part is not looked at. While it
    trains, ``out`` holds checkpoints, from which ``resume`` goes on.

    Errors: a folder that exists, divergence, a full disk, bits or sparsity (they are trained in float32).
    """
    if recipe.bits or recipe.sparsity or recipe.cell != "gru" or recipe.layers > 1 or recipe.bidirectional:
        rule = "predistorters are trained in float32, one GRU layer with all its weights"
        raise InputError("recipe", "bits, sparsity, cell, layers or bidirectional", rule, "Leave them out.")
    if not resume:
        refuse_existing(out)
    kept = {name: out / f"under-way-{name}" for name in ("amplifier", "dense", "delta")}
    if resume and not any((folder / CHECKPOINT).is_file() for folder in kept.values()):
        rule = "there is no checkpoint to go on from"
        raise InputError(out, "nothing under way", rule, "Name the folder of a training that was stopped.")
    first = 0 if model is not None else AMPLIFIER.dense_epochs
    total = first + recipe.dense_epochs + recipe.epochs

    def behind(before: int) -> Progress:
        return lambda done, _: progress(before + done, total) if progress is not None else None

    error_db = None
    if model is None:
        model, error_db = train_amplifier(found, kept["amplifier"], behind(0))
    through = Amplifier(model.network)
    learned, held_out = parts_of(found)
    own = Material(
        (learned.sent, learned.wanted),
        (held_out.sent, held_out.wanted),
        f"{learned.digest} {model.digest}",
    )
    own_model = started(FORMS[form], recipe)
    fitted(own_model, replace(recipe, epochs=0, l1=0.0), own, through, kept["dense"], behind(first))
    dense = network_of(own_model, f"predistortion-{form}-dense", dense=True)
    without = point(own_model, own, through, 0.0)
    stage = replace(recipe, dense_epochs=0)
    fitted(own_model, stage, own, through, kept["delta"], behind(first + recipe.dense_epochs))
    tried = [point(own_model, own, through, scale) for scale in SCALES]
    taken = chosen(tried, without.nmse_db + WITHIN_DB)
    delta = rescaled(network_of(own_model, f"predistortion-{form}-delta"), taken.scale)
    record = {
        "command": command,
        "data": held_out.about,
        "data_digest": learned.digest,
        "band": held_out.band.described(),
        "form": form,
        "recipe": recipe.described(),
        "amplifier": {
            "digest": model.digest,
            "recipe": AMPLIFIER.described(),
            "held_out_nmse_db": error_db,
        },
        "scales": [found._asdict() for found in tried],
        "result": {"held_out_dense_nmse_db": without.nmse_db, **taken._asdict()},
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }
    result = Trained(dense, delta, model, record)
    with told_in_a_sentence(out):
        save(result, out)
        for part in kept.values():
            shutil.rmtree(part, ignore_errors=True)
    return result
