"""What a network is to learn from labelled sequences: targets, loss and score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.errors import InputError, nearest
from deltasim.workloads.digits.strings import edit_distance
from deltasim.workloads.own.sequences import Sequences

TASKS = ("classes", "frames", "values", "transcripts")
MOST_CLASSES = 1 << 16


@dataclass(frozen=True)
class Task:
    """``targets[i]`` is what sequence i ought to give: a class, (T_i,) classes, (T_i, m) values, symbols.

    ``outputs`` is how many the network has, ``names`` what they are called; the blank of transcripts is the
    last and has no name.
    """

    kind: str
    names: tuple[str, ...]
    outputs: int
    targets: tuple[Numbers, ...]

    @property
    def classes(self) -> NDArray[np.int64] | None:
        """The class of each sequence, where it has one."""
        return np.array(self.targets, np.int64) if self.kind == "classes" else None


def task_of(data: Sequences, asked: str | None, known: Task | None = None) -> Task:
    """The task that the data are for: ``asked``, or told by what they hold.

    Rule: targets a frame are classes (whole numbers) or values (real ones); labels are classes, or, where
    that is asked, transcripts, whose symbols are their characters. ``known`` is the task of other data
    whose names are to be used. Errors: InputError where the data have none of it.
    """
    if asked is not None and asked not in TASKS:
        raise InputError("--task", asked, "there is no such task", nearest(asked, TASKS))
    given = data.frame_targets
    kind = asked or (
        "classes" if given is None else "values" if any(t.dtype.kind == "f" for t in given) else "frames"
    )
    if kind in ("frames", "values"):
        if given is None:
            rule = "a target for every frame is needed: targets in an npz, or a column target"
            raise InputError(data.source, "no targets", rule, "Add them.")
        return of_frames(data.source, given, kind, known)
    if data.labels is None:
        rule = "something to learn is needed: a label for each sequence, or a target for each frame"
        raise InputError(data.source, "no labels", rule, "Add them.")
    if kind == "transcripts":
        return of_transcripts(data.source, data.labels, known)
    return of_classes(data, known)


def of_frames(source: str, given: tuple[Numbers, ...], kind: str, known: Task | None) -> Task:
    """Targets a frame."""
    if kind == "values":
        values = tuple(np.asarray(t, np.float32).reshape(len(t), -1) for t in given)
        width = values[0].shape[1]
        if known is not None and known.outputs != width:
            rule = f"as many values a frame are learned, {known.outputs}"
            raise InputError(source, f"{width} values", rule, "Bring them to one width.")
        return Task(kind, tuple(f"value {number}" for number in range(width)), width, values)
    whole = [np.asarray(t, np.float64) for t in given]
    if any(t.ndim != 1 or (t != np.rint(t)).any() or (t < -1).any() for t in whole):
        rule = "targets of frames are classes: whole numbers of at least 0, or -1 for none"
        raise InputError(source, "other targets", rule, "Mend them, or ask for --task values.")
    most = 1 + int(max(t.max(initial=-1) for t in whole))
    count = most if known is None else known.outputs
    if not 1 <= most <= min(count, MOST_CLASSES):
        rule = f"classes of frames are 0 to {count - 1}"
        raise InputError(source, f"class {most - 1}", rule, "Number them from 0.")
    return Task(kind, tuple(map(str, range(count))), count, tuple(t.astype(np.int64) for t in whole))


def of_classes(data: Sequences, known: Task | None) -> Task:
    """A class a sequence; labels that are whole numbers as they are, since that is how a run scores them."""
    assert data.labels is not None
    if known is not None:
        place = {name: number for number, name in enumerate(known.names)}
        for label in data.labels:
            if label not in place:
                rule = "there is no such class in what is learned from"
                raise InputError(data.source, f"label {label}", rule, nearest(label, place))
        return Task("classes", known.names, known.outputs, tuple(np.array(place[x]) for x in data.labels))
    targets = data.targets
    assert targets is not None
    numbered = all(name.isdecimal() for name in data.labels)
    count = 1 + int(targets.max()) if numbered else len(data.classes)
    if count > MOST_CLASSES:
        raise InputError(
            data.source, f"class {count - 1}", f"there are at most {MOST_CLASSES:,}", "Number from 0."
        )
    names = tuple(map(str, range(count))) if numbered else data.classes
    if len(set(targets.tolist())) < 2:
        raise InputError(data.source, f"class {names[-1]}", "two classes are needed", "Add another.")
    return Task("classes", names, count, tuple(targets))


def of_transcripts(source: str, labels: Sequence[str], known: Task | None) -> Task:
    """The characters of each label."""
    symbols = known.names if known is not None else tuple(sorted(set("".join(labels))))
    place = {symbol: number for number, symbol in enumerate(symbols)}
    for label in labels:
        if not label or (strange := set(label) - set(symbols)):
            value = f"symbol {min(strange)}" if label else "an empty transcript"
            raise InputError(source, value, "a transcript is symbols that are learned", "Mend it.")
    said = tuple(np.array([place[symbol] for symbol in label], np.int64) for label in labels)
    return Task("transcripts", symbols, len(symbols) + 1, said)


Outputs = Sequence[Floats]


def class_score(outputs: Outputs, targets: Sequence[Any]) -> float:
    """Share of sequences whose last frame has its largest output at the class."""
    return float(
        np.mean([frames[-1].argmax() == target for frames, target in zip(outputs, targets, strict=True)])
    )


def frame_score(outputs: Outputs, targets: Sequence[Any]) -> float:
    """Share of frames with a class whose largest output is that class."""
    found, wanted = np.concatenate([frames.argmax(1) for frames in outputs]), np.concatenate([*targets])
    return float((found == wanted)[wanted >= 0].mean()) if (wanted >= 0).any() else float("nan")


def value_score(outputs: Outputs, targets: Sequence[Any]) -> float:
    """Root of the mean squared error over all frames and values."""
    return float(np.sqrt(np.mean((np.concatenate([*outputs]) - np.concatenate([*targets])) ** 2)))


def symbols_heard(frames: Floats) -> list[int]:
    """The symbols in outputs (T, symbols and a blank): the best of each frame, repeats merged, no blanks.

    >>> symbols_heard(np.eye(3, dtype=np.float32)[[2, 0, 0, 2, 0, 1]])
    [0, 0, 1]
    """
    best = frames.argmax(1)
    starts = np.concatenate([[True], best[1:] != best[:-1]])
    return [int(symbol) for symbol in best[starts & (best != frames.shape[1] - 1)]]


def transcript_score(outputs: Outputs, targets: Sequence[Any]) -> float:
    """Symbol errors (insertions, deletions, substitutions) over symbols said; blanks and repeats left out.

    >>> transcript_score([np.eye(3, dtype=np.float32)[[0, 0, 2, 1]]], [np.array([0, 0])])
    0.5
    """
    errors = 0
    for frames, said in zip(outputs, targets, strict=True):
        errors += edit_distance(symbols_heard(frames), said.tolist())
    return errors / max(1, sum(len(said) for said in targets))


SCORES: dict[str, tuple[str, Callable[[Outputs, Sequence[Any]], float]]] = {
    "classes": ("accuracy", class_score),
    "frames": ("frame accuracy", frame_score),
    "values": ("root mean squared error", value_score),
    "transcripts": ("symbol error rate", transcript_score),
}
