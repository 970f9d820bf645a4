"""Training on spike counts, an epoch after another, each with its checkpoint."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from deltasim.networks.training.spike_trains.adam import Moments, adam_step, moments_of
from deltasim.networks.training.spike_trains.gradients import Rule
from deltasim.networks.training.spike_trains.layer import Spikes, Weights
from deltasim.networks.training.spike_trains.loss import Targets, count_loss
from deltasim.networks.training.spike_trains.network import (
    Stack,
    Sums,
    add_gradient,
    counted,
    no_sums,
    run,
)
from deltasim.networks.training.trainer.checkpoint import State, load_checkpoint, save_checkpoint
from deltasim.runtime.errors import InputError, nearest

METHODS = ("spike-trains", "surrogate")
PARTS = ("forward", "recurrent")

Pair = tuple[Moments, Moments]
"""Of the forward and of the recurrent weights of a layer."""

Sample = tuple[Spikes, int]
"""The spikes of a sample's inputs, and its class."""


@dataclass(frozen=True)
class Recipe:
    """Every choice of a training but its data and the shape of the network.

    ``method``: "spike-trains" (ST-RSBP, `rule` and `targets`) or "surrogate" (`surrogate.py`). Adam with a
    rate that falls to 0 in a half cosine over all ``epochs``; ``patience`` is how many epochs may pass
    without a better validation part, 0 for all. ``seed`` draws everything that is drawn.
    """

    method: str = METHODS[0]
    rule: Rule = field(default_factory=Rule)
    targets: Targets = field(default_factory=Targets)
    epochs: int = 10
    batch: int = 4
    rate: float = 1e-3
    patience: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            rule = "there is no such method"
            raise InputError("recipe: method", self.method, rule, nearest(self.method, METHODS))
        for name in ("epochs", "batch"):
            if not (isinstance(getattr(self, name), int) and getattr(self, name) >= 1):
                raise InputError(
                    f"recipe: {name}", getattr(self, name), "it is at least 1", "Give 1 or more."
                )
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise InputError("recipe: rate", self.rate, "a rate is above 0", "Give 0.001.")


@dataclass(frozen=True)
class Lesson:
    """What is learned, and what was held out to choose an epoch by.

    ``samples(rng)`` gives the ``count`` samples of an epoch one after another, drawn with ``rng``; ``digest``
    says which data these are.
    """

    count: int
    samples: Callable[[np.random.Generator], Any]
    validation: Sequence[Sample]
    digest: str


class Learned(NamedTuple):
    """The weights of the best epoch, and a record of every epoch."""

    weights: tuple[Weights, ...]
    history: list[dict[str, float]]


