"""The trained pairs of every cell on every task, their test parts scored, messages counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.errors import InputError
from deltasim.workloads.features import normalised
from deltasim.workloads.fetches import words_fetched
from deltasim.workloads.sequences.making.__main__ import CELLS, TAUGHT
from deltasim.workloads.sequences.tasks import TASKS, Part, Task
from deltasim.workloads.sequences.trained import Trained, load
from deltasim.workloads.training_record import RECORD

GOAL = 0.01  # squared error at which the adding problem counts as learned


class Sent(NamedTuple):
    """What a projection's encoder sent of what it scanned, 0 to 1, and words fetched for it a step."""

    share: float
    words: float


class Line(NamedTuple):
    """One pair of networks on the test part."""

    task: str
    cell: str
    pair: Trained
    dense_score: float
    score: float
    dense_words: float  # a step, everything sent
    encoders: dict[str, Sent]

    @property
    def words(self) -> float:
        """Words fetched a step."""
        return sum(sent.words for sent in self.encoders.values())

    @property
    def saved(self) -> float:
        """Words of the dense network over words fetched."""
        return self.dense_words / max(self.words, 1e-9)

    @property
    def parameters(self) -> int:
        """Weights and biases of the recurrent layer; the ones that carry a state to a product are none."""
        return parameters_of(self.pair.dense)

    @property
    def updates(self) -> int | None:
        """Updates without thresholds until the part held out has an error below `GOAL`; None for never."""
        record: dict[str, Any] = self.pair.record
        done = [number for number, loss in enumerate(record["learning"], 1) if loss < GOAL]
        return done[0] * int(record["updates_an_epoch"]) if done else None


def parameters_of(network: Network) -> int:
    """Weights and biases of a network's recurrent layer.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> parameters_of(random_stack("gru", 40, (64,), np.random.default_rng(0), readout=10))
    20224
    """
    weights = sum(
        p.connection.weight_words
        for p in network.projections
        if p.target != "readout" and not is_alone(network, p.target, p.source)
    )
    biases = sum(
        int(np.any(row != 0)) * p.size
        for p in network.populations
        if p.name != "readout" and p.bias is not None
        for row in p.bias
    )
    return weights + biases


def is_alone(network: Network, target: str, source: str) -> bool:
    """Whether a state reaches a product by itself alone."""
    return target.endswith(("_u", "_g")) and source == target[:-2]


def scored(task: Task, cell: str, pair: Trained, part: Part) -> Line:
    """Run both networks of a pair on a part."""
    frames = [normalised(sequence, pair.normalisation) for sequence in part.sequences]
    _, dense_outputs = execute(pair.dense, frames)
    trace, outputs = execute(pair.delta, frames)
    every = float(sum(int(p.connection.fan_out.sum()) for p in pair.delta.projections))
    return Line(
        task.name,
        cell,
        pair,
        task.score(dense_outputs, part.targets),
        task.score(outputs, part.targets),
        every,
        sent_by(pair.delta, trace),
    )


def sent_by(network: Network, trace: Trace) -> dict[str, Sent]:
    """For each projection, what was sent and fetched."""
    words, sent = words_fetched(network, trace) / trace.steps, trace.sent(network)
    scanned = [p.connection.source_size * trace.steps for p in network.projections]
    return {
        p.name: Sent(float(sent[number]) / scanned[number], float(words[number]))
        for number, p in enumerate(network.projections)
    }


def lines_in(folder: Path) -> list[Line]:
    """Every pair in a folder that `python -m deltasim.workloads.sequences.making` wrote, on its test part."""
    seeds = sorted(folder.glob("seed-*"))
    found: list[Line] = []
    for name in TAUGHT:
        part = TASKS[name].read("test")
        for cell in CELLS:
            pairs = [seed / name / cell for seed in seeds if (seed / name / cell / RECORD).is_file()]
            if not pairs:
                remedy = f"Run `python -m deltasim.workloads.sequences.making {folder}` first."
                raise InputError(folder, f"{name}/{cell}", "there is no network of this cell in it", remedy)
            found += [scored(TASKS[name], cell, load(pair, TASKS[name]), part) for pair in pairs]
    return found


def of(lines: Sequence[Line], task: str, cell: str) -> list[Line]:
    """A cell's lines on a task, one a seed."""
    return [line for line in lines if line.task == task and line.cell == cell]
