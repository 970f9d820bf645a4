"""Who shares a virtual channel, and whether packets could then wait for each other in a cycle.

Packets are kept apart twice. By *class*, where weights come over the network: messages, requests and
responses must not wait for each other, since a response is what a request waits for. By *dateline class*,
where links close a ring: a packet that has passed the dateline of its ring goes on in other channels (Dally
and Seitz, IEEE Transactions on Computers C-36, 1987). A class and a dateline class are one *queue*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from deltasim.simulator.topology import Topology
from deltasim.simulator.topology.deadlock import dependency_cycle

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip

MESSAGES, REQUESTS, RESPONSES = range(3)
NO_CYCLE = ("bus", "crossbar", "mesh", "star")  # routes that never close one, whatever the size
RINGS = ("ring", "torus")


def classes_of(chip: Chip) -> int:
    """Three where a shared memory answers over the network, else one: nothing but messages travels."""
    return 3 if any(memory.shared for memory in chip.memories) else 1


def rings_of(topology: Topology) -> tuple[int, ...]:
    """The sizes of the rings that packets travel on.

    >>> from deltasim.simulator.topology import parse_topology
    >>> rings_of(parse_topology("torus:2x8")), rings_of(parse_topology("mesh:2x8"))
    ((2, 8), ())
    """
    return topology.shape if topology.kind in RINGS else ()


def dateline_classes_of(chip: Chip) -> int:
    """Two where a ring is so large (over 3) that packets pass more than one of its links, else one.

    Where the chip has too few virtual channels for both there is one, and :func:`waiting_cycle` says
    whether that can deadlock.
    """
    due = 2 if max(rings_of(chip.topology), default=0) > 3 else 1
    return due if (chip.network.virtual_channels or 0) >= due * classes_of(chip) else 1


def dateline_class_after(topology: Topology, link: int, before: int, dateline_class: int) -> int:
    """The dateline class of a packet on ``link``, which it takes after link ``before`` (-1: none) on
    ``dateline_class``.

    >>> from deltasim.simulator.topology import parse_topology
    >>> ring = parse_topology("ring:4")
    >>> [ring.pairs[link] for link in ring.route(2, 0)]
    [(2, 3), (3, 0)]
    >>> first, second = ring.route(2, 0)
    >>> dateline_class_after(ring, first, -1, 0), dateline_class_after(ring, second, first, 0)
    (0, 1)
    """
    if topology.kind not in RINGS:
        return 0
    along, start, end, size = place_on_ring(topology, link)
    if size > 2 and abs(start - end) == size - 1:
        return 1
    return dateline_class if before >= 0 and place_on_ring(topology, before)[0] == along else 0


def place_on_ring(topology: Topology, link: int) -> tuple[int, int, int, int]:
    """The dimension a link runs in, its two places on that ring, and the ring's size."""
    start, end = topology.pairs[link]
    if topology.kind == "ring":
        return 0, start, end, topology.shape[0]
    rows, columns = topology.shape
    if start // columns == end // columns:
        return 0, start % columns, end % columns, columns
    return 1, start // columns, end // columns, rows


def dateline_classes_along(topology: Topology, route: Iterable[int]) -> list[int]:
    """The dateline class on every link of a route."""
    dateline_classes, before, dateline_class = [], -1, 0
    for link in route:
        dateline_class = dateline_class_after(topology, link, before, dateline_class)
        dateline_classes.append(dateline_class)
        before = link
    return dateline_classes


@lru_cache(maxsize=64)
def waiting_cycle(topology: Topology, ports: tuple[int, ...] = ()) -> tuple[int, ...]:
    """The links of one cycle in which packets of one class can wait for each other; empty when there is none.

    Packets travel between the cores, and between them and the memories at ``ports``.

    >>> from deltasim.simulator.topology import parse_topology
    >>> ring = parse_topology("ring:4")
    >>> [ring.pairs[link] for link in waiting_cycle(ring)]
    [(0, 1), (1, 2), (2, 3), (3, 0)]
    """
    if topology.kind in NO_CYCLE:
        return ()
    ends = np.array(topology.pairs, np.int64).reshape(-1, 2)
    home = np.unique([*range(topology.cores), *ports])
    toward = topology.toward[:, home]
    return dependency_cycle(ends, home, toward, np.zeros_like(toward))


def named(topology: Topology, cycle: Sequence[int]) -> str:
    """A cycle of links as one reads it, ending where it begins: ``0->1, 1->2, 2->0, 0->1``."""
    return ", ".join("{}->{}".format(*topology.pairs[link]) for link in (*cycle, cycle[0]))
