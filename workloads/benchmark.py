"""A benchmark: networks, the sequences they receive, and how what they give is scored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError

Outputs = Sequence[NDArray[np.float32]]


class CalibrationSet(NamedTuple):
    """Sequences apart from those that are measured: what may be known of the data beforehand.

    ``about`` says which they are, ``read`` reads them where they are asked for.
    """

    about: str
    read: Callable[[], tuple[NDArray[np.float32], ...]]


@dataclass(frozen=True, eq=False)
class Benchmark:
    """Everything a chip is measured on.

    ``network`` is trained with its thresholds in the loop; ``dense_network`` has the same shape and is
    trained without any, for the dense score. ``sequences[i]`` is (T_i, inputs) float32; ``targets[i]`` what
    ought to come out, a class or a value for each step (``targets`` None where nobody knows);
    ``score(outputs, targets)`` a number where more is better. ``classes`` and ``speakers`` (n,) say what is
    to be spread evenly when fewer sequences are taken;
    a sequence limited so has a digest of its own. ``data`` is one
    sentence about the data used, ``fallback`` another one when it is not the data that was hoped for.
    ``thresholds`` says where those of the network come from: trained, or given with it.
    ``period_s`` is the time from one step to the next where the data come as they happen: None where that is
    not known.
    ``points`` (n, 2) is what the score is made of, sequence by sequence: it is the sum of the first column
    over that of the second, so that other draws of the sequences can be scored; None for no such ratio.
    ``calibration_set`` is what a chip that pins hot columns counts messages on; None where all data are
    measured.

    >>> from deltasim.workloads.registry import benchmark
    >>> digits = benchmark("digits", data="synthetic").limited(20)
    >>> len(digits.sequences), np.bincount(digits.classes).tolist()
    (20, [2, 2, 2, 2, 2, 2, 2, 2, 2, 2])
    """

    name: str
    about: str
    network: Network
    dense_network: Network
    sequences: tuple[NDArray[np.float32], ...]
    targets: NDArray[Any] | None
    classes: NDArray[np.int64]
    speakers: NDArray[np.int64]
    score_name: str
    score: Callable[[Outputs, NDArray[Any]], float | None]
    data: str
    data_digest: str
    fallback: str | None = None
    calibration_set: CalibrationSet | None = None
    thresholds: str = "trained"
    period_s: float | None = None
    points: Callable[[Outputs, NDArray[np.int64]], NDArray[np.float64]] | None = None

    def limited(self, count: int) -> Benchmark:
        """The first ``count`` sequences of the stratified order, kept in their own order."""
        if count < 1:
            raise InputError("limit", count, "at least one sequence is needed", "Give a positive number.")
        total = len(self.sequences)
        if count >= total:
            return self
        places = np.sort(stratified_order(self.classes, self.speakers)[:count])
        return self.chosen(places, f"of which {count}")

    def chosen(self, places: NDArray[np.int64], said: str) -> Benchmark:
        """The sequences at some places, of which ``said`` tells behind the sentence about the data."""
        return replace(
            self,
            sequences=tuple(self.sequences[place] for place in places),
            targets=None if self.targets is None else self.targets[places],
            classes=self.classes[places],
            speakers=self.speakers[places],
            data=f"{self.data}, {said}",
            data_digest=hashlib.sha256(f"{self.data_digest} {places.tolist()}".encode()).hexdigest(),
        )

    def scored(self, outputs: Outputs) -> float | None:
        """The score of what came out; None where no label says what ought to.

        >>> from deltasim.workloads.registry import benchmark
        >>> digits = replace(benchmark("digits", data="synthetic").limited(1), targets=None)
        >>> digits.scored([np.zeros((3, 10), np.float32)]) is None
        True
        """
        return None if self.targets is None else self.score(outputs, self.targets)


def points_of(benchmark: Benchmark, outputs: Outputs) -> NDArray[np.float64] | None:
    """What the score of outputs is made of (`Benchmark.points`); None without labels."""
    if benchmark.points is None or benchmark.targets is None:
        return None
    return benchmark.points(outputs, benchmark.targets)


def stratified_order(classes: NDArray[np.int64], speakers: NDArray[np.int64]) -> NDArray[np.int64]:
    """An order of all sequences whose every beginning is spread evenly over classes and speakers.

    Rule: sequences come in rounds, one of every class a round, the speaker moving on with class and
    round; a class and speaker with none left is passed over.

    >>> stratified_order(np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 1, 1, 0, 0, 1, 1])).tolist()
    [0, 6, 2, 4, 1, 7, 3, 5]
    """
    waiting: dict[tuple[int, int], list[int]] = {}
    for place, key in enumerate(zip(classes.tolist(), speakers.tolist(), strict=True)):
        waiting.setdefault(key, []).append(place)
    kinds = sorted({kind for kind, _ in waiting})
    people = sorted({person for _, person in waiting})
    order: list[int] = []
    turn = 0
    while len(order) < len(classes):
        for position, kind in enumerate(kinds):
            queue = waiting.get((kind, people[(turn + position) % len(people)]))
            if queue:
                order.append(queue.pop(0))
        turn += 1
    return np.array(order, np.int64)
