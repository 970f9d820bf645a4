"""What both engines count, and every figure made of it, against values worked out on paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deltasim.reports.figures import Activity, DramTraffic, Latency, activities, limit
from deltasim.reports.levels import Flow, Level, flows, levels
from deltasim.reports.measured import Measured
from deltasim.reports.page.sections.network import LinkLoad, link_loads
from deltasim.simulator.chip.area import idle_power
from deltasim.simulator.chip.peaks import peak_bandwidth, peak_rate
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.ledger.pricing import Energy
from deltasim.simulator.simulate import ENGINES
from tests.reports.by_hand.expected import DELTA, DENSE, NS, PJ, WHERE, Counted, Run, approx
from tests.reports.by_hand.specimen import benchmark, result


def both(held: Measured) -> tuple[tuple[Ledger, Energy, Run], ...]:
    return (held.ledger, held.energy, DELTA), (held.dense_ledger, held.dense_energy, DENSE)


@pytest.mark.parametrize("engine", ENGINES)
def test_counts_and_times(engine: str) -> None:
    """Every count of every layer, every unit's times and queue, the end of every step and recording."""
    for ledger, _, run in both(result(engine=engine)):
        assert ledger.layers == ("input", "hidden", "out", "shared")
        counts = {
            action: Counted(*column[1:])
            for action, column in zip(ledger.actions, ledger.layer_counts.T.tolist(), strict=True)
        }
        assert counts == run.counts
        assert not ledger.layer_counts[0].any()
        assert (ledger.counts.sum(axis=0) == ledger.layer_counts.sum(axis=0)).all()
        arrays = (ledger.busy_ps, ledger.stalled_ps, ledger.queue_wait_ps)
        for place, unit in enumerate(ledger.units):
            times = tuple(int(array[place]) / 1000 for array in arrays)
            assert (unit.name, *times, int(ledger.queue_peak[place])) == (unit.name, *run.units[unit.name])
            assert ledger.idle_ps[place] == 1000 * run.time - ledger.busy_ps[place] - ledger.stalled_ps[place]
        assert len(ledger.units) == len(run.units)
        assert ledger.step_latency_ps.tolist() == [1000 * step for step in run.steps]
        assert ledger.sequence_latency_ps.tolist() == [1000 * end for end in run.recordings]
        assert ledger.elapsed_ps == 1000 * run.time


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_counted_where(engine: str) -> None:
    """The unit that does something counts it; a router's flits lie with the core or link before it."""
    ledger = result(engine=engine).ledger
    found = {
        (ledger.units[row].name, ledger.actions[column]): int(ledger.counts[row, column])
        for row, column in np.argwhere(ledger.counts)
        if ledger.actions[column] != "router.flit"
    }
    assert found == WHERE


def test_energy_by_part_and_layer() -> None:
    for _, energy, run in both(result()):
        assert energy.by_part == approx({part: sum(split) * PJ for part, split in run.energy.items()})
        for place, layer in enumerate(("hidden", "out", "shared")):
            assert energy.by_layer[layer] == approx(
                {part: split[place] * PJ for part, split in run.energy.items()}
            )
        assert not any(energy.by_layer["input"].values())
        assert energy.total_j == approx(run.joules)
    assert (DELTA.joules / PJ, DENSE.joules / PJ) == (approx(2061), approx(3652))
    assert result().energy.estimated_share == approx(404 / 2061)  # all of the DRAM and nothing else
    assert result().dense_energy.estimated_share == approx(768 / 3652)


def test_energy_of_a_unit_and_a_line() -> None:
    energy, ledger = result().energy, result().ledger
    units = [unit.name for unit in ledger.units]
    row = energy.joules[units.index("core1.mac")]
    assert dict(zip(ledger.actions, row, strict=True))["core.mac"] == approx(4 * 5 * PJ)
    assert row.sum() == approx((4 * 5 + 4 * 1 + 4 * 3) * PJ)
    lines = {line.action: line for line in energy.lines}
    assert len(lines) == 26
    mac, leakage = lines["core.mac"], lines["cache.leakage"]
    assert (mac.part, mac.count, mac.unit, mac.price) == (
        "compute",
        8,
        "multiply-accumulates",
        approx(5 * PJ),
    )
    assert (mac.kind, mac.source, mac.node, mac.joules) == ("measured", "paper", "28 nm", approx(40 * PJ))
    assert (leakage.part, leakage.count, leakage.unit) == ("static", 188_000, "ps")
    assert (leakage.price, leakage.joules) == (approx(2e-3), approx(376 * PJ))


def test_latency() -> None:
    """The 99th percentile of 3 lies 0.98 of the way from the second to the third; of 2, 0.99 of the way."""
    held = result()
    assert held.latency == approx(
        Latency(93 / 3 * NS, (33 + 0.98 * 18) * NS, 94 / 2 * NS, (9 + 0.99 * 76) * NS)
    )
    assert held.dense_latency == approx(Latency(163 / 3 * NS, 61 * NS, 164 / 2 * NS, (61 + 0.99 * 42) * NS))


