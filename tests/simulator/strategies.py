"""Random small chips, networks and runs for property tests, whatever engine runs them.

``chips()`` gives valid descriptions, ``networks()`` networks of every cell and shape, ``cases()`` a network
placed on a chip together with inputs and the trace that ``execute`` makes of them. All weights lie within
reach of every core.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from networks.arithmetic import FLOAT32, FixedPoint
from networks.arrays import Floats
from networks.build import random_stack
from networks.cells import GRU, LIF, Conv2d, Dense, Input
from networks.connections import AllToAll, Convolution, Sparse
from networks.execute import execute
from networks.graph import Network, Population, Projection
from networks.quantise import quantised
from networks.trace import Trace
from simulator.chip import Chip
from simulator.dram.loading import load_standard, standard_names
from tests.simulator.builders import chip
from tests.simulator.wirings import CLOCKS, TOPOLOGIES, wirings

POLICIES = ("barrier", "layer", "dataflow")
STAGES = ("scan", "send", "receive", "mac", "update")
LARGEST_COLUMN = 4 * 4 * 11  # bytes: four gates of 11 neurons in float32


class Case(NamedTuple):
    """A network, what it computes of its inputs, and a chip to run it on."""

    network: Network
    trace: Trace
    chip: Chip
    inputs: list[Floats]


@st.composite
def chip_fields(draw: st.DrawFn) -> dict[str, object]:
    """Fields of a valid chip, by path."""
    count = draw(st.sampled_from(sorted(TOPOLOGIES)))
    wiring, nodes = draw(wirings(count))
    arrays = draw(st.sampled_from([1, 1, 2, 3]))
    fields: dict[str, object] = {
        "cores.count": count,
        "cores.clock": draw(st.sampled_from(CLOCKS)),
        "cores.scan": {
            "elements_per_cycle": draw(st.integers(1, 4)),
            "pad_to": draw(st.sampled_from([1, 1, 3, 8])),
        },
        "cores.send.cycles": draw(st.integers(0, 3)),
        "cores.receive.cycles": draw(st.integers(0, 3)),
        "cores.mac": {"lanes": draw(st.sampled_from([1, 2, 8])), "arrays": arrays},
        "cores.update": {
            "lanes": draw(st.sampled_from([1, 4, 64])),
            "cycles": draw(st.integers(0, 3)),
            "fixed": draw(st.sampled_from([0, 0, 5])),
        },
        "cores.outstanding_fetches": draw(st.integers(1, 4)),
        "cores.shared_units": draw(shared_units(apart=("mac",) if arrays > 1 else ())),
        "network": {
            **wiring,
            "clock": draw(st.sampled_from(CLOCKS)),
            "link_width": f"{draw(st.sampled_from([8, 16, 64]))} bit",
            "hop_cycles": draw(st.integers(1, 3)),
            "message_bits": draw(st.sampled_from([8, 32, 100])),
            "request_bits": draw(st.sampled_from([8, 64])),
        },
        "synchronisation": {
            "policy": draw(st.sampled_from(POLICIES)),
            "cost": f"{draw(st.sampled_from([0, 1, 7]))} cycles",
        },
    }
    kinds = draw(st.sampled_from(["scratchpad", "dram", "both"]))
    memories: list[dict[str, Any]] = []
    if kinds != "dram":  # beside a DRAM it may be too small for all, so that some weights lie outside
        memories.append(draw(scratchpads(small=kinds == "both")))
    if kinds != "scratchpad":
        memories.append(draw(st.one_of(drams(nodes), controlled_drams(nodes))))
    if draw(st.booleans()):
        memories.append(draw(buffers(nodes)))
    behind = [str(memory["name"]) for memory in memories if memory["kind"] in ("dram", "buffer")]
    if behind and draw(st.booleans()):
        memories.append(draw(caches(draw(st.sampled_from(behind)))))
    if draw(st.booleans()):
        memories.append({"name": "registers", "kind": "registers", "size": "64 KiB", "width": "32 bit"})
    if draw(st.booleans()):  # 32 bytes: the widest access of all these memories
        burst = draw(st.sampled_from([32, 64, 96]))
        fields["cores.dma"] = {"burst": f"{burst} B", "outstanding": draw(st.integers(1, 3))}
    if draw(st.booleans()):
        fields["network"] |= {"pitch": "0.5 mm"}  # type: ignore[operator]
    plain = "joined" not in wiring and wiring["topology"] not in ("bus", "graph")
    if plain and draw(st.booleans()):
        wanted = fields["network"] | draw(finite_buffers(fields["network"], memories))  # type: ignore[operator]
        fields["network"] = wanted
    return fields | {"memories": memories}


@st.composite
def finite_buffers(draw: st.DrawFn, network: Any, memories: list[dict[str, Any]]) -> dict[str, int]:
    """Buffers that hold one packet or a few, and as many virtual channels as are needed or some more."""
    width = int(network["link_width"].split()[0])
    shared = any(memory["kind"] in ("dram", "buffer") for memory in memories)
    lines = 64 if any(memory["kind"] == "cache" for memory in memories) else 0  # a column in whole lines
    bits = [network["message_bits"], network["request_bits"], (LARGEST_COLUMN + lines) * 8 if shared else 0]
    largest = -(-max(bits) // width)
    ring = network["topology"].startswith("ring") and int(network["topology"].split(":")[1]) > 3
    channels = (3 if shared else 1) * (2 if ring else 1) + draw(st.sampled_from([0, 0, 1, 3]))
    return {"buffer": largest + draw(st.integers(0, largest)), "virtual_channels": channels}


@st.composite
def shared_units(draw: st.DrawFn, apart: tuple[str, ...] = ()) -> list[list[str]]:
    """Some of the stages, in groups of at least two; those in ``apart`` stay alone."""
    groups = draw(st.lists(st.sampled_from(["", "", "a", "b"]), min_size=5, max_size=5))
    placed = [(s, own) for s, own in zip(STAGES, groups, strict=True) if s not in apart]
    units = [[s for s, own in placed if own == group] for group in "ab"]
    return [unit for unit in units if len(unit) > 1]


@st.composite
def scratchpads(draw: st.DrawFn, small: bool) -> dict[str, Any]:
    memory = {
        "name": "scratchpad",
        "kind": "scratchpad",
        "size": "512 B" if small else "1 MiB",
        "width": f"{draw(st.sampled_from([8, 32, 256]))} bit",
        "latency": f"{draw(st.integers(1, 3))} cycles",
    }
    if draw(st.booleans()):
        memory["clock"] = draw(st.sampled_from(CLOCKS))
    return memory


@st.composite
def buffers(draw: st.DrawFn, nodes: int) -> dict[str, Any]:
    """So few banks and places, that streams meet."""
    width = draw(st.sampled_from([8, 32, 256]))
    memory = {
        "name": "buffer",
        "kind": "buffer",
        "ports": draw(st.lists(st.integers(0, nodes - 1), min_size=1, max_size=2, unique=True)),
        "size": "1536 KiB",
        "banks": draw(st.sampled_from([1, 2, 3, 4])),
        "width": f"{width} bit",
        "interleave": f"{width // 8 * draw(st.sampled_from([1, 2, 4]))} B",
        "latency": f"{draw(st.integers(1, 3))} cycles",
        "places": draw(st.integers(1, 3)),
    }
    if draw(st.booleans()):
        memory["clock"] = draw(st.sampled_from(CLOCKS))
    return memory


@st.composite
def caches(draw: st.DrawFn, behind: str) -> dict[str, Any]:
    """Of one line to many, so that columns are evicted and found again."""
    ways, sets = draw(st.sampled_from([1, 2, 4])), draw(st.sampled_from([1, 3, 8, 64]))
    return {
        "name": "cache",
        "kind": "cache",
        "behind": behind,
        "size": f"{32 * ways * sets} B",
        "line": "32 B",
        "ways": ways,
        "width": f"{draw(st.sampled_from([8, 32, 256]))} bit",
        "latency": f"{draw(st.integers(1, 3))} cycles",
    }


@st.composite
def drams(draw: st.DrawFn, nodes: int) -> dict[str, Any]:
    """Rows of 64 to 256 bytes, so that columns meet row borders; refreshes as often as they may be."""
    cas, rcd, rp, rtp = (draw(st.integers(1, 9)) for _ in range(4))
    ras, rfc = rcd + draw(st.integers(0, 9)), draw(st.integers(1, 60))
    banks, row = draw(st.sampled_from([1, 4])), draw(st.sampled_from([64, 256]))
    ports = draw(st.lists(st.integers(0, nodes - 1), min_size=1, max_size=2, unique=True))
    return {
        "name": "dram",
        "kind": "dram",
        "ports": ports,
        "size": "1 MiB",
        "timing": {
            "clock": draw(st.sampled_from(CLOCKS)),
            "CL": cas,
            "RCD": rcd,
            "RP": rp,
            "RAS": ras,
            "RTP": rtp,
            "RFC": rfc,
            "REFI": rfc + rp + ras + draw(st.sampled_from([1, 50, 5000])),
            "burst_cycles": draw(st.sampled_from([1, 4])),
            "banks": banks,
            "row": f"{row} B",
            "burst": f"{draw(st.sampled_from([16, 32]))} B",
            "order": draw(st.sampled_from(["row-bank-column", "bank-row-column"])),
        },
    }


@st.composite
def controlled_drams(draw: st.DrawFn, nodes: int) -> dict[str, Any]:
    """Standards of the box with short rows and few banks, so that columns meet them, behind short queues."""
    standard = draw(st.sampled_from([load_standard(name) for name in standard_names()]))
    fields = standard.model_dump(mode="json", by_alias=True, exclude_none=True)
    fields["organisation"] |= {"rows": 4096, "row": f"{draw(st.sampled_from([64, 256]))} B", "burst": "32 B"}
    if draw(st.booleans()):
        fields["timing"]["tREFI"] = standard.timing_.ticks("tRFC") + 200
    return {
        "name": "dram",
        "kind": "dram",
        "ports": draw(st.lists(st.integers(0, nodes - 1), min_size=1, max_size=2, unique=True)),
        "standard": fields,
        "mapping": draw(st.sampled_from(["RoBaRaCoCh", "RoCoBaRaCh"])),
        "page": draw(st.sampled_from(["open", "closed"])),
        "queue": draw(st.sampled_from([1, 2, 8, 32])),
        "power_down_after": f"{draw(st.sampled_from([0, 20, 1024]))} cycles",
    }


def chips() -> st.SearchStrategy[Chip]:
    """Valid chips of 1 to 9 cores: every topology, policy, mixture of memories, shared units, odd clocks."""
    return chip_fields().map(chip)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Stacks of RNN, GRU, LSTM, in both directions too; convolutions; feedback; spikes; float32 and fixed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    network = draw(st.sampled_from([recurrent, pruned, convolutional, with_feedback, spiking]))(draw, rng)
    theta = draw(st.sampled_from([0.0, 0.05, 0.3]))
    network = network.with_thresholds({"input": theta, "recurrent": draw(st.sampled_from([0.0, 0.1]))})
    return quantised(network, FixedPoint()) if draw(st.booleans()) else network


def recurrent(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """A stack of one to two layers."""
    kind = draw(st.sampled_from(["rnn", "gru", "lstm"]))
    sizes = draw(st.lists(st.integers(1, 11), min_size=1, max_size=2))
    both = draw(st.booleans())
    readout = draw(st.sampled_from([None, 2]))
    return random_stack(kind, draw(st.integers(1, 7)), sizes, rng, bidirectional=both, readout=readout)


def pruned(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """A stack with most of its weights taken out: packed columns of several gates, some empty."""
    network = recurrent(draw, rng)
    kept = draw(st.sampled_from([0.1, 0.5]))

    def sparse(projection: Projection) -> Projection:
        matrices = projection.connection.weights.transpose(1, 2, 0)
        words = matrices * (rng.random(matrices.shape) < kept)
        return replace(projection, connection=Sparse.from_matrices(words.astype(np.float32)))

    return replace(network, projections=tuple(map(sparse, network.projections)))


def spiking(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """Two spiking populations that hear an input, a real-valued population and each other; a readout."""
    left, right, analogue = (draw(st.integers(1, 9)) for _ in range(3))

    def sparse(sources: int, targets: int) -> Sparse:
        words = rng.normal(size=(targets, sources)) * (rng.random((targets, sources)) < 0.6)
        return Sparse.from_matrices(words.astype(np.float32))

    return Network(
        "spiking",
        (
            Population("input", Input(4)),
            Population("analogue", Dense(analogue, "tanh"), small(rng, 1, analogue)),
            Population("left", LIF(left, 0.5, 0.75), small(rng, 1, left)),
            Population("right", LIF(right, 0.5, 1.0, -0.5), small(rng, 1, right)),
            Population("readout", Dense(2), small(rng, 1, 2)),
        ),
        (
            Projection("input", "analogue", AllToAll(small(rng, 4, 1, analogue))),
            Projection("input", "left", sparse(4, left)),
            Projection("analogue", "left", AllToAll(small(rng, analogue, 1, left))),
            Projection("left", "left", sparse(left, left), "recurrent", 1),
            Projection("left", "right", sparse(left, right), "input", 1),
            Projection("right", "left", sparse(right, left), "recurrent", 1),
            Projection("left", "readout", AllToAll(small(rng, left, 1, 2)), "input", 1),
            Projection("right", "readout", sparse(right, 2), "input", 1),
        ),
        ("readout", "right"),
        FLOAT32,
    )


def convolutional(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """Two convolutions and a Dense readout; with a stride beyond the kernel some pixels reach nobody."""
    planes, high, wide = (draw(st.integers(1, 2)), draw(st.integers(3, 5)), draw(st.integers(3, 5)))
    size, stride = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    first = Convolution(
        rng.normal(size=(2, planes, size, size)).astype(np.float32) / 4,
        in_shape=(planes, high, wide),
        stride=(stride, stride),
        padding=(size // 2, size // 2),
    )
    second = Convolution(rng.normal(size=(1, 2, 1, 1)).astype(np.float32), in_shape=first.out_shape)
    pixels = second.target_size
    return Network(
        "convolutional",
        (
            Population("image", Input(planes * high * wide)),
            Population("conv_0", Conv2d(first.out_shape), small(rng, 1, first.target_size)),
            Population("conv_1", Conv2d(second.out_shape), small(rng, 1, pixels)),
            Population("readout", Dense(2, "sigmoid"), small(rng, 1, 2)),
        ),
        (
            Projection("image", "conv_0", first),
            Projection("conv_0", "conv_1", second),
            Projection("conv_1", "readout", AllToAll(small(rng, pixels, 1, 2))),
        ),
        ("readout",),
        FLOAT32,
    )


def with_feedback(draw: st.DrawFn, rng: np.random.Generator) -> Network:
    """Two inputs, a skip connection, and a delayed projection from the upper population to the lower."""
    left, right, lower, upper = (draw(st.integers(1, 6)) for _ in range(4))
    return Network(
        "feedback",
        (
            Population("left", Input(left)),
            Population("right", Input(right)),
            Population("lower", Dense(lower, "tanh"), small(rng, 1, lower)),
            Population("upper", GRU(upper), small(rng, 4, upper)),
        ),
        (
            Projection("left", "lower", AllToAll(small(rng, left, 1, lower))),
            Projection("upper", "lower", AllToAll(small(rng, upper, 1, lower)), "recurrent", 1),
            Projection("lower", "upper", AllToAll(small(rng, lower, 3, upper))),
            Projection("right", "upper", AllToAll(small(rng, right, 3, upper))),
        ),
        ("lower", "upper"),
        FLOAT32,
    )


def small(rng: np.random.Generator, *shape: int) -> Floats:
    return rng.uniform(-0.7, 0.7, shape).astype(np.float32)


@st.composite
def inputs_of(draw: st.DrawFn, network: Network) -> list[Floats]:
    """One or two sequences of 1 to 4 frames, some frames repeated so that steps fall silent."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    sequences = []
    for frames in draw(st.lists(st.integers(1, 4), min_size=1, max_size=2)):
        values = rng.uniform(-1, 1, (frames, network.input_size)).astype(np.float32)
        held = np.repeat(values, 2, axis=0)[:frames] if draw(st.booleans()) else values
        sequences.append(np.ascontiguousarray(held))
    return sequences


@st.composite
def placements(draw: st.DrawFn, network: Network, fields: Mapping[str, object]) -> dict[str, object]:
    """Some populations on chosen cores, some projections in a chosen memory."""
    cores = st.integers(0, int(str(fields["cores.count"])) - 1)
    spots = st.lists(cores, min_size=1, max_size=3, unique=True)
    named = [population.name for population in network.populations]
    placed = draw(st.dictionaries(st.sampled_from(named), spots, max_size=2))
    explicit: dict[str, Any] = {"placement.explicit.cores": placed}
    memories: Any = fields["memories"]
    roomy = [m["name"] for m in memories if m["kind"] in ("dram", "buffer", "cache")]
    if roomy and draw(st.booleans()):
        for projection in network.projections:
            if draw(st.booleans()):
                explicit.setdefault("placement.explicit.memory", {})[projection.name] = draw(
                    st.sampled_from(roomy)
                )
    return explicit


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A network, the trace of its inputs, a chip it fits, and the inputs."""
    network = draw(networks())
    inputs = draw(inputs_of(network))
    fields = draw(chip_fields())
    trace, _ = execute(network, inputs)
    return Case(network, trace, chip(fields | draw(placements(network, fields))), inputs)
