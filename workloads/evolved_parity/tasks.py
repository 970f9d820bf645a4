"""What is evolved for, by name, and with which plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from deltasim.networks.evolution.population import Plan, Task
from deltasim.workloads.evolved_parity.maze import Maze
from deltasim.workloads.evolved_parity.parity import Parity
from deltasim.workloads.evolved_parity.race import Race


class Entry(NamedTuple):
    """A task: what makes it, its budget of evaluations, and of each mutation magnitude and clip.

    Magnitudes were chosen among two to about ten on one to four tuning seeds, most of them from 100 on; an
    early comparison in the race ran before its magnitudes were fixed.
    """

    make: Callable[[], Task]
    budget: int
    mutations: Mapping[str, tuple[float, float]]

    def plan(self, mutation: str, seed: int) -> Plan:
        """The plan of one evolution."""
        magnitude, clip = self.mutations[mutation]
        return Plan(mutation, magnitude, seed, self.budget, clip=clip)


NONE = np.inf  # no clip
TASKS = {
    "parity": Entry(
        Parity,
        30_000,
        {
            "plain": (0.03, NONE),
            "sm-r": (0.01, NONE),
            "sm-g-sum": (0.02, NONE),
            "sm-g-abs": (0.0025, NONE),
            "sm-g-so": (0.02, NONE),
        },
    ),
    "maze": Entry(
        Maze,
        3_000,
        {
            "plain": (0.2, NONE),
            "sm-r": (0.01, NONE),
            "sm-g-sum": (0.1, 0.2),  # the paper's code clips the changes of SM-G in the maze
            "sm-g-abs": (0.01, 0.2),
            "sm-g-so": (0.01, 0.2),
        },
    ),
    "race": Entry(
        Race,
        2_500,
        {
            "plain": (0.05, NONE),
            "sm-r": (0.01, NONE),
            "sm-g-sum": (0.1, NONE),
            "sm-g-abs": (0.01, NONE),
            "sm-g-so": (0.03, NONE),
        },
    ),
}
"""Tasks by name."""