def test_savings_and_occupancy() -> None:
    """Sent: 5 of 12 elements towards hidden and out, 1 of 3 from out to itself."""
    held = result()
    assert (held.sequences, held.steps, len(held.trace.messages)) == (2, 3, 6)
    assert held.occupancy == {"input": approx(5 / 12), "hidden": approx(1 / 3)}
    assert held.reduction == {
        "weight_fetches": approx(21 / 8),
        "macs": approx(21 / 8),
        "dram_bytes": approx(28 / 12),
        "energy": approx(3652 / 2061),
        "latency": approx(82 / 47),
    }
    assert held.dram == DramTraffic(6, 12, 3, 1, 2)
    assert held.dense_dram == DramTraffic(14, 28, 9, 2, 3)
    assert held.score == ("accuracy", 0.5, 1.0)


def test_a_run_that_sends_nothing() -> None:
    """At a threshold of 3 a step is two scans of 2, two updates of 2 and a barrier: 9, 10-19; 9."""
    silent = result(theta=3.0)
    assert silent.ledger.step_latency_ps.tolist() == [9000, 9000, 9000]
    assert silent.ledger.sequence_latency_ps.tolist() == [19_000, 9000]
    assert silent.reduction["weight_fetches"] is None and silent.reduction["dram_bytes"] is None
    assert silent.reduction["latency"] == approx(164 / 28)
    assert silent.dram == DramTraffic(0, 0, 0, 0, 0)
    assert silent.score == ("accuracy", 0.0, 1.0)
    assert flows(silent.chip, silent.ledger) == ()
    assert [level.found for level in levels(silent.chip, silent.ledger, silent.energy)] == [None, None, None]


def test_levels() -> None:
    """Served: accesses of 4 bytes, bursts of 2. At most: 2 instances of 4 bytes a ns; the DRAM 2 in 2 ns."""
    held = result()
    assert levels(held.chip, held.ledger, held.energy) == (
        Level("pad", "scratchpad", 2, 16, 4, None, approx(8e9), approx(16 * PJ)),
        Level("cache", "cache", 2, 12, 3, approx(1 / 3), approx(8e9), approx(15 * PJ)),
        Level("dram", "dram", 1, 12, 6, approx(3 / 6), approx(1e9), approx(404 * PJ)),
    )
    assert levels(held.chip, held.dense_ledger, held.dense_energy) == (
        Level("pad", "scratchpad", 2, 48, 12, None, approx(8e9), approx(48 * PJ)),
        Level("cache", "cache", 2, 24, 6, approx(2 / 6), approx(8e9), approx(30 * PJ)),
        Level("dram", "dram", 1, 28, 14, approx(9 / 14), approx(1e9), approx(768 * PJ)),
    )
    assert flows(held.chip, held.ledger) == (
        Flow("dram", "cache", 8),
        Flow("pad", "hidden", 16),
        Flow("cache", "out", 12),
        Flow("dram", "out", 4),
    )
    assert flows(held.chip, held.dense_ledger)[0] == Flow("dram", "cache", 16)


def test_peaks_and_power_at_rest() -> None:
    chip = result().chip
    assert peak_rate(chip) == approx(2e9)
    assert [peak_bandwidth(chip, chip.memory(name)) for name in ("registers", "pad", "dram")] == approx(
        [8e9, 8e9, 1e9]
    )
    assert [(line.part, line.instances, line.static_w) for line in idle_power(chip)] == [
        ("core", 2, approx(2e-3)),
        ("registers", 2, 0.0),
        ("pad", 2, approx(2e-3)),
        ("cache", 2, approx(4e-3)),
        ("dram", 1, approx(1e-3)),
        ("network", 1, approx(4e-3)),
    ]


def test_what_units_do() -> None:
    """Shares of 94 ns: mean of a kind, stalled, and the busiest; those that only count are left out."""
    found = {activity.kind: activity for activity in activities(result().ledger)}
    assert list(found) == ["scan", "send", "receive", "mac", "update", "scratchpad", "cache", "dram", "link"]
    for kind, units, busy, stalled, most, busiest in (
        ("scan", 2, 7.5, 0, 12, "core0.scan"),
        ("send", 2, 3, 0, 5, "core0.send"),
        ("receive", 2, 3, 0, 4, "core1.receive"),
        ("mac", 2, 4, 1, 4, "core0.mac"),
        ("update", 2, 6, 0, 6, "core0.update"),
        ("scratchpad", 2, 2, 0, 4, "core0.pad"),
        ("cache", 4, 1.5, 0, 3, "core1.cache.tags"),
        ("dram", 1, 12, 16, 12, "dram0"),
        ("link", 2, 6, 4.5, 9, "link0-1"),
    ):
        assert found[kind] == Activity(
            kind, units, approx(busy / 94), approx(stalled / 94), approx(most / 94), busiest
        )
    assert limit(result().ledger) == (
        "No unit is busy for half of the time, so latency and waiting set the pace; the busiest is "
        "the threshold scan (core0.scan) at 12.8 %."
    )


def test_links() -> None:
    """The message of h1 waits 1 ns; 9 flits cross from core 0 to core 1."""
    assert link_loads(result().ledger) == (
        LinkLoad("link0-1", 9, approx(9 / 94), approx(9 / 94), approx(1000 / 9)),
        LinkLoad("link1-0", 3, approx(3 / 94), 0.0, 0.0),
    )


def test_without_labels_there_is_no_score() -> None:
    held = replace(benchmark(), targets=None)
    assert held.scored([np.zeros((1, 1), np.float32)] * 2) is None
    assert held.limited(1).targets is None
    few = benchmark().limited(1)
    assert few.scored([np.ones((1, 1), np.float32)]) == 1.0
    assert few.data_digest not in (benchmark().data_digest, benchmark().limited(2).data_digest)
