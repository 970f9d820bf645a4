"""The benchmark: clips in blocks, the networks that tag them, and how well they do."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deltasim.runtime.arrays import Floats, Integers
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.benchmark import Benchmark, CalibrationSet
from deltasim.workloads.music_tags.clips import BLOCK, PERIOD_S, Clips, blocks
from deltasim.workloads.music_tags.scores import mean_area
from deltasim.workloads.music_tags.sources import source
from deltasim.workloads.music_tags.trained import SHIPPED, Trained, load

CALIBRATION_CLIPS = 8  # of the part to train on, evenly over it


def music_tags(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """One answer a tag and step; a step is a block of 128 ms, a clip starts from rest."""
    if trained is not None and not is_folder(trained):
        remedy = "Name a folder that `python -m deltasim.workloads.music_tags.making` wrote."
        raise InputError("trained", trained, "no such folder", remedy)
    found = source(data)
    networks = load(SHIPPED if trained is None else trained)
    clips = found.read("test")
    if clips.tag_names != networks.tags:
        rule = f"the networks tell other tags ({len(networks.tags)}: {', '.join(networks.tags[:3])} ...)"
        remedy = "Train on these clips with `python -m deltasim.workloads.music_tags.making`."
        raise InputError("--data", f"{len(clips.tag_names)} tags", rule, remedy)
    calibration = CalibrationSet(
        f"{clips.about}, training part, {CALIBRATION_CLIPS} clips",
        lambda: calibration_set(found.read("train"), networks),
    )
    return Benchmark(
        name="music-tags",
        about="what is heard in a sound clip",
        network=networks.delta,
        dense_network=networks.dense,
        sequences=blocks(clips.levels, *networks.norm),
        targets=clips.tags,
        classes=first_tags(clips),
        speakers=np.zeros(len(clips.levels), np.int64),
        score_name="mean ROC AUC of the tags",
        score=mean_area(networks.reads),
        data=f"{clips.about}, test part, {len(clips.levels)} clips with {len(clips.tag_names)} tags",
        data_digest=clips.digest,
        period_s=BLOCK * PERIOD_S,
        calibration_set=calibration if found.trains else None,
    )


def first_tags(clips: Clips) -> Integers:
    """For each clip the rarest of its tags, so that few clips show as many tags as can be; none: one more.

    >>> tags = np.array([[1, 0], [1, 1], [0, 0]], bool)
    >>> none = np.zeros((3, 4, 32), np.uint8), np.zeros(3, np.int64)
    >>> first_tags(Clips("", none[0], tags, ("a", "b"), none[1], none[1])).tolist()
    [0, 1, 2]
    """
    having = np.where(clips.tags, clips.tags.sum(axis=0), len(clips.tags) + 1)
    found: Integers = np.where(clips.tags.any(axis=1), having.argmin(axis=1), len(clips.tag_names))
    return found.astype(np.int64)


def calibration_set(clips: Clips, networks: Trained) -> tuple[Floats, ...]:
    """A few clips, evenly over all."""
    count = min(CALIBRATION_CLIPS, len(clips.levels))
    chosen = np.arange(count) * len(clips.levels) // count
    return blocks(clips.levels[chosen], *networks.norm)
