"""Choose a threshold and ridge parameters, and train the two networks in the box.

    python -m deltasim.workloads.mackey_glass.making OUT

The choice is made on ten windows behind all that is tested; a few minutes on one core.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.files.network import save_network
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.disk.unfinished import new_file
from deltasim.workloads.mackey_glass.forecast import AHEAD, TRAINED, WINDOW, guided, smape
from deltasim.workloads.mackey_glass.reservoir import Shape, fitted, unfitted
from deltasim.workloads.mackey_glass.series import POINTS, series
from deltasim.workloads.training_record import RECORD

THETAS = (0.0, 3e-5, 1e-4, 3e-4, 1e-3)
RIDGES = (1e-8, 1e-7, 1e-6)
REPEATS = 30  # windows of the test, each half a Lyapunov time behind the one before, with a reservoir each
CHOOSING = 10  # windows behind them
WITHIN = 1.1  # a threshold's error on the choosing windows over that of none, at most


class Forecast(NamedTuple):
    """A network's error on a window in per cent, with its trace."""

    smape: float
    network: Network
    trace: Trace


def begins(repeat: int) -> int:
    """The first point of a window."""
    return int(repeat * POINTS / 2)


def window(number: int) -> Numbers:
    """The points of a window: 750 to learn from, one to begin with, 750 to forecast."""
    first = begins(number)
    return series(begins(choosing(CHOOSING)) + WINDOW)[first : first + WINDOW]


def choosing(number: int) -> int:
    """The window that chooses: the first begins where the last tested one has ended.

    >>> begins(choosing(0)) >= begins(REPEATS - 1) + WINDOW
    True
    """
    return REPEATS + 2 * WINDOW // POINTS + number


def forecast(network: Network, values: Numbers) -> Forecast:
    """Told the first 751 points of a window, how well a network continues it."""
    with np.errstate(over="ignore", invalid="ignore"):  # a loop may run away; that counts as an error of 200
        trace, outputs = execute(network, [guided(values[: TRAINED + 1], TRAINED + AHEAD)])
    targets = np.full((1, TRAINED + AHEAD), np.nan)
    targets[0, TRAINED:] = values[TRAINED + 1 :]
    error = smape(outputs, targets)
    assert error is not None
    return Forecast(error, network, trace)


def learned(number: int, theta: float, ridge: float) -> Network:
    """The network of a window: its own reservoir, its readout fitted to the window's first part."""
    return fitted(unfitted(Shape(), number, theta), window(number)[: TRAINED + 1], ridge)


def errors() -> dict[float, dict[float, float]]:
    """Mean error on the choosing windows, by threshold and ridge parameter."""
    found: dict[float, dict[float, float]] = {}
    for theta in THETAS:
        for ridge in RIDGES:
            each = [
                forecast(learned(choosing(k), theta, ridge), window(choosing(k))).smape
                for k in range(CHOOSING)
            ]
            found.setdefault(theta, {})[ridge] = float(np.mean(each))
            print(f"theta {theta:g}, ridge {ridge:g}: {found[theta][ridge]:.2f}", file=sys.stderr, flush=True)
    return found


def best_ridge(found: dict[float, dict[float, float]], theta: float) -> float:
    """The ridge parameter with the least error at a threshold."""
    return min(found[theta], key=lambda ridge: found[theta][ridge])


def best_theta(found: dict[float, dict[float, float]]) -> float:
    """The largest threshold whose error lies within; the least above 0 where none does.

    >>> best_theta({0.0: {1: 10.0, 2: 12.0}, 0.1: {1: 30.0, 2: 10.5}, 0.2: {1: 20.0, 2: 19.0}})
    0.1
    """
    most = WITHIN * min(found[0.0].values())
    within = [theta for theta in found if theta and min(found[theta].values()) <= most]
    return max(within, default=min(theta for theta in found if theta))


def make(out: Path) -> None:
    """Choose, train on the first window, and write both networks with their record."""
    found = errors()
    theta = best_theta(found)
    out.mkdir(parents=True, exist_ok=True)
    chosen = {"dense": (0.0, best_ridge(found, 0.0)), "delta": (theta, best_ridge(found, theta))}
    for name, (own, ridge) in chosen.items():
        save_network(learned(0, own, ridge), out / name)
    record = {
        "command": "python -m deltasim.workloads.mackey_glass.making OUT",
        "shape": Shape()._asdict(),
        "errors": {f"{own:g}": {f"{ridge:g}": e for ridge, e in row.items()} for own, row in found.items()},
        **{name: {"theta": own, "ridge": ridge} for name, (own, ridge) in chosen.items()},
    }
    with new_file(out / RECORD) as file:
        file.write((json.dumps(record, indent=1, allow_nan=False) + "\n").encode())


if __name__ == "__main__":
    make(Path(sys.argv[1]))
