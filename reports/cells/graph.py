"""The recurrent graph of a cell: what relates inputs and last states to new states in a step.

After the recurrent conventional graph of Gao and Glowacka (2016), whose notation could not be read: nodes and
signs are ours.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from deltasim.reports.cells.equations import Part, equations_of

if TYPE_CHECKING:
    import networkx as nx

FUNCTIONS = {"sigmoid": "σ", "hard_sigmoid": "hard σ"}
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "−",
    ast.Mult: "×",
    ast.Div: "÷",
    ast.Gt: ">",
    ast.LtE: "≤",
}


def cell_graph(name: str) -> nx.DiGraph[str]:
    """The graph of a cell by its name, acyclic: a state stands in it twice, before the step and after.

    Node attributes: ``label`` and ``kind``: "input", "before" and "after" (states), "sent" (an encoder and
    the matrix that reads it), "sum", "operation".

    >>> graph = cell_graph("rnn")
    >>> [data["label"] for _, data in graph.nodes(data=True)]
    ['x', 'W_x Δx', 'h[t−1]', 'W_h Δh', 'Σ + b', 'tanh', 'h[t]']
    """
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    parts = equations_of(name)
    given: dict[str, str] = {}
    for part in parts:
        add_part(graph, part, given, last=part is parts[-1])
    return graph


def add_part(graph: nx.DiGraph[str], part: Part, given: dict[str, str], last: bool) -> None:
    """A population: its sums, then its statements; ``given`` are the nodes of what others gave."""
    values: dict[str, str] = {}
    outputs = {part.output}
    lines = [line for line in ast.parse(part.statements).body if isinstance(line, ast.Assign)]
    assigned = {ast.unparse(line.targets[0]) for line in lines}
    for number in sorted({feed.accumulator for feed in part.feeds}):
        row = [feed for feed in part.feeds if feed.accumulator == number]
        biased = number in part.biased and any(feed.matrix for feed in row)
        sources = []
        for feed in row:
            source = given.get(feed.source) or source_node(graph, feed.source)
            sign = feed.source if part.events else f"Δ{feed.source}"
            label = f"{feed.matrix} {sign}".strip()
            sources.append(add(graph, f"{feed.source}>{part.output}:{number}", label, "sent", source))
        label = "Σ + b" if biased else "Σ"
        values[f"a{number}"] = add(graph, f"{part.output}:a{number}", label, "sum", *sources)
    for line in lines:
        target = ast.unparse(line.targets[0])
        values[target] = node_of(graph, line.value, values, assigned, outputs)
    for name in sorted(outputs):
        if last:
            add(graph, f"{name}[t]", f"{name}[t]", "after", values[name])
        else:
            given[name] = values[name]
            graph.nodes[values[name]]["named"] = name


def source_node(graph: nx.DiGraph[str], name: str) -> str:
    """The node of the input, or of a state before the step."""
    if name == "x":
        return add(graph, "x", "x", "input")
    return add(graph, f"{name}[t-1]", f"{name}[t−1]", "before")


def node_of(
    graph: nx.DiGraph[str], node: ast.expr, values: dict[str, str], assigned: set[str], outputs: set[str]
) -> str:
    """The node of an expression; equal expressions share one. States that are read are outputs too."""

    def below(inner: ast.expr) -> str:
        return node_of(graph, inner, values, assigned, outputs)

    if isinstance(node, ast.Name):
        if node.id not in values:
            outputs.update({node.id} & assigned)
            return source_node(graph, node.id)
        return values[node.id]
    if isinstance(node, ast.Call):
        function = ast.unparse(node.func)
        numbers = [ast.unparse(part) for part in node.args if isinstance(part, ast.Constant)]
        label = " ".join([FUNCTIONS.get(function, function), *numbers])
        sources = [below(part) for part in node.args if not isinstance(part, ast.Constant)]
        return add(graph, f"{label}({', '.join(sources)})", label, "operation", *sources)
    if isinstance(node, ast.Compare):
        left, right, sign = node.left, node.comparators[0], OPERATORS[type(node.ops[0])]
    else:
        assert isinstance(node, ast.BinOp)
        left, right, sign = node.left, node.right, OPERATORS[type(node.op)]
    if isinstance(left, ast.Constant):
        source = below(right)
        label = f"{ast.unparse(left)} {sign}"
        return add(graph, f"{label}({source})", label, "operation", source)
    if isinstance(right, ast.Constant):
        source = below(left)
        label = f"{sign} {ast.unparse(right)}"
        return add(graph, f"({source}){label}", label, "operation", source)
    sources = [below(left), below(right)]
    return add(graph, f"({sources[0]} {sign} {sources[1]})", sign, "operation", *sources)


def add(graph: nx.DiGraph[str], key: str, label: str, kind: str, *sources: str) -> str:
    """A node with an edge from each of its sources."""
    if key not in graph:
        graph.add_node(key, label=label, kind=kind)
        graph.add_edges_from((source, key) for source in sources)
    return key
