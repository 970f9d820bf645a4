"""Every method of training: thresholds chosen on what was held out, scores of the test part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.graph import Network
from deltasim.reports.uncertainty.prices import Doubles, Interval
from deltasim.reports.uncertainty.sequences import interval, resampled
from deltasim.runtime.errors import InputError
from deltasim.validation.delta_networks.deltas import Changed, Sent, mean_of, sensitivity, sent
from deltasim.validation.delta_networks.measured import (
    Cost,
    Family,
    Line,
    Trained,
    costs,
    dense_costs,
    every_word,
    mean,
    ran,
    read_family,
    scaled,
    thresholds_of,
)

DENSE = "rounding"  # the dense network of the same shape and bits
USUAL, BEST = "together", "longer"  # all aids of the recipe; with learned thresholds, and trained for longer
FACTORS = (0.35, 0.5, 0.7, 1.0, 1.4)  # of the thresholds of the recipe, given when a network runs
WITHIN = 0.005  # of the dense network's score: what a choice of thresholds may cost
NAMES = {
    "plain": "none: a dense network in float32 (naive)",
    "rounding": "rounding to 8 bits",
    "noise": "Gaussian noise",
    "l1": "L1 on deltas",
    "sparsity": "weight sparsity, half",
    "threshold": "threshold in the loop",
    "together": "threshold, rounding and L1",
    "noise-too": "these and noise",
    "sparsity-too": "these and weight sparsity",
    "learned": "these, thresholds learned for each neuron",
    "largest": "threshold, rounding, the 5 largest changes of states a step",
    "rated": "threshold, rounding, 5 messages of states a step, 40 at most",
    "rounding-longer": "rounding to 8 bits, 140 epochs in place of 60",
    "longer": "threshold, rounding, L1, thresholds learned, 140 epochs",
}


class Point(NamedTuple):
    """A method at one factor of its thresholds: on both parts, and the joules of a step, a value a seed."""

    factor: float
    chosen_on: tuple[Line, ...]
    tested: tuple[Line, ...]
    costs: tuple[dict[str, Cost], ...]
    occupancy: tuple[dict[str, float], ...]

    @property
    def saved(self) -> float:
        """Weight fetches saved on the test part."""
        return mean([line.saved for line in self.tested])

    @property
    def score(self) -> float:
        """On the test part."""
        return mean([line.score for line in self.tested])


class Method(NamedTuple):
    """A method at every factor, and the place of the one that was chosen."""

    name: str
    points: tuple[Point, ...]
    place: int

    @property
    def chosen(self) -> Point:
        """The factor that was chosen."""
        return self.points[self.place]


def point(networks: Sequence[Trained], thetas: Sequence[Mapping[str, Any]], factor: float) -> Point:
    """The networks of a method, thresholds of their own, times a factor."""
    held, tested, joules, occupancies = [], [], [], []
    for one, own in zip(networks, thetas, strict=True):
        network = scaled(one.network, own, factor)
        task = one.record["task"]
        held.append(ran(network, one.chosen_on, task)[0])
        line, trace = ran(network, one.tested, task)
        tested.append(line)
        joules.append(costs(network, trace))
        occupancies.append(trace.occupancy(network))
    return Point(factor, tuple(held), tuple(tested), tuple(joules), tuple(occupancies))


def methods_of(family: Family) -> dict[str, Method]:
    """Every method of training at every factor; thresholds chosen on what was held out.

    The factor is the one that saves most of those whose score is within `WITHIN` of the dense network's, in
    the mean over the seeds; where none is, the one of the best score there.
    """
    usual = [thresholds_of(one.network) for one in family[USUAL]]
    dense = mean([ran(one.network, one.chosen_on, one.record["task"])[0].score for one in family[DENSE]])
    found = {}
    for name in NAMES:
        if name not in family:
            continue
        networks = family[name]
        own = [thresholds_of(one.network) for one in networks]
        trained_with = networks[0].record["recipe"]["theta_h"] > 0
        thetas = own if trained_with else usual[: len(networks)]
        points = tuple(point(networks, thetas, factor) for factor in FACTORS)
        found[name] = Method(name, points, choice(points, dense))
    return found


def choice(points: Sequence[Point], dense: float) -> int:
    """The place of the point that saves most and is good enough on what was held out, else of the best."""
    scores = [mean([line.score for line in one.chosen_on]) for one in points]
    least = min(dense - WITHIN, max(scores)) - 1e-9
    saved = [mean([line.saved for line in one.chosen_on]) for one in points]
    return max((place for place, score in enumerate(scores) if score >= least), key=saved.__getitem__)


class Dense(NamedTuple):
    """A network that sends every element, of every seed."""

    name: str
    units: int
    chosen_on: float
    tested: tuple[Line, ...]
    words: float
    costs: dict[str, Cost]


def dense_of(name: str, networks: Sequence[Trained]) -> Dense:
    """A dense network of every seed, which costs the same in all of them."""
    first = networks[0]
    lines = tuple(ran(one.network, one.tested, one.record["task"])[0] for one in networks)
    held = mean([ran(one.network, one.chosen_on, one.record["task"])[0].score for one in networks])
    units = int(first.record["recipe"]["units"])
    return Dense(name, units, held, lines, every_word(first.network), dense_costs(first.network))


def dense_family(family: Family) -> list[Dense]:
    """The dense networks by size, the one of the delta network's shape last."""
    sizes = [name for name in family if name.startswith("dense-")]
    ordered = sorted(sizes, key=lambda name: int(name.removeprefix("dense-")))
    return [dense_of(name, family[name]) for name in [*ordered, DENSE]]


