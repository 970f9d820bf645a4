"""Weight memories by hand, through the engine's elapsed times. Times in cycles of 1 GHz.

A message judged at cycle 1 has its address at 2. From a scratchpad its first word comes a latency later.
From DRAM over an idle bus: the request (1 flit, 1 hop) arrives at 3; the channel's first data follow after
D; the response's head takes 1 hop, its tail comes span - 1 after the head. The multiplication takes 1
cycle, the update 1.
"""

from __future__ import annotations

from math import ceil

import pytest

from deltasim.networks.trace import dense_trace
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import DRAM, chain, chip, of_unit, step_cycles, trace_of

CL, RCD, RP, RAS, RTP, RFC = (DRAM["timing"][name] for name in ("CL", "RCD", "RP", "RAS", "RTP", "RFC"))
BURST = 4
COLUMN = 16  # targets: 64 bytes of float32, one burst, 8 flits
ROW = 32  # columns in a row of 2 KiB
HIT, MISS, CONFLICT = CL, RCD + CL, RP + RCD + CL
NEAR, FAR = (0, 0), (0, ROW)  # the first columns of rows 0 and 1, of the one bank
WIDE_SCAN = {"cores.scan.elements_per_cycle": 64}
OFF_CHIP = WIDE_SCAN | {"memories": [DRAM]}


@pytest.mark.parametrize("width", [8, 32, 128, 1024])
@pytest.mark.parametrize("latency", [1, 2, 5])
@pytest.mark.parametrize("lanes", [2, 8])
def test_one_scratchpad_access(engine: str, width: int, latency: int, lanes: int) -> None:
    """A column of 16 words is 512 bits in a = ceil(512 / width) accesses, one a cycle. The first word comes
    at 2 + latency; the multipliers stay until their work is done and the last word, a - 1 later, has come.
    """
    settings = {"memories.0.width": f"{width} bit", "memories.0.latency": f"{latency} cycles"}
    network = chain(4, COLUMN)
    parts = WIDE_SCAN | settings | {"cores.mac.lanes": lanes}
    ledger = simulate(network, trace_of(network, [[NEAR]]), chip(parts), engine=engine)
    accesses, work = ceil(512 / width), ceil(COLUMN / lanes)
    assert step_cycles(ledger) == [2 + latency + max(work, accesses - 1) + 1]
    assert ledger.total("scratchpad.read") == accesses
    assert of_unit(ledger, "core0.scratchpad") == accesses * 1000
    assert of_unit(ledger, "core0.mac", "stalled_ps") == max(0, accesses - 1 - work) * 1000


def test_scratchpad_streams_columns_back_to_back(engine: str) -> None:
    """6 columns of a = 16 accesses: the last is granted at 2 + 5 a; its last word comes latency + a - 1
    later.
    """
    network = chain(6, COLUMN)
    settings = WIDE_SCAN | {"memories.0.width": "32 bit"}
    ledger = simulate(network, dense_trace(network, [1]), chip(settings), engine=engine)
    assert step_cycles(ledger) == [2 + 5 * 16 + 1 + 15 + 1]


def test_scratchpad_with_its_own_clock(engine: str) -> None:
    """At 250 MHz a cycle is 4 of the core: first word at 2 + 4, last after three more accesses, 12 later."""
    network = chain(4, COLUMN)
    settings = WIDE_SCAN | {"memories.0.width": "128 bit", "memories.0.clock": "250 MHz"}
    ledger = simulate(network, trace_of(network, [[NEAR]]), chip(settings), engine=engine)
    assert step_cycles(ledger) == [2 + 4 + 12 + 1]


def test_hit_miss_and_conflict(engine: str) -> None:
    """The first access opens row 0 (miss), the second finds it open (hit), the third needs row 1
    (conflict). Data begin at 3 + D; the 8 flits of the response outlast the burst, so the last word comes
    at 3 + D + 1 + 8 - 1.
    """
    network = chain(2 * ROW, COLUMN)
    trace = trace_of(network, [[NEAR], [NEAR], [FAR]])
    ledger = simulate(network, trace, chip(OFF_CHIP), engine=engine)
    assert step_cycles(ledger) == [3 + delay + 8 + 1 for delay in (MISS, HIT, CONFLICT)]
    counts = {name: ledger.total(f"dram.{name}") for name in ("row_hit", "row_miss", "row_conflict")}
    assert counts == {"row_hit": 1, "row_miss": 1, "row_conflict": 1}
    assert ledger.total("dram.activate") == 2
    assert ledger.total("dram.bytes") == 3 * 64
    assert ledger.total("dram.io") == 3 * 512
    assert ledger.total("link.flit") == 3 * (1 + 8)


