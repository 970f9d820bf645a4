"""A cell's graph as an SVG: layers from inputs and last states on the left to new states on the right."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from deltasim.reports.cells.graph import cell_graph

if TYPE_CHECKING:
    import networkx as nx

ACROSS, DOWN = 46.0, 46.0  # pixels between layers and between nodes of one
HIGH, LETTER, LEAST = 28.0, 7.6, 30.0
SWEEPS = 24
COLOURS = {  # outline, filling
    "input": ("#1f4e79", "#dce9f5"),
    "before": ("#1f4e79", "#ffffff"),
    "after": ("#1f4e79", "#dce9f5"),
    "sent": ("#b45f06", "#fbe8d3"),
    "sum": ("#444444", "#eeeeee"),
    "operation": ("#444444", "#ffffff"),
}


def cell_drawing(name: str) -> str:
    """The drawing of a cell by its name, as SVG text.

    >>> cell_drawing("rnn")[:4], cell_drawing("rnn").count("<rect")
    ('<svg', 8)
    """
    graph = cell_graph(name)
    rows = layers_of(graph)
    places = places_of(graph, rows)
    wide = {node: width(str(graph.nodes[node]["label"])) for node in graph}
    columns, x = [], 20.0
    for row in rows:
        most = max(wide.get(node, 0.0) for node in row)
        columns.append(x + most / 2)
        x += most + ACROSS
    at = {node: (columns[layer], places[node]) for layer, row in enumerate(rows) for node in row}
    top = min(y for _, y in at.values()) - HIGH - 34
    at = {node: (x, y - top) for node, (x, y) in at.items()}
    high = max(y for _, y in at.values()) + HIGH + 30
    parts = [f'<text x="20" y="24" font-weight="bold">{escape(name)}</text>']
    for source, target in graph.edges:
        parts.append(edge([source, *between(source, target, rows), target], at, wide))
    for node, data in graph.nodes(data=True):
        parts.append(box(str(data["label"]), str(data["kind"]), at[node], wide[node], data.get("named")))
    parts.append(
        f'<text x="20" y="{high - 8:.0f}" font-size="12" fill="#555555">Orange: an encoder sends '
        "changes (Δ), or spikes, and a matrix reads them; Σ adds them up. b: bias.</text>"
    )
    wide_all = max(x - ACROSS + 20, 640.0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide_all:.0f}" height="{high:.0f}" '
        f'viewBox="0 0 {wide_all:.0f} {high:.0f}" font-family="sans-serif" font-size="14">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 8 4 0 8z" fill="#666666"/></marker></defs>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def width(label: str) -> float:
    """Of a box with this label."""
    return max(LEAST, LETTER * len(label) + 14)


def layers_of(graph: nx.DiGraph[str]) -> list[list[str]]:
    """Nodes by the longest path to them, new states last; a long edge passes every layer by a point.

    A node that has no source stands right before the first that reads it, unless it is the input or a state.
    """
    import networkx as nx

    depth: dict[str, int] = {}
    for node in nx.topological_sort(graph):
        depth[node] = max((depth[source] + 1 for source in graph.predecessors(node)), default=0)
    last = max(depth.values())
    for node, data in graph.nodes(data=True):
        if data["kind"] == "after":
            depth[node] = last
    rows: list[list[str]] = [[] for _ in range(last + 1)]
    for node, layer in depth.items():
        rows[layer].append(node)
    for source, target in graph.edges:
        for layer in range(depth[source] + 1, depth[target]):
            rows[layer].append(point(source, layer))
    return [list(dict.fromkeys(row)) for row in rows]


def point(source: str, layer: int) -> str:
    """Where all long edges of a source pass a layer."""
    return f"{source} @ {layer}"


def between(source: str, target: str, rows: list[list[str]]) -> list[str]:
    """The points that an edge passes."""
    layer = {node: number for number, row in enumerate(rows) for node in row}
    return [point(source, number) for number in range(layer[source] + 1, layer[target])]


def places_of(graph: nx.DiGraph[str], rows: list[list[str]]) -> dict[str, float]:
    """How far down every node and point lies: orders by the mean of their neighbours, then moved apart."""
    left: dict[str, list[str]] = {node: [] for row in rows for node in row}
    right: dict[str, list[str]] = {node: [] for row in rows for node in row}
    for source, target in graph.edges:
        for one, other in pairwise([source, *between(source, target, rows), target]):
            if other not in right[one]:
                right[one].append(other)
                left[other].append(one)
    y = {node: DOWN * number for row in rows for number, node in enumerate(row)}
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for row in rows if forward else reversed(rows):
            near = left if forward else right
            wanted = {
                node: sum(y[other] for other in near[node]) / len(near[node]) if near[node] else y[node]
                for node in row
            }
            if sweep < SWEEPS - 6:
                row.sort(key=lambda node: wanted[node])
            both = {node: [*left[node], *right[node]] for node in row}
            for node in row:
                if both[node] and sweep >= SWEEPS - 6:
                    wanted[node] = sum(y[other] for other in both[node]) / len(both[node])
            y.update(apart(row, wanted))
    return y


def apart(row: list[str], wanted: dict[str, float]) -> dict[str, float]:
    """Places in this order, as near as may be to those wanted and at least `DOWN` apart.

    Rule: pool adjacent violators, the least squares of an ordered fit.

    >>> apart(["a", "b"], {"a": 0.0, "b": 0.0})
    {'a': -23.0, 'b': 23.0}
    """
    blocks: list[tuple[float, int]] = []
    for number, node in enumerate(row):
        blocks.append((wanted[node] - DOWN * number, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (one, first), (other, second) = blocks[-2:]
            blocks[-2:] = [((one * first + other * second) / (first + second), first + second)]
    levels = [level for level, count in blocks for _ in range(count)]
    return {node: level + DOWN * number for number, (node, level) in enumerate(zip(row, levels, strict=True))}


def edge(path: list[str], at: dict[str, tuple[float, float]], wide: dict[str, float]) -> str:
    """A curve from a box through the points that it passes."""
    x, y = at[path[0]]
    text = f"M{x + wide[path[0]] / 2:.1f} {y:.1f}"
    x += wide[path[0]] / 2
    for node in path[1:]:
        to, down = at[node]
        to -= wide.get(node, 0.0) / 2
        middle = (x + to) / 2
        text += f"C{middle:.1f} {y:.1f} {middle:.1f} {down:.1f} {to:.1f} {down:.1f}"
        x, y = to, down
    return f'<path d="{text}" fill="none" stroke="#666666" stroke-width="1.2" marker-end="url(#tip)"/>'


def box(label: str, kind: str, at: tuple[float, float], wide: float, named: str | None) -> str:
    """A node; an operation that is sent under a name has it below."""
    outline, filling = COLOURS[kind]
    x, y = at
    round_ = HIGH / 2 if kind == "operation" else 4
    dashed = ' stroke-dasharray="4 3"' if kind == "before" else ""
    below = ""
    if named:
        low = y + HIGH / 2 + 13
        below = f'<text x="{x:.1f}" y="{low:.1f}" text-anchor="middle" font-size="12">{named}</text>'
    return (
        f'<rect x="{x - wide / 2:.1f}" y="{y - HIGH / 2:.1f}" width="{wide:.1f}" height="{HIGH:.0f}" '
        f'rx="{round_:.0f}" fill="{filling}" stroke="{outline}" stroke-width="1.3"{dashed}/>'
        f'<text x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle">{escape(label)}</text>{below}'
    )
