"""What passes between a study and its search: points to be tried, and what became of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from deltasim.exploration.searches.layout import Layout
from deltasim.exploration.space.space import Space, Values


class Proposal(NamedTuple):
    """A point to be tried, and what its search has to know of it later."""

    values: Values
    sampler: dict[str, Any] = {}  # noqa: RUF012 (never changed)


class Outcome(NamedTuple):
    """What became of a point: its costs, less being better (None: it is none), and by how much it misses."""

    proposal: Proposal
    costs: tuple[float, ...] | None
    miss: float


Ask = Callable[[int, Sequence[Outcome]], Sequence[Proposal]]
"""The points of a generation, given what became of all before; none when the search is over."""


class Task(NamedTuple):
    """What a search has to know: the space, how many points it may try, its seed, how many objectives.

    ``layout`` finds what a search for a mapping goes by.
    """

    space: Space
    budget: int | None
    seed: int
    objectives: int
    layout: Callable[[], Layout]


def seed_of(seed: int, generation: int) -> int:
    """The seed of one generation: a function of the study's and its number, so that a study goes on anywhere.

    >>> seed_of(0, 1) == seed_of(0, 1) != seed_of(0, 2)
    True
    """
    return int.from_bytes(hashlib.sha256(f"{seed} {generation}".encode()).digest()[:4])
