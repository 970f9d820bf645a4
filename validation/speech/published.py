"""The published network, 4 bidirectional GRU layers of 320 units, untrained, costed at given occupancies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.networks.trace import random_trace
from deltasim.simulator.chip import load_chip
from deltasim.validation.measure import measure_trace
from deltasim.workloads.speech.frames import INPUTS, PERIOD_S
from deltasim.workloads.speech.letters import OUTPUTS

LAYERS, UNITS = 4, 320
FRAMES = 60  # of a run
SWEPT = (1.0, 0.5, 0.25, 0.1, 0.05)
ARITHMETIC = FixedPoint(Q(8, 8), Q(1, 7), Q(9, 15), Q(2, 8))


class Costed(NamedTuple):
    """At an occupancy: weight words a frame, joules and seconds of a second of speech, by chip."""

    occupancy: float
    words: float
    joules: dict[str, float]
    seconds: dict[str, float]


def published() -> Network:
    """The network with weights drawn at random, of 8 bits.

    >>> published().weight_words
    6392960
    """
    return random_stack(
        "gru",
        INPUTS,
        (UNITS,) * LAYERS,
        np.random.default_rng(0),
        theta=0.1,
        bidirectional=True,
        readout=OUTPUTS,
        arithmetic=ARITHMETIC,
        name="published-4x320",
    )


def costed(occupancies: Sequence[float], chips: Sequence[str]) -> list[Costed]:
    """What the network costs at each occupancy: every element sends with that probability at every frame."""
    network, found = published(), []
    steps = network.passes / PERIOD_S  # a second: every frame is a step of each pass
    for occupancy in occupancies:
        trace = random_trace(network, [FRAMES], occupancy, np.random.default_rng(0))
        runs = {chip: measure_trace(network, load_chip(chip), trace) for chip in chips}
        found.append(
            Costed(
                occupancy,
                occupancy * network.weight_words,
                {chip: run.step_j * steps for chip, run in runs.items()},
                {chip: run.step_s * steps for chip, run in runs.items()},
            )
        )
    return found
