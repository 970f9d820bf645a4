"""Small chips, networks and traces whose times can be worked out by hand.

The plain chip has every clock at 1 GHz, so that a cycle is 1000 ps everywhere, and nothing that limits it:
a column passes the multipliers in one cycle, one scratchpad access holds any column, every message has a
fetch slot.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deltasim.networks.cells import Dense, Input
from deltasim.networks.connections import AllToAll
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import FLOAT32
from deltasim.networks.trace import MESSAGE, Trace
from deltasim.simulator.chip import Chip
from deltasim.simulator.chip.actions import CORE_ACTIONS, FLITS_BY_DIRECTION, ROUTER_ACTIONS
from deltasim.simulator.chip.loading import chip_from_content
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.memories.kinds import KINDS

CYCLE_PS = 1000

SCRATCHPAD = {
    "name": "scratchpad",
    "kind": "scratchpad",
    "size": "1 MiB",
    "width": "65536 bit",
    "latency": "1 cycle",
}
DRAM = {
    "name": "dram",
    "kind": "dram",
    "ports": [0],
    "size": "64 KiB",
    "timing": {
        "clock": "1 GHz",
        "CL": 5,
        "RCD": 7,
        "RP": 9,
        "RAS": 20,
        "RTP": 4,
        "RFC": 100,
        "REFI": 100_000,
        "burst_cycles": 4,
        "banks": 1,
        "row": "2 KiB",
        "burst": "64 B",
        "order": "bank-row-column",
    },
}
PLAIN: dict[str, Any] = {
    "name": "plain",
    "about": "nothing limits it",
    "status": "hypothetical",
    "node": "28 nm",
    "sources": [],
    "cores": {
        "count": 1,
        "clock": "1 GHz",
        "scan": {"elements_per_cycle": 1, "pad_to": 1},
        "send": {"cycles": 0},
        "receive": {"cycles": 0},
        "mac": {"lanes": 4096},
        "update": {"lanes": 4096, "cycles": 1, "fixed": 0},
        "outstanding_fetches": 64,
    },
    "memories": [SCRATCHPAD],
    "network": {
        "topology": "bus",
        "clock": "1 GHz",
        "link_width": "64 bit",
        "hop_cycles": 1,
        "message_bits": 64,
        "request_bits": 64,
    },
    "synchronisation": {"policy": "barrier", "cost": "0 cycles"},
}


def chip(fields: Mapping[str, object] | None = None) -> Chip:
    """The plain chip with other values, each named by its path (``cores.mac.lanes``), and a price for all
    it does.
    """
    return chip_from_content(content_of(fields))


def content_of(fields: Mapping[str, object] | None = None) -> dict[str, Any]:
    """What the description of such a chip says."""
    content = copy.deepcopy(PLAIN)
    for path, value in (fields or {}).items():
        *parents, last = path.split(".")
        field: Any = content
        for name in parents:
            field = field[int(name)] if isinstance(field, list) else field.setdefault(name, {})
        field[last] = copy.deepcopy(value)
    content["prices"] = prices(content)
    return content


def prices(content: Mapping[str, Any]) -> dict[str, Any]:
    """1 pJ, or 1 mW, for every action that has a price."""
    names = [(action.name, action.static) for action in CORE_ACTIONS]
    for memory in content["memories"]:
        for name, counts, priced in KINDS[memory["kind"]].actions:
            if priced:
                names.append((name.format(memory["name"]), counts == "ps"))
    split, bus = "pitch" in content["network"], content["network"]["topology"] == "bus"
    network = content["network"]
    if network.get("directions"):
        names += [(name, False) for name in FLITS_BY_DIRECTION]
    if not network.get("directions") or network["topology"].startswith("cmesh"):
        names.append(("link.flit_um" if split else "link.flit", False))
    names += [("core.emit", False)] if network.get("delivery") == "unicast" else []
    names += [("core.access", False)] if content["cores"]["update"].get("access_cycles") is not None else []
    if "joined" in content["network"]:
        names.append(("joined.flit", False))
    names += [(name, False) for name in (ROUTER_ACTIONS if split else ("router.flit",)) if not bus]
    names.append(("network.leakage", True))
    about = {"node": "not stated", "kind": "estimated", "source": "for tests"}
    return {name: about | ({"power": "1 mW"} if static else {"energy": "1 pJ"}) for name, static in names}


def chain(*sizes: int) -> Network:
    """Dense populations one on another: ``input``, ``dense_0``, ``dense_1`` ..., every weight 1."""
    names = ["input", *(f"dense_{layer}" for layer in range(len(sizes) - 1))]
    populations = [Population("input", Input(sizes[0]))]
    for name, size in zip(names[1:], sizes[1:], strict=True):
        populations.append(Population(name, Dense(size), np.zeros((1, size), np.float32)))
    projections = [
        Projection(names[layer], names[layer + 1], ones(sizes[layer], sizes[layer + 1]))
        for layer in range(len(sizes) - 1)
    ]
    return Network("chain", tuple(populations), tuple(projections), (names[-1],), FLOAT32)


def ones(sources: int, targets: int) -> AllToAll:
    return AllToAll(np.ones((sources, 1, targets), np.float32))


Sent = tuple[int, int]  # (projection, source)


def trace_of(network: Network, steps: Sequence[Sequence[Sent]]) -> Trace:
    """A trace of one sequence in which exactly these messages are sent, step by step."""
    rows = [(step, *sent, 1.0) for step, messages in enumerate(steps) for sent in sorted(messages)]
    bounds = np.cumsum([0, *map(len, steps)]).astype(np.int64)
    return Trace(np.array(rows, MESSAGE), bounds, np.array([0, len(steps)], np.int64), network.digest)


def step_cycles(ledger: Ledger) -> list[float]:
    """Latency of every step, in cycles of 1 GHz."""
    return [latency / CYCLE_PS for latency in ledger.step_latency_ps.tolist()]


def of_unit(ledger: Ledger, name: str, field: str = "busy_ps") -> int:
    """What a field of the ledger says of the unit of that name."""
    names = [unit.name for unit in ledger.units]
    return int(getattr(ledger, field)[names.index(name)])


LEDGER_ARRAYS = (
    "counts",
    "layer_counts",
    "busy_ps",
    "stalled_ps",
    "idle_ps",
    "queue_wait_ps",
    "queue_area_ps",
    "queue_peak",
    "step_latency_ps",
    "sequence_latency_ps",
    "traffic",
)


def assert_same_ledger(one: Ledger, other: Ledger) -> None:
    """Equal in every number, or a message that says which differ."""
    assert (one.units, one.actions, one.layers) == (other.units, other.actions, other.layers)
    for field in LEDGER_ARRAYS:
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field), err_msg=field)
