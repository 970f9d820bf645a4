"""How well a network does what its data say: a class a sequence or a frame, values, transcripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats, Numbers
from deltasim.workloads.benchmark import Outputs
from deltasim.workloads.digits.strings import edit_distance
from deltasim.workloads.own.learning.task import Task, symbols_heard

NOTHING = -1  # behind the targets of a shorter sequence; behind values it is not a number


class Scoring(NamedTuple):
    """A score where more is better: its name, and what it is made of (`Benchmark.points`), if of a share."""

    name: str
    score: Callable[[Outputs, NDArray[Any]], float | None]
    points: Callable[[Outputs, NDArray[Any]], NDArray[np.float64]] | None


def padded(task: Task) -> Numbers:
    """The targets of all sequences as one array, shorter ones filled up.

    >>> padded(Task("frames", ("0", "1"), 2, (np.array([1]), np.array([0, 1])))).tolist()
    [[1, -1], [0, 1]]
    """
    if task.kind == "classes":
        return np.array(task.targets, np.int64)
    longest = max(map(len, task.targets))
    if task.kind == "values":
        shape = (len(task.targets), longest, task.outputs)
        whole: Numbers = np.full(shape, np.nan, np.float32)
    else:
        whole = np.full((len(task.targets), longest), NOTHING, np.int64)
    for row, target in zip(whole, task.targets, strict=True):
        row[: len(target)] = target
    return whole


def share(points: Callable[[Outputs, NDArray[Any]], NDArray[np.float64]]) -> Callable[..., float | None]:
    """The score of points: the sum of the first column over that of the second; None where that is 0."""

    def scored(outputs: Outputs, targets: NDArray[Any]) -> float | None:
        right, every = points(outputs, targets).sum(0).tolist()
        return right / every if every else None

    return scored


def last_right(outputs: Outputs, targets: NDArray[Any]) -> NDArray[np.float64]:
    """For each sequence whether the largest output of its last frame is its class, of one.

    >>> last_right([np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)], np.array([1])).tolist()
    [[1.0, 1.0]]
    """
    found = np.array([frames[-1].argmax() for frames in outputs])
    return np.column_stack([found == targets, np.ones(len(found))]).astype(np.float64)


def frames_right(outputs: Outputs, targets: NDArray[Any]) -> NDArray[np.float64]:
    """For each sequence the frames whose largest output is their class, and the frames that have one.

    >>> frames_right([np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)], np.array([[0, -1, -1]])).tolist()
    [[1.0, 1.0]]
    """
    rows = []
    for frames, row in zip(outputs, targets, strict=True):
        wanted = row[: len(frames)]
        rows.append((int((frames.argmax(1) == wanted).sum()), int((wanted != NOTHING).sum())))
    return np.array(rows, np.float64).reshape(-1, 2)


def symbols_right(outputs: Outputs, targets: NDArray[Any]) -> NDArray[np.float64]:
    """For each sequence the symbols said less the errors (as of `transcript_score`), and the symbols said.

    >>> symbols_right([np.eye(3, dtype=np.float32)[[0, 0, 2, 1]]], np.array([[0, 0]])).tolist()
    [[1.0, 2.0]]
    """
    rows = []
    for frames, row in zip(outputs, targets, strict=True):
        said = [int(symbol) for symbol in row if symbol != NOTHING]
        rows.append((len(said) - edit_distance(symbols_heard(frames), said), len(said)))
    return np.array(rows, np.float64).reshape(-1, 2)


def negative_rmse(outputs: Sequence[Floats], targets: NDArray[Any]) -> float | None:
    """The root mean square error over all frames and values, below zero, so that more is better.

    >>> negative_rmse([np.array([[0.5]], np.float32)], np.array([[[0.25], [np.nan]]]))
    -0.25
    """
    apart = np.concatenate(
        [
            (frames.astype(np.float64) - row[: len(frames)]).ravel()
            for frames, row in zip(outputs, targets, strict=True)
        ]
    )
    known = np.isfinite(apart)
    return -float(np.sqrt(np.mean(apart[known] ** 2))) if known.any() else None


SCORINGS = {
    "classes": Scoring("accuracy", share(last_right), last_right),
    "frames": Scoring("frame accuracy", share(frames_right), frames_right),
    "values": Scoring("negative RMSE", negative_rmse, None),
    "transcripts": Scoring("symbol accuracy", share(symbols_right), symbols_right),
}
