"""The doors of the command line: for each reader, a command that reads a spoilt input, or refuses it.

A door writes its files into the present folder and gives the words of a command line and the environment it
wants. Where an input is still right, the command ends at something else that is missing, or does very little.
"""

from __future__ import annotations

import copy
import io
import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from tests.deltasim.readers import mutations as spoil
from tests.deltasim.readers import tiny


class Line(NamedTuple):
    """A command line, and variables of the environment."""

    words: list[str]
    environment: dict[str, str] = {}  # noqa: RUF012 (never changed)


Door = Callable[[random.Random], Line]


@cache
def standard() -> dict[str, object]:
    """What a DRAM standard says."""
    from deltasim.simulator.dram.loading import BOX

    content: dict[str, object] = yaml.safe_load((BOX / "DDR4-2400.yaml").read_text())
    return content


@cache
def network_files() -> dict[str, bytes]:
    """The files of a network folder, by name."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        tiny.write_network(Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def write(name: str, content: bytes | str) -> str:
    """A file in the present folder."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def chip(chance: random.Random) -> Line:
    """A chip's description."""
    write("chip.yaml", spoil.spoilt_yaml(chance, tiny.CHIP, tiny.as_yaml))
    return Line(["describe", "chip", "chip.yaml"])


def chip_as_network(chance: random.Random) -> Line:
    """The network of a chip, whose edges may lie in a file."""
    content = tiny.CHIP | {"network": tiny.CHIP["network"] | {"edges": "edges.txt"}}
    write("edges.txt", spoil.utf8(spoil.spoilt_text(chance, "0 1\n1 0\n")))
    write("chip.yaml", tiny.as_yaml(content))
    return Line(["describe", "chip", "chip.yaml"])


def memory_standard(chance: random.Random) -> Line:
    """The description of a DRAM standard."""
    write("mine.yaml", spoil.spoilt_yaml(chance, standard(), tiny.as_yaml))
    return Line(["memory", "--standard", "mine.yaml", "--trace", "nowhere.trace"])


def memory_trace(chance: random.Random) -> Line:
    """A trace of a memory."""
    text = chance.choice(
        (spoil.utf8(spoil.spoilt_text(chance, tiny.TRACE)), spoil.spoilt_bytes(chance, tiny.TRACE.encode()))
    )
    write("a.trace", text)
    return Line(["memory", "--trace", "a.trace", "--json"])


def traffic(chance: random.Random) -> Line:
    """Files of edges, packets and shares."""
    texts = {"edges.txt": tiny.EDGES, "packets.txt": tiny.PACKETS, "shares.txt": tiny.SHARES}
    chosen = chance.choice(list(texts))
    for name, text in texts.items():
        spoilt = spoil.utf8(spoil.spoilt_text(chance, text)) if name == chosen else text.encode()
        write(
            name, spoil.spoilt_bytes(chance, spoilt) if name == chosen and chance.random() < 0.2 else spoilt
        )
    sent = "table:shares.txt" if chosen == "shares.txt" else "packets.txt"
    return Line(
        ["noc", "--topology", "edges.txt", "--traffic", sent, "--cycles", "50", "--warm-up", "0", "--json"]
    )


def record(chance: random.Random) -> Line:
    """The record of a run."""
    write("a/run.json", spoil.spoilt_json(chance, tiny.RECORD))
    write("b/run.json", json.dumps(tiny.RECORD))
    return Line(["compare", "a", "b", *chance.choice(([], ["--json"]))])


def page(chance: random.Random) -> Line:
    """A page that was written, whose figures are listed, or drawn into a folder that is not there."""
    specs = spoil.spoilt_json(chance, tiny.CHARTS)
    begin, end = b'<html><script type="application/json" id="specs">', b"</script></html>"
    whole = begin + specs.replace(b"<", b"\\u003c") + end
    write("run/report.html", spoil.spoilt_bytes(chance, whole) if chance.random() < 0.1 else whole)
    drawn = ["energy", "--out", f"nowhere/energy.{chance.choice(('svg', 'pdf'))}"]
    return Line(["figure", "run", *chance.choice(([], drawn, drawn))])


def network_description(chance: random.Random) -> Line:
    """The description of a network."""
    files = network_files()
    write("net/network.safetensors", files["network.safetensors"])
    write("net/network.json", spoil.spoilt_json(chance, json.loads(files["network.json"])))
    return Line(["run", "net", "--data", "nowhere.npy"])


