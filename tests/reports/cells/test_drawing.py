"""Drawings of cells: the equations they are made of are the cells' own, and nothing lies over another."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest

from deltasim.networks.builders import sgu
from deltasim.networks.cells import (
    CELLS,
    GLIF,
    LIF,
    RNN,
    LeakyIntegrator,
    TruncatedLIF,
    glif,
    gru,
    leaky_integrator,
    lif,
    lstm,
    rnn,
    truncated_lif,
)
from deltasim.networks.cells.called import CALLED, SEVERAL
from deltasim.networks.cells.formula import TEXTBOOK, parsed
from deltasim.networks.training.layers.as_populations import CANDIDATE, RESET
from deltasim.reports.cells.drawing import cell_drawing
from deltasim.reports.cells.equations import CELL_EQUATIONS, Part, equations_of
from deltasim.reports.cells.graph import cell_graph
from deltasim.runtime.errors import InputError

SIZE, STEPS = 5, 12
NAMED = {
    **TEXTBOOK,
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "cut": lambda x: np.trunc(64 * x) / 64,
    "softplus": lambda x: np.logaddexp(0, x),
}
NEURONS = {
    "lif": LIF(SIZE),
    "truncated_lif": TruncatedLIF(SIZE, leak=0.9),
    "glif": GLIF(SIZE, synapse=0.5, adaptation=0.5, adaptation_leak=0.95),
    "if": GLIF(SIZE, leak=1),
    "lif_subtract": GLIF(SIZE, resets="by_subtraction"),
    "lif_refractory": GLIF(SIZE, refractory=2),
    "cuba_lif": GLIF(SIZE, synapse=0.5),
    "alif": GLIF(SIZE, adaptation=0.5, adaptation_leak=0.95),
    "li": LeakyIntegrator(SIZE),
    "cuba_li": LeakyIntegrator(SIZE, synapse=0.5),
    "integrator": LeakyIntegrator(SIZE, leak=1),
}
every = pytest.mark.parametrize("name", CELL_EQUATIONS)


def evaluated(part: Part, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A part's statements as Python."""
    found = dict(values)
    exec(part.statements, dict(NAMED), found)
    return found


def test_every_cell_is_drawn_but_the_input() -> None:
    assert set(CELL_EQUATIONS) == {*CELLS, *CALLED, *SEVERAL} - {"input"}
    with pytest.raises(InputError, match=r"cell: gruu: no step of this name is drawn. Did you mean gru\?"):
        equations_of("gruu")


@pytest.mark.parametrize("name", NEURONS)
def test_neurons_compute_what_is_drawn(name: str) -> None:
    rng = np.random.default_rng(0)
    cell, (part,) = NEURONS[name], CELL_EQUATIONS[name]
    modules = {"lif": lif, "glif": glif, "li": leaky_integrator, "truncated_lif": truncated_lif}
    made = modules[cell.kind].Parameters
    values = {state: np.zeros(SIZE) for state in ("v", "i", "a", "n", "y")}
    state = [np.zeros(SIZE) for _ in cell.states]
    fired = 0.0
    for _ in range(STEPS):
        weights, x = rng.normal(size=(SIZE, 3)), rng.normal(size=3)
        values = evaluated(part, {**values, "a0": weights @ x + 0.4})
        given = lif.State(*state) if cell.kind == "lif" else tuple(state)
        state = list(cell.dense_step(made(weights, np.full(SIZE, 0.4)), x, given))
        for label, row in zip(cell.states, state, strict=True):
            np.testing.assert_allclose(values["n" if label == "waiting" else label], row, atol=1e-12)
        fired += state[0].sum()
    assert fired


