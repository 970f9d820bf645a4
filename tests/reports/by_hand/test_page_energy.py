"""The page of the run on paper: the headline, energy, prices, savings over the threshold."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

from deltasim.reports.page import run_page
from deltasim.reports.page.parts import Card
from deltasim.reports.page.sections import (
    activity,
    dram,
    energy,
    idle_power,
    memory,
    network,
    provenance,
    thresholds,
    utilisation,
)
from deltasim.reports.page.sections.cards import cards, lead
from deltasim.reports.summary import groups
from tests.reports.by_hand.charts import agree, charts, domain, drawn
from tests.reports.by_hand.expected import NS, PJ, approx
from tests.reports.by_hand.specimen import result

PARTS = {  # pJ of one inference, the dearest of the delta run first, as shown, and its share
    "leakage": ((564, "564 pJ", "54.7 %"), (984, "984 pJ", "53.9 %")),
    "DRAM": ((202, "202 pJ", "19.6 %"), (384, "384 pJ", "21.0 %")),
    "state": ((95.5, "95.5 pJ", "9.3 %"), (135, "135 pJ", "7.4 %")),
    "arithmetic": ((56, "56.0 pJ", "5.4 %"), (88.5, "88.5 pJ", "4.8 %")),
    "network on chip": ((48, "48.0 pJ", "4.7 %"), (104, "104 pJ", "5.7 %")),
    "scan and messages": ((37.5, "37.5 pJ", "3.6 %"), (60, "60.0 pJ", "3.3 %")),
    "registers": ((12, "12.0 pJ", "1.2 %"), (31.5, "31.5 pJ", "1.7 %")),
    "pad": ((8, "8.00 pJ", "0.8 %"), (24, "24.0 pJ", "1.3 %")),
    "cache": ((7.5, "7.50 pJ", "0.7 %"), (15, "15.0 pJ", "0.8 %")),
}


def test_the_headline() -> None:
    held = result()
    assert lead(held) == (
        "One inference takes 1.03 nJ and 47.0 ns, 1.8 × less energy than the dense network on the same chip."
    )
    shown = cards(held)
    assert shown == (
        Card(
            "Energy per inference", "1.03 nJ", "dense 1.83 nJ, 1.8 ×",
            "energy.inference_j", approx(1030.5 * PJ),
        ),
        Card(
            "Latency per inference", "47.0 ns", "99 % within 84.2 ns",
            "latency.inference_mean_s", approx(47 * NS),
        ),
        Card(
            "Fewer weight fetches", "2.6 ×", "sent: 41.7 % of inputs, 33.3 % of hidden state",
            "reduction.weight_fetches", approx(21 / 8),
        ),
        Card("Accuracy", "50.00 %", "dense 100.00 %", "score.value", 0.5),
        Card("DRAM bytes per inference", "6 B", "2.3 × fewer than dense", "dram.bytes", 12),
        Card(
            "Estimated", "19.6 %", "of the energy rests on estimated prices", "energy.estimated_share",
            approx(404 / 2061),
        ),
    )  # fmt: skip
    silent = {card.label: card for card in cards(result(theta=3.0))}
    assert silent["Fewer weight fetches"].shown == "–" and silent["Fewer weight fetches"].value is None
    assert silent["DRAM bytes per inference"].remark == "all weights lie nearer"
    unlabelled = replace(held, score=held.score._replace(value=None, dense=None))
    assert [card for card in shown if card.label != "Accuracy"] == list(cards(unlabelled))


def test_energy() -> None:
    section = energy.section(result())
    assert section.sentence == (
        "One step costs 687 pJ. The largest part is leakage with 55 %; in all, the dense network needs 1.8 × "
        "as much on the same chip. Shared is what no layer alone causes, such as leakage."
    )
    spec = charts(section)["energy"]
    for layer in (0, 1):  # bars and the words beside them
        agree(
            drawn(spec, layer),
            [
                {"part": part, "run": run, "joules": values[place][0] * PJ}
                | {"shown": values[place][1], "share": values[place][2]}
                for place, run in enumerate(("delta", "dense"))
                for part, values in PARTS.items()
            ],
        )
    assert spec["layer"][0]["encoding"]["y"]["sort"] == list(PARTS)
    assert domain(spec, "color") == ["delta", "dense"]


LAYERS = {  # pJ of one inference: leakage, DRAM, state, arithmetic, network, scan, registers, pad, cache; all
    ("delta", "hidden"): (0, 0, 50, 34, 0, 14, 6, 8, 0, "112 pJ"),
    ("delta", "out"): (0, 81, 45.5, 22, 48, 23.5, 6, 0, 7.5, "234 pJ"),
    ("delta", "shared"): (564, 121, 0, 0, 0, 0, 0, 0, 0, "685 pJ"),
    ("dense", "hidden"): (0, 0, 72, 54, 0, 24, 18, 24, 0, "192 pJ"),
    ("dense", "out"): (0, 179, 63, 34.5, 104, 36, 13.5, 0, 15, "445 pJ"),
    ("dense", "shared"): (984, 205, 0, 0, 0, 0, 0, 0, 0, "1.19 nJ"),
}


def test_energy_of_layers() -> None:
    """No bar for the inputs, which cost nothing."""
    spec = charts(energy.section(result()))["energy-layers"]
    found = drawn(spec)
    agree(
        [{key: row[key] for key in row if key != "shown"} for row in found],
        [
            {
                "layer": layer,
                "run": run,
                "part": part,
                "place": place,
                "joules": joules * PJ,
                "whole": values[-1],
            }
            for (run, layer), values in LAYERS.items()
            for place, (part, joules) in enumerate(zip(PARTS, values[:-1], strict=True))
        ],
    )
    of_dram = [row for row in found if (row["run"], row["part"]) == ("delta", "DRAM")]
    assert [row["shown"] for row in of_dram] == ["0 J", "81.0 pJ", "121 pJ"]
    assert domain(spec, "color") == list(PARTS)


def test_power_at_rest() -> None:
    section = idle_power.section(result())
    assert section.sentence == (
        "The area of the chip is not known from its description. At rest, with DRAM idle and not refreshed, "
        "it draws 13.0 mW. Leakage takes 54.7 % of the energy of this run. Control, clock trees, pads, DRAM "
        "controllers and their pins are not modelled."
    )
    (grid,) = section.grids
    assert grid.columns == ("part", "instances", "area", "power at rest", "area known from")
    assert [row[:4] for row in grid.rows] == [
        ("core", "2", "–", "2.00 mW"),
        ("registers", "2", "–", "0 W"),
        ("pad", "2", "–", "2.00 mW"),
        ("cache", "2", "–", "4.00 mW"),
        ("dram", "1", "–", "1.00 mW"),
        ("network", "1", "–", "4.00 mW"),
    ]


PRICED = (  # the dearest first; of equals by name
    ("cache.leakage", "leakage", "188 ns", "2.00 mW", "188 pJ", "18.2 %", "simulated", "28 nm"),
    ("network.leakage", "leakage", "94.0 ns", "4.00 mW", "188 pJ", "18.2 %", "measured", "28 nm"),
    ("dram.background_active", "DRAM", "64.0 ns", "3.00 mW", "96.0 pJ", "9.3 %", "estimated", "not stated"),
    ("core.leakage", "leakage", "188 ns", "1.00 mW", "94.0 pJ", "9.1 %", "measured", "28 nm"),
    ("pad.leakage", "leakage", "188 ns", "1.00 mW", "94.0 pJ", "9.1 %", "simulated", "28 nm"),
    ("core.state_write", "state", "45 words", "3.00 pJ", "67.5 pJ", "6.6 %", "measured", "28 nm"),
    ("dram.io", "DRAM", "96 bits", "1.00 pJ", "48.0 pJ", "4.7 %", "estimated", "not stated"),
    ("core.update", "arithmetic", "9 neurons", "8.00 pJ", "36.0 pJ", "3.5 %", "measured", "28 nm"),
    ("router.flit", "network on chip", "24 flits", "3.00 pJ", "36.0 pJ", "3.5 %", "measured", "28 nm"),
    ("core.state_read", "state", "56 words", "1.00 pJ", "28.0 pJ", "2.7 %", "measured", "28 nm"),
    ("core.scan", "scan and messages", "15 elements", "3.00 pJ", "22.5 pJ", "2.2 %", "measured", "28 nm"),
    ("core.mac", "arithmetic", "8 multiply-accumulates", "5.00 pJ", "20.0 pJ", "1.9 %", "measured", "28 nm"),
    ("dram.read", "DRAM", "6 bursts", "6.00 pJ", "18.0 pJ", "1.7 %", "estimated", "not stated"),
    ("dram.activate", "DRAM", "3 activations", "10.0 pJ", "15.0 pJ", "1.5 %", "estimated", "not stated"),
    (
        "dram.background_precharged",
        "DRAM",
        "30.0 ns",
        "1.00 mW",
        "15.0 pJ",
        "1.5 %",
        "estimated",
        "not stated",
    ),
    ("link.flit", "network on chip", "12 flits", "2.00 pJ", "12.0 pJ", "1.2 %", "measured", "28 nm"),
    ("dram.refresh", "DRAM", "1 refreshes", "20.0 pJ", "10.0 pJ", "1.0 %", "estimated", "not stated"),
    ("core.receive", "scan and messages", "6 messages", "3.00 pJ", "9.00 pJ", "0.9 %", "measured", "28 nm"),
    ("pad.read", "pad", "4 accesses", "4.00 pJ", "8.00 pJ", "0.8 %", "simulated", "28 nm"),
    ("registers.write", "registers", "8 words", "2.00 pJ", "8.00 pJ", "0.8 %", "simulated", "28 nm"),
    ("core.send", "scan and messages", "6 messages", "2.00 pJ", "6.00 pJ", "0.6 %", "measured", "28 nm"),
    ("registers.read", "registers", "8 words", "1.00 pJ", "4.00 pJ", "0.4 %", "simulated", "28 nm"),
    ("cache.fill", "cache", "2 accesses", "3.00 pJ", "3.00 pJ", "0.3 %", "simulated", "28 nm"),
    ("cache.read", "cache", "3 accesses", "2.00 pJ", "3.00 pJ", "0.3 %", "simulated", "28 nm"),
    ("cache.lookup", "cache", "3 lines", "1.00 pJ", "1.50 pJ", "0.1 %", "simulated", "28 nm"),
    ("registers.leakage", "leakage", "188 ns", "0 W", "0 J", "0 %", "simulated", "28 nm"),
)


def test_provenance() -> None:
    held = result()
    section = provenance.section(held)
    assert section.sentence == (
        "Energy is counts times prices. 19.6 % of it rests on prices marked estimated; "
        "the source of each is below it."
    )
    prices, origin, neurons, weights = section.grids
    assert sorted(prices.rows) == sorted((*row, "paper") for row in PRICED)
    assert [row[4] for row in prices.rows] == [row[4] for row in PRICED]
    unused = provenance.price_grid(result(theta=3.0)).rows
    assert {row[0] for row in PRICED} - {row[0] for row in unused} == {
        "core.send", "core.receive", "core.mac", "registers.write", "registers.read", "pad.read",
        "cache.lookup", "cache.read", "cache.fill", "dram.activate", "dram.read", "dram.io", "dram.refresh",
        "link.flit", "router.flit", "dram.background_active",
    }  # fmt: skip
    told = dict(origin.rows)
    assert told["network"] == "by-hand: input 2, hidden 2, out 1; 7 weights"
    assert told["chip"] == "two: two cores in a row, worked out by hand (hypothetical, 28 nm)"
    assert (told["command"], told["thresholds"], told["seed"]) == ("on paper", "trained θ", "0")
    for kind, digest in held.to_dict()["provenance"]["digests"].items():
        assert told[f"{kind} digest"] == digest
    assert told["run digest"] == held.digest and told["engine"].startswith("compiled, ")
    assert neurons.rows == (("input", "0", "0-1", "2"), ("hidden", "0", "0-1", "2"), ("out", "1", "0-0", "1"))
    assert weights.rows == (
        ("input->hidden", "0", "pad", "0", "0x0", "8", "16", "all"),
        ("hidden->out", "1", "dram", "0", "0x0", "4", "8", "all"),
        ("out->out", "1", "dram", "0", "0x8", "4", "4", "all"),
    )


def test_all_figures_are_those_of_the_terminal() -> None:
    (grid,) = provenance.figures_section(result()).grids
    expected = [row for group in groups(result()) for row in group.rows]
    assert grid.columns == ("", "delta", "share", "dense", "dense / delta")
    assert grid.rows == tuple(
        (("  " if row.detail else "") + row.label, row.delta, row.share, row.dense, row.saved)
        for row in expected
    )


def test_a_sweep() -> None:
    first, silent = result(theta=1.0), result(theta=3.0)
    section = thresholds.section([first, silent], silent)
    spec = charts(section)["theta-score"]
    for layer in (0, 1):
        agree(
            drawn(spec, layer),
            [
                {"theta": 1.0, "score": 0.5, "shown": "50.00 %", "saved": "2.6 ×", "here": False},
                {"theta": 3.0, "score": 0.0, "shown": "0.00 %", "saved": "–", "here": True},
            ],
        )
    assert drawn(spec, 2) == [{"score": 1.0, "label": "dense 100.00 %"}]
    savings = charts(section)["theta-savings"]
    agree(
        drawn(savings),
        [
            {"theta": 1.0, "measure": "weight fetches", "times": 21 / 8, "shown": "2.6 ×"},
            {"theta": 1.0, "measure": "DRAM bytes", "times": 28 / 12, "shown": "2.3 ×"},
            {"theta": 1.0, "measure": "energy", "times": 3652 / 2061, "shown": "1.8 ×"},
            {"theta": 1.0, "measure": "latency", "times": 164 / 94, "shown": "1.7 ×"},
            {"theta": 3.0, "measure": "energy", "times": 3652 / 622, "shown": "5.9 ×"},
            {"theta": 3.0, "measure": "latency", "times": 164 / 28, "shown": "5.9 ×"},
        ],
    )
    assert domain(savings, "y") == [1.0, 10.0] and domain(savings, "color") == [
        "weight fetches", "DRAM bytes", "energy", "latency",
    ]  # fmt: skip
    unlabelled = [replace(run, score=run.score._replace(value=None, dense=None)) for run in (first, silent)]
    assert list(charts(thresholds.section(unlabelled))) == ["theta-savings"]
    assert thresholds.section(unlabelled).title == "Savings against the threshold"
    assert not charts(thresholds.section([first]))


def test_the_page_tells_all_of_it_and_nothing_else() -> None:
    """Title, data, lead, cards, then every section: sentence, titles of its charts, cells of its tables."""
    held = result()
    body = run_page(held).split("<body>")[1].split("<noscript>")[0].replace("\u00a0", " ")
    found = [unescape(text).strip() for text in re.split("<[^>]*>", body) if text.strip()]
    sections = (
        energy.section(held), activity.section(held), utilisation.section(held), memory.section(held),
        dram.section(held), network.section(held), idle_power.section(held), provenance.figures_section(held),
        provenance.section(held),
    )  # fmt: skip
    assert [(section.name, section.title) for section in sections if section] == [
        ("energy", "Energy"), ("activity", "Activity over time"), ("utilisation", "Where time goes"),
        ("memory", "Memory"), ("dram", "DRAM"), ("network", "Network on chip"),
        ("standing", "Area and power at rest"), ("figures", "All figures"), ("provenance", "Provenance"),
    ]  # fmt: skip
    expected = ["paper on two", "two recordings on paper · trained θ · 2 sequences, 3 steps", lead(held)]
    for card in cards(held):
        expected += [card.label, card.shown, card.remark]
    for section in sections:
        assert section is not None
        expected += [section.title, section.sentence, *(figure.title for figure in section.figures)]
        for grid in section.grids:
            rows = f"{len(grid.rows)} rows" if grid.folded else ""
            cells = (cell.strip() for row in grid.rows for cell in row)
            expected += filter(None, (grid.heading, rows, *grid.columns, *cells))
    assert found == expected
    assert f"run {held.digest}" in run_page(held)
