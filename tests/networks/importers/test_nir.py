"""NIR: spikes of snnTorch on public graphs, a simulator of one's own, exact round trips, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks import (
    GLIF,
    LIF,
    AllToAll,
    Dense,
    FixedPoint,
    Input,
    LeakyIntegrator,
    Loss,
    Network,
    Population,
    Projection,
    Sparse,
    import_model,
    quantised,
    random_spiking,
    random_stack,
)
from deltasim.networks.connections import Convolution
from deltasim.networks.execute import execute
from deltasim.networks.importers.nir.graph import graph_of
from deltasim.networks.importers.nir.network import import_nir, network_of
from deltasim.networks.importers.nir.writing import content_of, export_nir
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import assert_same_ledger

PAPER = Path(__file__).parent / "nir_paper"
DT = 1e-4


def recorded(name: str) -> tuple[Numbers, Numbers]:
    """Input and spikes of a graph in snnTorch."""
    with np.load(PAPER / "snntorch.npz") as file:
        return tuple(  # type: ignore[return-value]
            np.unpackbits(file[key], axis=1)[:, : file[f"{key}_size"]].astype(np.float32)
            for key in (f"{name}_in", name)
        )


@pytest.mark.parametrize(
    ("name", "file", "reset", "shown"),
    [
        ("lif", "lif_norse", "to_value", ("1",)),
        ("zero", "braille_noDelay_bias_zero", "to_value", ("lif1.lif", "lif2")),
        ("cnn", "cnn_sinabs", "to_value", ("1", "3", "6", "10", "12")),
    ],
)
def test_every_spike_is_that_of_snntorch(name: str, file: str, reset: str, shown: tuple[str, ...]) -> None:
    network = import_nir(PAPER / f"{file}.nir", DT, reset).network
    frames, spikes = recorded(name)
    _, (output,) = execute(replace(network, outputs=shown), [frames])
    assert spikes.sum() > 15 and (output == spikes).all()


def test_the_first_spike_that_differs_from_snntorch_follows_a_residue_above_the_threshold() -> None:
    """snnTorch takes the threshold once more from what is left above it, before it judges the next step.

    So with reset by subtraction all is equal until a neuron whose potential is above the threshold even after
    the reset: this one fires here at once, and there only if it is above twice the threshold.
    """
    network = import_nir(PAPER / "braille_noDelay_noBias_subtract.nir", DT, "by_subtraction").network
    frames, spikes = recorded("subtract")
    _, (output,) = execute(replace(network, outputs=("lif1.lif", "lif2")), [frames])
    apart = np.argwhere(output != spikes)
    step, neuron = apart[0].tolist()
    print(f"the first step that differs is {step}, neuron {neuron}: a residue above the threshold")
    assert output[step, neuron] == 1 and spikes[step, neuron] == 0
    assert (output[:step] == spikes[:step]).all() and output[:step].sum() > 0
    assert output[step - 1, neuron] == 1  # it fired, and what the reset left:
    left = potential(network, frames, step - 1, neuron)
    assert left > 1.0


def potential(network: Network, frames: Numbers, step: int, neuron: int) -> float:
    """The potential of a neuron after a step, by its cell's own textbook form on the spikes it received."""
    place, own = ("lif1.lif", neuron) if neuron < 40 else ("lif2", neuron - 40)
    population = network.population(place)
    shown = [p for p in network.projections if p.target == place]
    sources = replace(network, outputs=("lif1.lif",))
    _, (hidden,) = execute(sources, [frames[: step + 1]])
    cell: Any = population.cell
    v = i = 0.0
    for now in range(step + 1):
        received = 0.0
        for projection in shown:
            values = frames[now] if projection.source == "input" else hidden[now - projection.delay]
            if projection.delay <= now:
                received += float(values @ projection.connection.weights[:, 0, own])
        i = cell.synapse * i + received
        v = cell.leak * v + i
        if v > cell.threshold:
            v -= cell.threshold
    return v