def network_weights(chance: random.Random) -> Line:
    """The weights of a network, of our own form or to be imported."""
    files = network_files()
    spoilt = spoil.spoilt_tensors(chance, files["network.safetensors"])
    if chance.random() < 0.5:
        write("net/network.safetensors", spoilt)
        write("net/network.json", files["network.json"])
        return Line(["run", "net", "--data", "nowhere.npy"])
    write("weights.safetensors", spoilt)
    return Line(
        [
            "import",
            "weights.safetensors",
            "--out",
            "made/net",
            "--layers",
            chance.choice(("gru fc", "x", "gru")),
        ]
    )


def tuned_thresholds(chance: random.Random) -> Line:
    """The thresholds that were tuned for a network."""
    from deltasim.networks.files.network import load_network

    files = network_files()
    for name, content in files.items():
        write(f"net/{name}", content)
    network = load_network("net")
    content = {
        "format": "deltasim thresholds",
        "version": 1,
        "network": network.digest,
        "thresholds": {projection.name: 0.1 for projection in network.projections},
        "found": {},
    }
    write("net/thresholds.json", spoil.spoilt_json(chance, content))
    write("frames.csv", ",".join("x" * (n + 1) for n in range(network.input_size)) + "\n")
    with open("frames.csv", "a") as file:
        file.write(",".join(["0"] * network.input_size) + "\n")
    return Line(["run", "net", "--data", "frames.csv", "--chip", "nowhere"])


@cache
def graph() -> dict[str, Any]:
    """A NIR graph as nested dictionaries."""
    from deltasim.networks import GLIF, AllToAll, Input, LeakyIntegrator, Network, Population, Projection
    from deltasim.networks.importers.nir.writing import content_of

    ones = np.ones((2, 1, 2), np.float32)
    populations = (
        Population("input", Input(2)),
        Population("hidden", GLIF(2, synapse=0.5), ones[0]),
        Population("readout", LeakyIntegrator(2), ones[0]),
    )
    projections = (
        Projection("input", "hidden", AllToAll(ones), delay=1),
        Projection("hidden", "readout", AllToAll(ones)),
    )
    return content_of(Network("tiny", populations, projections, ("readout",)), 1e-3)


WORDS_OF_A_GRAPH = (0, -1, 1.5, 1e300, float("nan"), [], [1.0] * 3, [[1.0, 2.0]], "LIF", "", "x" * 300)


def spiking_graph(chance: random.Random) -> Line:
    """A NIR graph: a field, a node, an edge or bytes are spoilt."""
    import h5py

    from deltasim.networks.importers.nir.writing import put

    content = copy.deepcopy(graph())
    place = content
    while chance.random() < 0.8 and (inner := [value for value in place.values() if isinstance(value, dict)]):
        place = chance.choice(inner)
    way, name = chance.randrange(5), chance.choice([name for name in place if name != "edges"])
    if way == 0:
        del place[name]
    elif way == 1:
        place[name] = np.asarray(chance.choice(WORDS_OF_A_GRAPH[:8]))
    elif way == 2:
        place[name] = chance.choice(WORDS_OF_A_GRAPH[8:])
    elif way == 3:
        content["edges"] = [*content["edges"], (chance.choice(["input", "hidden", "n"]), "hidden")]
    file = io.BytesIO()
    with h5py.File(file, "w") as held:
        put(held.create_group("node"), content)
    whole = file.getvalue()
    if way == 4:
        whole = spoil.spoilt_bytes(chance, whole)
    write("graph.nir", whole)
    np.save("frames.npy", np.zeros((1, 2, 2), np.float32))
    return Line(["run", "graph.nir", "--data", "frames.npy", "--chip", "nowhere.yaml"])


def energy_table(chance: random.Random) -> Line:
    """An energy reference table of Accelergy."""
    actions = [{"name": "mac", "arguments": {}, "energy": 1.5}, {"name": "scan", "energy": 2}]
    content = {"ERT": {"version": "0.4", "tables": [{"name": "chip.core[0..3]", "actions": actions}]}}
    write("ert.yaml", spoil.spoilt_yaml(chance, content, tiny.as_yaml))
    return Line(["run", "digits", "--data", "synthetic", "--ert", "ert.yaml", "--engine", "none"])