def smallest_equal(dense: Sequence[Dense], score: float) -> Dense | None:
    """The fewest words of those that did as well on what was held out as ``score``."""
    able = [one for one in dense if one.chosen_on >= score - 1e-9]
    return min(able, key=lambda one: one.words, default=None)


def pooled(lines: Sequence[Line]) -> Doubles:
    """Points of every recording, the mean over the seeds, (n, 2)."""
    found: Doubles = np.mean([line.points for line in lines], axis=0)
    return found


def score_interval(lines: Sequence[Line]) -> Interval:
    """What 90 % of draws of the recordings leave the mean score between."""
    draws = resampled(pooled(lines))
    return interval(draws[:, 0] / draws[:, 1])


def difference(lines: Sequence[Line], others: Sequence[Line]) -> tuple[float, Interval]:
    """How much better the mean score is than that of others, and its interval, drawn together."""
    both = np.concatenate([pooled(lines), pooled(others)], axis=1)
    draws = resampled(both)
    whole = both.sum(0)
    value = whole[0] / whole[1] - whole[2] / whole[3]
    return float(value), interval(draws[:, 0] / draws[:, 1] - draws[:, 2] / draws[:, 3])


class Compared(NamedTuple):
    """All of the digits: methods, dense networks by size, what is sent, what a threshold costs."""

    methods: dict[str, Method]
    dense: list[Dense]
    sent: list[Sent]
    changed: list[Changed]

    @property
    def whole(self) -> Dense:
        """The dense network of the delta networks' shape."""
        return self.dense[-1]

    @property
    def seeds(self) -> int:
        """How many trainings."""
        return len(self.whole.tested)

    def difference(self, name: str) -> tuple[float, Interval]:
        """The score of a method less that of the dense network, and its interval."""
        return difference(self.methods[name].chosen.tested, self.whole.tested)


def compared(folder: Path) -> Compared:
    """Read and run what ``python -m deltasim.workloads.digits.making`` wrote.

    Errors: InputError where the dense network or the one of all aids is missing.
    """
    family = read_family(folder)
    for name in (DENSE, USUAL, BEST, "plain"):
        if name not in family:
            remedy = f"Train it: `python -m deltasim.workloads.digits.making OUT --methods {name}`."
            raise InputError(folder, name, "it is what the others are compared with", remedy)
    best = family[BEST]
    task = best[0].record["task"]
    found = [sent(one.network, ran(one.network, one.tested, task)[1]) for one in best]

    def scored(seed: int, network: Network) -> tuple[float, float]:
        line, _ = ran(network, best[seed].chosen_on, task)
        return line.score, line.saved

    changed = sensitivity([one.network for one in best], scored)
    return Compared(methods_of(family), dense_family(family), mean_of(found), changed)
