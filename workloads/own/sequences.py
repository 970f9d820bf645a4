"""Sequences as a user brought them: frames, perhaps a label each, and what was left out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.errors import InputError


@dataclass(frozen=True, eq=False)
class Sequences:
    """``frames[i]`` is (T_i, inputs) float32; ``labels[i]`` the name of its class; both in file order.

    ``names`` say where each came from, ``left_out`` which files were no sequence and why, one sentence each.
    ``step_s`` is the time between two frames where the data tell it. ``groups[i]`` names who or what a
    sequence is of, such as a speaker, and ``frame_targets[i]`` says what ought to come out at each frame,
    (T_i,) classes or (T_i, m) values: where the data tell them, for training.

    >>> own = sequences("a", [np.zeros((3, 2)), np.ones((1, 2))], labels=["yes", "no"])
    >>> own.width, own.classes, own.targets.tolist(), own.about
    (2, ('no', 'yes'), [1, 0], 'a: 2 sequences of 2 values, 4 frames, 2 classes')
    """

    frames: tuple[Floats, ...]
    labels: tuple[str, ...] | None
    names: tuple[str, ...]
    source: str
    left_out: tuple[str, ...] = ()
    step_s: float | None = None
    groups: tuple[str, ...] | None = None
    frame_targets: tuple[Numbers, ...] | None = None

    @property
    def width(self) -> int:
        """Values in a frame."""
        return int(self.frames[0].shape[1])

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels there are, in order: by number where all are numbers, else by name."""
        found = set(self.labels or ())
        return tuple(sorted(found, key=int if all(name.isdecimal() for name in found) else None))

    @property
    def targets(self) -> Numbers | None:
        """The class of each sequence: labels that are whole numbers as they are, others by their order."""
        if self.labels is None:
            return None
        if all(name.isdecimal() for name in self.labels):
            return np.array([int(name) for name in self.labels], np.int64)
        place = {name: number for number, name in enumerate(self.classes)}
        return np.array([place[name] for name in self.labels], np.int64)

    @property
    def about(self) -> str:
        """One line on what was read."""
        steps = sum(len(frames) for frames in self.frames)
        kinds = f", {len(self.classes)} classes" if self.labels else ""
        count = "1 sequence" if len(self.frames) == 1 else f"{len(self.frames)} sequences"
        return f"{self.source}: {count} of {self.width} values, {steps} frames{kinds}"

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over frames, labels and targets."""
        digest = hashlib.sha256(repr(self.labels).encode())
        for frames in self.frames:
            digest.update(f"{frames.shape}".encode() + frames.tobytes())
        for targets in self.frame_targets or ():
            digest.update(np.ascontiguousarray(targets, np.float64).tobytes())
        return digest.hexdigest()


def sequences(
    source: str,
    arrays: Sequence[Numbers],
    labels: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    left_out: Sequence[str] = (),
    step_s: float | None = None,
) -> Sequences:
    """Check arrays of shape (T, inputs), or (T,) for one input, and put them into float32.

    Errors: InputError for no sequence, an empty one, one that is no table of finite numbers, and for one that
    is not as wide as the first.

    >>> sequences("a.npy", [np.array([[1.0, np.inf]])])
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: a.npy: sequence 0: frame 0 holds inf at 1: ...
    """
    told = list(names) if names is not None else [f"sequence {number}" for number in range(len(arrays))]
    if not arrays:
        raise InputError(source, "no sequence", "there is nothing to run", "Give at least one sequence.")
    if labels is not None and len(labels) != len(arrays):
        rule = f"each of the {len(arrays)} sequences has a label, or none has"
        raise InputError(source, f"{len(labels)} labels", rule, "Give as many labels as sequences.")
    checked = [table(array, f"{source}: {name}") for array, name in zip(arrays, told, strict=True)]
    width = checked[0].shape[1]
    for frames, name in zip(checked, told, strict=True):
        if frames.shape[1] != width:
            value = f"{frames.shape[1]} values a frame"
            rule = f"all sequences are as wide as the first, which has {width}"
            raise InputError(f"{source}: {name}", value, rule, "Bring them to one width.")
    kept = None if labels is None else tuple(str(label) for label in labels)
    return Sequences(tuple(checked), kept, tuple(told), source, tuple(left_out), step_s)


def table(array: Numbers, place: str) -> Floats:
    """One sequence as (T, inputs) float32, C-contiguous."""
    if array.dtype.kind not in "biuf":
        rule = "a sequence holds real numbers"
        raise InputError(place, f"values of type {array.dtype}", rule, "Convert it to float32.")
    whole = array[:, np.newaxis] if array.ndim == 1 else array
    if whole.ndim != 2 or 0 in whole.shape:
        rule = "a sequence is (frames, values) with at least one of each"
        raise InputError(place, f"shape {array.shape}", rule, "Reshape it, or leave it out.")
    if not np.isfinite(whole).all():
        frame, value = (int(index) for index in np.argwhere(~np.isfinite(whole))[0])
        rule = "values are finite numbers"
        remedy = "Mend or leave out the sequence."
        raise InputError(place, f"frame {frame} holds {whole[frame, value]} at {value}", rule, remedy)
    with np.errstate(over="ignore"):
        frames: Floats = np.ascontiguousarray(whole, np.float32)
    if not np.isfinite(frames).all():
        rule = "values fit float32, whose largest is 3.4e38"
        raise InputError(place, f"{np.abs(whole).max():.3g}", rule, "Scale the data.")
    return frames
