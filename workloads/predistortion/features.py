"""What a network is told of a complex sample, and what it says back."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Floats
from deltasim.workloads.predistortion.capture import Complex

FEATURES = ("I", "Q", "|x|", "|x|^3", "sin", "cos")


def features(samples: Complex) -> Floats:
    """In-phase and quadrature part, magnitude, its cube, sine and cosine of the phase: (T, 6) float32.

    A sample that is 0 has sine and cosine 0. Source: DeltaDPD (arXiv 2505.06250).

    >>> features(np.array([3 + 4j, 0])).tolist()
    [[3.0, 4.0, 5.0, 125.0, 0.800000011920929, 0.6000000238418579], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    size = np.abs(samples)
    unit = samples / np.where(size == 0, 1.0, size)
    columns = samples.real, samples.imag, size, size**3, unit.imag, unit.real
    return np.stack(columns, axis=1).astype(np.float32)


def samples_of(outputs: Floats) -> Complex:
    """The complex samples of a network's outputs (T, 2).

    >>> samples_of(np.array([[1.0, -2.0]], np.float32)).tolist()
    [(1-2j)]
    """
    values = np.asarray(outputs, np.float64)
    return values[:, 0] + 1j * values[:, 1]
