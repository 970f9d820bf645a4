"""The benchmark: a few forecasts of one trained network, each begun somewhere behind what it learned from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.benchmark import Benchmark
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.mackey_glass.forecast import AHEAD, TRAINED, guided, percentages, smape
from deltasim.workloads.mackey_glass.series import POINTS, series
from deltasim.workloads.mackey_glass.trained import SHIPPED, load

FORECASTS = 8
APART = 2 * POINTS  # from one forecast's beginning to the next
TOLD = 2 * POINTS  # points a network is told before it forecasts, its state from rest


def mackey_glass(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """Forecasts of 10 Lyapunov times; the networks learned from the first 10 of the series."""
    if data is not None and str(data) != "generated":
        rule = "the series is computed, there is no other"
        raise InputError("--data", data, rule, nearest(str(data), ["generated"]) or "Leave it out.")
    if trained is not None and not is_folder(trained):
        remedy = "Name a folder that `python -m deltasim.workloads.mackey_glass.making` wrote."
        raise InputError("trained", trained, "no such folder", remedy)
    networks = load(SHIPPED if trained is None else trained)
    inputs, targets = forecasts(series(TRAINED + (FORECASTS - 1) * APART + AHEAD + 1))
    return Benchmark(
        name="mackey-glass",
        about="a chaotic series continued",
        network=networks.delta,
        dense_network=networks.dense,
        sequences=inputs,
        targets=targets,
        classes=np.zeros(FORECASTS, np.int64),
        speakers=np.zeros(FORECASTS, np.int64),
        score_name="negative sMAPE",
        score=negative_smape,
        data=f"the Mackey-Glass equation, delay 17, {FORECASTS} forecasts of {AHEAD} points after {TOLD}",
        data_digest=digest_of(*inputs, targets),
        points=lambda outputs, wanted: percentages(outputs, wanted) * (-1.0, 1.0),
    )


def forecasts(values: Numbers) -> tuple[tuple[Floats, ...], Floats]:
    """What a network is told for each forecast, and what comes next where it is asked: (n, TOLD + AHEAD)."""
    inputs: list[Floats] = []
    targets: Floats = np.full((FORECASTS, TOLD + AHEAD), np.nan, np.float32)
    for number in range(FORECASTS):
        begin = TRAINED + number * APART  # of the last point it is told
        inputs.append(guided(values[begin - TOLD : begin + 1], TOLD + AHEAD))
        targets[number, TOLD:] = values[begin + 1 : begin + 1 + AHEAD]
    return tuple(inputs), targets


def negative_smape(outputs: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> float | None:
    """The error below zero, so that more is better.

    >>> negative_smape([np.array([[1.0], [3.0]], np.float32)], np.array([[1.0, 1.0]]))
    -50.0
    """
    found = smape(outputs, targets)
    return None if found is None else -found
