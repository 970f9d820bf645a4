"""Links, and the rule by which a family of topologies chooses the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.arrays import Integers

BUS = -1  # stands for both ends of a bus's one link
ARRIVED = -1  # in a table of links: the destination is here

Ints = npt.NDArray[np.int32]
Places = npt.NDArray[np.float64]
RoutingRule = Callable[[Integers, Integers], tuple[Integers, Integers]]
"""``step(here, to)`` on arrays of nodes: the next node on the way (``to`` itself where that is here), and the
class of virtual channels a packet uses to get there."""


class Link(NamedTuple):
    """One way from node to node.

    ``length`` is in tile pitches. ``latency`` is cycles on the wire, of which one is part of the router's
    hop. ``period`` is cycles between two flits: 4 for a link a quarter as wide as a flit, 0.5 for one twice
    as wide. A link ``between_chips`` has its own clock and width where the chip describes them.
    """

    start: int
    end: int
    length: float = 1.0
    latency: float = 1
    period: float = 1.0
    between_chips: bool = False


def both_ways(pairs: Iterable[tuple[int, int]], length: float = 1.0) -> tuple[Link, ...]:
    """A link in each direction for every pair of neighbours.

    >>> [(link.start, link.end) for link in both_ways([(0, 1)])]
    [(0, 1), (1, 0)]
    """
    return tuple(Link(*ends, length) for a, b in pairs for ends in ((a, b), (b, a)))


def one_class(onward: Integers) -> tuple[Integers, Integers]:
    """A step that needs one class of virtual channels only."""
    return onward, np.zeros_like(onward)
