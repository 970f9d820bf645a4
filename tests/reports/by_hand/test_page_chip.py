"""The page of the run on paper: topology, links, memory by level, roofline, DRAM."""

from __future__ import annotations

import pytest

from deltasim.reports.page.sections import (
    dram,
    memory,
    network,
    roofline,
    utilisation,
)
from tests.reports.by_hand.charts import agree, charts, domain, drawn
from tests.reports.by_hand.expected import PJ, approx
from tests.reports.by_hand.specimen import result

LINKS = [  # core 0 above core 1; a direction keeps to its right
    {"name": "link0-1", "x": -0.07, "y": 0.7, "x2": -0.07, "y2": 0.3},
    {"name": "link1-0", "x": 0.07, "y": 0.3, "x2": 0.07, "y2": 0.7},
]
WIRE = [{"x": -0.3, "y": 1.0, "x2": -0.7, "y2": 1.0}]  # to the DRAM, left of core 0


def test_the_topology() -> None:
    spec = charts(utilisation.section(result()))["topology"]
    agree(drawn(spec), WIRE)
    busy = ((9, "busy 9.6 %"), (3, "busy 3.2 %"))
    agree(
        drawn(spec, 1),
        [
            {"name": row["name"], "busy": ns / 94, "told": told}
            | {key: row[key] for key in ("x", "y", "x2", "y2")}
            for row, (ns, told) in zip(LINKS, busy, strict=True)
        ],
    )
    spots = [
        ("core 0", "core", "0", 0.0, 1.0, 12, "scan 12.8 %, send 5.3 %, receive 2.1 %, mac 4.3 %, "
         "update 6.4 %, scratchpad 4.3 %, cache 0 %, cache 0 %"),
        ("core 1", "core", "1", 0.0, 0.0, 6, "scan 3.2 %, send 1.1 %, receive 4.3 %, mac 4.3 %, "
         "update 6.4 %, scratchpad 0 %, cache 3.2 %, cache 3.2 %"),
        ("dram0", "dram", "M", -1.0, 1.0, 12, "dram 12.8 %"),
    ]  # fmt: skip
    for layer in (2, 3):
        agree(
            drawn(spec, layer),
            [
                {"name": name, "kind": kind, "mark": mark, "x": x, "y": y, "busy": ns / 94, "told": told}
                for name, kind, mark, x, y, ns, told in spots
            ],
        )
    # from -1 - 0.5 to 0.07 + 0.5 across at 86 pixels a step; spare room on both sides up to 490 pixels
    spare = (490 / 86 - 2.07) / 2
    assert domain(spec, "x") == approx([-1.5 - spare, 0.57 + spare]) and domain(spec, "y") == approx(
        [-0.5, 1.5]
    )
    assert spec["height"] == 172


def test_memory() -> None:
    """To the layers: 16 bytes from the pads, 12 from the caches, 4 from the DRAM itself."""
    section = memory.section(result())
    assert section is not None
    assert section.sentence == (
        "Most weights come from pad: 50 % of 16 B in one inference. Counted as the dense work it stands for, "
        "a delta run may lie above the roof: what is not sent is neither fetched nor multiplied."
    )
    (grid,) = section.grids
    assert grid.columns == (
        "level", "served", "dense", "found there", "bandwidth", "of its peak", "energy", "dense energy",
    )  # fmt: skip
    assert grid.rows == (
        ("pad", "8 B", "24 B", "–", "170 MB/s", "2.1 %", "8.00 pJ", "24.0 pJ"),
        ("cache", "6 B", "12 B", "33.3 %", "128 MB/s", "1.6 %", "7.50 pJ", "15.0 pJ"),
        ("dram", "6 B", "14 B", "50.0 %", "128 MB/s", "12.8 %", "202 pJ", "384 pJ"),
    )
    assert [figure.name for figure in section.figures] == ["flow", "roofline"]
    assert memory.section(result(theta=3.0)) is None


