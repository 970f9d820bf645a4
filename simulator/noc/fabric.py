"""A fabric: routers, links and terminals, and the one way from each router to each terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from networks.errors import InputError, nearest
from simulator.noc.deadlock import dependency_cycle
from simulator.noc.state import Ints, Wires

ARRIVED = -1  # in `toward`: the terminal sits at this router


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
    from router r, or -1 where n is at home: routes depend on the destination only. ``leg[r, n]`` is the class
    of virtual channels it uses there, one of ``classes``. A shared fabric moves one flit a cycle through each
    router in all (a bus). ``reach`` is the length in tile pitches of the wires between terminal and router.
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
    leg: Ints
    classes: int = 1
    shared: bool = False
    reach: float = 0.0

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

    def wires(self, virtual_channels: int) -> Wires:
        """The flat arrays that the clock reads, with the virtual channels split evenly between the classes.

        Fewer channels than classes leave one class. Errors: InputError when packets could then wait for each
        other in a circle; the sentence names the circle.
        """
        classes = self.classes if virtual_channels >= self.classes else 1
        leg = self.leg if classes > 1 else np.zeros_like(self.leg)
        self._refuse_deadlock(leg, virtual_channels)
        leaving: list[list[tuple[int, Link | None]]] = [[] for _ in range(self.routers)]
        for index, link in enumerate(self.links):
            leaving[link.start].append((index, link))
        for terminal, router in enumerate(self.home):
            leaving[router].append((terminal, None))
        into: list[int] = []
        latency: list[int] = []
        period: list[int] = []
        wire_of_link = np.zeros(len(self.links), np.int32)
        wire_of_exit = np.zeros(self.terminals, np.int32)
        for wires in leaving:
            for index, wire in wires:
                (wire_of_exit if wire is None else wire_of_link)[index] = len(into)
                into.append(-1 - index if wire is None else wire.end)
                latency.append(1 if wire is None else wire.latency)
                period.append(1 if wire is None else wire.period)
        first = np.concatenate([[0], np.cumsum([len(wires) for wires in leaving])])
        into += self.home
        latency += [1] * self.terminals
        period += [1] * self.terminals
        entering = [wire for wire, router in sorted(enumerate(into), key=lambda pair: pair[1]) if router >= 0]
        sizes = np.bincount([router for router in into if router >= 0], minlength=self.routers)
        at_home = self.toward == ARRIVED
        onward = wire_of_link[self.toward] if self.links else np.zeros_like(self.toward)
        return Wires(
            first=first.astype(np.int32),
            into=np.array(into, np.int32),
            latency=np.array(latency, np.int32),
            period=np.array(period, np.int32),
            entering=np.array(entering, np.int32),
            bounds=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
            way=np.where(at_home, wire_of_exit, onward).astype(np.int32),
            lowest=np.where(at_home, 0, leg * virtual_channels // classes).astype(np.int32),
            highest=np.where(at_home, virtual_channels, (leg + 1) * virtual_channels // classes).astype(
                np.int32
            ),
            shared=np.full(self.routers, self.shared),
        )

    def _refuse_deadlock(self, leg: Ints, virtual_channels: int) -> None:
        ends = np.array([(link.start, link.end) for link in self.links], np.int32).reshape(-1, 2)
        cycle = dependency_cycle(ends, np.array(self.home), self.toward, leg)
        if not cycle:
            return
        circle = ", ".join(f"{self.links[link].start}->{self.links[link].end}" for link in (*cycle, cycle[0]))
        remedy = (
            f"Give at least {self.classes} virtual channels."
            if virtual_channels < self.classes
            else "Remove a link of the circle, or use a mesh, a tree or a torus."
        )
        raise InputError(
            self.name,
            f"{virtual_channels} virtual channel{'s' * (virtual_channels > 1)}",
            f"packets can wait for each other around the links {circle}",
            remedy,
        )

    def with_links(self, latency: int = 1, period: int = 1) -> Fabric:
        """The same fabric with every link slower."""
        return replace(
            self, links=tuple(link._replace(latency=latency, period=period) for link in self.links)
        )


def parse_fabric(text: str, place: str = "--topology") -> Fabric:
    """Read ``mesh:8x8`` and its like (the table ``SHAPES``), or the path of a file of edges.

    Errors: InputError for an unknown or malformed name, a size beyond 1,024 terminals, a bad file.

    >>> parse_fabric("tree:2x3").terminals, parse_fabric("bus:16").routers
    (8, 1)
    """
    from simulator.noc.graphs import read_edges
    from simulator.noc.shapes import LARGEST, SHAPES

    kind, _, size = text.partition(":")
    if kind not in SHAPES:
        if Path(text).is_file():
            return read_edges(Path(text))
        choices = nearest(kind, SHAPES)
        raise InputError(place, text, "there is no such topology and no such file of edges", choices)
    example, build = SHAPES[kind]
    numbers = (
        tuple(int(part) for part in size.split("x")) if re.fullmatch(r"\d{1,9}(x\d{1,9})*", size) else ()
    )
    if len(numbers) != example.count("x", len(kind)) + 1 or min(numbers) < 1:
        raise InputError(
            place, text, f"a {kind} is written {example}, with sizes of at least 1", f"Write {example}."
        )
    too_many = InputError(
        place,
        text,
        f"it has more than {LARGEST:,} terminals",
        f"Give a {kind} of at most {LARGEST:,} terminals.",
    )
    if kind == "tree" and numbers[0] > 1 and numbers[1] > 10:
        raise too_many
    terminals = numbers[0] ** numbers[1] if kind == "tree" else int(np.prod(numbers))
    if terminals > LARGEST or max(numbers) > LARGEST:
        raise too_many
    return build(text, numbers)
