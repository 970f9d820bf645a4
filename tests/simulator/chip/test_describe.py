"""What describe says, word for word: the chip worked out by hand, and parts of chips in the box."""

from __future__ import annotations

import pytest

from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.chip.describe import counted, describe, scaled
from tests.reports.by_hand.specimen import CHIP

TWO = {
    "Cores": {
        "count": "2",
        "clock": "1 GHz (1,000 ps)",
        "scan": "1 element a cycle, partitions padded to 1",
        "send": "1 cycle a message",
        "receive": "1 cycle a message",
        "multiply accumulate": "1 lane",
        "update": "0 cycles, and 2 cycles for 2 neurons",
        "outstanding fetches": "1",
        "shared units": "each stage by itself",
    },
    "Memory registers": {
        "kind": "registers, one in each core",
        "size": "8 B",
        "width": "32 bit",
        "clock": "1,000 ps a cycle",
    },
    "Memory pad": {
        "kind": "scratchpad, one in each core",
        "size": "16 B",
        "width": "32 bit",
        "latency": "1 cycle",
        "clock": "1,000 ps a cycle",
    },
    "Memory cache": {
        "kind": "cache, one in each core",
        "behind it": "dram",
        "size": "16 B",
        "width": "32 bit",
        "line": "4 B",
        "ways": "1 in each of 4 sets",
        "latency": "1 cycle",
        "clock": "1,000 ps a cycle",
    },
    "Memory dram": {
        "kind": "DRAM, 1 channel, shared",
        "ports": "node 0",
        "size": "1 KiB a channel",
        "clock": "1,000 ps a cycle",
        "CL RCD RP RAS RTP": "2-2-2-4-2 cycles",
        "refresh": "4 cycles every 84",
        "banks": "1",
        "row": "8 B",
        "burst": "2 B in 2 cycles",
        "order": "row-bank-column",
    },
    "Network": {
        "topology": "mesh:2x1",
        "nodes": "2",
        "links": "2",
        "clock": "1 GHz (1,000 ps)",
        "link width": "32 bit",
        "hop": "2 cycles",
        "message": "64 bit",
        "read request": "32 bit",
    },
    "Placement": {
        "synchronisation": "layer, 1 cycle a barrier",
        "neurons": "balanced over all cores",
        "weights": "first that holds them: pad, dram",
        "state": "not said: it costs what the prices say, and its room is not checked",
        "input": "cores 0",
        "hidden": "cores 0",
        "out": "cores 1",
        "input->hidden": "memory pad",
        "hidden->out": "memory cache",
        "out->out": "memory dram",
    },
    "Peaks": {  # two multipliers; two of every memory of a core, 4 bytes a ns each; the DRAM 2 bytes in 2 ns
        "multiply-accumulates": "2 G/s",
        "registers size": "16 B",
        "pad size": "32 B",
        "pad bandwidth": "8 GB/s",
        "cache size": "32 B",
        "cache bandwidth": "8 GB/s",
        "dram size": "1 KiB",
        "dram bandwidth": "1 GB/s",
        "one link": "4 GB/s",
    },
}


def told_of(chip: Chip) -> dict[str, dict[str, str]]:
    """Names and values of every table."""
    return {table.heading: {row[0]: row[1] for row in table.rows} for table in describe(chip)}


def test_the_chip_worked_out_by_hand() -> None:
    chip = load_chip(CHIP)
    tables = {table.heading: table for table in describe(chip)}
    assert list(tables) == ["Chip", *TWO, "Area and power at rest", "Prices"]
    assert tables["Chip"].rows == (
        ("name", "two"),
        ("about", "two cores in a row, worked out by hand"),
        ("status", "hypothetical"),
        ("node", "28 nm"),
        ("digest", chip.digest),
        ("source", "on paper"),
    )
    for heading, rows in TWO.items():
        assert tables[heading].rows == tuple(rows.items()), heading
    prices = {row[0]: row[1:] for row in tables["Prices"].rows}
    assert prices["core.update"] == ("compute", "8 pJ", "neurons", "28 nm", "measured", "stated", "paper")
    assert prices["cache.leakage"] == ("static", "2 mW", "", "28 nm", "simulated", "stated", "paper")
    assert prices["dram.io"] == ("dram", "1 pJ", "bits", "not stated", "estimated", "stated", "paper")
    assert len(prices) == 26 and "dram.row_hit" not in prices


