"""The trained networks on the test part: areas, weight fetches, joules and seconds of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace, dense_trace
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.validation.measure import measure_trace
from deltasim.workloads.fetches import fetches_saved, products_of
from deltasim.workloads.music_tags.clips import Clips, blocks
from deltasim.workloads.music_tags.scores import Areas, answers, areas
from deltasim.workloads.music_tags.sounds import read_box
from deltasim.workloads.music_tags.structures import NAMES, SIZES
from deltasim.workloads.music_tags.trained import Trained, at_threshold, load

CHIPS = ("earbud", "mesh16")
KINDS = ("dense", "naive", "trained")
DENSE_STEPS = 10  # of a dense run: each costs the same
COSTED = 25  # of so many clips one is run on the chips
DRAWS = 200  # of groups of clips, for the interval of a difference


class Cost(NamedTuple):
    """Joules and seconds of a clip on a chip."""

    joules: float
    seconds: float


class Line(NamedTuple):
    """One network on the test part: what it answered, how well, and what a clip costs."""

    said: Numbers
    areas: Areas
    saved: float  # weight fetches of a dense run over those made
    products: float  # multiply-accumulates a clip
    costs: dict[str, Cost]


class Family(NamedTuple):
    """The networks of one structure and size, a list with an entry for each seed."""

    name: str
    size: str
    records: list[dict[str, Any]]
    lines: dict[str, list[Line]]  # by kind


def line(network: Network, clips: Clips, trained: Trained, *, dense: bool) -> Line:
    """Run a network on all clips; ``dense``: every value is sent at every step, and a step is costed."""
    sequences = blocks(clips.levels, *trained.norm)
    trace, outputs = execute(network, sequences)
    said = answers(outputs, trained.reads)
    few = execute(network, sequences[::COSTED])[0]
    if dense:
        trace = few = every_value(network)
    steps = len(sequences[0])
    costs = {}
    for name in CHIPS:
        run = measure_trace(network, load_chip(name), few)
        costs[name] = Cost(run.step_j * steps, run.step_s * steps)
    saved, products = fetches_saved(network, trace), products_of(network, trace) * steps
    return Line(said, areas(said, clips.tags), saved, products, costs)


def every_value(network: Network) -> Trace:
    """A few steps in which everything is sent."""
    return dense_trace(network, [DENSE_STEPS])


def families_in(folder: Path) -> dict[tuple[str, str], Family]:
    """Every structure and size that was trained, seed by seed. Errors: InputError for an empty folder."""
    clips = read_box()
    found: dict[tuple[str, str], Family] = {}
    for size in SIZES:
        for name in NAMES:
            places = sorted(folder.glob(f"seed-*/{name}-{size}"))
            if not places:
                continue
            family = Family(name, size, [], {})
            for place in places:
                trained = load(place)
                family.records.append(trained.record)
                for kind, made in kinds_of(trained, clips).items():
                    family.lines.setdefault(kind, []).append(made)
            found[name, size] = family
    if ("crnn", "small") not in found:
        rule = "it holds no folder seed-0/crnn-small"
        raise InputError(
            folder, "no networks", rule, "Run `python -m deltasim.workloads.music_tags.making` first."
        )
    return found


def kinds_of(trained: Trained, clips: Clips) -> dict[str, Line]:
    """A pair's dense network, the same with thresholds when it runs, and the one trained with them."""
    found = {"dense": line(trained.dense, clips, trained, dense=True)}
    naive = at_threshold(trained.dense, float(trained.record["naive_theta"]))
    found["naive"] = line(naive, clips, trained, dense=False)
    if trained.record["delta"] == "trained":
        found["trained"] = line(trained.delta, clips, trained, dense=False)
    return found


def mean_area(lines: Sequence[Line]) -> float:
    """Mean ROC AUC of the tags, in the mean over the seeds."""
    return float(np.mean([one.areas.mean for one in lines]))


class Apart(NamedTuple):
    """How far one mean area lies above another, and 90 % of draws of the test part's groups."""

    difference: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Whether the first is better, or the draws do not tell."""
        if self.low > 0:
            return "agrees"
        return "**does not agree**" if self.high < 0 else "**not told apart**"


def apart(one: Sequence[Line], other: Sequence[Line]) -> Apart:
    """The difference of mean areas, over the seeds that both have; a group is drawn with all its clips."""
    clips = read_box()
    members = [np.flatnonzero(clips.group == group) for group in np.unique(clips.group)]
    seeds = min(len(one), len(other))

    def difference(places: Numbers) -> float:
        tags = clips.tags[places]
        found = [
            areas(first.said[places], tags).mean - areas(second.said[places], tags).mean
            for first, second in zip(one[:seeds], other[:seeds], strict=True)
        ]
        return float(np.mean(found))

    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(DRAWS):
        chosen = rng.integers(0, len(members), len(members))
        drawn.append(difference(np.concatenate([members[number] for number in chosen.tolist()])))
    low, high = np.percentile(drawn, [5, 95])
    return Apart(difference(np.arange(len(clips.levels))), float(low), float(high))
