"""The search: each projection alone, then the best of each for a common price of error, then all together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from deltasim.exploration.tuning.trial import Bench, Setting, Trial
from deltasim.runtime.arrays import Numbers

LEVELS = tuple(2.0**power for power in range(-3, 5))
"""Thresholds that are tried, in steps of a layer's values."""

LOOSE = 4
"""A projection alone is raised until so many times the limit is lost: on few sequences a loss says little."""

FINER = 2**0.25


class Step(NamedTuple):
    """A projection raised to a level: joules saved and squared error added, both alone, since the last."""

    projection: str
    level: float
    saved: float
    error: float

    @property
    def worth(self) -> float:
        """Joules for an error."""
        return self.saved / self.error if self.error else np.inf


@dataclass(frozen=True, eq=False)
class Found:
    """The best setting, what it does on the calibration set, and everything that was tried together.

    ``curve`` holds the settings of several projections in the order tried, the first with all at 0.
    """

    setting: Setting
    best: Trial
    curve: tuple[Trial, ...]
    trials: int


class Levels(NamedTuple):
    """A level for each projection, in its own scale."""

    scales: Mapping[str, float | Numbers]

    def setting(self, chosen: Mapping[str, float]) -> Setting:
        """Thresholds of the levels; projections without a level are at 0."""
        return {name: chosen.get(name, 0.0) * scale for name, scale in self.scales.items()}


def search(
    bench: Bench,
    scales: Mapping[str, float | Numbers],
    progress: Callable[[int, int], None] | None = None,
    scout: Bench | None = None,
) -> Found:
    """The thresholds that cost fewest joules within what may be lost, on the bench's sequences.

    1. Every projection alone, all others at 0, level by level, until far more is lost than may be or nothing
       is saved any more. It gives joules saved and squared error added, which are taken to add up. Since they
       only order what comes, ``scout``, a bench of a few of the sequences, is enough for them.
    2. The steps of all projections on the lower hull of (error, joules), the worthiest first: the longest
       beginning of this list that stays within, by halving; then each step behind it that still fits.
    3. All of them raised by quarters of an octave, then each alone, as long as it pays and fits.

    Every setting that is kept was run as a whole and lay within, two standard errors of its loss included.
    """
    levels = Levels(scales)
    names = [name for name, scale in scales.items() if np.any(np.asarray(scale) > 0)]
    most = len(names) * (len(LEVELS) + 2) + 16
    done = 0

    def tried(chosen: Mapping[str, float], on: Bench = bench) -> Trial:
        nonlocal done, most
        found = on.tried(levels.setting(chosen))
        done += 1
        most = max(most, done + 1)
        if progress:
            progress(done, most)
        return found

    kept = tried({})
    curve = [kept]
    guide = bench if scout is None else scout
    zero = kept if scout is None else tried({}, scout)
    best: dict[str, float] = {}
    steps: list[Step] = []
    for name in names:
        alone: list[tuple[float, Trial]] = []
        skipped = len(LEVELS)
        for level in LEVELS:
            trial = tried({name: level}, guide)
            skipped -= 1
            if trial.loss > LOOSE * bench.within.most or (alone and trial.joules >= alone[-1][1].joules):
                break
            alone.append((level, trial))
        most -= skipped
        steps += hull(name, zero, alone)
    steps.sort(key=lambda step: -step.worth)

    def together(chosen: dict[str, float]) -> bool:
        """Try a setting as a whole, and keep it where it is cheaper and within; whether it is within."""
        nonlocal best, kept
        trial = tried(chosen)
        curve.append(trial)
        within = trial.at_most <= bench.within.most
        if within and trial.joules < kept.joules:
            best, kept = dict(chosen), trial
        return within

    fits, beyond = 0, len(steps) + 1
    guess = len(steps)
    while guess > fits:
        fits, beyond = (guess, beyond) if together(beginning(steps, guess)) else (fits, guess)
        guess = (fits + beyond) // 2
    for step in steps[fits:]:
        if best.get(step.projection, 0.0) < step.level:
            together(best | {step.projection: step.level})
    before = None
    while best and kept is not before:
        before = kept
        together({name: level * FINER for name, level in best.items()})
    for name in list(best):
        together(best | {name: best[name] * FINER**2})
    if progress:
        progress(done, done)
    return Found(levels.setting(best), kept, tuple(curve), done)


def beginning(steps: Sequence[Step], count: int) -> dict[str, float]:
    """The levels after the first so many steps."""
    chosen: dict[str, float] = {}
    for step in steps[:count]:
        chosen[step.projection] = max(step.level, chosen.get(step.projection, 0.0))
    return chosen


def hull(name: str, zero: Trial, alone: Sequence[tuple[float, Trial]]) -> list[Step]:
    """The levels of one projection that no mixture of others beats, as steps whose worth falls.

    >>> def at(joules, rms): return Trial(joules, 0.0, 0.0, rms, 1.0, None, {})
    >>> [step.level for step in hull("a", at(9, 0), [(1, at(8, 1)), (2, at(4, 1.1)), (4, at(3, 2))])]
    [2, 4]
    """
    points = [(0.0, zero.rms**2, zero.joules), *((level, t.rms**2, t.joules) for level, t in alone)]
    kept: list[tuple[float, float, float]] = []
    for point in points:
        if kept and point[2] >= kept[-1][2]:
            continue
        while len(kept) > 1 and worth(kept[-2], kept[-1]) <= worth(kept[-2], point):
            kept.pop()
        kept.append(point)
    return [
        Step(name, after[0], before[2] - after[2], max(after[1] - before[1], 0.0))
        for before, after in pairwise(kept)
    ]


def worth(before: tuple[float, float, float], after: tuple[float, float, float]) -> float:
    """Joules saved for the error added from one point to another."""
    error = after[1] - before[1]
    return (before[2] - after[2]) / error if error > 0 else np.inf
