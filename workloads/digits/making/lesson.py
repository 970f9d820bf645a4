"""What the digit networks learn: an epoch's batches, changed a little at random, and a part held out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from deltasim.networks.training.trainer.batches import Batch, grouped, in_order, padded
from deltasim.networks.training.trainer.losses import Loss, pooled_loss, transcript_loss
from deltasim.runtime.errors import InputError
from deltasim.workloads.benchmark import Outputs
from deltasim.workloads.digits.corpus import Corpus
from deltasim.workloads.digits.making.augment import augmented
from deltasim.workloads.digits.scores import digits_right, recognised
from deltasim.workloads.digits.sources import Source
from deltasim.workloads.digits.strings import LONGEST, joined
from deltasim.workloads.features import Normalisation, normalised

USUAL = 45  # frames of a digit: a batch of n recordings is a batch of about 45 n frames
MOST = 150  # frames: what is longer is cut in training
HELD_OUT = 9  # one recording in so many of every speaker and digit, or one speaker in so many, is held out


class Said(NamedTuple):
    """Sequences of normalised features and what was said in each."""

    sequences: tuple[NDArray[np.float32], ...]
    targets: NDArray[np.int64]


class Halves(NamedTuple):
    """The recordings that are learned from, and those that choices are made on."""

    learned: Corpus
    held_out: Corpus


def halves(corpus: Corpus, tested: NDArray[np.int64], seed: int) -> Halves:
    """Hold a ninth of a training part out, drawn by ``seed``, as its source holds out the test part.

    ``tested`` are the speakers of the test part. Where they are others than those of the training part, whole
    speakers are held out; else recordings, the same share of every speaker and digit.

    >>> toy = Corpus("toy", "", (np.zeros((5, 40), np.float32),) * 18, np.zeros(18, np.int64),
    ...              np.repeat([0, 1], 9), ("ann", "bob"), np.zeros(18, np.bool_), "0")
    >>> [len(part.labels) for part in halves(toy, np.array([0, 1]), 0)]
    [16, 2]
    >>> [sorted(set(part.speakers.tolist())) for part in halves(toy, np.array([2]), 0)]
    [[1], [0]]
    """
    rng = np.random.default_rng([seed, 7])
    speakers = np.unique(corpus.speakers)
    chosen = np.zeros(len(corpus.labels), np.bool_)
    if np.isin(speakers, tested).any():
        for speaker in speakers:
            for digit in np.unique(corpus.labels):
                places = np.flatnonzero((corpus.speakers == speaker) & (corpus.labels == digit))
                chosen[rng.permutation(places)[: len(places) // HELD_OUT]] = True
    elif len(speakers) > 1:
        chosen = np.isin(corpus.speakers, rng.permutation(speakers)[: max(1, len(speakers) // HELD_OUT)])
    if not chosen.any() or chosen.all():
        rule = f"a part to choose on is held out: {HELD_OUT} recordings of a digit or two speakers are needed"
        raise InputError(corpus.name, f"{len(corpus.labels)} recordings", rule, "Use the whole data set.")
    return Halves(corpus.chosen(np.flatnonzero(~chosen)), corpus.chosen(np.flatnonzero(chosen)))


@dataclass(frozen=True)
class Task:
    """What is learned: outputs, an epoch's batches, the loss, what is said in a corpus, what was right.

    ``points(outputs, targets)`` is (n, 2): the score is the sum of the first column over that of the second.
    """

    name: str
    classes: int
    batches: Callable[[Corpus, Normalisation, int, np.random.Generator], Iterator[Batch]]
    loss: Loss
    said: Callable[[Corpus, Normalisation, int], Said]
    tested: Callable[[Source, Normalisation], Said]
    points: Callable[[Outputs, NDArray[np.int64]], NDArray[np.float64]]


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


def digits_of(corpus: Corpus, stored: Normalisation, seed: int) -> Said:
    """Single digits as they were recorded."""
    return Said(tuple(normalised(frames, stored) for frames in corpus.features), corpus.labels)


def strings_of(corpus: Corpus, stored: Normalisation, seed: int) -> Said:
    """Strings joined from single digits, drawn by ``seed``."""
    strings = joined(corpus, np.random.default_rng(seed))
    return Said(tuple(normalised(frames, stored) for frames in strings.features), strings.digits)


def digits_of_test(found: Source, stored: Normalisation) -> Said:
    """Single digits of the test part."""
    return digits_of(found.read("test"), stored, 0)


def strings_of_test(found: Source, stored: Normalisation) -> Said:
    """Connected strings of the test part, as the benchmark has them."""
    strings = found.read_strings("test")
    return Said(tuple(normalised(frames, stored) for frames in strings.features), strings.digits)


TASKS = {
    "digits": Task("digits", 10, digit_batches, pooled_loss, digits_of, digits_of_test, recognised),
    "digit-strings": Task(
        "digit-strings", 11, string_batches, transcript_loss, strings_of, strings_of_test, digits_right
    ),
}


def looked_at(said: Said, count: int) -> Sequence[Batch]:
    """Batches of what is only looked at."""
    groups = in_order([len(frames) for frames in said.sequences], count)
    return [
        padded([said.sequences[place] for place in group], torch.from_numpy(said.targets[group]))
        for group in groups
    ]
