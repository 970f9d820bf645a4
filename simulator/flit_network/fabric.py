"""A fabric: routers, links and terminals, and the one way from each router to each terminal."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import is_file
from deltasim.simulator.flit_network.state import DRAINING, FREE, Ints, Wires
from deltasim.simulator.topology import Topology, parse_topology
from deltasim.simulator.topology.deadlock import dependency_cycle
from deltasim.simulator.topology.edges import graph_links, graph_topology, read_edges
from deltasim.simulator.topology.links import ARRIVED  # in `toward`: the terminal sits at this router
from deltasim.simulator.topology.table import FAMILIES

if TYPE_CHECKING:
    import networkx

    from deltasim.simulator.chip import Chip

LARGEST = 1024  # terminals: the search for dependency cycles takes seconds there
LONGEST = 4096  # cycles from router to router
HOP_CYCLES = 4  # of a router with a stage each for its channels, its switch, the crossing and the wire
ENTRY_CYCLES = 2  # from a terminal into its router


class Link(NamedTuple):
    """One way from router to router. ``length`` is in tile pitches, ``latency`` in cycles on the wire.

    ``period`` is cycles between two flits: 1 for a link as wide as a flit, 4 for one a quarter as wide.
    """

    start: int
    end: int
    length: float = 1.0
    latency: int = 1
    period: int = 1


@dataclass(frozen=True, eq=False)
class Fabric:
    """R routers joined by L links, with N terminals that send and receive.

    ``home[n]`` is the router of terminal n. ``toward[r, n]`` is the link that a packet for terminal n takes
    from router r, or -1 where n is at home: routes depend on the destination only. ``dateline_class[r, n]``
    is that of virtual channels it uses there, one of ``classes``. A shared one moves one flit a cycle through
    each router in all (a bus). ``reach`` is the length in tile pitches of wires between terminal and router;
    with ``terminal_links`` these are links of the topology, whose cores have no routers.
    ``grid`` is how the terminals are laid out where traffic patterns ask: rows by columns, or one row.

    >>> fabric = parse_fabric("mesh:2x3")
    >>> fabric.routers, len(fabric.links), fabric.path(0, 5)
    (6, 14, (0, 1, 2, 5))
    """

    name: str
    home: tuple[int, ...]
    grid: tuple[int, ...]
    routers: int
    links: tuple[Link, ...]
    toward: Ints
    dateline_class: Ints
    classes: int = 1
    shared: bool = False
    reach: float = 0.0
    terminal_links: bool = False

    @property
    def terminals(self) -> int:
        return len(self.home)

    def path(self, source: int, destination: int) -> tuple[int, ...]:
        """The routers a packet visits from one terminal to another, both ends included."""
        router = self.home[source]
        visited = [router]
        while (link := int(self.toward[router, destination])) != ARRIVED:
            router = self.links[link].end
            visited.append(router)
        return tuple(visited)

    def routers_visited(self) -> Ints:
        """Routers on the way between terminals: shape (N sources, N destinations).

        >>> parse_fabric("ring:4").routers_visited()[0].tolist()
        [1, 2, 3, 2]
        """
        ends = np.array([link.end for link in self.links], np.int32)
        visited = np.ones((self.terminals, self.terminals), np.int32)
        destination = np.arange(self.terminals)
        for source in range(self.terminals):
            router = np.full(self.terminals, self.home[source])
            link = self.toward[router, destination]
            while (moving := link != ARRIVED).any():
                router[moving] = ends[link[moving]]
                visited[source] += moving
                link = self.toward[router, destination]
        return visited

    @property
    def port_order(self) -> list[int]:
        """The links sorted by the router they leave and, there, by their port.

        Ports are numbered by the router at the other end, the nearest number first and of equals the higher:
        right, left, down, up on a mesh, as BookSim has them. The ports of terminals come last.
        """
        return sorted(
            range(len(self.links)),
            key=lambda index: (self.links[index].start, *_port(*self.links[index][:2])),
        )

    def wires(
        self, virtual_channels: int, hop_cycles: int = HOP_CYCLES, atomic_channels: bool = False
    ) -> Wires:
        """The flat arrays that the clock reads, with the virtual channels split evenly between the classes.

        A head takes ``hop_cycles`` from router to router over a link of latency 1. With 4 and more, of which
        a cycle each goes to granting a channel, granting the switch and the wire, the others to crossing the
        switch; with fewer, channel and switch are granted in one cycle. Atomic channels hold one packet at a
        time. Fewer channels than classes leave one class. Errors: InputError when packets could then wait for
        each other in a cycle (the sentence names it), and for a link or hop that takes too long.
        """
        classes = self.classes if virtual_channels >= self.classes else 1
        dateline_class = self.dateline_class if classes > 1 else np.zeros_like(self.dateline_class)
        self._refuse_deadlock(dateline_class, virtual_channels)
        longest = hop_cycles + max((link.latency for link in self.links), default=1)
        if longest > LONGEST or max((link.period for link in self.links), default=1) > LONGEST:
            rule = f"a flit is at most {LONGEST:,} cycles under way from router to router"
            raise InputError(self.name, f"{longest:,} cycles", rule, "Give fewer hop cycles or faster links.")
        leaving: list[list[tuple[int, Link | None]]] = [[] for _ in range(self.routers)]
        for index in self.port_order:
            leaving[self.links[index].start].append((index, self.links[index]))
        for terminal, router in enumerate(self.home):
            leaving[router].append((terminal, None))
        into: list[int] = []
        start: list[int] = []
        latency: list[int] = []
        period: list[int] = []
        wire_of_link = np.zeros(len(self.links), np.int32)
        wire_of_exit = np.zeros(self.terminals, np.int32)
        for router, wires in enumerate(leaving):
            for index, wire in wires:
                (wire_of_exit if wire is None else wire_of_link)[index] = len(into)
                into.append(-1 - index if wire is None else wire.end)
                start.append(router)
                latency.append(1 if wire is None else wire.latency)
                period.append(1 if wire is None else wire.period)
        first = np.concatenate([[0], np.cumsum([len(wires) for wires in leaving])])
        entrances = len(into)
        into += self.home
        entering = sorted(
            (wire for wire, router in enumerate(into) if router >= 0),
            key=lambda wire: (
                (into[wire], 0, *_port(into[wire], start[wire]))
                if wire < entrances
                else (into[wire], 1, wire, 0)
            ),
        )
        sizes = np.bincount([router for router in into if router >= 0], minlength=self.routers)
        grant_cycles = 1 if hop_cycles >= HOP_CYCLES else 0
        crossing, credit = hop_cycles - 1 - grant_cycles, min(2, hop_cycles - 1)
        ends = self.terminals
        at_home = self.toward == ARRIVED
        onward = wire_of_link[self.toward] if self.links else np.zeros_like(self.toward)
        return Wires(
            first=first.astype(np.int32),
            into=np.array(into, np.int32),
            flight_cycles=np.array([crossing + wait for wait in latency] + [ENTRY_CYCLES] * ends, np.int32),
            credit_cycles=np.array([credit + wait for wait in latency] + [max(1, credit)] * ends, np.int32),
            period=np.array(period + [1] * ends, np.int32),
            entering=np.array(entering, np.int32),
            bounds=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
            way=np.where(at_home, wire_of_exit, onward).astype(np.int32),
            lowest=np.where(at_home, 0, dateline_class * virtual_channels // classes).astype(np.int32),
            highest=np.where(
                at_home, virtual_channels, (dateline_class + 1) * virtual_channels // classes
            ).astype(np.int32),
            shared=np.full(self.routers, self.shared),
            grant_cycles=grant_cycles,
            after_tail=DRAINING if atomic_channels else FREE,
        )

    def _refuse_deadlock(self, dateline_class: Ints, virtual_channels: int) -> None:
        ends = np.array([(link.start, link.end) for link in self.links], np.int32).reshape(-1, 2)
        cycle = dependency_cycle(ends, np.array(self.home), self.toward, dateline_class)
        if not cycle:
            return
        around = ", ".join(f"{self.links[link].start}->{self.links[link].end}" for link in (*cycle, cycle[0]))
        remedy = (
            f"Give at least {self.classes} virtual channels."
            if virtual_channels < self.classes
            else "Remove a link of the cycle, or use a mesh, a tree or a torus."
        )
        raise InputError(
            self.name,
            f"{virtual_channels} virtual channel{'s' * (virtual_channels > 1)}",
            f"packets can wait for each other around the links {around}",
            remedy,
        )

    def with_links(self, latency: int = 1, period: int = 1) -> Fabric:
        """The same fabric with every link slower."""
        return replace(
            self, links=tuple(link._replace(latency=latency, period=period) for link in self.links)
        )


def _port(here: int, there: int) -> tuple[int, int]:
    return abs(there - here), -there


def fabric_of(topology: Topology, name: str) -> Fabric:
    """The routers of a topology: one for each node, or, where cores have none, one for each switch.

    Links to cores without a router are the wires of terminals. A link takes a flit in at most one a cycle.
    Links between chips have no length, as in the engines: their energy is not that of wires on a chip.

    >>> from deltasim.simulator.topology import parse_topology
    >>> crossbar = fabric_of(parse_topology("crossbar:4"), "crossbar:4")
    >>> crossbar.routers, crossbar.links, crossbar.home
    (1, (), (0, 0, 0, 0))
    """
    cores = topology.cores
    if topology.is_bus:
        nowhere = np.full((1, cores), ARRIVED, np.int32)
        length = topology.links[0].length
        return Fabric(
            name, (0,) * cores, topology.grid, 1, (), nowhere, nowhere * 0, shared=True, reach=length
        )
    first = 0 if topology.routers else cores
    routed = [index for index, link in enumerate(topology.links) if min(link.start, link.end) >= first]
    number = np.full(len(topology.links) + 1, ARRIVED, np.int32)  # the last stands for nowhere
    number[routed] = np.arange(len(routed))
    links = [
        Link(
            link.start - first,
            link.end - first,
            0.0 if link.between_chips else link.length,
            max(1, math.ceil(link.latency)),
            max(1, math.ceil(link.period)),
        )
        for link in (topology.links[index] for index in routed)
    ]
    home, reach = tuple(range(cores)), 0.0
    if not topology.routers:
        wires = {link.start: link for link in topology.links if link.start < cores}
        home = tuple(wires[core].end - first for core in range(cores))
        reach = sum(link.length for link in wires.values()) / cores
    return Fabric(
        name,
        home,
        topology.grid,
        topology.nodes - first,
        tuple(links),
        number[topology.toward[first:, :cores]],
        topology.dateline_class[first:, :cores],
        topology.classes,
        reach=reach,
        terminal_links=not topology.routers,
    )


def fabric_from_graph(graph: networkx.Graph[int], name: str = "graph") -> Fabric:
    """Every node of a networkx graph is a router with a terminal; every edge two links (one, if directed).

    Edges may carry what :func:`simulator.topology.edges.links_of` takes. Errors: InputError for other nodes,
    a graph in which one cannot reach another, and (from :meth:`Fabric.wires`) for routes that can deadlock.

    >>> import networkx
    >>> fabric_from_graph(networkx.path_graph(4)).path(0, 3)
    (0, 1, 2, 3)
    """
    return fabric_of(graph_topology(graph_links(graph, name), None, name, graph.number_of_nodes()), name)


def parse_fabric(text: str, place: str = "--topology") -> Fabric:
    """Read ``mesh:8x8`` and its like (``simulator.topology.table.FAMILIES``), or the path of a file of edges.

    The name of a chip in the box, or the path of its YAML description, stands for the chip's network, with
    the slower links of chips that are joined.
    Errors: InputError for an unknown or malformed name, a size beyond 1,024 terminals, a bad file.

    >>> parse_fabric("tree:2x3").terminals, parse_fabric("bus:16").routers, parse_fabric("mesh16").grid
    (8, 1, (4, 4))
    """
    kind = text.partition(":")[0]
    if kind in FAMILIES:
        topology = parse_topology(text, None, place)
    else:
        topology = topology_elsewhere(text, kind, place)
    if topology.cores > LARGEST:
        remedy = f"Give a network of at most {LARGEST:,} terminals."
        raise InputError(place, text, f"it has more than {LARGEST:,} terminals", remedy)
    return fabric_of(topology, Path(text).name)


def topology_elsewhere(text: str, kind: str, place: str) -> Topology:
    """The topology of a chip, by its name or its description, or of a file of edges."""
    from deltasim.simulator.chip import chip_names
    from deltasim.simulator.chip.wiring import described_topology

    chip = chip_called(text)
    if chip is not None:
        return described_topology(chip.network, chip.cores.count)
    if is_file(text):
        return graph_topology(read_edges(Path(text)), None, Path(text).name)
    choices = nearest(kind, [*FAMILIES, *chip_names()])
    raise InputError(place, text[:80], "there is no such topology, chip or file of edges", choices)


def chip_called(text: str) -> Chip | None:
    """The chip of a name in the box or of a YAML description; None for another text."""
    from deltasim.simulator.chip import chip_names, load_chip

    if text.partition(":")[0] in FAMILIES:
        return None
    return load_chip(text) if text in chip_names() or Path(text).suffix in (".yaml", ".yml") else None
