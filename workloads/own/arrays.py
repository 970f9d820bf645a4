"""Arrays: ``.npy`` with one sequence or several, ``.npz`` with frames and offsets or an array a sequence."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError
from deltasim.workloads.own.sound import Sound

LABELS, GROUPS, TARGETS = "labels", "groups", "targets"


class Arrays(NamedTuple):
    """Sequences, the label of each (or None), and their names."""

    tables: list[Numbers]
    labels: list[str] | None
    names: list[str]


def from_array(array: Numbers) -> Arrays:
    """(T,) or (T, inputs) is one sequence, (sequences, T, inputs) several.

    >>> len(from_array(np.zeros((5, 3, 2))).tables), len(from_array(np.zeros((5, 3))).tables)
    (5, 1)
    """
    tables = list(array) if array.ndim == 3 else [array]
    return Arrays(tables, None, [f"sequence {number}" for number in range(len(tables))])


def from_archive(content: Mapping[str, Numbers], place: Path) -> Arrays:
    """The arrays of an npz file.

    Rule: ``frames`` (N, inputs) and ``offsets`` (sequences + 1,) cut N frames into sequences; otherwise each
    array is a sequence, named by its key. ``labels`` (sequences,) are whole numbers or text.

    >>> cut = {"frames": np.zeros((5, 2)), "offsets": np.array([0, 2, 5]), "labels": np.array([7, 8])}
    >>> found = from_archive(cut, Path("a.npz"))
    >>> [len(table) for table in found.tables], found.labels
    ([2, 3], ['7', '8'])
    """
    labels = None if LABELS not in content else label_names(content[LABELS], place)
    if "frames" in content and "offsets" in content:
        frames = content["frames"]
        if not frames.ndim:
            raise InputError(place, "one number", "frames are an array (frames, inputs)", "Mend the array.")
        cuts = bounds(content["offsets"], len(frames), place)
        tables = [frames[first:last] for first, last in pairwise(cuts)]
        return Arrays(tables, labels, [f"sequence {number}" for number in range(len(tables))])
    keys = [key for key in content if key not in (LABELS, GROUPS)]
    return Arrays([content[key] for key in keys], labels, keys)


def groups_of(content: Mapping[str, Numbers], count: int, place: Path) -> tuple[str, ...] | None:
    """``groups`` (sequences,): the name of the group of each, whole numbers or text."""
    if GROUPS not in content:
        return None
    named = label_names(content[GROUPS], place)
    if len(named) != count:
        rule = f"each of the {count} sequences has a group, or none has"
        raise InputError(place, f"{len(named)} groups", rule, "Give as many groups as sequences.")
    return tuple(named)


def frame_targets_of(content: Mapping[str, Numbers], place: Path) -> tuple[Numbers, ...] | None:
    """``targets`` (N,) or (N, m) beside ``frames`` and ``offsets``: what ought to come out at each frame.

    >>> cut = {"frames": np.zeros((3, 2)), "offsets": np.array([0, 1, 3]), "targets": np.array([5, 6, 7])}
    >>> [part.tolist() for part in frame_targets_of(cut, Path("a.npz"))]
    [[5], [6, 7]]
    """
    if TARGETS not in content or not {"frames", "offsets"} <= content.keys():
        return None
    targets, frames = content[TARGETS], len(content["frames"])
    if targets.ndim not in (1, 2) or len(targets) != frames or targets.dtype.kind not in "iuf":
        rule = f"targets are whole or real numbers, a row for each of the {frames} frames"
        raise InputError(place, f"targets {targets.dtype} {targets.shape}", rule, "Mend the array.")
    if targets.dtype.kind == "f" and not np.isfinite(targets).all():
        raise InputError(place, "targets", "every target is a finite number", "Mend the array.")
    cuts = bounds(content["offsets"], frames, place)
    return tuple(targets[first:last] for first, last in pairwise(cuts))


def sounds_of(content: Mapping[str, Numbers], place: Path) -> list[Sound] | None:
    """Recordings of an npz: ``audio`` (N,), ``offsets`` (recordings + 1,), ``sample_rate``; else None."""
    if not {"audio", "offsets", "sample_rate"} <= content.keys():
        return None
    audio, rate = content["audio"], content["sample_rate"]
    if audio.ndim != 1 or audio.dtype.kind not in "if":
        rule = "audio is one channel of whole or real numbers"
        raise InputError(place, f"audio {audio.dtype} {audio.shape}", rule, "Mix to mono.")
    if rate.ndim != 0 or rate.dtype.kind not in "iuf" or not 1 <= rate <= 10_000_000:
        raise InputError(
            place, f"sample_rate {rate}", "a rate is 1 to 10,000,000 Hz", "Write the rate in Hz."
        )
    scale = np.float32(np.iinfo(audio.dtype).max + 1) if audio.dtype.kind == "i" else np.float32(1)
    cuts = bounds(content["offsets"], len(audio), place)
    return [Sound(audio[first:last].astype(np.float32) / scale, int(rate)) for first, last in pairwise(cuts)]


def bounds(offsets: Numbers, frames: int, place: Path) -> list[int]:
    """Offsets as whole numbers that rise from 0 to the number of frames."""
    if offsets.ndim != 1 or len(offsets) < 2 or offsets.dtype.kind not in "iu":
        rule = "offsets are whole numbers, one more than sequences"
        raise InputError(place, f"offsets {offsets.dtype} {offsets.shape}", rule, "Start with 0.")
    cuts: list[int] = offsets.tolist()
    if cuts[0] != 0 or cuts[-1] != frames or any(b <= a for a, b in pairwise(cuts)):
        rule = f"offsets rise from 0 to the {frames} frames there are"
        raise InputError(place, f"offsets {cuts[0]} to {cuts[-1]}", rule, "Mend the offsets.")
    return cuts


def label_names(labels: Numbers, place: Path) -> list[str]:
    """Labels as text: whole numbers of at least 0, or names."""
    if labels.ndim != 1 or labels.dtype.kind not in "iuUS":
        rule = "labels are whole numbers or names, one a sequence"
        raise InputError(place, f"labels {labels.dtype} {labels.shape}", rule, "Mend or leave them out.")
    if labels.dtype.kind == "i" and len(labels) and labels.min() < 0:
        raise InputError(place, f"label {labels.min()}", "a label is at least 0", "Mend or leave it out.")
    return [
        name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in labels.tolist()
    ]