def training_record(chance: random.Random) -> Line:
    """The record of a training."""
    content = {"mean": [0.0] * 40, "deviation": [1.0] * 40, "result": {}}
    write("trained/training.json", spoil.spoilt_json(chance, content))
    return Line(["map", "digits", "--data", "synthetic", "--trained", "trained"])


def recorded_digits(chance: random.Random) -> Line:
    """The file of recorded digits."""
    write("data/fsdd.npz", spoil.spoilt_arrays(chance, tiny.recordings()))
    line = ["run", "digits", "--data", "fsdd", "--chip", "nowhere.yaml", "--no-cache"]
    return Line(line, {"DELTASIM_DATA": str(Path("data").absolute())})


def own_arrays(chance: random.Random) -> Line:
    """A user's arrays."""
    for name, content in network_files().items():
        write(f"net/{name}", content)
    write("own.npz", spoil.spoilt_arrays(chance, tiny.frames()))
    return Line(["run", "net", "--data", "own.npz", "--chip", "nowhere.yaml"])


def own_table(chance: random.Random) -> Line:
    """A user's table."""
    for name, content in network_files().items():
        write(f"net/{name}", content)
    write("own.csv", spoil.utf8(spoil.spoilt_text(chance, tiny.TABLE)))
    return Line(["run", "net", "--data", "own.csv", "--chip", "nowhere.yaml"])


OPTIONS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "run": (["digits"], ("--chip", "--theta", "--limit", "--data", "--trained", "--layers", "--engine", "--jobs", "--out")),  # noqa: E501
    "compare": (["a", "b"], ("--json",)),
    "list": (["chips"], ()),
    "describe": (["chip", "edgedrn"], ("--yaml",)),
    "map": (["digits"], ("--chip", "--data", "--trained")),
    "train": (["digits"], ("--out", "--data", "--hidden", "--theta", "--seed", "--epochs")),
    "memory": ([], ("--trace", "--standard", "--window", "--mapping", "--queue", "--power-down-after")),
    "noc": ([], ("--topology", "--traffic", "--rate", "--flits", "--virtual-channels", "--buffer", "--cycles", "--warm-up", "--seed", "--flit-bits", "--pitch-mm")),  # noqa: E501
    "validate": (["edgedrn"], ("--out",)),
    "data": (["fetch", "fsd"], ()),
    "import": (["model.onnx"], ("--out", "--layers")),
}  # fmt: skip


def arguments(chance: random.Random) -> Line:
    """Words on the command line: one of them, or the value of an option, is replaced."""
    command = chance.choice(list(OPTIONS))
    words, options = OPTIONS[command]
    line = [command, *words]
    if options:
        option = chance.choice(options)
        line += [option, spoil.word(chance)]
    if words and chance.random() < 0.5:
        line[chance.randrange(len(words) + 1)] = spoil.word(chance)
    ends = {"run": ["--chip", "nowhere.yaml"], "noc": ["--rate", "2"], "memory": ["--trace", "nowhere"]}
    ends |= {"map": ["--chip", "nowhere.yaml"], "train": ["--data", "nowhere", "--out", "made"]}
    return Line([*line, *ends.get(command, [])])


def environment(chance: random.Random) -> Line:
    """Variables of the environment."""
    named = spoil.word(chance).replace("\0", "").replace("\ud800", "")
    variable = chance.choice(("DELTASIM_DATA", "DELTASIM_CACHE"))
    line = ["run", "digits", "--data", chance.choice(("fsdd", "synthetic")), "--chip", "nowhere.yaml"]
    return Line(line, {variable: named or "x"})


DOORS: dict[str, tuple[Door, int]] = {
    "chip": (chip, 12),
    "chip's edges": (chip_as_network, 5),
    "standard": (memory_standard, 8),
    "trace": (memory_trace, 10),
    "traffic": (traffic, 12),
    "record": (record, 20),
    "page": (page, 12),
    "network": (network_description, 20),
    "weights": (network_weights, 16),
    "thresholds": (tuned_thresholds, 8),
    "energy table": (energy_table, 6),
    "graph": (spiking_graph, 12),
    "training": (training_record, 10),
    "recordings": (recorded_digits, 4),
    "own arrays": (own_arrays, 12),
    "own table": (own_table, 8),
    "arguments": (arguments, 12),
    "environment": (environment, 3),
}
"""Every door, and how often of 178 times it is tried."""
