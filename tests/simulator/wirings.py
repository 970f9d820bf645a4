"""Random topologies for property tests: regular ones, any connected graph, chips joined by slower links."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from deltasim.simulator.topology import parse_topology

TOPOLOGIES = {  # by number of cores
    count: ["bus", f"ring:{count}", f"star:{count}", f"crossbar:{count}", f"tree:{tree}"]
    + [f"mesh:{size}" for size in grids]
    + [f"torus:{grids[0]}"]
    + [f"cmesh:{rest}" for rest in concentrated]
    for count, tree, grids, concentrated in (
        (1, "1x2", ["1x1"], []),
        (2, "2x1", ["1x2", "2x1"], ["1x1x2"]),
        (3, "3x1", ["3x1"], []),
        (4, "2x2", ["2x2", "1x4"], ["1x2x2"]),
        (6, "6x1", ["2x3", "3x2"], ["2x1x3"]),
        (9, "3x2", ["3x3"], ["3x1x3"]),
    )
}
CLOCKS = ("1 GHz", "500 MHz", "733 MHz", "1.6 GHz")


@st.composite
def wirings(draw: st.DrawFn, count: int) -> tuple[dict[str, Any], int]:
    """The topology of so many cores, and its nodes: a regular one, any connected graph, or chips joined."""
    kind = draw(st.sampled_from(["regular", "regular", "graph", "joined"]))
    if kind == "graph":
        nodes = max(2, count + draw(st.integers(0, 2)))
        return {"topology": "graph", "edges": draw(edges(nodes))}, nodes
    chips = draw(st.sampled_from([n for n in range(2, count + 1) if count % n == 0] or [1]))
    if kind == "regular" or chips == 1:
        text = draw(st.sampled_from(TOPOLOGIES[count]))
        return {"topology": text}, parse_topology(text, count).nodes
    inside = draw(st.sampled_from(TOPOLOGIES[count // chips][1:]))
    between = draw(st.sampled_from([f"ring:{chips}", f"star:{chips}", f"mesh:1x{chips}", f"tree:{chips}x1"]))
    inner, outer = parse_topology(inside), parse_topology(between)
    link = {
        "width": f"{draw(st.sampled_from([4, 16]))} bit",
        "clock": draw(st.sampled_from(CLOCKS)),
        "hop_cycles": draw(st.integers(1, 9)),
    }
    gateway = draw(st.integers(0 if inner.routers else inner.cores, inner.nodes - 1))
    joined = {"topology": between, "gateway": gateway, "link": link}
    return {"topology": inside, "joined": joined}, chips * inner.nodes + outer.nodes - chips


@st.composite
def edges(draw: st.DrawFn, nodes: int) -> list[list[Any]]:
    """A connected graph: a tree and a few edges more, some wider, narrower or longer than others."""
    pairs = [(draw(st.integers(0, node - 1)), node) for node in range(1, nodes)]
    ends = st.integers(0, nodes - 1)
    pairs += draw(st.lists(st.tuples(ends, ends).filter(lambda pair: pair[0] != pair[1]), max_size=3))
    further: list[list[Any]] = [[], [], [0.5], [2], [1 / 3], [{"latency": 4}]]
    return [[*pair, *draw(st.sampled_from(further))] for pair in pairs]
