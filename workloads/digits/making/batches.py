"""From a corpus to an epoch's batches: changed a little at random, grouped by length, padded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from deltasim.networks.training.recipe import pooled_logits
from deltasim.networks.training.trainer.batches import Batch, grouped, padded
from deltasim.networks.training.trainer.losses import transcript_loss
from deltasim.workloads.digits.corpus import Corpus
from deltasim.workloads.digits.making.augment import augmented
from deltasim.workloads.digits.strings import LONGEST, joined
from deltasim.workloads.features import Normalisation, normalised

USUAL = 45  # frames of a digit: a batch of n recordings is a batch of about 45 n frames
MOST = 150  # frames: what is longer is cut in training


def digit_batches(
    corpus: Corpus, stored: Normalisation, batch: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """One epoch of single digits, targets (B,)."""
    features = [normalised(augmented(frames, rng), stored)[:MOST] for frames in corpus.features]
    for group in grouped([len(frames) for frames in features], batch * USUAL, rng):
        yield padded([features[place] for place in group], torch.from_numpy(corpus.labels[group]))


def string_batches(
    corpus: Corpus, stored: Normalisation, batch: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """One epoch of connected strings, every recording in one of them, targets (B, 7) padded with -1.

    How long the strings may get is drawn for each epoch: what a digit sounds like is learnt from short ones.
    """
    changed = tuple(augmented(frames, rng)[:MOST] for frames in corpus.features)
    strings = joined(replace(corpus, features=changed), rng, int(rng.integers(1, LONGEST + 1)))
    for group in grouped([len(frames) for frames in strings.features], batch * USUAL, rng):
        sequences = [normalised(strings.features[place], stored) for place in group]
        yield padded(sequences, torch.from_numpy(strings.digits[group]))


def digit_loss(logits: Tensor, batch: Batch, smoothing: float) -> Tensor:
    """Cross-entropy of the logits averaged over a recording's real frames, later frames weighing more."""
    return torch.nn.functional.cross_entropy(
        pooled_logits(logits, batch), batch.targets, label_smoothing=smoothing
    )


def string_loss(logits: Tensor, batch: Batch, smoothing: float) -> Tensor:
    """Connectionist temporal classification (Graves et al. 2006), a digit said; the last class is blank."""
    return transcript_loss(logits, batch)
