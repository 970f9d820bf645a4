"""What a class should make the output neurons fire, and what is held against their counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.errors import InputError


@dataclass(frozen=True)
class Targets:
    """The neuron of the class should fire ``right`` times and all others ``wrong`` times, within ``margin``.

    Source: 35, 5 and 5 in the authors' code of arXiv 1908.06378, for 400 to 700 steps.
    """

    right: float = 35.0
    wrong: float = 5.0
    margin: float = 5.0

    def __post_init__(self) -> None:
        if not (0 <= self.wrong < self.right < 1e6):
            rule = "the neuron of the class fires more often than the others"
            raise InputError("targets: right", self.right, rule, "Raise it, or lower wrong.")
        if not 0 <= self.margin < 1e6:
            raise InputError("targets: margin", self.margin, "a margin is at least 0", "Give 0 or more.")


def count_loss(targets: Targets, counts: Integers, label: int) -> tuple[float, Numbers]:
    """``L = sum_i (o_i - y_i)^2 / 2`` and dL/do_i = ``o_i - y_i``, both 0 for what lies within the margin.

    >>> loss, slope = count_loss(Targets(), np.array([20, 8, 0]), 0)
    >>> loss, slope.tolist()
    (112.5, [-15.0, 0.0, 0.0])
    """
    wanted = np.full(len(counts), targets.wrong)
    wanted[label] = targets.right
    off = counts - wanted
    off[np.abs(off) <= targets.margin] = 0.0
    return float(off @ off) / 2, off