def test_who_fetched_from_where() -> None:
    """Columns of 28, 12 and 32 bytes; 32 bytes and a gap of 0.06 are the height, so a byte is 0.94 / 32."""
    byte = 0.94 / 32
    section = memory.section(result())
    assert section is not None
    spec = charts(section)["flow"]
    edges = {  # where its ribbon starts and ends, from above, and bytes
        ("dram", "cache"): (0.05875, 0.32375, 8, "4 B", "28.6 %"),
        ("pad", "hidden"): (0.47125, 0.0, 16, "8 B", "57.1 %"),
        ("cache", "out"): (0.32375, 0.53, 12, "6 B", "42.9 %"),
        ("dram", "out"): (0.05875 + 8 * byte, 0.53 + 12 * byte, 4, "2 B", "14.3 %"),
    }
    ends = {"dram": 0.03, "pad": 0.03, "cache": 1.03, "hidden": 1.97, "out": 1.97}
    ribbons = drawn(spec)
    assert len(ribbons) == 4 * 25
    for number, ((source, target), (start, end, size, shown, share)) in enumerate(edges.items()):
        first, middle, last = (ribbons[25 * number + point] for point in (0, 12, 24))
        told = {"ribbon": f"{source}->{target}", "colour": target, "source": source, "target": target}
        told |= {"shown": shown, "share": share}
        x, x2 = ends[source], 0.97 if target == "cache" else ends[target]
        thick = size * byte
        for row, at, top in ((first, x, start), (middle, (x + x2) / 2, (start + end) / 2), (last, x2, end)):
            assert row == told | {
                "x": approx(at), "y": pytest.approx(top, abs=1e-12),
                "y2": pytest.approx(top + thick, abs=1e-12),
            }  # fmt: skip
        quarter = ribbons[25 * number + 6]  # an eased curve: 3 / 16 - 2 / 64 of the way at a quarter
        assert quarter["y"] == pytest.approx(start + (end - start) * 10 / 64, abs=1e-12)
    tall = {
        "dram": (0.05875, 12),
        "pad": (0.47125, 16),
        "cache": (0.32375, 12),
        "hidden": (0.0, 16),
        "out": (0.53, 16),
    }
    for row, (name, (top, size)) in zip(drawn(spec, 1), tall.items(), strict=True):
        left = {"dram": 0, "pad": 0, "cache": 1, "hidden": 2, "out": 2}[name] - 0.03
        bottom = top + size * byte
        assert row == {
            "name": name, "x": approx(left), "x2": approx(left + 0.06),
            "y": pytest.approx(top, abs=1e-12), "y2": pytest.approx(bottom, abs=1e-12),
            "middle": pytest.approx((top + bottom) / 2, abs=1e-12), "shown": f"{name}: {size // 2} B",
        }  # fmt: skip
    assert domain(spec, "color") == ["hidden", "out", "cache"]
    assert spec["layer"][0]["encoding"]["x"]["scale"] == {
        "domainMin": -0.1,  # behind the last column room for "hidden: 8 B", 80 pixels and 6
        "domainMax": {"expr": "(2.03 + 0.1 * min(0.6, 86 / width)) / (1 - min(0.6, 86 / width))"},
        "nice": False,
    }
    assert spec["height"] == 160


def test_the_roofline() -> None:
    """12 bytes at 1 GB/s take longest, so the DRAM limits; 2 GMAC/s are reached at 2 for each byte."""
    section = memory.section(result())
    assert section is not None
    spec = charts(section)["roofline"]
    agree(
        drawn(spec, 1),
        [
            {"run": "dense", "intensity": 21 / 28, "rate": 21 / 164e-9, "shown": "128 MMAC/s", "per": "0.75"},
            {"run": "delta", "intensity": 8 / 12, "rate": 8 / 94e-9, "shown": "85.1 MMAC/s", "per": "0.667"},
            {"run": "delta, as dense work", "intensity": 21 / 12, "rate": 21 / 94e-9}
            | {"shown": "223 MMAC/s", "per": "1.75"},
        ],
    )
    roof = drawn(spec)
    assert len(roof) == 41
    assert all(point["rate"] == approx(min(2e9, point["intensity"] * 1e9)) for point in roof)
    assert [roof[0]["intensity"], roof[-1]["intensity"]] == approx([8 / 12 / 3, 2 * 3])
    assert {"intensity": 2.0, "rate": 2e9} in roof
    low, high = 8 / 12 / 3, 6
    assert domain(spec, "x") == approx([low, high]) and domain(spec, "y") == approx([8 / 94e-9 / 2, 6e9])
    assert spec["layer"][0]["encoding"]["x"]["axis"]["values"] == [1.0]
    assert spec["layer"][0]["encoding"]["y"]["axis"]["values"] == [1e8, 1e9]
    assert roofline.figure(result(theta=3.0)) is None
    title = (
        "Roofline: multiply-accumulates per second over those per byte from dram "
        "(level: 2.00 GMAC/s; slope: 1.00 GB/s)"
    )
    assert [figure.title for figure in section.figures if figure.name == "roofline"] == [title]