def fit(
    stack: Stack,
    weights: tuple[Weights, ...],
    recipe: Recipe,
    lesson: Lesson,
    *,
    folder: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
    report: Callable[[dict[str, float]], None] | None = None,
) -> Learned:
    """Train from ``weights`` on; the best epoch is the first of the highest validation accuracy.

    After every epoch a checkpoint is written to ``folder``; with ``resume`` training goes on from there and
    ends with the very weights of one that was never stopped. ``progress`` is called with (epochs done,
    epochs), ``report`` with each epoch's figures: loss, accuracy, those of the validation part, samples and
    processor seconds so far.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return fitted(stack, weights, recipe, lesson, folder, resume, progress, report)
    finally:
        torch.set_num_threads(threads)


def fitted(
    stack: Stack,
    weights: tuple[Weights, ...],
    recipe: Recipe,
    lesson: Lesson,
    folder: Path | None,
    resume: bool,
    progress: Callable[[int, int], None] | None,
    report: Callable[[dict[str, float]], None] | None,
) -> Learned:
    """All epochs that are left."""
    subject = subject_of(stack, recipe, lesson)
    own = tuple(Weights(*(matrix.copy() for matrix in pair)) for pair in weights)
    moments = tuple((moments_of(pair.forward), moments_of(pair.recurrent)) for pair in own)
    state = State()
    if resume and folder is not None:
        state = load_checkpoint(folder, subject)
        fill(own, moments, state)
    while state.epoch < recipe.epochs and not 0 < recipe.patience <= state.waited:
        figures = epoch(stack, own, moments, recipe, lesson, state)
        state.history.append(figures)
        if state.key is None or figures["validation_accuracy"] > state.key:
            state.key, state.waited, state.best = figures["validation_accuracy"], 0, tensors(own)
        else:
            state.waited += 1
        state.epoch += 1
        if folder is not None:
            state.weights, state.optimiser = tensors(own), moment_tensors(moments)
            save_checkpoint(state, folder, subject)
        if report is not None:
            report(figures)
        if progress is not None:
            progress(state.epoch, recipe.epochs)
    best = tuple(Weights(*(state.best[f"{n}.{part}"].numpy() for part in PARTS)) for n in range(len(stack)))
    return Learned(best, state.history)


def subject_of(stack: Stack, recipe: Recipe, lesson: Lesson) -> str:
    """A digest of network, recipe and data: what a checkpoint belongs to."""
    content = json.dumps([[asdict(layer) for layer in stack], asdict(recipe), lesson.digest], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def epoch(
    stack: Stack,
    weights: tuple[Weights, ...],
    moments: tuple[Pair, ...],
    recipe: Recipe,
    lesson: Lesson,
    state: State,
) -> dict[str, float]:
    """One epoch: learn, in place, then look at what was held out."""
    began = time.process_time()
    rng = np.random.default_rng((recipe.seed, 1, state.epoch))
    rounds = -(-lesson.count // recipe.batch)
    loss, right, seen, batch = 0.0, 0, 0, []
    for sample in lesson.samples(rng):
        batch.append(sample)
        seen += 1
        if len(batch) < recipe.batch and seen < lesson.count:
            continue
        step = state.epoch * rounds + -(-seen // recipe.batch)
        rate = recipe.rate * 0.5 * (1 + math.cos(math.pi * step / (recipe.epochs * rounds + 1)))
        cost, found, sums = gradient(stack, weights, recipe, batch)
        for pair, own, slopes in zip(weights, moments, sums, strict=True):
            for matrix, one, slope in zip(pair, own, slopes, strict=True):
                if matrix.size:
                    adam_step(matrix, one, slope.T, rate, step)
        loss, right, batch = loss + cost, right + found, []
    spent = time.process_time() - began
    if not math.isfinite(loss):
        rule = "the loss is no longer finite"
        raise InputError("training", f"epoch {state.epoch + 1}", rule, "Lower the rate.")
    before = state.history[-1] if state.history else {"samples": 0.0, "seconds": 0.0}
    return {
        "epoch": state.epoch + 1,
        "samples": before["samples"] + seen,
        "seconds": before["seconds"] + spent,
        "loss": loss / seen,
        "accuracy": right / seen,
        "validation_accuracy": accuracy_of(stack, weights, lesson.validation),
    }


def gradient(
    stack: Stack, weights: tuple[Weights, ...], recipe: Recipe, batch: Sequence[Sample]
) -> tuple[float, int, tuple[Sums, ...]]:
    """Loss summed over a batch, how many were right, and the gradients' sums."""
    if recipe.method == METHODS[1]:
        from deltasim.networks.training.spike_trains.surrogate import surrogate_gradient

        return surrogate_gradient(stack, weights, batch)
    total, right, sums = 0.0, 0, no_sums(weights)
    for spikes, label in batch:
        fired = run(stack, weights, spikes)
        counts = fired[-1].spikes.counts(stack[-1].units)
        right += int(counts.argmax()) == label
        loss, losses = count_loss(recipe.targets, counts, label)
        if loss:
            add_gradient(stack, weights, recipe.rule, spikes, fired, losses, sums)
        total += loss
    return total, right, sums


def accuracy_of(stack: Stack, weights: tuple[Weights, ...], samples: Sequence[Sample]) -> float:
    """The share of samples whose class fires most; of several that do, the first is taken."""
    right = [int(counted(stack, weights, spikes).argmax()) == label for spikes, label in samples]
    return float(np.mean(right))


def tensors(weights: tuple[Weights, ...]) -> dict[str, torch.Tensor]:
    """Weights as a checkpoint holds them."""
    return {
        f"{number}.{part}": torch.from_numpy(matrix.copy())
        for number, pair in enumerate(weights)
        for part, matrix in zip(PARTS, pair, strict=True)
    }


def moment_tensors(moments: tuple[Pair, ...]) -> dict[str, torch.Tensor]:
    """Adam's moments as a checkpoint holds them."""
    return {
        f"{number}.{part}.{name}": torch.from_numpy(getattr(one, name).copy())
        for number, pair in enumerate(moments)
        for part, one in zip(PARTS, pair, strict=True)
        for name in Moments._fields
    }


def fill(weights: tuple[Weights, ...], moments: tuple[Pair, ...], state: State) -> None:
    """Put a checkpoint's content in the place of what training begins with."""
    for number, (pair, own) in enumerate(zip(weights, moments, strict=True)):
        for part, matrix, one in zip(PARTS, pair, own, strict=True):
            matrix[:] = state.weights[f"{number}.{part}"].numpy()
            for name in Moments._fields:
                getattr(one, name)[:] = state.optimiser[f"{number}.{part}.{name}"].numpy()
