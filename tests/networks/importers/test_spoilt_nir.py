"""NIR graphs with any field spoilt: a network or one sentence, and nothing larger than memory."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.importers.nir.graph import graph_of
from deltasim.networks.importers.nir.network import import_nir, network_of
from deltasim.runtime.errors import InputError

DT = 1e-3
SPOILT: tuple[Any, ...] = (
    0, 1, 2, 3, 7, -1, 0.5, 1e9, 2**31, -(2**31), float("nan"), float("inf"), "x", None, {}, [["a"]],
    np.array([]), np.array([0, 0]), np.array([-1, -1]), np.array([1, 2, 3]), np.ones((2, 2)),
    np.array([1e300, 1]), np.array([100_000, 100_000]), np.array(True),
)  # fmt: skip


class Held:
    """What ``import_nir`` takes beside files."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    def to_dict(self) -> dict[str, Any]:
        return self.content


def graph_with(*nodes: dict[str, Any], shape: tuple[int, ...] = (1, 4, 4)) -> dict[str, Any]:
    """A chain from an input to an output."""
    names = [f"n{number}" for number in range(len(nodes))]
    ends = {"input": {"type": "Input", "shape": np.array(shape)}, "output": {"type": "Output"}}
    order = ["input", *names, "output"]
    edges = [list(edge) for edge in pairwise(order)]
    return {"type": "NIRGraph", "nodes": dict(zip(names, nodes, strict=True)) | ends, "edges": edges}


def conv(**changed: Any) -> dict[str, Any]:
    ones = np.array([1, 1])
    node = {"type": "Conv2d", "weight": np.ones((2, 1, 3, 3)), "bias": np.zeros(2), "groups": 1}
    return node | {"stride": ones, "padding": ones, "dilation": ones} | changed


def pool(kind: str = "AvgPool2d", **changed: Any) -> dict[str, Any]:
    twos = np.array([2, 2])
    return {"type": kind, "kernel_size": twos, "stride": twos, "padding": np.array([0, 0])} | changed


FLATTEN: dict[str, Any] = {"type": "Flatten", "start_dim": 0, "end_dim": -1}
IF: dict[str, Any] = {"type": "IF", "r": 1.0, "v_threshold": 1.0}
CUBA: dict[str, Any] = {
    "type": "CubaLIF",
    **{name: np.full(3, 0.01) for name in ("tau_syn", "tau_mem")},
    **{name: np.ones(3) for name in ("r", "v_threshold", "w_in")},
    **{name: np.zeros(3) for name in ("v_leak", "v_reset")},
}


def whole_graph() -> dict[str, Any]:
    """Every kind of node between an input and neurons."""
    affine = {"type": "Affine", "weight": np.ones((3, 8)), "bias": np.zeros(3)}
    delay = {"type": "Delay", "delay": np.full(8, 2 * DT)}
    scale = {"type": "Scale", "scale": np.full(8, 2.0)}
    return graph_with(pool(), conv(), dict(FLATTEN), scale, delay, affine, dict(CUBA))


FIELDS = [(name, field) for name, node in whole_graph()["nodes"].items() for field in node]


def test_the_graph_itself_is_a_network() -> None:
    network = import_nir(Held(whole_graph()), DT).network
    kinds = sorted(population.cell.kind for population in network.populations)
    assert kinds == ["dense", "glif", "input"] and network.output_size == 3


@settings(max_examples=100)
@given(
    place=st.sampled_from(FIELDS),
    value=st.sampled_from(SPOILT) | st.integers(-(2**40), 2**40) | st.floats(),
)
def test_any_field_spoilt_is_a_network_or_one_sentence(place: tuple[str, str], value: Any) -> None:
    content = whole_graph()
    content["nodes"][place[0]][place[1]] = value
    try:
        network = import_nir(Held(content), DT).network
    except InputError as error:
        assert "\n" not in str(error) and len(str(error)) < 400
    else:
        assert network.output_size >= 1


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ((conv(dilation=0),), r"node n0: dilation: 0: it is 2 whole numbers from 1 to 16,777,216"),
        ((conv(dilation=100_000),), r"node n0: 80,000,800,002 words: .* at most 134,217,728 words"),
        ((conv(padding=100_000),), r"node n0: \[200002, 200002\] places: 1 to 16,777,216 values come out"),
        ((pool(stride=0), conv()), r"node n0: stride: 0: it is 2 whole numbers"),
        ((pool(kernel_size=np.array([9, 1])),), r"node n0: \[-2, 2\] places: 1 to"),
        ((dict(FLATTEN, end_dim=3), IF), r"node n0: end_dim: 3: it is 1 whole number from -3 to 2"),
        (
            ({"type": "Scale", "scale": 1.0},) * 600 + (IF,),
            r"Scale: at most 500 nodes lie between two populations",
        ),
    ],
)
def test_what_would_not_fit_is_named(nodes: tuple[dict[str, Any], ...], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        import_nir(Held(graph_with(*nodes)), DT)


def test_shapes_are_followed_however_far_they_are() -> None:
    content = graph_with(*[{"type": "Identity"}] * 3000, shape=(2,))
    network = network_of(graph_of(content, "graph"), "long", None, "to_value")
    assert network.output_size == 2


def test_a_name_that_comes_twice_is_named() -> None:
    """One within a graph and one with a dot in its name."""
    inner = graph_with({"type": "Identity"}, shape=(2,))
    content = graph_with(inner, shape=(2,))
    content["nodes"]["n0.n0"] = {"type": "Scale", "scale": np.ones(2)}
    with pytest.raises(InputError, match=r"n0.n0: Scale: a node of this name is there already"):
        import_nir(Held(content), DT)


def test_a_field_of_other_neurons_is_not_read() -> None:
    plain = import_nir(Held(whole_graph()), DT).network
    content = whole_graph()
    content["nodes"]["n6"]["tau"] = np.full(3, 0.5)
    assert import_nir(Held(content), DT).network.digest == plain.digest
