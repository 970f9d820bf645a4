"""Small inputs that are right, one of each form: what the mutations start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

PRICED = (
    *(
        "core.scan",
        "core.send",
        "core.receive",
        "core.mac",
        "core.update",
        "core.state_read",
        "core.state_write",
    ),
    *("pad.read", "link.flit", "router.flit"),
)
AT_REST = ("core.leakage", "pad.leakage", "network.leakage")
ABOUT = {"node": "28 nm", "kind": "estimated", "source": "for tests"}

CHIP: dict[str, Any] = {
    "name": "tiny",
    "about": "Two cores with a scratchpad each",
    "status": "hypothetical",
    "node": "28 nm",
    "sources": [],
    "cores": {
        "count": 2,
        "clock": "500 MHz",
        "scan": {"elements_per_cycle": 4},
        "send": {"cycles": 1},
        "receive": {"cycles": 1},
        "mac": {"lanes": 16},
        "update": {"lanes": 4, "cycles": 4, "fixed": 2},
        "outstanding_fetches": 4,
        "dma": {"burst": "64 B", "outstanding": 2},
        "shared_units": [["scan", "update"]],
    },
    "memories": [
        {"name": "pad", "kind": "scratchpad", "size": "32 KiB", "width": "128 bit", "latency": "1 cycle"}
    ],
    "network": {
        "topology": "graph",
        "edges": [[0, 1]],
        "clock": "500 MHz",
        "link_width": "64 bit",
        "hop_cycles": 2,
        "message_bits": 32,
        "request_bits": 64,
    },
    "placement": {"policy": "nearest"},
    "synchronisation": {"policy": "dataflow", "cost": "0 cycles"},
    "prices": {
        **{name: {"energy": "1 pJ"} | ABOUT for name in PRICED},
        **{name: {"power": "1 mW"} | ABOUT for name in AT_REST},
    },
}

CHARTS: dict[str, Any] = {
    "energy": {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "usermeta": {"title": "Energy by part"},
        "config": {"text": {"fontSize": 12}},
        "datasets": {"rows": [{"part": "DRAM", "joules": 1e-6}, {"part": "leakage", "joules": 2e-6}]},
        "layer": [
            {
                "data": {"name": "rows"},
                "mark": {"type": "bar"},
                "encoding": {
                    "x": {"field": "joules", "type": "quantitative"},
                    "y": {"field": "part", "type": "nominal", "axis": None},
                    "opacity": {"value": 1},
                },
            },
            {"data": {"values": [{"part": "DRAM"}]}, "mark": "text", "encoding": {}},
        ],
        "width": "container",
        "height": 80,
    },
    "kinds": {"mark": "point", "data": {"values": [{"x": 1}]}, "encoding": {"x": {"field": "x"}}},
}

FIGURES = {"inference_mean_s": 1e-3, "inference_p99_s": 1e-3, "step_mean_s": 1e-5, "step_p99_s": 1e-5}

RECORD: dict[str, Any] = {
    "version": 1,
    "benchmark": "digits",
    "data": "synthetic digits",
    "chip": "tiny",
    "engine": "compiled",
    "theta": "trained",
    "sequences": 2,
    "steps": 40,
    "messages": 900,
    "occupancy": {"input": 0.1, "hidden": 0.2},
    "score": {"name": "accuracy", "value": 0.5, "dense": 1.0},
    "reduction": {"weight_fetches": 2.0, "macs": 2.0, "dram_bytes": None, "energy": 1.5, "latency": 1.5},
    "energy": {"inference_j": 1e-6, "step_j": 1e-8, "parts": {"compute": 5e-7}, "estimated_share": 1.0},
    "latency": FIGURES,
    "dram": {"reads": None, "bytes": None, "row_hits": None, "row_misses": None, "row_conflicts": None},
    "limits": "Nothing limits the chip.",
    "digest": "0" * 64,
    "wall_s": 0.1,
    "provenance": {"command": "deltasim run digits", "digests": {"chip": "0" * 64, "network": "1" * 64}},
}

EDGES = "# a square\n0 1\n1 2 0.5\n2 3 {'latency': 2}\n3 0\n"
PACKETS = "# cycle source destination flits\n0 0 1 2\n3 1 2\n5,2,3,1\n9 3 0 4\n"
SHARES = "0 1 0.2\n1 2 0.3\n2 3 0.1\n3 0 0.2\n"
TRACE = "R 0 64\nW 4096 128\nR 8192 32\n"
TABLE = "x,y,sequence,label\n0.5,1.0,a,up\n0.25,0.0,a,up\n1.5,2.0,b,down\n"


def recordings() -> dict[str, np.ndarray[Any, Any]]:
    """A file of recorded digits: four of them by two speakers."""
    sound = (1000 * np.sin(np.arange(1600))).astype(np.int16)
    return {
        "audio": np.tile(sound, 4),
        "offsets": np.arange(5) * 1600,
        "labels": np.array([3, 3, 8, 8], np.uint8),
        "speaker": np.array([0, 1, 0, 1], np.uint8),
        "speaker_names": np.array(["ann", "bob"]),
        "index": np.array([0, 7, 1, 8], np.uint8),
        "sample_rate": np.array(8000),
    }


def frames() -> dict[str, np.ndarray[Any, Any]]:
    """Sequences of a user: five frames of two values, and which of them belong together."""
    return {"frames": np.arange(10, dtype=np.float32).reshape(5, 2), "offsets": np.array([0, 2, 5])}


def write_network(folder: Path) -> None:
    """A network of two inputs and three neurons."""
    from deltasim.networks.builders.recurrent import random_stack
    from deltasim.networks.files.network import save_network

    save_network(random_stack("gru", 2, (3,), np.random.default_rng(0), theta=0.1, readout=2), folder)


def as_yaml(content: object) -> str:
    """A description as flow-style YAML, one field of the top a line."""
    if not isinstance(content, dict):
        return json.dumps(content)
    return "".join(f"{json.dumps(name)}: {json.dumps(value)}\n" for name, value in content.items())
