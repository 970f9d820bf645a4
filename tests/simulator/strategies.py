"""Random small chips, networks and runs for property tests, whatever engine runs them.

``chips()`` gives valid descriptions, ``cases()`` a network of ``random_networks`` placed on a chip together
with inputs and the trace that ``execute`` makes of them. All weights lie within reach of every core.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Floats
from deltasim.simulator.chip import Chip
from deltasim.simulator.chip.actions import DIRECTIONS
from deltasim.simulator.dram.loading import load_standard, standard_names
from deltasim.simulator.dram.standard import REFRESHES
from deltasim.simulator.mapping.mapping import Mapping, map_network
from deltasim.simulator.mapping.send_counts import SendCounts
from deltasim.simulator.memories.kinds import KINDS
from tests.simulator.builders import chip
from tests.simulator.random_networks import budgets, losses, networks
from tests.simulator.wirings import CLOCKS, TOPOLOGIES, wirings

POLICIES = ("barrier", "layer", "dataflow")
STAGES = ("scan", "send", "receive", "mac", "update")
LARGEST_COLUMN = 4 * 4 * 11  # bytes: four gates of 11 neurons in float32


class Case(NamedTuple):
    """A network, what it computes of its inputs, a chip to run it on, and where it lies there."""

    network: Network
    trace: Trace
    chip: Chip
    inputs: list[Floats]
    mapping: Mapping


Far = Callable[[int], st.SearchStrategy[dict[str, Any]]]
"""A memory off the chip, at some of so many nodes."""


@st.composite
def chip_fields(draw: st.DrawFn, far: Far | None = None) -> dict[str, object]:
    """Fields of a valid chip, by path; with a memory off the chip where ``far`` says which."""
    count = draw(st.sampled_from(sorted(TOPOLOGIES)))
    wiring, nodes = draw(wirings(count))
    arrays, policy = draw(st.sampled_from([1, 1, 2, 3])), draw(st.sampled_from(POLICIES))
    fields: dict[str, object] = {
        "cores.count": count,
        "cores.clock": draw(st.sampled_from(CLOCKS)),
        "cores.scan": {
            "elements_per_cycle": draw(st.integers(1, 4)),
            "pad_to": draw(st.sampled_from([1, 1, 3, 8])),
            "cycles": draw(st.sampled_from([None, None, 2, 5])),
            "message_cycles": draw(st.sampled_from([None, None, 0, 3])),
            "copy_cycles": draw(st.sampled_from([None, None, 1, 2])),
        },
        "cores.send.cycles": draw(st.integers(0, 3)),
        "cores.receive.cycles": draw(st.integers(0, 3)),
        "cores.mac": {
            "lanes": draw(st.sampled_from([1, 2, 8])),
            "arrays": arrays,
            "cycles": draw(st.sampled_from([None, None, 3])),
        },
        "cores.update": {
            "lanes": draw(st.sampled_from([1, 4, 64])),
            "cycles": draw(st.integers(0, 3)),
            "fixed": draw(st.sampled_from([0, 0, 5])),
            "access_cycles": draw(st.sampled_from([None, None, 0, 2])),
            "during": draw(st.sampled_from([None, "scan"])) if policy == "barrier" else None,
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
            "policy": policy,
            "cost": f"{draw(st.sampled_from([0, 1, 7]))} cycles",
        },
    }
    kinds = draw(st.sampled_from(["dram", "both"] if far else ["scratchpad", "dram", "both"]))
    memories: list[dict[str, Any]] = []
    if kinds != "dram":  # beside a DRAM it may be too small for all, so that some weights lie outside
        memories.append(draw(scratchpads(small=kinds == "both")))
    if kinds != "scratchpad":
        anyone = st.one_of(drams(nodes), controlled_drams(nodes), serials(nodes))
        memories.append(draw(far(nodes) if far else anyone))
    if draw(st.booleans()):
        memories.append(draw(buffers(nodes)))
    behind = [str(memory["name"]) for memory in memories if KINDS[memory["kind"]].shared]
    if behind and draw(st.booleans()):
        memories.append(draw(caches(draw(st.sampled_from(behind)))))
    if draw(st.booleans()):
        memories.append({"name": "registers", "kind": "registers", "size": "64 KiB", "width": "32 bit"})
    if draw(st.booleans()):  # 32 bytes: the widest access of all these memories
        burst = draw(st.sampled_from([32, 64, 96]))
        fields["cores.dma"] = {"burst": f"{burst} B", "outstanding": draw(st.integers(1, 3))}
    delivery = {"delivery": draw(st.sampled_from([None, "multicast", "unicast"]))}
    fields["network"] |= delivery  # type: ignore[operator]
    if "joined" not in wiring and wiring["topology"].startswith(("mesh", "cmesh")) and draw(st.booleans()):
        hops = {direction: draw(st.integers(1, 9)) for direction in DIRECTIONS}
        fields["network"] |= {"directions": hops}  # type: ignore[operator]
    elif draw(st.booleans()):
        fields["network"] |= {"pitch": "0.5 mm"}  # type: ignore[operator]
    plain = "joined" not in wiring and wiring["topology"] not in ("bus", "graph")
    at_a_switch = any(port >= count for memory in memories for port in memory.get("ports", ()))
    if at_a_switch and wiring["topology"].startswith("tree"):  # responses may come down and go up again
        plain = False
    if plain and draw(st.booleans()):
        wanted = fields["network"] | draw(finite_buffers(fields["network"], memories))  # type: ignore[operator]
        fields["network"] = wanted
    return fields | {"memories": memories}


@st.composite
def finite_buffers(draw: st.DrawFn, network: Any, memories: list[dict[str, Any]]) -> dict[str, int]:
    """Buffers that hold one packet or a few, and as many virtual channels as are needed or some more."""
    width = int(network["link_width"].split()[0])
    shared = any(KINDS[memory["kind"]].shared for memory in memories)
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
def serials(draw: st.DrawFn, nodes: int) -> dict[str, Any]:
    """Boundaries that columns meet, gaps up to longer than a whole burst."""
    memory: dict[str, Any] = {
        "name": "flash",
        "kind": "serial",
        "ports": draw(st.lists(st.integers(0, nodes - 1), min_size=1, max_size=2, unique=True)),
        "size": "1 MiB",
        "clock": draw(st.sampled_from(CLOCKS)),
        "data_lines": draw(st.sampled_from([1, 2, 4, 8])),
        "double_data_rate": draw(st.booleans()),
        "command": f"{draw(st.sampled_from([0, 2, 8]))} cycles",
        "address": f"{draw(st.sampled_from([1, 6]))} cycles",
        "dummy": f"{draw(st.sampled_from([0, 4]))} cycles",
        "gap": f"{draw(st.sampled_from([0, 1, 300]))} cycles",
    }
    if draw(st.booleans()):
        memory["boundary"] = f"{draw(st.sampled_from([16, 64, 1024]))} B"
    return memory


@st.composite
def controlled_drams(draw: st.DrawFn, nodes: int) -> dict[str, Any]:
    """Standards of the box with short rows and few banks, so that columns meet them, behind short queues."""
    known = [standard for name in standard_names() if not (standard := load_standard(name)).no_energy()]
    standard = draw(st.sampled_from(known))  # a chip has prices
    fields = standard.model_dump(mode="json", by_alias=True, exclude_none=True)
    fields["organisation"] |= {"rows": 4096, "row": f"{draw(st.sampled_from([64, 256]))} B", "burst": "32 B"}
    if draw(st.booleans()):
        fields["timing"]["tREFI"] = standard.timing_.ticks("tRFC") + 200
    idle = draw(st.sampled_from([0, 20, 1024, None]))
    return {
        "name": "dram",
        "kind": "dram",
        "ports": draw(st.lists(st.integers(0, nodes - 1), min_size=1, max_size=2, unique=True)),
        "standard": fields,
        "mapping": draw(st.sampled_from(["RoBaRaCoCh", "RoCoBaRaCh"])),
        "page": draw(st.sampled_from(["open", "closed"])),
        "queue": draw(st.sampled_from([1, 2, 8, 32])),
        "refresh": draw(
            st.sampled_from([kind for kind, end in REFRESHES.items() if f"tRFC{end}" in fields["timing"]])
        ),
        "power_down_after": None if idle is None else f"{idle} cycles",
    }


def chips() -> st.SearchStrategy[Chip]:
    """Valid chips of 1 to 9 cores: every topology, policy, mixture of memories, shared units, odd clocks."""
    return chip_fields().map(chip)


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
def placements(draw: st.DrawFn, network: Network, fields: dict[str, object]) -> dict[str, object]:
    """Some populations on chosen cores, some projections in a chosen memory."""
    cores = st.integers(0, int(str(fields["cores.count"])) - 1)
    spots = st.lists(cores, min_size=1, max_size=3, unique=True)
    named = [population.name for population in network.populations]
    placed = draw(st.dictionaries(st.sampled_from(named), spots, max_size=2))
    explicit: dict[str, Any] = {"placement.explicit.cores": placed}
    memories: Any = fields["memories"]
    roomy = [m["name"] for m in memories if KINDS[m["kind"]].shared or m["kind"] == "cache"]
    if roomy and draw(st.booleans()):
        for projection in network.projections:
            if draw(st.booleans()):
                explicit.setdefault("placement.explicit.memory", {})[projection.name] = draw(
                    st.sampled_from(roomy)
                )
    kinds = {memory["kind"] for memory in memories}
    if kinds & {"dram", "serial"} and kinds & {"scratchpad", "buffer"} and draw(st.booleans()):
        explicit["placement.policy"] = "pinned"
    return explicit


@st.composite
def cases(draw: st.DrawFn, far: Far | None = None) -> Case:
    """A network, the trace of its inputs, a chip it fits, and the inputs.

    One in three loses messages, one in three has budgets.
    """
    network, rules = draw(networks()), draw(st.integers(0, 2))
    if rules == 0:
        network = draw(losses(network))
    inputs = draw(inputs_of(network))
    fields = draw(chip_fields(far))
    placed = chip(fields | draw(placements(network, fields)))
    if rules == 1:
        chosen = placed.placement.explicit.cores
        cores = {p.name: len(chosen.get(p.name, range(placed.cores.count))) for p in network.populations}
        network = draw(budgets(network, cores))
    trace, _ = execute(network, inputs)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    return Case(
        network, trace, placed, inputs, map_network(network, placed, random_send_counts(network, rng))
    )


def random_send_counts(network: Network, rng: np.random.Generator) -> SendCounts:
    """Few different counts, so that there are ties."""
    sizes = [projection.connection.source_size for projection in network.projections]
    return SendCounts(tuple(rng.integers(0, 5, size) for size in sizes))