@pytest.mark.parametrize("file", ["lif_norse", "braille_noDelay_bias_zero", "cnn_sinabs"])
def test_public_graphs_come_back_as_they_were(file: str, tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    network = import_nir(PAPER / f"{file}.nir", DT).network.with_thresholds(0.25)
    written = export_nir(network, tmp_path / "again.nir", DT)
    assert import_nir(written).network.digest == network.digest
    read = nir.read(written)  # their own package takes the file, types and all
    again = import_nir(read).network
    assert again.digest == network.digest
    assert import_model(written).network.digest == network.digest


def test_a_public_graph_whose_edge_ends_nowhere_is_named() -> None:
    """The package nir 1.0.8 refuses it as well."""
    with pytest.raises(InputError, match=r"edge input -> lif: lif: an edge within lif1 .* mean lif1\?"):
        import_nir(PAPER / "braille_noDelay_bias_zero_subgraph.nir", DT)


@pytest.mark.parametrize("name", ["mesh16", "loihi"])
def test_an_imported_graph_on_chips(name: str) -> None:
    network = import_nir(PAPER / "braille_noDelay_bias_zero.nir", DT).network
    frames = recorded("zero")[0][:6]
    trace, _ = execute(network, [frames])
    chip = load_chip(name)
    computed = simulate(network, trace, chip, engine="simpy", inputs=[frames])
    assert_same_ledger(computed, simulate(network, trace, chip))


# ---- a simulator of one's own: every node steps in turn, in double precision


def stepped(graph: dict[str, Any], frames: Numbers, dt: float, reset: str) -> list[Numbers]:
    """The output step by step; nodes take turns, so what comes from a later one is of the step before."""
    nodes, edges = graph["nodes"], graph["edges"]
    values: dict[str, Numbers] = {}
    state: dict[str, dict[str, Any]] = {name: {} for name in nodes}
    seen = []
    for frame in frames:
        for name, node in nodes.items():
            given = [values[a] for a, b in edges if b == name and a in values]
            total: Any = sum(given) if given else 0.0
            if node["type"] == "Input":
                total = frame.reshape(node["shape"])
            values[name] = advanced(node, total, state[name], dt, reset)
        seen.append(np.ravel(values["output"]).copy())
    return seen


def advanced(node: dict[str, Any], x: Any, s: dict[str, Any], dt: float, reset: str) -> Numbers:
    """One node by one step."""
    kind = node["type"]
    if kind in ("Affine", "Linear"):
        return node["weight"] @ (x + np.zeros(node["weight"].shape[1])) + node.get("bias", 0.0)
    if kind == "Scale":
        return x * node["scale"]
    if kind == "Flatten":
        return np.ravel(x)
    if kind in ("SumPool2d", "AvgPool2d"):
        k, step = int(node["kernel_size"][0]), int(node["stride"][0])
        c, h, w = x.shape
        out = np.array([[[x[p, i : i + k, j : j + k].sum() for j in range(0, w - k + 1, step)]
                         for i in range(0, h - k + 1, step)] for p in range(c)])  # fmt: skip
        return out / (k * k if kind == "AvgPool2d" else 1)
    if kind in ("Conv1d", "Conv2d"):
        return convolved(node, x)
    if kind == "Delay":
        s.setdefault("past", []).append(x + np.zeros(node["delay"].shape))
        steps = np.rint(node["delay"] / dt).astype(int)
        last = len(s["past"]) - 1
        return np.array([s["past"][last - d][n] if d <= last else 0.0 for n, d in enumerate(steps)])
    if kind == "Threshold":
        return (x > node["threshold"]).astype(float)
    if kind in ("Input", "Output", "Identity"):
        return x
    v0 = np.asarray(node.get("v_leak", 0.0), float)
    v = s.get("v", np.zeros_like(node["r"], float) + (v0 if "v_threshold" in node else 0.0))
    if kind.startswith("Cuba"):
        s["i"] = s.get("i", 0.0) + dt / node["tau_syn"] * (-s.get("i", 0.0) + node["w_in"] * x)
        v = v + dt / node["tau_mem"] * (v0 - v + node["r"] * s["i"])
    elif "tau" in node:
        v = v + dt / node["tau"] * (v0 - v + node["r"] * x)
    else:
        v = v + node["r"] * x
    if "v_threshold" not in node:
        s["v"] = v
        return v
    fires = v > node["v_threshold"]
    s["v"] = np.where(fires, node["v_reset"] if reset == "to_value" else v - node["v_threshold"], v)
    return fires.astype(float)


def convolved(node: dict[str, Any], x: Numbers) -> Numbers:
    """Every output by its sum."""
    weight, axes = node["weight"], x.ndim - 1
    if axes == 1:
        weight, x = weight[:, :, None], x[:, None]
    stride, padding, dilation = (
        ([1] if axes == 1 and key != "padding" else [0] if axes == 1 else []) + list(np.ravel(node[key]))
        for key in ("stride", "padding", "dilation")
    )
    each = weight.shape[0] // int(node["groups"])
    x = np.pad(x, ((0, 0), (padding[0],) * 2, (padding[1],) * 2))
    reach = [dilation[a] * (weight.shape[2 + a] - 1) + 1 for a in (0, 1)]
    sizes = [(x.shape[1 + a] - reach[a]) // stride[a] + 1 for a in (0, 1)]
    out = np.zeros((weight.shape[0], *sizes))
    for o in range(weight.shape[0]):
        own = x[(o // each) * weight.shape[1] : (o // each + 1) * weight.shape[1]]
        for i in range(sizes[0]):
            for j in range(sizes[1]):
                patch = own[:, i * stride[0] :, j * stride[1] :]
                patch = patch[:, : reach[0] : dilation[0], : reach[1] : dilation[1]]
                out[o, i, j] = (patch * weight[o]).sum() + node["bias"][o]
    return out if axes == 2 else out[:, 0]


def eighths(rng: np.random.Generator, *shape: int) -> Numbers:
    return rng.integers(-8, 9, shape) / 8


def neuron(rng: np.random.Generator, kind: str, shape: tuple[int, ...], alike: bool) -> dict[str, Any]:
    """Random constants whose quotients with the time step are powers of two."""

    def each(low: int, high: int) -> Numbers:
        values = rng.integers(low, high, shape)
        return (values * 0 + values.ravel()[0] if alike else values).astype(float)

    node: dict[str, Any] = {"type": kind, "r": 2.0 ** each(-1, 2)}
    if kind.startswith("Cuba"):
        node |= {"tau_syn": DT * 2.0 ** each(0, 3), "tau_mem": DT * 2.0 ** each(0, 3), "w_in": each(1, 3)}
        node["v_leak"] = each(0, 1)
    elif kind in ("LI", "LIF"):
        node |= {"tau": DT * 2.0 ** each(0, 3), "v_leak": each(-2, 3) / 8}
    if kind.endswith("IF"):
        node |= {"v_threshold": each(2, 9) / 4, "v_reset": each(-2, 1) / 4}
    if kind == "Threshold":
        node = {"type": kind, "threshold": each(0, 5) / 8}
    return node


KINDS = ("Threshold", "I", "IF", "LI", "LIF", "CubaLI", "CubaLIF")


def chain(rng: np.random.Generator, kinds: list[str], late: bool, alike: bool, nodes: dict[str, Any]) -> Any:
    """Affine and neurons in turn behind the nodes there are, the first neurons fed back; an output."""
    size = 5
    for number, kind in enumerate(kinds):
        out = int(rng.integers(2, 5))
        if late:
            nodes[f"delay{number}"] = {"type": "Delay", "delay": DT * rng.integers(0, 3, size).astype(float)}
        nodes[f"scale{number}"] = {"type": "Scale", "scale": eighths(rng, size)}
        nodes[f"fc{number}"] = {
            "type": "Affine",
            "weight": eighths(rng, out, size),
            "bias": eighths(rng, out),
        }
        nodes[f"n{number}"] = neuron(rng, kind, (out,), alike)
        size = out
    names = list(nodes)
    edges = [*pairwise(names), (names[-1], "output")]
    if kinds[0].endswith("IF"):
        width = nodes["fc0"]["weight"].shape[0]
        nodes["rec"] = {"type": "Linear", "weight": eighths(rng, width, width)}
        edges += [("n0", "rec"), ("rec", "n0")]
    nodes["output"] = {"type": "Output", "shape": np.array([size])}
    return {"type": "NIRGraph", "nodes": nodes, "edges": edges}


@settings(max_examples=60)
@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3),
    late=st.booleans(),
    alike=st.booleans(),
    reset=st.sampled_from(["to_value", "by_subtraction"]),
    seed=st.integers(0, 2**16),
)
def test_any_neurons_against_a_simulator_of_ones_own(
    kinds: list[str], late: bool, alike: bool, reset: str, seed: int
) -> None:
    """All numbers are short binary fractions, so float32 and double precision agree on every spike."""
    rng = np.random.default_rng(seed)
    graph = chain(rng, kinds, late, alike, {"input": {"type": "Input", "shape": np.array([5])}})
    frames = rng.integers(0, 2, (6, 5)).astype(np.float32)
    expected = stepped(graph, frames, DT, reset)
    _, (output,) = execute(network_of(graph_of(graph, "graph"), "chain", DT, reset), [frames])
    np.testing.assert_allclose(output, expected, atol=1e-4)


@settings(max_examples=25)
@given(
    groups=st.sampled_from([1, 2]),
    dilation=st.integers(1, 2),
    stride=st.integers(1, 2),
    padding=st.integers(0, 1),
    pool=st.sampled_from(["", "SumPool2d", "AvgPool2d", "overlapping"]),
    one=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_convolutions_and_windows_against_a_simulator_of_ones_own(
    groups: int, dilation: int, stride: int, padding: int, pool: str, one: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    axes, shape = (1, (2, 12)) if one else (2, (2, 8, 8))
    nodes: dict[str, Any] = {"input": {"type": "Input", "shape": np.array(shape)}}
    if pool and not one:
        k, step = (3, 2) if pool == "overlapping" else (2, 2)
        kind = "SumPool2d" if pool == "overlapping" else pool
        sizes = {
            "kernel_size": np.array([k, k]),
            "stride": np.array([step, step]),
            "padding": np.array([0, 0]),
        }
        nodes["pool"] = {"type": kind, **sizes}
    kernel = eighths(rng, 4, 2 // groups, *(2,) * axes)
    nodes["conv"] = {"type": f"Conv{axes}d", "weight": kernel, "bias": eighths(rng, 4), "groups": groups}
    for key, value in (("stride", stride), ("padding", padding), ("dilation", dilation)):
        nodes["conv"][key] = np.array([value] * axes)
    probe = np.zeros(shape)
    for node in list(nodes.values())[1:]:
        probe = advanced(node, probe, {}, DT, "to_value")
    nodes["if"] = neuron(rng, "IF", probe.shape, False)
    nodes["flat"] = {"type": "Flatten", "start_dim": 0, "end_dim": -1}
    nodes["fc"] = {"type": "Affine", "weight": eighths(rng, 3, probe.size), "bias": eighths(rng, 3)}
    nodes["li"] = neuron(rng, "LI", (3,), False)
    names = list(nodes)
    nodes["output"] = {"type": "Output", "shape": np.array([3])}
    edges = [*zip(names, [*names[1:], "output"], strict=True)]
    graph = {"type": "NIRGraph", "nodes": nodes, "edges": edges}
    frames = rng.integers(0, 2, (4, int(np.prod(shape)))).astype(np.float32)
    expected = stepped(graph, frames, DT, "to_value")
    _, (output,) = execute(network_of(graph_of(graph, "graph"), "conv", DT, "to_value"), [frames])
    np.testing.assert_allclose(output, expected, atol=1e-4)


def test_a_graph_within_a_graph_is_the_graph() -> None:
    """Built by the package nir itself, as its own objects."""
    nir = pytest.importorskip("nir")
    rng = np.random.default_rng(0)
    weights, back = eighths(rng, 4, 3), eighths(rng, 4, 4)
    ones = np.ones(4)
    lif = nir.LIF(tau=2 * DT * ones, r=ones, v_leak=0 * ones, v_threshold=ones / 4, v_reset=0 * ones)
    inner = nir.NIRGraph(
        nodes={
            "input": nir.Input({"input": np.array([4])}),
            "lif": lif,
            "back": nir.Linear(back),
            "output": nir.Output({"output": np.array([4])}),
        },
        edges=[("input", "lif"), ("lif", "back"), ("back", "lif"), ("lif", "output")],
    )
    ends = {"input": nir.Input({"input": np.array([3])}), "output": nir.Output({"output": np.array([4])})}
    nested = nir.NIRGraph(
        nodes={**ends, "fc": nir.Linear(weights), "layer": inner},
        edges=[("input", "fc"), ("fc", "layer"), ("layer", "output")],
    )
    flat = nir.NIRGraph(
        nodes={**ends, "fc": nir.Linear(weights), "layer.lif": lif, "layer.back": nir.Linear(back)},
        edges=[
            ("input", "fc"), ("fc", "layer.lif"), ("layer.lif", "layer.back"), ("layer.back", "layer.lif"),
            ("layer.lif", "output"),
        ],
    )  # fmt: skip
    frames = (rng.random((20, 3)) < 0.4).astype(np.float32)
    outputs = [execute(import_nir(graph, DT).network, [frames])[1][0] for graph in (nested, flat)]
    assert outputs[0].sum() > 5 and (outputs[0] == outputs[1]).all()


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Spiking networks of all that NIR can express: own constants, delays, double synapses, planes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    late = st.integers(0, 3)
    planes = Convolution(np.float32(rng.normal(size=(2, 1, 3, 3))), (1, 4, 4), (1, 1), (1, 1))
    own = draw(st.sampled_from([(), ("leak",), ("threshold", "reset"), ("leak", "threshold", "synapse")]))
    left = GLIF(32, 0.3, 0.7, -0.1, draw(st.sampled_from(["to_value", "by_subtraction"])),
                synapse=draw(st.sampled_from([0.0, 0.35])), own=own)  # fmt: skip
    constants = rng.uniform(0.05, 0.9, (len(own), 32))
    if "reset" in own:
        constants[own.index("reset")] -= 1
    row = np.repeat(rng.normal(size=2), 16)[None]
    sums = GLIF(5, 1.0, 0.6, resets=left.resets)
    dense = [np.float32(rng.normal(size=(a, 1, b))) for a, b in ((32, 5), (5, 5), (5, 5), (5, 3))]
    few = np.where(rng.random((5, 3)) < 0.5, rng.normal(size=(5, 3)), 0)
    readout = draw(st.sampled_from([LeakyIntegrator(3, 0.8), LeakyIntegrator(3, 1.0), Dense(3), LIF(3, 0.4)]))
    if left.resets != "to_value" and isinstance(readout, LIF):
        readout = GLIF(3, 0.4, resets=left.resets)
    theta = draw(st.sampled_from([0.0, 0.3]))
    return Network(
        draw(st.sampled_from(["one", "two.three"])),
        (
            Population("image", Input(16)),
            Population("planes", left, np.float32(np.concatenate([row, constants]))),
            Population("sums", sums, np.float32(rng.normal(size=(1, 5)))),
            Population("readout", readout, np.float32(rng.normal(size=(1, 3)))),
        ),
        (
            Projection("image", "planes", planes, "input", draw(late), theta),
            Projection("planes", "sums", AllToAll(dense[0]), "input", draw(late)),
            Projection("sums", "sums", AllToAll(dense[1]), "recurrent", 1 + draw(late)),
            Projection("sums", "sums", AllToAll(dense[2]), "recurrent", 1 + draw(late), label="again"),
            Projection("sums", "readout", Sparse.from_matrices(np.float32(few.T)), "input", draw(late)),
        ),
        draw(st.sampled_from([("readout",), ("readout", "sums")])),
    )


@settings(max_examples=20)
@given(networks())
def test_what_is_written_is_read_back_exactly(network: Network) -> None:
    """Through the very file, and its own package reads it."""
    nir = pytest.importorskip("nir")
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        written = export_nir(network, Path(folder) / "net.nir", 1e-3)
        again = import_nir(written).network
        read = nir.read(written)
    assert again.digest == network.digest
    assert [p.name for p in again.projections] == [p.name for p in network.projections]
    assert all(
        np.array_equal(a.theta, b.theta) for a, b in zip(again.projections, network.projections, strict=True)
    )
    del read.metadata["deltasim"]  # a program that does not know it sees the same spikes
    frames = np.random.default_rng(1).integers(0, 2, (8, 16)).astype(np.float32)
    plain = import_nir(read, 1e-3, network.population("planes").cell.resets).network  # type: ignore[union-attr]
    dense = network.with_thresholds(0.0)
    theirs, ours = (execute(net, [frames])[1][0] for net in (replace(plain, outputs=network.outputs), dense))
    np.testing.assert_allclose(theirs, ours, atol=1e-4)


def test_random_spiking_networks_come_back_exactly(tmp_path: Path) -> None:
    network = random_spiking(60, 8, 0.2, np.random.default_rng(0), inputs=3, areas=2)
    assert import_nir(export_nir(network, tmp_path / "net.nir")).network.digest == network.digest


PLAIN = random_spiking(8, 2, 0.2, np.random.default_rng(0))


def changed(**cell: Any) -> Network:
    bias = np.zeros((1, 8), np.float32)
    return Network(
        "changed",
        (PLAIN.populations[0], Population("lif_0", GLIF(8, **cell), bias)),
        PLAIN.projections,
        ("lif_0",),
    )


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: random_stack("gru", 3, (4,), np.random.default_rng(0)),
            r"population gru_0: gru: NIR has no node",
        ),
        (lambda: quantised(PLAIN, FixedPoint()), r"NIR holds real numbers. Export the float32 network"),
        (
            lambda: replace(PLAIN, projections=[replace(p, loss=Loss(0.1, 0)) for p in PLAIN.projections]),
            r"projection input->lif_0: 0.1: NIR has no links that lose messages",
        ),
        (lambda: changed(refractory=2), r"population lif_0: refractory period: NIR has no such neuron"),
        (lambda: changed(adaptation=0.5), r"population lif_0: adaptive threshold: NIR has no such neuron"),
        (lambda: changed(leak=1.0, synapse=0.5), r"population lif_0: leak: 1: a time constant without end"),
        (
            lambda: random_stack("rnn", 3, (4,), np.random.default_rng(0), bidirectional=True),
            r"NIR has (one pass|no node)",
        ),
    ],
)
def test_what_nir_cannot_express_is_named(make: Callable[[], Network], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        content_of(make(), DT)


def spoilt(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    nodes: dict[str, Any] = {"input": {"type": "Input", "shape": np.array([5])}}
    graph: dict[str, Any] = chain(rng, ["LIF", "LI"], True, True, nodes)
    change(graph)
    return graph


@pytest.mark.parametrize(
    ("change", "dt", "sentence"),
    [
        (lambda g: None, None, r"s: a (time constant|delay) needs a time step, .* --dt 0.1ms"),
        (
            lambda g: g["nodes"]["n0"].update(tau=np.full(4, DT / 2)),
            DT,
            r"node n0: tau: 5e-05 s: .* at least",
        ),
        (lambda g: g["nodes"]["n0"].update(type="LIFF"), DT, r"node n0: LIFF: this is no node .* mean LIF\?"),
        (lambda g: g["nodes"]["n0"].pop("tau"), DT, r"node n0: tau: nothing: a node LIF has it"),
        (
            lambda g: g["nodes"]["fc0"].update(weight=np.ones((4, 7))),
            DT,
            r"node fc0: weight: .*5 values come in",
        ),
        (lambda g: g["nodes"]["n1"].update(tau=np.array([np.nan])), DT, r"n1: tau: what is no finite number"),
        (lambda g: g["nodes"]["delay0"].update(delay=np.full(5, 2.5 * DT)), DT, r"a delay is whole steps"),
        (lambda g: g["edges"].append(("n0", "nowhere")), DT, r"edge n0 -> nowhere: nowhere: an edge ends"),
        (lambda g: g["edges"].remove(("fc1", "n1")), DT, r"node n1: LI: nothing feeds it"),
        (lambda g: g["edges"].append(("scale1", "delay1")), DT, r"nodes without memory form a cycle"),
        (lambda g: g["nodes"].pop("output"), DT, r"output"),
        (lambda g: g["nodes"]["n0"].update(v_reset=np.full(4, 9.0)), DT, r"does not lie above the threshold"),
        (lambda g: g.update(metadata={"deltasim": "{"}), DT, r"metadata: deltasim: damaged: deltasim noted"),
        (
            lambda g: g.update(metadata={"deltasim": json.dumps({"populations": [{"name": "other"}]})}),
            DT,
            r"metadata: deltasim: .*: the notes are of another graph",
        ),
        (
            lambda g: g.update(metadata={"dt": np.array([-1.0])}),
            None,
            r"dt: .* a time step is a positive number",
        ),
    ],
)
def test_spoilt_graphs_are_named(
    change: Callable[[dict[str, Any]], object], dt: float, sentence: str
) -> None:
    class Held:
        def to_dict(self) -> dict[str, Any]:
            return spoilt(change)

    with pytest.raises(InputError, match=sentence):
        import_nir(Held(), dt)


def test_a_time_step_in_the_metadata_is_taken() -> None:
    class Held:
        def to_dict(self) -> dict[str, Any]:
            return spoilt(lambda g: g.update(metadata={"dt": np.float64(DT)}))

    with_it, given = import_nir(Held()).network, import_nir(Held(), DT).network
    assert with_it.digest == given.digest
    assert import_nir(Held(), DT / 2).network.digest != given.digest


def test_damaged_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.nir").write_bytes(b"no HDF5 at all")
    with pytest.raises(InputError, match=r"a.nir: damaged: a NIR graph is an HDF5 file"):
        import_nir(tmp_path / "a.nir")
    with pytest.raises(InputError, match=r"b.nir: damaged: .*No such file"):
        import_nir(tmp_path / "b.nir")
    whole = (PAPER / "lif_norse.nir").read_bytes()
    for cut in (0, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.nir").write_bytes(whole[:cut])
        with pytest.raises(InputError, match=r"cut.nir"):
            import_nir(tmp_path / "cut.nir", DT)


def test_links_out_of_a_file_are_refused(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "link.nir", "w") as file:
        file["node"] = h5py.ExternalLink("other.h5", "/node")
    with pytest.raises(InputError, match=r"node is a link out of its group"):
        import_nir(tmp_path / "link.nir")
