"""Descriptions at the edge of what is allowed, each with its sentence; and what each kind counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from deltasim.simulator.chip import chip_from_content, load_chip
from deltasim.simulator.chip.actions import chip_actions
from deltasim.simulator.chip.checks import LONGEST_LINK_M
from deltasim.simulator.chip.describe import describe
from tests.simulator.builders import chip

BUFFERED = {"network.buffer": 8, "cores.count": 4}


def refused(fields: Mapping[str, Any]) -> str:
    with pytest.raises(Exception) as caught:
        chip(fields)
    return str(caught.value)


@pytest.mark.parametrize(("topology", "longest"), [("torus:2x2", 2), ("mesh:2x2", 1), ("bus", 4)])
def test_the_longest_link_has_ten_metres(topology: str, longest: int) -> None:
    """Links of a torus are two tiles long, a bus passes all tiles."""
    fields = {"network.topology": topology, "cores.count": 4}
    most = LONGEST_LINK_M / longest
    if most <= 1:
        assert chip(fields | {"network.pitch": f"{most} m"}).network.pitch_m == most
    said = refused(fields | {"network.pitch": f"{most * 1.01} m"}) if most * 1.01 <= 1 else ""
    assert not said or f"the longest link, {longest} tiles, has 10 m; 10 m is the most" in said


def test_every_kind_of_message_has_a_channel() -> None:
    said = refused({"network.topology": "mesh:2x2", "network.virtual_channels": 1, "memories": [
        {"name": "near", "kind": "scratchpad", "size": "1 KiB", "width": "64 bit", "latency": "1 cycle"},
        {"name": "far", "kind": "buffer", "ports": [0], "size": "1 MiB", "width": "64 bit", "banks": 2,
         "interleave": "64 B", "latency": "1 cycle"},
    ]} | BUFFERED)  # fmt: skip
    assert re.search(
        r"network\.virtual_channels: 1: messages, requests and responses must not wait for each other: "
        r"each has a virtual channel\. Use 3 or more\.",
        said,
    )


def test_a_cycle_is_told_with_its_remedy() -> None:
    """A ring has a second class of channels; an irregular graph loses a link."""
    said = refused({"network.topology": "ring:4", "network.virtual_channels": 1} | BUFFERED)
    assert re.search(r"network\.virtual_channels: 1: packets can wait for each other .*\. Use 2\.", said)
    assert chip({"network.topology": "ring:4", "network.virtual_channels": 2} | BUFFERED).cores.count == 4


def test_a_stage_belongs_to_one_unit() -> None:
    assert chip({"cores.shared_units": [["scan", "send"], ["receive", "update"]]}).cores.shared_units
    said = refused({"cores.shared_units": [["scan", "send"], ["send", "update"]]})
    assert "cores.shared_units: send: a stage belongs to one unit. Name it once." in said


def test_a_price_that_holds_no_more_is_shown_in_three_digits() -> None:
    with pytest.raises(Exception) as caught:
        load_chip("edgedrnn").changed({"memories.0.timing.burst": "32 B"})
    assert re.search(
        r"prices\.dram\.activate: 2\.46 nJ: it was given for burst 16 B, not 32 B, and none can be derived: "
        r".*\. Give one that holds now, or name what it does not depend on under holds_for as any\.",
        str(caught.value),
    )


def test_what_a_price_does_not_depend_on_is_named_with_the_nearest() -> None:
    with pytest.raises(Exception) as caught:
        load_chip("mesh16").changed({"prices.scratchpad.read": {
            "energy": "1 pJ", "node": "22 nm", "kind": "estimated", "source": "x",
            "holds_for": {"widht": "64 bit"},
        }})  # fmt: skip
    assert (
        "prices.scratchpad.read.holds_for.widht: 64 bit: the price does not depend on this. "
        "Did you mean width?" in str(caught.value)
    )


def prices_shown(fields: Mapping[str, Any]) -> dict[str, str]:
    table = next(
        table for table in describe(load_chip("mesh16").changed(fields)) if table.heading == "Prices"
    )
    return {str(row[0]): str(row[2]) for row in table.rows}


def test_a_spread_is_described() -> None:
    about = {"node": "22 nm", "kind": "estimated", "source": "x"}
    given = {"energy": "4 pJ ± 25 %", **about}
    assert prices_shown({"prices.core.mac": given})["core.mac"] == "4 pJ (3 pJ to 5 pJ)"
    assert prices_shown({"prices.core.mac": {"energy": "4 pJ", **about}})["core.mac"] == "4 pJ"


def test_what_a_chip_counts() -> None:
    """State in a memory of its own, a rank that powers down, a link that joins chips."""
    found = {action.name: action for action in chip_actions(load_chip("mesh16"))}
    home = next(name.split(".")[0] for name in found if name.endswith(".state_read"))
    assert home != "core" and "core.state_read" not in found
    assert [found[f"{home}.state_{verb}"][1:] for verb in ("read", "write")] == [("state", "bits", True)] * 2
    down = [found[f"dram.background_{state}_down"] for state in ("active", "precharged")]
    assert [(action.part, action.static, action.priced) for action in down] == [("dram", True, True)] * 2
    link = {"width": "64 bit", "clock": "1 GHz", "hop_cycles": 10}
    joined = chip({"network.topology": "mesh:1x2", "cores.count": 4,
                   "network.joined": {"topology": "ring:2", "gateway": 0, "link": link}})  # fmt: skip
    assert [action[1:] for action in chip_actions(joined) if action.name == "joined.flit"] == [
        ("network", "flits", True)
    ]


def test_a_bus_is_as_long_as_all_its_tiles() -> None:
    """16 of 0.625 m are the ten metres that there may be."""
    bus = {"network.topology": "bus", "cores.count": 16}
    assert chip(bus | {"network.pitch": "0.625 m"}).network.pitch_m == 0.625
    said = refused(bus | {"network.pitch": "0.7 m"})
    assert "network.pitch: 0.7 m: the longest link, 16 tiles, has 11 m; 10 m is the most" in said


def test_one_array_of_multipliers_may_share_its_unit() -> None:
    assert chip({"cores.shared_units": [["scan", "mac"]]}).cores.shared_units == (("scan", "mac"),)
    said = refused({"cores.shared_units": [["scan", "mac"]], "cores.mac.arrays": 2})
    assert "cores.shared_units.0: [scan, mac]: 2 multiply arrays work side by side" in said


def test_of_a_price_of_many_digits_three_follow_the_first() -> None:
    content = load_chip("edgedrnn").content()
    content["prices"]["dram.activate"]["energy"] = "2.456789 nJ"
    with pytest.raises(Exception, match=r"prices\.dram\.activate: 2\.457 nJ: it was given for burst"):
        chip_from_content(content).changed({"memories.0.timing.burst": "32 B"})


def test_one_bound_of_a_price_is_no_spread() -> None:
    given = {"energy": "4 pJ", "low": "3 pJ", "node": "22 nm", "kind": "estimated", "source": "x"}
    assert prices_shown({"prices.core.mac": given})["core.mac"] == "4 pJ"
