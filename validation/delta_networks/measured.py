"""Networks of the digits on recordings: how they do, what they fetch, what that costs on a chip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.files.network import load_network
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace, dense_trace
from deltasim.reports.uncertainty.prices import Doubles
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.validation.measure import measure_trace
from deltasim.workloads.digits.making.lesson import TASKS, Said, halves
from deltasim.workloads.digits.sources import source
from deltasim.workloads.features import Normalisation
from deltasim.workloads.fetches import fetches_saved
from deltasim.workloads.training_record import RECORD, read_record

CHIPS = ("mesh16", "edgedrnn")
DENSE_STEPS = 10  # of a dense run: each costs the same


class Cost(NamedTuple):
    """Joules and seconds of a step on a chip."""

    joules: float
    seconds: float


class Trained(NamedTuple):
    """A network of one seed, its record, and what its choices and its score are made on."""

    network: Network
    record: dict[str, Any]
    chosen_on: Said
    tested: Said


class Line(NamedTuple):
    """What came of sequences: ``points`` (n, 2) of each, weight fetches saved, words fetched a step."""

    points: Doubles
    saved: float
    words: float

    @property
    def score(self) -> float:
        """The share that was right."""
        right, every = self.points.sum(0).tolist()
        return float(right / every)


Family = dict[str, list[Trained]]
"""The networks of a method, one a seed."""


def read_family(folder: Path) -> Family:
    """Every network under ``folder``, made by ``python -m deltasim.workloads.digits.making``, by its method.

    Errors: InputError for a folder without networks.
    """
    seeds = sorted(folder.glob("seed-*"))
    found: Family = {}
    remedy = "Run `python -m deltasim.workloads.digits.making` first."
    for seed in seeds:
        said: dict[int, tuple[Said, Said]] = {}
        for place in sorted(seed.glob(f"*/{RECORD}")):
            record = read_record(place.parent, remedy)
            number = record["recipe"]["seed"]
            if number not in said:
                said[number] = parts_of(record)
            one = Trained(load_network(place.parent / "network"), record, *said[number])
            found.setdefault(record["method"], []).append(one)
    if not found:
        raise InputError(folder, "no networks", "it holds no folder seed-0, seed-1, ...", remedy)
    return found


def parts_of(record: Mapping[str, Any]) -> tuple[Said, Said]:
    """The part held out of a training, and the test part, as its networks hear them."""
    task, found = TASKS[record["task"]], source(record["source"])
    stored = Normalisation(*(np.array(record[name], np.float32) for name in ("mean", "deviation")))
    seed = record["recipe"]["seed"]
    held_out = halves(found.read("train"), np.unique(found.read("test").speakers), seed).held_out
    return task.said(held_out, stored, seed), task.tested(found, stored)


def ran(network: Network, said: Said, task: str) -> tuple[Line, Trace]:
    """Run a network as a chip would."""
    trace, outputs = execute(network, said.sequences)
    points = TASKS[task].points(outputs, said.targets)
    saved = fetches_saved(network, trace)
    return Line(points, saved, every_word(network) / saved), trace


def every_word(network: Network) -> float:
    """Weight words of a step in which everything is sent."""
    return float(sum(int(p.connection.fan_out.sum()) for p in network.projections))


def costs(network: Network, trace: Trace) -> dict[str, Cost]:
    """Joules and seconds of a step on every chip; NaN where one parts a source otherwise than its budget."""
    found = {}
    for name in CHIPS:
        chip = load_chip(name)
        if any(p.budget and p.budget.parts % chip.cores.count for p in network.projections):
            found[name] = Cost(np.nan, np.nan)
            continue
        run = measure_trace(network, chip, trace)
        found[name] = Cost(run.step_j, run.step_s)
    return found


def dense_costs(network: Network) -> dict[str, Cost]:
    """The same where every element is sent at every step."""
    return costs(network, dense_trace(network, [DENSE_STEPS]))


def scaled(network: Network, thetas: Mapping[str, Any], factor: float) -> Network:
    """A network with these thresholds by projection, times a factor."""
    changed = {name: np.asarray(theta) * factor for name, theta in thetas.items()}
    return network.with_thresholds({name: float(t) if t.ndim == 0 else t for name, t in changed.items()})


def thresholds_of(network: Network) -> dict[str, Any]:
    """Those a network has, by projection."""
    return {projection.name: projection.theta for projection in network.projections}


def mean(values: Sequence[float]) -> float:
    """Of the seeds."""
    return float(np.mean(values))
