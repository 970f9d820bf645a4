"""Topologies of the network on chip: their nodes, directed links and deterministic routes.

``bus``: one link that every transfer between nodes uses, memories included. ``mesh:RxC``: node ``r * C + c``,
routes go along the row first, then along the column (XY), which cannot deadlock. ``ring:N``: the shorter way
round, clockwise on a tie. ``torus:RxC``: a mesh whose rows and columns are rings. ``star:N`` and
``crossbar:N``: N cores around a hub, which is node N.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from networks.errors import InputError, nearest

if TYPE_CHECKING:
    import networkx

BUS = -1  # stands for both ends of a bus's one link


@dataclass(frozen=True)
class Topology:
    """Nodes and directed links; cores are the nodes 0 to ``cores - 1``, a star's hub comes after them.

    >>> mesh = Topology.parse("mesh:2x3", 6)
    >>> mesh.nodes, len(mesh.links)
    (6, 14)
    >>> [mesh.links[link] for link in mesh.route(0, 5)]
    [(0, 1), (1, 2), (2, 5)]
    """

    kind: str
    shape: tuple[int, ...]
    cores: int
    nodes: int
    links: tuple[tuple[int, int], ...]

    @staticmethod
    def parse(text: str, cores: int, place: str = "network.topology") -> Topology:
        """Read ``bus``, ``mesh:4x4`` and the like (the table ``BUILDERS``) for a chip of so many cores.

        Errors: InputError for an unknown or malformed name, and where it does not hold exactly the cores.
        """
        kind, _, size = text.partition(":")
        if kind not in BUILDERS:
            raise InputError(place, text, "there is no such topology", nearest(kind, BUILDERS))
        dimensions, example, build = BUILDERS[kind]
        if not re.fullmatch("x".join([r"[1-9]\d{0,5}"] * dimensions), size):
            raise InputError(place, text, f"a {kind} is written {example}", f"Write {example}.")
        shape = tuple(int(number) for number in size.split("x")) if dimensions else (cores,)
        if math.prod(shape) != cores:
            raise InputError(
                place,
                text,
                f"it has {math.prod(shape):,} cores and cores.count is {cores:,}",
                "Make the two agree.",
            )
        nodes, links = build(shape)
        return Topology(kind, shape, cores, nodes, links)

    @cached_property
    def _index(self) -> dict[tuple[int, int], int]:
        return {link: index for index, link in enumerate(self.links)}

    def path(self, source: int, destination: int) -> tuple[int, ...]:
        """The nodes a packet visits, both ends included (on a bus there are only the ends)."""
        for node in (source, destination):
            if not 0 <= node < self.nodes:
                raise InputError(
                    "topology", node, f"nodes run from 0 to {self.nodes - 1}", "Name one of these."
                )
        return PATHS[self.kind](self.shape, source, destination)

    def route(self, source: int, destination: int) -> tuple[int, ...]:
        """The links from one node to another, in order; none from a node to itself."""
        if source == destination:
            return ()
        path = self.path(source, destination)
        if self.kind == "bus":
            return (0,)
        return tuple(self._index[hop] for hop in pairwise(path))

    def memory_route(self, core: int, port: int) -> tuple[int, ...]:
        """The links from a core to the memory at a node; on a bus, where memories hang too, the bus."""
        return (0,) if self.kind == "bus" else self.route(core, port)

    def memory_return(self, port: int, core: int) -> tuple[int, ...]:
        """The links from the memory at a node to a core."""
        return (0,) if self.kind == "bus" else self.route(port, core)

    def multicast_tree(self, source: int, destinations: Iterable[int]) -> tuple[tuple[int, int], ...]:
        """The union of the routes, as (link, position of its parent in the tuple, or -1 at the source).

        Each link carries the message once; parents come before their children.

        >>> Topology.parse("mesh:2x2", 4).multicast_tree(0, [1, 3])
        ((0, -1), (2, 0))
        """
        tree: list[tuple[int, int]] = []
        position: dict[int, int] = {}
        for destination in sorted(set(destinations)):
            parent = -1
            for link in self.route(source, destination):
                if link not in position:
                    position[link] = len(tree)
                    tree.append((link, parent))
                parent = position[link]
        return tuple(tree)

    def nearest(self, node: int, ports: Sequence[int]) -> int:
        """The index of the port with the fewest links from a node; of equals, the lowest."""
        return min(range(len(ports)), key=lambda index: (len(self.route(node, ports[index])), index))

    def as_networkx(self) -> networkx.DiGraph[int]:
        """The directed graph of the links, each with its ``index``; a bus is a node ``BUS`` between all."""
        import networkx

        graph: networkx.DiGraph[int] = networkx.DiGraph()
        graph.add_nodes_from(range(self.nodes))
        if self.kind == "bus":
            for node in range(self.nodes):
                graph.add_edge(node, BUS, index=0)
                graph.add_edge(BUS, node, index=0)
        else:
            for index, (source, destination) in enumerate(self.links):
                graph.add_edge(source, destination, index=index)
        return graph

    def layout(self) -> dict[int, tuple[float, float]]:
        """Positions of the nodes for drawing (``BUS`` is a bus's middle), neighbours one unit apart."""
        if self.kind in ("mesh", "torus"):
            rows, columns = self.shape
            return {
                node: (float(node % columns), float(rows - 1 - node // columns)) for node in range(self.nodes)
            }
        if self.kind == "bus":
            row = {node: (float(node), 1.0) for node in range(self.nodes)}
            return row | {BUS: ((self.nodes - 1) / 2, 0.0)}
        around = self.cores
        radius = 0.5 / math.sin(math.pi / around) if around > 2 else 0.5
        circle = {
            node: (
                radius * math.sin(2 * math.pi * node / around),
                radius * math.cos(2 * math.pi * node / around),
            )
            for node in range(around)
        }
        return circle | {node: (0.0, 0.0) for node in range(around, self.nodes)}


Links = tuple[tuple[int, int], ...]


def bus_links(shape: tuple[int, ...]) -> tuple[int, Links]:
    return shape[0], ((BUS, BUS),)


def mesh_links(shape: tuple[int, ...]) -> tuple[int, Links]:
    rows, columns = shape
    links = []
    for node in range(rows * columns):
        row, column = divmod(node, columns)
        for r, c in ((row, column + 1), (row + 1, column), (row, column - 1), (row - 1, column)):
            if 0 <= r < rows and 0 <= c < columns:
                links.append((node, r * columns + c))
    return rows * columns, tuple(links)


def ring_links(shape: tuple[int, ...]) -> tuple[int, Links]:
    (n,) = shape
    pairs = [(node, (node + step) % n) for node in range(n) for step in (1, -1) if n > 1]
    return n, tuple(dict.fromkeys(pairs))  # a ring of two has one link each way


def star_links(shape: tuple[int, ...]) -> tuple[int, Links]:
    (n,) = shape
    return n + 1, tuple(link for node in range(n) for link in ((node, n), (n, node)))


def torus_links(shape: tuple[int, ...]) -> tuple[int, Links]:
    rows, columns = shape
    pairs = [
        (node, r % rows * columns + c % columns)
        for node in range(rows * columns)
        for row, column in [divmod(node, columns)]
        for r, c in ((row, column + 1), (row + 1, column), (row, column - 1), (row - 1, column))
    ]
    return rows * columns, tuple(pair for pair in dict.fromkeys(pairs) if pair[0] != pair[1])


def bus_path(_shape: tuple[int, ...], source: int, destination: int) -> tuple[int, ...]:
    return (source, destination)


def mesh_path(shape: tuple[int, ...], source: int, destination: int) -> tuple[int, ...]:
    columns = shape[1]
    row, column = divmod(source, columns)
    last_row, last_column = divmod(destination, columns)
    path = [source]
    while column != last_column:
        column += 1 if column < last_column else -1
        path.append(row * columns + column)
    while row != last_row:
        row += 1 if row < last_row else -1
        path.append(row * columns + column)
    return tuple(path)


def ring_path(shape: tuple[int, ...], source: int, destination: int) -> tuple[int, ...]:
    (n,) = shape
    clockwise = (destination - source) % n
    step, hops = (1, clockwise) if 2 * clockwise <= n else (-1, n - clockwise)
    return tuple((source + step * hop) % n for hop in range(hops + 1))


def torus_path(shape: tuple[int, ...], source: int, destination: int) -> tuple[int, ...]:
    rows, columns = shape
    (row, column), (last_row, last_column) = divmod(source, columns), divmod(destination, columns)
    along = [row * columns + place for place in ring_path((columns,), column, last_column)]
    down = [place * columns + last_column for place in ring_path((rows,), row, last_row)]
    return tuple(along + down[1:])


def star_path(shape: tuple[int, ...], source: int, destination: int) -> tuple[int, ...]:
    (hub,) = shape
    if hub in (source, destination):
        return (source, destination)
    return (source, hub, destination)


# kind -> (dimensions, how it is written, links); a new topology is a line here and one in PATHS
BUILDERS: dict[str, tuple[int, str, Callable[[tuple[int, ...]], tuple[int, Links]]]] = {
    "bus": (0, "bus", bus_links),
    "crossbar": (1, "crossbar:8", star_links),
    "mesh": (2, "mesh:4x4", mesh_links),
    "ring": (1, "ring:8", ring_links),
    "star": (1, "star:8", star_links),
    "torus": (2, "torus:4x4", torus_links),
}
PATHS: dict[str, Callable[[tuple[int, ...], int, int], tuple[int, ...]]] = {
    "bus": bus_path,
    "crossbar": star_path,
    "mesh": mesh_path,
    "ring": ring_path,
    "star": star_path,
    "torus": torus_path,
}