@pytest.mark.parametrize(
    ("name", "heading", "rows"),
    [
        (
            "mesh16-cached",
            "Cores",
            {
                "columns fetched": "in bursts of 256 B, 2 of a column at once",
                "scan": "8 elements a cycle, partitions padded to 8",
                "update": "10 cycles, and 5 cycles for 4 neurons",
            },
        ),
        (
            "mesh16-cached",
            "Memory buffer",
            {
                "kind": "buffer, 2 instances, shared",
                "ports": "node 5, node 10",
                "size": "4 MiB",
                "width": "64 bit",
                "banks": "16, 8 B in each in turn",
                "served at once": "2 streams",
                "latency": "2 cycles",
                "clock": "2,000 ps a cycle",
            },
        ),
        (
            "mesh16-cached",
            "Memory dram",
            {
                "kind": "DRAM, LPDDR4-3200, 2 controllers, shared",
                "ports": "node 0, node 15",
                "size": "1 GiB behind each",
                "peak": "6.4 GB/s each",
                "burst": "32 B",
                "mapping": "RoBaRaCoCh",
                "page": "open",
                "queue": "32 transactions of each channel",
                "powers down": "after 1,024 cycles",
                "clock": "625 ps a cycle",
            },
        ),
        ("mesh16-cached", "Network", {"buffer": "32 flits", "virtual channels": "3", "links": "48"}),
        (
            "mesh16-cached",
            "Placement",
            {"weights": "cached", "synchronisation": "layer, 24 cycles a barrier"},
        ),
        (
            "mesh16-cached",
            "Peaks",  # 16 x 8 at 500 MHz; 16 caches of 8 bytes in 2 ns; 2 streams of each of 2 buffers
            {
                "multiply-accumulates": "64 G/s",
                "cache bandwidth": "64 GB/s",
                "buffer size": "8 MiB",
                "buffer bandwidth": "16 GB/s",
                "dram bandwidth": "12.8 GB/s",
                "one link": "4 GB/s",
            },
        ),
        (
            "spartus",
            "Cores",
            {
                "send": "no such stage",
                "receive": "no such stage",
                "multiply accumulate": "64 lanes in each of 8 arrays",
            },
        ),
        ("spartus", "Peaks", {"multiply-accumulates": "102.4 G/s", "bram bandwidth": "256 GB/s"}),
    ],
)
def test_chips_in_the_box(name: str, heading: str, rows: dict[str, str]) -> None:
    told = told_of(load_chip(name))[heading]
    assert told | rows == told


def test_what_a_description_may_add() -> None:
    chip = load_chip("mesh16").changed(
        {
            "cores.shared_units": [["scan", "send"], ["mac", "update"]],
            "placement": {"policy": "streamed", "layers": {"gru_0": "nearest"}},
            "memories.1.power_down_after": "0 cycles",
        }
    )
    tables = told_of(chip)
    assert tables["Cores"]["shared units"] == "scan, send; mac, update"
    assert (tables["Placement"]["weights"], tables["Placement"]["gru_0"]) == ("streamed", "nearest")
    assert tables["Memory dram"]["powers down"] == "never"
    near = chip.changed({"placement": {"policy": "nearest"}})
    assert told_of(near)["Placement"]["weights"] == "first that holds them: scratchpad, dram"


def test_chips_that_are_joined_and_tiles_that_have_a_pitch() -> None:
    link = {"width": "16 bit", "clock": "500 MHz", "hop_cycles": 1}
    price = {"energy": "1 pJ", "node": "22 nm", "kind": "estimated", "source": "for tests"}
    network = {"topology": "mesh:2x4", "joined": {"topology": "ring:2", "gateway": 3, "link": link}}
    chip = load_chip("mesh16").changed(
        {f"network.{key}": value for key, value in network.items()} | {"prices.joined.flit": price}
    )
    told = told_of(chip)["Network"]
    assert told["chips joined as"] == "ring:2, at node 3 of each"
    assert told["link between chips"] == "16 bit at 500 MHz, hop 1 cycle"
    assert told["pitch"] == "740 um"


def test_counts_and_prefixes() -> None:
    assert [counted(n, "set") for n in (0, 1, 2, 1500)] == ["0 sets", "1 set", "2 sets", "1,500 sets"]
    assert [scaled(v, "W") for v in (0.0, 1.2345e-3, 2e9)] == ["0 W", "1.234 mW", "2 GW"]
