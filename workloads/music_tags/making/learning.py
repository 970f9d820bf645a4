"""Training on clips: whole clips first, then blocks in fixed point, with and without deltas."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from deltasim.networks.training.network import DeltaNetwork
from deltasim.networks.training.trainer import fit as trainer
from deltasim.networks.training.trainer.batches import Batch
from deltasim.networks.training.trainer.recipe import Recipe as Tuning
from deltasim.runtime.arrays import Floats
from deltasim.workloads.music_tags.clips import BANDS, FULL, Clips, blocks
from deltasim.workloads.music_tags.making.tagger import Tagger, in_blocks, norm_of
from deltasim.workloads.music_tags.structures import Structure

BATCH = 16
SHIFT, MASK = 2, 4  # frames a clip is moved by at most, bands that are silenced at most
BITS = 8  # of a weight
LOOKED_AT = 64  # clips at once where nothing is learned


@dataclass(frozen=True)
class Recipe:
    """Every choice of a training: epochs on whole clips, then in blocks, their learning rates, the seed.

    ``thetas`` are the thresholds that delta networks are trained with, ``naive`` those that a dense network
    is tried with when it runs. Of either the largest is taken that costs at most ``within`` of the mean ROC
    AUC on the validation part.
    """

    epochs: int = 10
    learning_rate: float = 1e-2
    weight_decay: float = 1e-3
    tuned_epochs: int = 2
    tuned_rate: float = 1e-3
    thetas: tuple[float, ...] = (0.2, 0.35)
    naive: tuple[float, ...] = (0.1, 0.2)
    within: float = 0.01
    seed: int = 0


class Learned(NamedTuple):
    """A trained tagger, the seconds of processor time it took, and the validation loss of each epoch."""

    tagger: Tagger
    seconds: float
    losses: tuple[float, ...]


def scaled(levels: np.ndarray) -> Tensor:
    """Clips (B, T, 32) of bytes as a tagger hears them, (B, 32, T), 0 to 1."""
    return torch.from_numpy(levels.astype(np.float32) / FULL).transpose(1, 2)


def varied(levels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Clips moved in time and with a few bands silenced, each as it is drawn."""
    found = np.empty_like(levels)
    for place, clip in enumerate(levels):
        found[place] = np.roll(clip, rng.integers(-SHIFT, SHIFT + 1), axis=0)
        width = rng.integers(0, MASK + 1)
        first = rng.integers(0, BANDS - width + 1)
        found[place, :, first : first + width] = 0
    return found


def drawn(count: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """An epoch's batches as places; what is left over is another epoch's."""
    order = rng.permutation(count)
    for start in range(0, count - BATCH + 1, BATCH):
        yield order[start : start + BATCH]


def learned(
    structure: Structure,
    train: Clips,
    validation: Clips,
    recipe: Recipe,
    report: Callable[[dict[str, float]], None] | None = None,
) -> Learned:
    """Train on whole clips: binary cross-entropy, Adam, a learning rate that falls as a cosine.

    The last epoch is kept.
    """
    rng = trainer.seeded(recipe.seed, 0)
    tagger = Tagger(structure, torch.from_numpy(train.tags.mean(axis=0)))
    optimiser = torch.optim.AdamW(tagger.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    steps = recipe.epochs * (len(train.levels) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / max(1, steps)))
    )
    wanted = torch.from_numpy(train.tags.astype(np.float32))
    seen: list[float] = []
    started = time.process_time()
    for epoch in range(recipe.epochs):
        tagger.train()
        for places in drawn(len(train.levels), rng):
            logits = tagger(scaled(varied(train.levels[places], rng)))
            loss = nn.functional.binary_cross_entropy_with_logits(logits, wanted[places])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(tagger.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        seen.append(loss_of(tagger, validation))
        if report is not None:
            report({"epoch": epoch + 1.0, "validation_loss": seen[-1]})
    return Learned(tagger, time.process_time() - started, tuple(seen))


def loss_of(tagger: Tagger, clips: Clips) -> float:
    """The mean binary cross-entropy of clips that nothing is learned from."""
    tagger.eval()
    with torch.no_grad():
        logits = torch.cat(
            [
                tagger(scaled(clips.levels[start : start + LOOKED_AT]))
                for start in range(0, len(clips.levels), LOOKED_AT)
            ]
        )
    wanted = torch.from_numpy(clips.tags.astype(np.float32))
    return float(nn.functional.binary_cross_entropy_with_logits(logits, wanted))


def norm_as_arrays(tagger: Tagger) -> tuple[Floats, Floats]:
    """Gain and offset of each band."""
    gain, offset = norm_of(tagger.bands)
    return gain.numpy().astype(np.float32), offset.numpy().astype(np.float32)


def as_batch(levels: np.ndarray, tags: np.ndarray, norm: tuple[Floats, Floats]) -> Batch:
    """Clips in blocks, (T, B, 128)."""
    sequences = np.stack(blocks(levels, *norm), axis=1)
    lengths = torch.full((sequences.shape[1],), len(sequences), dtype=torch.long)
    return Batch(torch.from_numpy(sequences), lengths, torch.from_numpy(tags.astype(np.float32)))


def tag_loss(reads: str) -> Callable[[Tensor, Batch], Tensor]:
    """Binary cross-entropy of the last step, or of the mean over the steps; all clips are as long."""

    def loss(outputs: Tensor, batch: Batch) -> Tensor:
        read = outputs[-1] if reads == "last" else outputs.mean(0)
        return nn.functional.binary_cross_entropy_with_logits(read, batch.targets)

    return loss


def tuned(
    tagger: Tagger,
    train: Clips,
    validation: Clips,
    recipe: Recipe,
    theta: float,
    report: Callable[[dict[str, float]], None] | None = None,
) -> DeltaNetwork:
    """Train on in blocks, weights in 8 bits, with the threshold ``theta`` everywhere; 0: without deltas."""
    norm = norm_as_arrays(tagger)

    def portions(rng: np.random.Generator) -> Iterator[Batch]:
        for places in drawn(len(train.levels), rng):
            yield as_batch(varied(train.levels[places], rng), train.tags[places], norm)

    parts = [slice(start, start + LOOKED_AT) for start in range(0, len(validation.levels), LOOKED_AT)]
    looked_at = [as_batch(validation.levels[part], validation.tags[part], norm) for part in parts]
    model = in_blocks(tagger, theta)
    settings = Tuning(
        dense_epochs=0,
        epochs=recipe.tuned_epochs,
        learning_rate=recipe.tuned_rate,
        bits=BITS,
        patience=0,
        seed=recipe.seed,
    )
    lesson = trainer.Lesson(portions, looked_at, tag_loss(tagger.structure.reads), train.digest)
    trainer.fit(model, settings, lesson, report=report)
    return model