def test_slow_bursts_hold_the_bus(engine: str) -> None:
    """A burst of 16 cycles outlasts the 8 flits: the bus is held for 16 of which 8 are work, the tail comes
    at 3 + D + 1 + 16 - 1.
    """
    network = chain(4, COLUMN)
    settings = OFF_CHIP | {"memories.0.timing.burst_cycles": 16}
    ledger = simulate(network, trace_of(network, [[NEAR]]), chip(settings), engine=engine)
    assert step_cycles(ledger) == [3 + MISS + 16 + 1]
    assert of_unit(ledger, "bus") == (1 + 8) * 1000
    assert of_unit(ledger, "bus", "stalled_ps") == 8000


def test_conflict_waits_for_the_open_row(engine: str) -> None:
    """Two columns asked for at 3 and 4. The first: ACT 3, read 10, data 15 to 19. The second is taken at
    15, but its precharge waits until ACT + tRAS = 23; ACT 32, read 39, data from 44; its tail comes at 44 +
    8, updated at 53.
    """
    network = chain(2 * ROW, COLUMN)
    ledger = simulate(network, trace_of(network, [[NEAR, FAR]]), chip(OFF_CHIP), engine=engine)
    assert 3 + RAS + RP + RCD + CL == 44
    assert step_cycles(ledger) == [44 + 8 + 1]


def test_column_across_two_rows(engine: str) -> None:
    """Columns of 48 bytes: the 43rd begins at byte 2016 and needs both rows. The last burst of row 0 at
    15..19; the precharge for row 1 waits for tRAS: 23, ACT 32, data 44..48. One response from 15 on: its
    span is 48 - 15 = 33, its tail at 15 + 33; updated at 49. Bursts: 1 of row 0 (a miss), 1 of row 1 (a
    conflict).
    """
    network = chain(ROW * 2, 12)
    ledger = simulate(network, trace_of(network, [[(0, 42)]]), chip(OFF_CHIP), engine=engine)
    assert step_cycles(ledger) == [49]
    assert (ledger.total("dram.row_miss"), ledger.total("dram.row_conflict")) == (1, 1)
    assert ledger.total("dram.read") == 2


@pytest.mark.parametrize(
    ("silent", "delay"),
    [
        (86, HIT),  # asked for at 199, one cycle before the refresh: a hit
        (88, 200 + RP + RFC - 203 + MISS),  # asked for at 203: the refresh began at 200
        (89, 200 + RP + RFC - 205 + MISS),
        (150, MISS),  # asked for at 327: the refresh is over, the row closed
    ],
)
def test_refresh(engine: str, silent: int, delay: int) -> None:
    """Every 200 cycles all rows are closed (tRP) and the channel rests (tRFC). The first step takes 24
    cycles, silent steps 2 (scan and update); the last step asks for its column 3 cycles after it begins.
    """
    network = chain(4, COLUMN)
    settings = OFF_CHIP | {"memories.0.timing.REFI": 200}
    trace = trace_of(network, [[NEAR], *[[]] * silent, [NEAR]])
    ledger = simulate(network, trace, chip(settings), engine=engine)
    assert step_cycles(ledger)[0] == 3 + MISS + 8 + 1 == 24
    assert step_cycles(ledger)[-1] == 3 + delay + 8 + 1


def test_background_and_refresh_counts(engine: str) -> None:
    """88 silent steps: the row is open from its activation at 3 to the refresh at 200, and from 309 to the
    end, 330.
    """
    network = chain(4, COLUMN)
    settings = OFF_CHIP | {"memories.0.timing.REFI": 200}
    ledger = simulate(network, trace_of(network, [[NEAR], *[[]] * 88, [NEAR]]), chip(settings), engine=engine)
    assert ledger.elapsed_ps == 330_000
    assert ledger.total("dram.refresh") == 1
    assert ledger.total("dram.background_active") == (200 - 3 + 330 - 309) * 1000
    assert ledger.total("dram.background_precharged") == (3 + 309 - 200) * 1000


def test_dram_clock_apart_from_the_core_clock(engine: str) -> None:
    """A DRAM clock of 1.875 ns: data begin 12 of these after 3 ns, at 25.5 ns; 8 flits and the update: 34.5
    ns.
    """
    network = chain(4, COLUMN)
    settings = OFF_CHIP | {"memories.0.timing.clock": "533.333 MHz"}
    ledger = simulate(network, trace_of(network, [[NEAR]]), chip(settings), engine=engine)
    assert ledger.step_latency_ps.tolist() == [3000 + MISS * 1875 + 8000 + 1000]


def test_port_on_the_own_node_needs_no_link(engine: str) -> None:
    """On a ring with the port at the core itself nothing crosses a link: data from 2 + D, the burst's end
    at + 4.
    """
    network = chain(4, COLUMN)
    settings = OFF_CHIP | {"cores.count": 2, "network.topology": "ring:2"}
    settings |= {"placement.explicit.cores": {"input": [0], "dense_0": [0]}}
    ledger = simulate(network, trace_of(network, [[NEAR]]), chip(settings), engine=engine)
    assert step_cycles(ledger) == [2 + MISS + BURST + 1]
    assert ledger.total("link.flit") == 0
