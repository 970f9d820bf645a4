"""A topology: nodes, directed links, and one way from every node to every other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError
from deltasim.simulator.topology.links import ARRIVED, BUS, Ints, Link, Places, RoutingRule
from deltasim.simulator.topology.trees import Reach, reaches_from

if TYPE_CHECKING:
    import networkx

BLOCK = 1 << 20  # pairs of nodes tabulated at a time
KEPT = 256  # cores; beyond, the trees from all of them would fill memory


@dataclass(frozen=True, eq=False)
class Topology:
    """Cores are the nodes 0 to ``cores - 1``; nodes that are only switches come after them.

    Routes follow the ``step`` rule of the family, which depends on where a packet is and where it goes only.
    ``lay_out`` gives the places (nodes, 2) where the nodes are drawn, neighbours about one unit apart.
    ``grid`` is how the cores are laid out where traffic patterns ask: rows by columns, or one row.
    ``classes`` of virtual channels keep the routes free of deadlock. With ``routers`` every node has a
    router; without, only the switches have one.

    >>> from deltasim.simulator.topology import parse_topology
    >>> mesh = parse_topology("mesh:2x3", 6)
    >>> mesh.nodes, len(mesh.links), mesh.path(0, 5)
    (6, 14, (0, 1, 2, 5))
    """

    kind: str
    shape: tuple[int, ...]
    cores: int
    nodes: int
    links: tuple[Link, ...]
    step: RoutingRule
    lay_out: Callable[[], Places]
    grid: tuple[int, ...]
    classes: int = 1
    routers: bool = True
    _distances: dict[int, Ints] = field(default_factory=dict, repr=False)
    _reaches: dict[int, Reach] = field(default_factory=dict, repr=False)

    @property
    def is_bus(self) -> bool:
        """One link for all, entered from any node."""
        return self.kind == "bus"

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Start and end of every link."""
        return tuple((link.start, link.end) for link in self.links)

    @cached_property
    def _steps(self) -> tuple[Ints, Ints]:
        square = (self.nodes, self.nodes)
        onward, dateline_class = np.empty(square, np.int32), np.empty(square, np.int32)
        rows = max(1, BLOCK // self.nodes)
        to = np.arange(self.nodes)
        for first in range(0, self.nodes, rows):
            here = np.arange(first, min(first + rows, self.nodes))[:, None]
            part = slice(first, first + rows)
            onward[part], dateline_class[part] = self.step(*np.broadcast_arrays(here, to))
        return onward, dateline_class

    @property
    def onward(self) -> Ints:
        """The next node from every node (row) to every node (column). Shape (nodes, nodes)."""
        return self._steps[0]

    @property
    def dateline_class(self) -> Ints:
        """The class of virtual channels used on that step. Shape (nodes, nodes)."""
        return self._steps[1]

    @cached_property
    def toward(self) -> Ints:
        """The link from every node (row) to every node (column), or -1 at home. Shape (nodes, nodes)."""
        here = np.arange(self.nodes)[:, None]
        if self.is_bus:
            return np.where(here == here.T, ARRIVED, 0).astype(np.int32)
        if not self.links:
            return np.full((self.nodes, self.nodes), ARRIVED, np.int32)
        ends = np.array(self.pairs, np.int64)
        keys = ends[:, 0] * self.nodes + ends[:, 1]
        order = np.argsort(keys)
        keys = keys[order]
        toward = np.empty((self.nodes, self.nodes), np.int32)
        for node in range(self.nodes):
            found = np.searchsorted(keys, node * self.nodes + self.onward[node].astype(np.int64))
            toward[node] = order[np.minimum(found, len(order) - 1)]
        toward[self.onward == here] = ARRIVED
        return toward

    def path(self, source: int, destination: int) -> tuple[int, ...]:
        """The nodes a packet visits, both ends included (on a bus there are only the ends).

        Errors: InputError for a node that is not there.
        """
        for node in (source, destination):
            if not 0 <= node < self.nodes:
                raise InputError(
                    "topology", node, f"nodes run from 0 to {self.nodes - 1}", "Name one of these."
                )
        visited = [source]
        while visited[-1] != destination:
            visited.append(int(self.onward[visited[-1], destination]))
        return tuple(visited)

    def route(self, source: int, destination: int) -> tuple[int, ...]:
        """The links from one node to another, in order; none from a node to itself."""
        return tuple(int(self.toward[node, destination]) for node in self.path(source, destination)[:-1])

    def routes(self, sources: Integers, destinations: Integers) -> tuple[Integers, Integers]:
        """The routes of many pairs at once: (bounds, links), the links of pair p from bounds[p].

        >>> from deltasim.simulator.topology import parse_topology
        >>> bounds, links = parse_topology("ring:4", 4).routes(np.array([0, 0]), np.array([0, 2]))
        >>> bounds.tolist(), len(links)
        ([0, 0, 2], 2)
        """
        here, pair = sources.astype(np.int64), np.arange(len(sources))
        found: list[tuple[Integers, Integers]] = []
        while (moving := here != destinations[pair]).any():
            here, pair = here[moving], pair[moving]
            found.append((pair, self.toward[here, destinations[pair]].astype(np.int64)))
            here = self.onward[here, destinations[pair]].astype(np.int64)
        owner = np.concatenate([pairs for pairs, _ in found] or [np.zeros(0, np.int64)])
        link = np.concatenate([links for _, links in found] or [np.zeros(0, np.int64)])
        bounds = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(sources)))])
        return bounds.astype(np.int64), link[np.argsort(owner, kind="stable")]

    def memory_routes(self, sources: Integers, destinations: Integers) -> tuple[Integers, Integers]:
        """The routes between cores and memories at nodes; on a bus, where memories hang too, the bus."""
        if self.is_bus:
            return np.arange(len(sources) + 1, dtype=np.int64), np.zeros(len(sources), np.int64)
        return self.routes(sources, destinations)

    def distances(self, destination: int) -> Ints:
        """Links from every node to one. Shape (nodes,)."""
        if destination not in self._distances:
            bounds, _ = self.routes(np.arange(self.nodes), np.full(self.nodes, destination))
            self._distances[destination] = np.diff(bounds).astype(np.int32)
        return self._distances[destination]

    def nearest(self, node: int, ports: Sequence[int]) -> int:
        """The index of the port with the fewest links from a node; of equals, the first."""
        return min(range(len(ports)), key=lambda index: (self.distances(ports[index])[node], index))

    def reach(self, source: int) -> Reach:
        """The routes from a node to all cores as one tree."""
        return self.reaches((source,))[0]

    def reaches(self, sources: Sequence[int]) -> list[Reach]:
        """:meth:`reach` for several nodes; those of small topologies are kept."""
        missing = [source for source in sources if source not in self._reaches]
        to = np.tile(np.arange(self.cores), len(missing))
        bounds, link = self.routes(np.repeat(np.array(missing, np.int64), self.cores), to)
        found = reaches_from(bounds, link, self.cores, len(self.links))
        fresh = dict(zip(missing, found, strict=True))
        if self.cores <= KEPT:
            self._reaches.update(fresh)
        return [fresh[source] if source in fresh else self._reaches[source] for source in sources]

    def multicast_tree(self, source: int, destinations: Iterable[int]) -> tuple[tuple[int, int], ...]:
        """The union of the routes to some cores, as (link, position of its parent, or -1 at the source).

        Each link carries the message once; parents come before their children.

        >>> from deltasim.simulator.topology import parse_topology
        >>> parse_topology("mesh:2x2", 4).multicast_tree(0, [1, 3])
        ((0, -1), (2, 0))
        """
        reach = self.reach(source)
        wanted = np.zeros(self.cores, np.bool_)
        wanted[list(destinations)] = True
        used = reach.used(wanted[None])[0]
        place = np.cumsum(used) - 1
        parent = np.where(reach.parent == ARRIVED, ARRIVED, place[reach.parent])
        return tuple(zip(reach.link[used].tolist(), parent[used].tolist(), strict=True))

    def as_networkx(self) -> networkx.DiGraph[int]:
        """The directed graph of the links, each with its ``index``; a bus is a node ``BUS`` between all."""
        import networkx

        graph: networkx.DiGraph[int] = networkx.DiGraph()
        graph.add_nodes_from(range(self.nodes))
        if self.is_bus:
            for node in range(self.nodes):
                graph.add_edge(node, BUS, index=0)
                graph.add_edge(BUS, node, index=0)
        else:
            for index, (source, destination) in enumerate(self.pairs):
                graph.add_edge(source, destination, index=index)
        return graph

    def layout(self) -> dict[int, tuple[float, float]]:
        """Positions of the nodes for drawing (``BUS`` is a bus's middle), neighbours about one unit apart."""
        spots = {node: (float(x), float(y)) for node, (x, y) in enumerate(self.lay_out().tolist())}
        return spots | {BUS: ((self.nodes - 1) / 2, 0.0)} if self.is_bus else spots