def test_dram() -> None:
    section = dram.section(result())
    assert section is not None
    assert section.sentence == (
        "One inference reads 6 B, 2.3 × fewer than dense; 50.0 % of the bursts are row hits. "
        "DRAM takes 19.6 % of the energy."
    )
    agree(
        drawn(charts(section)["dram-rows"]),
        [
            {"run": run, "found": found, "place": place, "value": value, "shown": shown, "share": share}
            for run, each in (
                ("delta", ((1.5, "1.50", "50.0 %"), (0.5, "0.500", "16.7 %"), (1.0, "1", "33.3 %"))),
                ("dense", ((4.5, "4.50", "64.3 %"), (1.0, "1", "14.3 %"), (1.5, "1.50", "21.4 %"))),
            )
            for place, (found, (value, shown, share)) in enumerate(
                zip(("row hit", "row miss", "row conflict"), each, strict=True)
            )
        ],
    )
    works = ("activate and precharge", "read", "I/O", "refresh", "background, open", "background, closed")
    delta = (
        (15, "15.0 pJ", "7.4 %"), (18, "18.0 pJ", "8.9 %"), (48, "48.0 pJ", "23.8 %"),
        (10, "10.0 pJ", "5.0 %"), (96, "96.0 pJ", "47.5 %"), (15, "15.0 pJ", "7.4 %"),
    )  # fmt: skip
    dense = (
        (25, "25.0 pJ", "6.5 %"), (42, "42.0 pJ", "10.9 %"), (112, "112 pJ", "29.2 %"),
        (10, "10.0 pJ", "2.6 %"), (169.5, "169 pJ", "44.1 %"), (25.5, "25.5 pJ", "6.6 %"),
    )  # fmt: skip
    spec = charts(section)["dram-energy"]
    agree(
        drawn(spec),
        [
            {"run": run, "work": work, "place": place, "value": pj * PJ, "shown": shown, "share": share}
            for run, each in (("delta", delta), ("dense", dense))
            for place, (work, (pj, shown, share)) in enumerate(zip(works, each, strict=True))
        ],
    )
    assert domain(spec, "color") == list(works)
    silent = dram.section(result(theta=3.0))
    assert silent is not None and [figure.name for figure in silent.figures] == ["dram-energy"]
    assert silent.sentence == (
        "No weight is read from DRAM: all lie in nearer memories. "
        "Refresh and background still take 4.5 % of the energy."
    )


def test_the_network() -> None:
    section = network.section(result())
    assert section is not None
    assert section.sentence == (
        "One inference moves 6 flits over links, 2.2 × fewer than dense. "
        "The busiest link is link0-1, carrying flits 9.6 % of the time. Packets are simulated, not flits: "
        "with the busiest link 9.6 % busy a packet's mean latency is < 0.1 % to 0.3 % too low under steady "
        "uniform traffic."
    )
    (grid,) = section.grids
    assert (grid.heading, grid.columns) == ("Links", ("link", "flits", "load", "stalled", "waited per flit"))
    assert grid.rows == (
        ("link0-1", "4.50", "9.6 %", "9.6 %", "111 ps"),
        ("link1-0", "1.50", "3.2 %", "0 %", "0 s"),
    )
    spec = charts(section)["link-load"]
    agree(drawn(spec), WIRE)
    loads = ((9, 8.0, "9.6 %, 9 flits"), (3, 1 + 7 / 3, "3.2 %, 3 flits"))
    agree(
        drawn(spec, 1),
        [
            {"name": row["name"], "load": ns / 94, "width": width, "told": told}
            | {key: row[key] for key in ("x", "y", "x2", "y2")}
            for row, (ns, width, told) in zip(LINKS, loads, strict=True)
        ],
    )
    agree(
        drawn(spec, 2),
        [
            {"x": 0.0, "y": 1.0, "name": "0"},
            {"x": 0.0, "y": 0.0, "name": "1"},
            {"x": -1.0, "y": 1.0, "name": "M"},
        ],
    )
    assert network.section(result(theta=3.0)) is None


def test_only_the_busiest_links_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "LISTED", 1)
    section = network.section(result())
    assert section is not None and section.grids[0].heading == "The 1 busiest of 2 links"
    assert [row[0] for row in section.grids[0].rows] == ["link0-1"]