def test_gated_cells_compute_what_is_drawn() -> None:
    rng = np.random.default_rng(1)
    x, h, c, b = (rng.normal(size=SIZE) for _ in range(4))
    inputs, states, bias = (rng.normal(size=shape) for shape in [(4, SIZE, SIZE)] * 2 + [(4, SIZE)])
    own = inputs @ x, states @ h
    sums = {"gru": [own[0][0] + own[1][0], own[0][1] + own[1][1], own[0][2], own[1][2]]}
    sums["lstm"] = list(own[0] + own[1])
    found = {
        name: evaluated(CELL_EQUATIONS[name][0], {"h": h, "c": c} | named(rows, bias))
        for name, rows in sums.items()
    }
    expected = CELLS["gru"](SIZE).dense_step(gru.Parameters(inputs[:3], states[:3], bias), x, gru.State(h))
    np.testing.assert_allclose(found["gru"]["h"], expected.h)
    expected = CELLS["lstm"](SIZE).dense_step(lstm.Parameters(inputs, states, bias), x, lstm.State(h, c))
    np.testing.assert_allclose([found["lstm"]["h"], found["lstm"]["c"]], expected)
    plain = rnn.Parameters(inputs[:1], states[:1], bias[:1])
    expected = RNN(SIZE).dense_step(plain, x, rnn.State(h))
    found["rnn"] = evaluated(CELL_EQUATIONS["rnn"][0], named([own[0][0] + own[1][0]], bias))
    np.testing.assert_allclose(found["rnn"]["h"], expected.h)
    for name in ("dense", "conv2d", "sigma_delta"):
        np.testing.assert_array_equal(evaluated(CELL_EQUATIONS[name][0], {"a0": b})["y"], np.maximum(b, 0))
    assert parsed(CELL_EQUATIONS["formula"][0].statements).states == ("h",)
    assert [part.statements for part in CELL_EQUATIONS["gru-reset-before"]] == [
        RESET.replace("y", "g"),
        CANDIDATE,
    ]


def named(rows: list[np.ndarray], bias: np.ndarray) -> dict[str, np.ndarray]:
    return {f"a{number}": row + bias[number] for number, row in enumerate(rows)}


@pytest.mark.parametrize("kind", sgu.MATRICES)
def test_simple_gated_units_compute_what_is_drawn(kind: str) -> None:
    rng = np.random.default_rng(2)
    one = sgu.random_parameters(kind, 3, SIZE, rng)
    x, h = rng.normal(size=3), rng.random(SIZE)
    matrices = {"W_xh": one.w_input[0], "W_xz": one.w_input[1], "W_hz": one.w_recurrent[0]}
    matrices |= {"W_zxh": one.w_recurrent[1], "W_go": one.w_recurrent[-1], "": np.eye(SIZE)}
    values = {"x": x, "h": h}
    for part in CELL_EQUATIONS[kind]:
        sums: dict[str, np.ndarray] = {}
        for feed in part.feeds:
            key = f"a{feed.accumulator}"
            sums[key] = sums.get(key, 0) + matrices[feed.matrix] @ values[feed.source]
        for number in {f.accumulator for f in part.feeds if f.matrix} & set(part.biased):
            sums[f"a{number}"] = sums[f"a{number}"] + one.bias[int(part.output == "h")]
        values[part.output] = evaluated(part, {"h": h, **sums})[part.output]
    np.testing.assert_allclose(values["h"], sgu.dense_step(kind, one, x, h))


@every
def test_a_graph_leads_from_inputs_and_last_states_to_new_ones(name: str) -> None:
    graph = cell_graph(name)
    assert nx.is_directed_acyclic_graph(graph)
    kinds = nx.get_node_attributes(graph, "kind")
    ends = {node for node in graph if not graph.out_degree(node)}
    assert {kinds[node] for node in ends} == {"after"}
    assert {kinds[node] for node in graph if not graph.in_degree(node)} <= {"input", "before"}
    before = {node.removesuffix("[t-1]") for node, kind in kinds.items() if kind == "before"}
    assert before <= {node.removesuffix("[t]") for node in ends}


@every
def test_nothing_lies_over_another_or_outside(name: str) -> None:
    root = ElementTree.fromstring(cell_drawing(name))
    wide, high = (float(root.attrib[side]) for side in ("width", "height"))
    boxes = [
        tuple(float(box.attrib[key]) for key in ("x", "y", "width", "height"))
        for box in root.iter("{http://www.w3.org/2000/svg}rect")
        if "x" in box.attrib
    ]
    assert len(boxes) == len(cell_graph(name))
    for x, y, across, down in boxes:
        assert x >= 0 and x + across <= wide and y >= 0 and y + down <= high
    for (x, y, across, down), (x2, y2, across2, down2) in combinations(boxes, 2):
        assert x + across <= x2 or x2 + across2 <= x or y + down <= y2 or y2 + down2 <= y
    ends = [float(v) for path in root.iter("{http://www.w3.org/2000/svg}path") for v in
            re.findall(r"-?[\d.]+", path.attrib["d"])]  # fmt: skip
    assert all(0 <= value <= max(wide, high) for value in ends)
