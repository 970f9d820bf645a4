"""DRAM of a standard, by hand, through the engine's elapsed times. Times in cycles of 1 GHz.

A message judged at cycle 1 has its address at 2, the request (1 flit, 1 hop) arrives at 3. The controller
issues its first command in the tick it hears of the run, and sends what was asked for when all of it has
come: the response's head takes 1 hop, its tail comes its flits - 1 after the head. The multiplication takes 1
cycle, the update 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from deltasim.networks.trace import dense_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.dram.energy import prices
from deltasim.simulator.dram.loading import load_standard
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import chain, chip, of_unit, step_cycles, trace_of
from tests.simulator.strategies import Case, cases

CL, RCD, RP, RAS, RTP, RFC, BURST = 5, 7, 9, 20, 4, 100, 4
COLUMN = 16  # targets: 64 bytes of float32, one burst, 8 flits
ROW = 32  # columns in a row of 2 KiB
NEAR, FAR = (0, 0), (0, ROW)  # the first columns of rows 0 and 1, of the one bank


def standard(**timing: Any) -> dict[str, Any]:
    """One bank of rows of 2 KiB at 1 GHz, a tick a cycle."""
    delays: dict[str, Any] = dict.fromkeys(
        ("tCWL", "tWR", "tCCD_S", "tCCD_L", "tRRD_S", "tRRD_L", "tFAW", "tWTR_S", "tWTR_L", "tCKE"), BURST
    )
    delays |= {"tCK": "1 ns", "tBL": BURST, "tCL": CL, "tRCD": RCD, "tRP": RP, "tRAS": RAS, "tRTP": RTP}
    delays |= {"tRC": RAS + RP, "tRFC": RFC, "tREFI": 100_000, "tXP": 6} | timing
    rail = dict.fromkeys(("IDD3N", "IDD3P"), "30 mA") | dict.fromkeys(("IDD2N", "IDD2P"), "20 mA")
    rail |= {"voltage": "1 V", "IDD0": "40 mA", "IDD4R": "100 mA", "IDD4W": "90 mA", "IDD5": "150 mA"}
    return {
        "name": "one-bank",
        "source": "for tests",
        "organisation": {"banks": 1, "rows": 32, "row": "2 KiB", "burst": "64 B"},
        "timing": delays,
        "power": {
            "tCK": "1 ns",
            "devices": 1,
            "rails": {"VDD": rail},
            "interface": {"read": "1 pJ", "write": "1 pJ"},
            "status": "estimated",
            "source": "for tests",
        },
    }


def off_chip(timing: dict[str, Any] | None = None, **fields: Any) -> dict[str, object]:
    """A plain chip whose weights lie behind one controller."""
    memory = {"name": "dram", "kind": "dram", "ports": [0], "standard": standard(**(timing or {}))}
    return {"cores.scan.elements_per_cycle": 64, "memories": [memory | fields]}


def found(ledger: Ledger) -> dict[str, int]:
    return {name: ledger.total(f"dram.{name}") for name in ("row_hit", "row_miss", "row_conflict")}


def test_miss_hit_and_conflict(engine: str) -> None:
    """ACT at 3, read at 3 + RCD, the data end CL + BURST later, the response has come 8 after. Then a hit in
    an open row. The third closes the row, long after tRAS, and opens another.
    """
    network = chain(2 * ROW, COLUMN)
    trace = trace_of(network, [[NEAR], [NEAR], [FAR]])
    ledger = simulate(network, trace, chip(off_chip()), engine=engine)
    data = CL + BURST + 8 + 1
    assert step_cycles(ledger) == [3 + RCD + data, 3 + data, 3 + RP + RCD + data]
    assert found(ledger) == {"row_hit": 1, "row_miss": 1, "row_conflict": 1}
    assert ledger.total("dram.activate") == 2
    assert (ledger.total("dram.bytes"), ledger.total("dram.io")) == (3 * 64, 3 * 512)
    assert of_unit(ledger, "dram0") == sum((RCD + CL + BURST, CL + BURST, RP + RCD + CL + BURST)) * 1000


TURNS = {"mapping": "column row"}  # columns lie in rows 0, 1, 2 ... 31, 0, 1 ...
ROWS = [(0, 0), (0, 1), (0, 32)]  # of rows 0, 1 and 0


def test_row_hits_go_first(engine: str) -> None:
    """Rows 0, 1 and 0 are asked for at 3, 4 and 5. Both columns of row 0 are read first, at 10 and 14; row 1
    is opened after tRAS: precharge 23, ACT 32, read 39.
    """
    network = chain(64, COLUMN)
    ledger = simulate(network, trace_of(network, [ROWS]), chip(off_chip(**TURNS)), engine=engine)
    assert step_cycles(ledger) == [3 + RAS + RP + RCD + CL + BURST + 8 + 1]
    assert found(ledger) == {"row_hit": 1, "row_miss": 1, "row_conflict": 1}


def test_a_queue_of_one_serves_in_order(engine: str) -> None:
    """Nothing overtakes: the third column needs row 0 once more, tRAS after row 1 was opened at 32."""
    network = chain(64, COLUMN)
    parts = off_chip(**TURNS, queue=1)
    ledger = simulate(network, trace_of(network, [ROWS]), chip(parts), engine=engine)
    assert step_cycles(ledger) == [3 + 2 * (RAS + RP) + RCD + CL + BURST + 8 + 1]
    assert found(ledger) == {"row_hit": 0, "row_miss": 1, "row_conflict": 2}


def test_a_closed_page_is_closed_before_the_next(engine: str) -> None:
    """The row is closed tRAS after its activate; each step finds it closed: a miss and no conflict."""
    network = chain(2 * ROW, COLUMN)
    trace = trace_of(network, [[NEAR], [NEAR], [FAR]])
    ledger = simulate(network, trace, chip(off_chip(page="closed")), engine=engine)
    assert found(ledger) == {"row_hit": 0, "row_miss": 3, "row_conflict": 0}
    first = 3 + RCD + CL + BURST + 8 + 1  # 28; closed at 23, open for the next from 32 on: asked at 31
    assert first + 3 < 3 + RAS + RP
    wait = 3 + RAS + RP - (first + 3)
    assert step_cycles(ledger)[:2] == [first, first + wait]


def test_an_idle_rank_powers_down_and_wakes(engine: str) -> None:
    """Without messages for a long time the rank is powered down; the next command waits tXP more."""
    network = chain(2 * ROW, COLUMN)
    steps = [[NEAR], *[[]] * 40, [NEAR]]
    wake = 6
    awake, asleep = (
        simulate(network, trace_of(network, steps), chip(off_chip(power_down_after=after)), engine=engine)
        for after in ("0 cycles", "20 cycles")
    )
    assert step_cycles(asleep)[-1] == step_cycles(awake)[-1] + wake
    assert awake.total("dram.background_active_down") == 0
    assert asleep.total("dram.background_active_down") > 0
    for ledger in (awake, asleep):
        states = ("active", "precharged", "active_down", "precharged_down")
        assert sum(ledger.total(f"dram.background_{state}") for state in states) == ledger.elapsed_ps


def test_refreshes_come_with_time_not_with_messages(engine: str) -> None:
    """One every tREFI from the first on, whether anybody reads or not."""
    network = chain(4, COLUMN)
    interval = 300
    ledger = simulate(
        network, trace_of(network, [[]] * 2000), chip(off_chip({"tREFI": interval})), engine=engine
    )
    assert ledger.total("dram.read") == 0
    assert abs(ledger.total("dram.refresh") - ledger.elapsed_ps // (interval * 1000)) <= 1
    assert ledger.elapsed_ps > 5 * interval * 1000


@pytest.mark.parametrize("name", ["DDR3-1600", "DDR4-2400", "LPDDR4-3200", "HBM2-2000"])
def test_energy_is_that_of_the_standard(name: str) -> None:
    """Counts times derived prices come to what the rule's own bill says of the same memory."""
    standard = load_standard(name)
    memory = {"name": "dram", "kind": "dram", "ports": [0], "standard": name}
    described = load_chip("mesh16").changed(
        {
            "memories.1": memory,
            "placement.policy": "streamed",
            "prices.dram.io": {"energy": "0 J", "node": "not stated", "kind": "estimated", "source": "none"},
        }
    )
    network = chain(40, 64)
    ledger = simulate(network, dense_trace(network, [3]), described)
    of = prices(standard)
    bursts = ledger.total("dram.read")
    states = ("active", "precharged", "active_down", "precharged_down")
    powers = (of.active_w, of.precharged_w, of.active_down_w, of.precharged_down_w)
    spent = [ledger.total(f"dram.background_{state}") * 1e-12 for state in states]
    expected = (
        bursts * of.read_j
        + ledger.total("dram.activate") * of.activate_j
        + ledger.total("dram.refresh") * of.refresh_j
        + float(np.dot(spent, powers))
    )
    assert bursts * standard.organisation.burst >= 3 * 40 * 64 * 4
    assert price(ledger, described).by_part["dram"] == pytest.approx(expected)


@settings(max_examples=25)
@given(cases().filter(lambda case: any(hasattr(memory, "standard") for memory in case.chip.memories)))
def test_laws_of_a_controller(case: Case) -> None:
    """Every burst is a hit, a miss or a conflict; ranks are in one state at every moment."""
    ledger = simulate(case.network, case.trace, case.chip, case.mapping)
    hits, misses, conflicts, bursts = (
        ledger.total(f"dram.{name}") for name in ("row_hit", "row_miss", "row_conflict", "read")
    )
    assert hits + misses + conflicts == bursts
    assert ledger.total("dram.activate") >= misses + conflicts
    memory: Any = case.chip.memory("dram")
    states = ("active", "precharged", "active_down", "precharged_down")
    spent = sum(ledger.total(f"dram.background_{state}") for state in states)
    assert spent == ledger.elapsed_ps * memory.ranks * len(memory.ports)
