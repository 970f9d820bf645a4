"""The page of the run on paper: messages and latency of steps, bandwidth, where time goes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deltasim.networks.trace import Trace
from deltasim.reports.page.sections import (
    activity,
    bandwidth,
    utilisation,
)
from deltasim.reports.page.theme import DELTA, DENSE
from tests.reports.by_hand.charts import agree, charts, domain, drawn
from tests.reports.by_hand.expected import NS, approx
from tests.reports.by_hand.specimen import result

LIMIT = (
    "No unit is busy for half of the time, so latency and waiting set the pace; the busiest is "
    "the threshold scan (core0.scan) at 12.8 %."
)


def test_activity() -> None:
    """Recording 0: step 0 sends input 0 and h0; step 1 an input, two hidden values and out."""
    held = result()
    section = activity.section(held)
    assert section.sentence == (
        "Sequence 1, typical in its number of messages, and the mean of all 2. A dense run sends all 5 "
        "elements of a frame; here 41.7 % of the inputs and 33.3 % of the hidden state are sent."
    )
    spec = activity.messages_chart(held, 0)
    agree(
        drawn(spec),
        [
            {"step": step, "projection": name, "place": place, "messages": sent}
            for place, (name, each) in enumerate(
                (("hidden->out", (1, 2, 2)), ("input->hidden", (1, 1, 1)), ("out->out", (0, 1, 1)))
            )
            for step, sent in enumerate(each)
        ],
    )
    agree(drawn(spec, 1), [{"step": step, "mean": mean} for step, mean in enumerate((1.0, 4.0, 4.0))])
    agree(
        drawn(spec, 2),
        [
            {"step": 0, "all": 2, "mean": "1.0", "p0": 1, "p1": 1, "p2": 0},
            {"step": 1, "all": 4, "mean": "4.0", "p0": 2, "p1": 1, "p2": 1},
        ],
    )
    assert domain(spec, "x") == [0, 2] and domain(spec, "color") == [
        "hidden->out",
        "input->hidden",
        "out->out",
    ]
    assert drawn(charts(section)["messages"], 2)[0]["all"] == 0  # that of sequence 1


def test_the_latency_of_steps() -> None:
    spec = activity.latency_chart(result(), 0)
    agree(
        drawn(spec),
        [
            {"step": step, "run": run, "seconds": ns * NS}
            for run, each in (("delta", (33, 51, 51)), ("dense", (61, 41, 41)))
            for step, ns in enumerate(each)
        ],
    )
    agree(
        drawn(spec, 1),
        [
            {"step": 0, "delta": "33.0 ns", "dense": "61.0 ns"},
            {"step": 1, "delta": "51.0 ns", "dense": "41.0 ns"},
        ],
    )
    assert drawn(charts(activity.section(result()))["step-latency"], 1) == [
        {"step": 0, "delta": "9.00 ns", "dense": "61.0 ns"}
    ]


@pytest.mark.parametrize(
    ("sent", "chosen"), [((5, 1, 3), 2), ((2, 9, 2, 7), 2), ((4, 4), 0), ((0, 8, 3, 1), 3)]
)
def test_the_typical_sequence_has_the_median_of_messages(sent: tuple[int, ...], chosen: int) -> None:
    """Of an even number the lower of the two in the middle; of equals the first."""
    bounds = np.cumsum([0, *sent])
    trace = Trace(result().trace.messages, bounds, np.arange(len(sent) + 1), "")
    assert activity.example(replace(result(), trace=trace)) == chosen


def test_many_projections_and_a_long_sequence_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "SHOWN", 1)
    monkeypatch.setattr(activity, "LONGEST", 1)
    held = result()
    spec = activity.messages_chart(held, 0)
    assert domain(spec, "color") == ["input->hidden", "2 others"]  # in step 0 alone all are equal: the first
    assert [row["messages"] for row in drawn(spec)] == [1, 1, 1, 1]
    assert activity.drawn_steps(held, 0) == slice(0, 1) and activity.drawn_steps(held, 1) == slice(2, 3)
    assert "its first" not in activity.section(held).sentence, "one step is not more than one"
    second = replace(held, trace=Trace(held.trace.messages, np.array([0, 6, 6, 6]), np.array([0, 1, 3]), ""))
    monkeypatch.setattr(activity, "per_step", lambda _: np.zeros((3, 3), np.int64))
    monkeypatch.setattr(Trace, "occupancy", lambda *_: {"input": 0.5, "hidden": 0.25})
    assert "Sequence 1, typical in its number of messages (its first 1 steps)" in (
        activity.section(second).sentence
    )
    few = replace(held, trace=Trace(held.trace.messages, np.array([0, 2, 6]), np.array([0, 2]), ""))
    monkeypatch.setattr(activity, "per_step", lambda _: np.zeros((2, 3), np.int64))
    only = replace(few, ledger=replace(held.ledger, sequence_latency_ps=held.ledger.sequence_latency_ps[:1]))
    assert activity.section(only).sentence.startswith(
        "Sequence 0, typical in its number of messages (its first 1 steps), and the mean of 1. "
    )


def test_bandwidth() -> None:
    """Bytes flow at 24-28, 57-61 and 76-80 ns, 4 each, into bins of 2.048 ns, of which 85 ns take 42.

    Whole bytes by then, at 25.6, 26.624, 27.648: 1, 2, 3; so bins 12 and 13 hold two each, 28 and 29 as well
    (58.368: 1, 59.392: 2, 60.416: 3), and 37 to 39 one, two, one (77.824: 1, 78.848: 2, 79.872: 3). At most
    1 byte a ns.
    """
    held = result()
    spec = bandwidth.chart(held, held.ledger, 0, ["dram"], DELTA)
    flowed = {12: 2, 13: 2, 28: 2, 29: 2, 37: 1, 38: 2, 39: 1}
    shown = {0: ("0 B/s", "0 %"), 1: ("488 MB/s", "48.8 %"), 2: ("977 MB/s", "97.7 %")}
    rows = drawn(spec)
    assert len(rows) == 43
    for place, row in enumerate(rows):
        size = flowed.get(place, 0)
        ns = min(place * 2.048, 85)
        assert (row["memory"], row["time"], row["rate"]) == ("dram", approx(ns * NS), approx(size / 2.048e-9))
        assert (row["shown"], row["share"]) == shown[size]
    assert [rows[place]["at"] for place in (0, 1, 12, 42)] == ["0 s", "2.05 ns", "24.6 ns", "85.0 ns"]
    assert (
        drawn(spec, 1)
        == [{"memory": "dram", **drawn(spec, 2)[0]}]
        == [{"memory": "dram", "rate": approx(1e9), "text": "dram 1.00 GB/s"}]
    )
    assert domain(spec, "x") == [0, approx(85 * NS)] and domain(spec, "y") == [0, approx(1.12e9)]
    dense = bandwidth.chart(held, held.dense_ledger, 0, ["dram"], DENSE)
    assert len(drawn(dense)) == 52 and sum(row["rate"] for row in drawn(dense)) == approx(16 / 2.048e-9)


def test_bandwidth_is_drawn_where_something_flowed() -> None:
    held = result()
    assert bandwidth.figures(held) == []  # nothing is sent in sequence 1
    other = replace(held, trace=Trace(held.trace.messages, np.array([0, 0, 0, 6]), np.array([0, 2, 3]), ""))
    delta, dense = bandwidth.figures(other)
    assert (delta.name, dense.name) == ("bandwidth-delta", "bandwidth-dense")
    assert delta.title == (
        "Bandwidth over sequence 0, delta run (bytes per second, all ports together; dashed: peak)"
    )
    assert "dense run" in dense.title
    assert drawn(delta.spec)[12]["shown"] == "977 MB/s"
    assert delta.spec["layer"][0]["encoding"]["color"]["scale"]["range"] == [DELTA]
    assert dense.spec["layer"][0]["encoding"]["color"]["scale"]["range"] == [DENSE]


def test_where_time_goes() -> None:
    section = utilisation.section(result())
    assert section.sentence == LIMIT
    rows = []
    for kind, busy, stalled, most, told in (  # ns of 94, mean of the kind, and the busiest
        ("scan (2)", (7.5, "8.0 %"), (0, "0 %"), (12, "core0.scan: 12.8 %"), "92.0 %"),
        ("send (2)", (3, "3.2 %"), (0, "0 %"), (5, "core0.send: 5.3 %"), "96.8 %"),
        ("receive (2)", (3, "3.2 %"), (0, "0 %"), (4, "core1.receive: 4.3 %"), "96.8 %"),
        ("mac (2)", (4, "4.3 %"), (1, "1.1 %"), (4, "core0.mac: 4.3 %"), "94.7 %"),
        ("update (2)", (6, "6.4 %"), (0, "0 %"), (6, "core0.update: 6.4 %"), "93.6 %"),
        ("scratchpad (2)", (2, "2.1 %"), (0, "0 %"), (4, "core0.pad: 4.3 %"), "97.9 %"),
        ("cache (4)", (1.5, "1.6 %"), (0, "0 %"), (3, "core1.cache.tags: 3.2 %"), "98.4 %"),
        ("dram", (12, "12.8 %"), (16, "17.0 %"), (12, "dram0: 12.8 %"), "70.2 %"),
        ("link (2)", (6, "6.4 %"), (4.5, "4.8 %"), (9, "link0-1: 9.6 %"), "88.8 %"),
    ):
        idle = (94 - busy[0] - stalled[0], told)
        for place, (state, (ns, shown)) in enumerate((("busy", busy), ("stalled", stalled), ("idle", idle))):
            rows.append(
                {"kind": kind, "state": state, "place": place, "share": ns / 94, "shown": shown}
                | {"busiest": most[0] / 94, "top": most[1]}
            )
    spec = charts(section)["kinds"]
    agree(drawn(spec), rows)
    assert drawn(spec, 1) == drawn(spec)
