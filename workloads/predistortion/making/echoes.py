"""Which earlier samples a predistorter has to hear: least squares on the part held out.

python -m deltasim.workloads.predistortion.making.echoes FOLDER

What was sent is fitted to what was received, first by powers of the magnitude alone, then with linear taps,
then with a pair of taps at every lag: errors in dB on the half of the part that was not fitted.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from deltasim.workloads.predistortion.capture import Capture, Complex
from deltasim.workloads.predistortion.scores import nmse_db
from deltasim.workloads.predistortion.sources import source

POWERS = 7  # of the magnitude: 0 to 6
NEAR = 4  # taps behind one another
FAR = range(5, 40)


def bent(signal: Complex) -> list[Complex]:
    """A signal times powers of its magnitude."""
    return [signal * np.abs(signal) ** power for power in range(POWERS)]


def late(signal: Complex, lag: int) -> Complex:
    """A signal so many samples late, 0 before its first.

    >>> late(np.array([1, 2, 3], complex), 1).real.tolist()
    [0.0, 1.0, 2.0]
    """
    return np.concatenate([np.zeros(lag, np.complex128), signal])[: len(signal)]


def error_db(columns: list[Complex], wanted: Complex) -> float:
    """Fitted on the first half, the error on the second.

    >>> error_db([np.arange(8.0) + 0j], 2j * np.arange(8.0)) < -200
    True
    """
    matrix, half = np.stack(columns, axis=1), len(wanted) // 2
    found = np.linalg.lstsq(matrix[:half], wanted[:half], rcond=None)[0]
    return nmse_db(matrix[half:] @ found, wanted[half:])


def errors(capture: Capture) -> tuple[float, float, dict[int, float]]:
    """Without memory, with near taps, and with these and a pair of far ones, by the first's lag."""
    heard, wanted = capture.received, capture.sent
    without = bent(heard)
    near = [*without, *(late(heard, lag) for lag in range(1, NEAR + 1))]
    far = {lag: error_db([*near, late(heard, lag), late(heard, lag + 1)], wanted) for lag in FAR}
    return error_db(without, wanted), error_db(near, wanted), far


if __name__ == "__main__":
    alone, taps, pairs_of = errors(source(Path(sys.argv[1])).read("val"))
    best = min(pairs_of, key=lambda lag: pairs_of[lag])
    print(f"no memory {alone:.2f} dB, {NEAR} taps {taps:.2f} dB, a pair besides:")
    listed = ", ".join(f"{lag}: {error:.2f}" for lag, error in pairs_of.items())
    print(f"{listed}; best at {best}")
