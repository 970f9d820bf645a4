"""The topologies there are, and how they are written."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.topology.concentrated_mesh import concentrated_mesh
from deltasim.simulator.topology.mesh import mesh, torus
from deltasim.simulator.topology.ring import ring
from deltasim.simulator.topology.star import bus, crossbar, star
from deltasim.simulator.topology.topology import Topology
from deltasim.simulator.topology.tree import tree

LARGEST = 4096  # nodes: a table of routes has an entry for every pair of them


class Family(NamedTuple):
    """How a family is written, what builds it, and how many cores and further switches a size gives."""

    example: str
    build: Callable[[tuple[int, ...]], Topology]
    cores: Callable[[tuple[int, ...]], int] = math.prod
    switches: Callable[[tuple[int, ...]], int] = lambda shape: 0


def tree_cores(shape: tuple[int, ...]) -> int:
    """Arity to the power of levels."""
    arity, levels = shape
    return int(arity ** min(levels, 64))  # beyond it is too large anyway


# another regular topology is one function and one line here
FAMILIES: dict[str, Family] = {
    "bus": Family("bus", bus),
    "cmesh": Family("cmesh:4x4x4", concentrated_mesh, switches=lambda shape: math.prod(shape[:2])),
    "crossbar": Family("crossbar:8", crossbar),
    "mesh": Family("mesh:4x4", mesh),
    "ring": Family("ring:8", ring),
    "star": Family("star:8", star),
    "torus": Family("torus:4x4", torus),
    "tree": Family("tree:4x3", tree, tree_cores, lambda shape: shape[1] * tree_cores(shape) // shape[0]),
}


@lru_cache(maxsize=64)
def parse_topology(text: str, cores: int | None = None, place: str = "network.topology") -> Topology:
    """Read ``bus``, ``mesh:4x4`` and the like (the table ``FAMILIES``); a bus may leave its size to the chip.

    ``tree:4x3`` is arity by levels. Errors: InputError for an unknown or malformed name, and where it does
    not hold exactly ``cores``.

    >>> parse_topology("tree:2x3").cores, parse_topology("bus", 3).cores
    (8, 3)
    """
    kind, _, size = text.partition(":")
    if kind not in FAMILIES:
        raise InputError(place, text, "there is no such topology", nearest(kind, FAMILIES))
    family = FAMILIES[kind]
    dimensions = family.example.count("x", len(kind)) + 1
    if kind == "bus" and not size and cores is not None:
        size = str(cores)
    if not re.fullmatch("x".join([r"[1-9]\d{0,5}"] * dimensions), size):
        raise InputError(place, text, f"a {kind} is written {family.example}", f"Write {family.example}.")
    shape = tuple(int(number) for number in size.split("x"))
    if max(shape) > LARGEST or family.cores(shape) + family.switches(shape) > LARGEST:
        rule = f"it has more than {LARGEST:,} nodes"
        raise InputError(place, text, rule, f"Give a {kind} of at most {LARGEST:,} nodes.")
    count = family.cores(shape)
    if cores is not None and count != cores:
        rule = f"it has {count:,} cores and cores.count is {cores:,}"
        raise InputError(place, text, rule, "Make the two agree.")
    return family.build(shape)
