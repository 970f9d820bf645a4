"""The tasks, each with its data: a table in plain sight."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError, nearest
from deltasim.workloads.benchmark import Outputs
from deltasim.workloads.digits.scores import recognised
from deltasim.workloads.digits.sources import source
from deltasim.workloads.features import BANDS
from deltasim.workloads.sequences import adding, mnist

PARTS = ("learned", "held_out", "test")
HELD_OUT = 9  # one recording in so many of every speaker and digit, or one speaker in so many
IMAGES = {"learned": 3000, "held_out": 500, "test": 1000}  # drawn once, so that one core trains in a minute
SUMS = {"learned": 2000, "held_out": 500, "test": 500}
DRAW = 22  # seed of what is drawn, the same for every network


class Part(NamedTuple):
    """Sequences (T_i, inputs) as they were recorded, what ought to come out, and whose they are."""

    sequences: tuple[NDArray[np.float32], ...]
    targets: NDArray[Any]
    speakers: NDArray[np.int64]

    @property
    def digest(self) -> str:
        """A digest over the content."""
        total = hashlib.sha256(np.ascontiguousarray(self.targets).tobytes())
        for frames in self.sequences:
            total.update(np.ascontiguousarray(frames).tobytes())
        return total.hexdigest()


@dataclass(frozen=True)
class Task:
    """What is learned. ``read(part)`` gives one of `PARTS`; the score is made of ``points`` as
    `deltasim.workloads.benchmark.Benchmark` has it; ``normalised`` tells whether inputs are scaled."""

    name: str
    about: str
    inputs: int
    outputs: int
    score_name: str
    normalised: bool
    read: Callable[[str], Part]
    points: Callable[[Any, Any], NDArray[np.float64]]

    def score(self, outputs: Outputs, targets: NDArray[Any]) -> float:
        """The score, where more is better."""
        total, count = self.points(outputs, targets).sum(axis=0).tolist()
        return float(total / count)


def spoken(data: str) -> Callable[[str], Part]:
    """Digits of a source of the benchmark `digits`: every ninth recording, or speaker, is held out."""

    def read(part: str) -> Part:
        corpus = source(data).read("test" if part == "test" else "train")
        if part != "test":
            tested = source(data).read("test").speakers
            held = held_out(corpus.labels, corpus.speakers, tested)
            corpus = corpus.chosen(np.flatnonzero(held if part == "held_out" else ~held))
        return Part(corpus.features, corpus.labels, corpus.speakers)

    return read


def held_out(
    labels: NDArray[np.int64], speakers: NDArray[np.int64], tested: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which recordings are held out, as the source holds out its test part: whole speakers where its speakers
    are others, else the same share of every speaker and digit.

    >>> held_out(np.zeros(18, int), np.repeat([0, 1], 9), np.array([0, 1])).sum()
    np.int64(2)
    >>> held_out(np.zeros(18, int), np.repeat([0, 1], 9), np.array([2])).sum()
    np.int64(9)
    """
    rng = np.random.default_rng(DRAW)
    own = np.unique(speakers)
    if not np.isin(own, tested).any():
        return np.isin(speakers, rng.permutation(own)[: max(1, len(own) // HELD_OUT)])
    chosen = np.zeros(len(labels), np.bool_)
    for speaker in own:
        for label in np.unique(labels):
            places = np.flatnonzero((speakers == speaker) & (labels == label))
            chosen[rng.permutation(places)[: len(places) // HELD_OUT]] = True
    return chosen


def rows(part: str) -> Part:
    """Images of MNIST by rows; what is learned and what is held out are drawn from the training images."""
    images, labels = mnist.read("test" if part == "test" else "train")
    order = np.random.default_rng([DRAW, part == "test"]).permutation(len(labels))
    start = IMAGES["learned"] if part == "held_out" else 0
    places = order[start : start + IMAGES[part]]
    return Part(tuple(images[places]), labels[places], np.zeros(len(places), np.int64))


def sums(part: str) -> Part:
    """The adding problem."""
    frames, targets = adding.drawn(SUMS[part], np.random.default_rng([DRAW, PARTS.index(part)]))
    return Part(tuple(frames), targets, np.zeros(len(targets), np.int64))


TASKS = {
    "synthetic": Task(
        "synthetic",
        "synthetic digits spoken by espeak-ng, embedded",
        BANDS,
        10,
        "accuracy",
        True,
        spoken("synthetic"),
        recognised,
    ),
    "fsdd": Task(
        "fsdd",
        "Free Spoken Digit Dataset (CC BY-SA 4.0)",
        BANDS,
        10,
        "accuracy",
        True,
        spoken("fsdd"),
        recognised,
    ),
    "mnist": Task("mnist", mnist.ABOUT, mnist.SIDE, 10, "accuracy", False, rows, mnist.last_right),
    "adding": Task(
        "adding",
        f"two marked numbers of {adding.LENGTH} added up",
        2,
        1,
        "negative squared error",
        False,
        sums,
        adding.points,
    ),
}
"""What may be learned, by the name of the data."""


def task_of(data: object) -> Task:
    """The task of this name; None for the digits in the box.

    >>> task_of(None).name
    'synthetic'
    """
    name = "synthetic" if data is None else str(data)
    if name not in TASKS:
        raise InputError("--data", name, "there is no such task", nearest(name, TASKS))
    return TASKS[name]
