"""What cells do over ten thousand steps: how large states grow, how far sums and fixed point drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from deltasim.networks.builders.sgu import Parameters, sgu_stack
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint, Q, WideSums
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.arrays import Floats
from deltasim.validation.sequences.measured import Line
from deltasim.workloads.features import normalised
from deltasim.workloads.sequences.tasks import TASKS

STEPS = 10_000
END = 1_000  # steps over which the end is looked at
FIXED = FixedPoint(Q(8, 8), Q(3, 13), Q(9, 23), Q(2, 14))


class Long(NamedTuple):
    """Of a network without thresholds: the largest state, and the largest difference from double sums over
    the first and the last `END` steps, in float32 and in fixed point."""

    cell: str
    largest: float
    float_first: float
    float_last: float
    fixed_first: float
    fixed_last: float


def long_run(line: Line) -> Long:
    """A trained network on test recordings one after another, its state never reset."""
    recordings = TASKS[line.task].read("test").sequences
    frames = normalised(np.concatenate(recordings)[:STEPS], line.pair.normalisation)
    states = replace(line.pair.dense, outputs=(f"{line.cell}_0",))
    exact = run(replace(states, arithmetic=WideSums()), frames)
    single, fixed = run(states, frames), run(quantised(states, FIXED), frames)
    ends = slice(0, END), slice(-END, None)
    apart = [float(np.abs(found[end] - exact[end]).max()) for found in (single, fixed) for end in ends]
    return Long(line.cell, float(np.abs(exact).max()), *apart)


def run(network: Network, frames: Floats) -> Floats:
    """The states of every step."""
    return execute(network, [frames])[1][0]


def driven(kind: str) -> dict[str, float]:
    """A unit whose gate is open and whose product drives it upwards for ever: its state at the end.

    All of ``z = 1`` and ``z_g`` near 1: a SGU then adds ``log(1 + exp(-h))`` a step, so h is near the
    logarithm of the steps.

    >>> [round(value, 2) for value in driven("dsgu").values()]
    [1.0, 1.0]
    """
    parameters = Parameters(
        np.zeros((2, 1, 1)), np.full((3 if kind == "dsgu" else 2, 1, 1), 9.0), np.full((2, 1), 9.0)
    )
    network = sgu_stack(kind, 1, [parameters])
    frames = np.zeros((STEPS, 1), np.float32)
    wide = replace(FIXED, weight=Q(6, 10))
    return {
        "float32": float(run(network, frames)[-1, 0]),
        "fixed point": float(run(quantised(network, wide), frames)[-1, 0]),
    }


def long_runs(lines: Sequence[Line]) -> list[Long]:
    """One network of each cell."""
    first: dict[str, Line] = {}
    for line in lines:
        first.setdefault(line.cell, line)
    return [long_run(line) for line in first.values()]
