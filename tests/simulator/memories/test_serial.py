"""Serial memory: its closed form, both engines on it, and parts as their datasheets have them.

By hand, in cycles of 1 GHz: a message judged at cycle 1 has its address at 2; over the idle bus the request
(1 flit, 1 hop) arrives at 3. The first data follow the preamble; the response's head takes 1 hop, its tail is
behind it for as long as the data flow. The multiplication takes 1 cycle, the update 1.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputErrors
from deltasim.simulator.chip.peaks import peak_bandwidth
from deltasim.simulator.memories.serial import Serial, read, transactions_of
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import assert_same_ledger, chain, chip, of_unit, step_cycles, trace_of
from tests.simulator.strategies import Case, cases, serials

SERIAL: dict[str, Any] = {
    "name": "flash",
    "kind": "serial",
    "ports": [0],
    "size": "64 KiB",
    "clock": "1 GHz",
    "data_lines": 4,
    "command": "2 cycles",
    "address": "6 cycles",
    "dummy": "4 cycles",
    "gap": "3 cycles",
}
PREAMBLE, GAP = 2 + 6 + 4, 3
COLUMN = 16  # targets: 64 bytes of float32, 128 cycles on four lines
FIELDS = {"cores.scan.elements_per_cycle": 64, "memories": [SERIAL]}
FIRST, SECOND = (0, 0), (0, 1)

# Part and read command, lines of its data, edges, cycles of command, address and wait, bytes, cycles in all
PUBLISHED = (
    ("VTI7064 read 03h", 1, 1, (8, 24, 0), 1, 40),
    ("VTI7064 fast read 0Bh", 1, 1, (8, 24, 8), 1, 48),
    ("VTI7064 fast read quad EBh", 4, 1, (8, 6, 6), 1, 22),
    ("VTI7064 fast read quad EBh in QPI mode", 4, 1, (2, 6, 6), 1, 16),
    ("S27KL0643 wrapped burst of 16 bytes, data", 8, 2, (0, 1, 0), 16, 1 + 8),
    ("S27KL0643 wrapped burst of 32 bytes, data", 8, 2, (0, 1, 0), 32, 1 + 16),
    ("S27KL0643 wrapped burst of 64 bytes, data", 8, 2, (0, 1, 0), 64, 1 + 32),
    ("S27KL0643 wrapped burst of 128 bytes, data", 8, 2, (0, 1, 0), 128, 1 + 64),
)
# Part, clock, lines, edges, bytes a second
PEAKS = (
    ("APS6408L-OCx, octal, 400 MB/s", "200 MHz", 8, True, 400e6),
    ("S27KL0643, octal, 400 MB/s", "200 MHz", 8, True, 400e6),
    ("W25Q128JV, quad, equivalent to 532 MHz of one line", "133 MHz", 4, False, 532e6 / 8),
)


def serial(**fields: object) -> Serial:
    return Serial.model_validate(SERIAL | fields)


def read_by(memory: Serial, now_ps: int, address: int, size: int) -> tuple[int, ...]:
    return tuple(int(value) for value in read(memory.instance(0).timing, now_ps, address, size))


@pytest.mark.parametrize(("part", "lines", "edges", "before", "size", "cycles"), PUBLISHED)
def test_reads_of_published_parts(
    part: str, lines: int, edges: int, before: tuple[int, int, int], size: int, cycles: int
) -> None:
    """VTI7064: the table of commands in its preliminary specification (Vilsion, 31 March 2017; 24 bits of
    address, 8 of command). S27KL0643: Infineon 002-24693, "16 bytes (8 clocks) ..."; 1 cycle stands for all
    before data.
    """
    names = ("command", "address", "dummy")
    preamble = {name: f"{count} cycles" for name, count in zip(names, before, strict=True)}
    memory = serial(data_lines=lines, double_data_rate=edges == 2, **preamble)
    first, last, free, transactions, moved = read_by(memory, 0, 0, size)
    assert (first, last) == (1000 * sum(before), 1000 * cycles), part
    assert (free, transactions, moved) == (last + 1000 * GAP, 1, size)


@pytest.mark.parametrize(("part", "clock", "lines", "both_edges", "rate"), PEAKS)
def test_peaks_of_published_parts(part: str, clock: str, lines: int, both_edges: bool, rate: float) -> None:
    """As the first pages of the datasheets say: AP Memory (2019), Infineon 002-24693, Winbond revision F."""
    described = chip(
        {"memories": [SERIAL | {"clock": clock, "data_lines": lines, "double_data_rate": both_edges}]}
    )
    assert peak_bandwidth(described, described.memories[0]) == pytest.approx(rate, rel=1e-3), part


@settings(max_examples=200)
@given(serials(1), st.integers(0, 10**9), st.integers(0, 4000), st.integers(1, 4000))
def test_a_fetch_is_its_transactions_one_after_another(
    fields: dict[str, Any], now_ps: int, address: int, size: int
) -> None:
    """Worked out cycle by cycle: an access at a time, a new transaction where one meets a boundary."""
    memory = Serial.model_validate(fields)
    cycle, width = memory.period_ps(0), memory.access_bytes
    clock, begun, moved, first = 0, 0, 0, None
    for access in range(address // width, (address + size - 1) // width + 1):
        at = access * width
        if begun == 0 or (memory.boundary_bytes and at % memory.boundary_bytes == 0):
            clock += (memory.gap_cycles if begun else 0) + memory.preamble_cycles
            begun += 1
        first = clock if first is None else first
        clock, moved = clock + width * 8 // (memory.data_lines * (1 + memory.double_data_rate)), moved + width
    assert first is not None
    last = now_ps + clock * cycle
    assert read_by(memory, now_ps, address, size) == (
        now_ps + first * cycle,
        last,
        last + memory.gap_cycles * cycle,
        begun,
        moved,
    )


@pytest.mark.parametrize(("begin", "end", "expected"), [(0, 64, 1), (0, 65, 2), (63, 65, 2), (64, 128, 1)])
def test_transactions_end_at_boundaries(begin: int, end: int, expected: int) -> None:
    assert transactions_of(begin, end, 64) == expected
    assert transactions_of(begin, end, 0) == 1


def test_one_column(engine: str) -> None:
    """Asked for at 3, first data at 3 + 12, for 128 cycles; the bus is held for as long, of which 17 are work
    (1 flit of request, 8 of response).
    """
    network = chain(4, COLUMN)
    ledger = simulate(network, trace_of(network, [[FIRST]]), chip(FIELDS), engine=engine)
    assert step_cycles(ledger) == [3 + PREAMBLE + 128 + 1]
    assert of_unit(ledger, "flash0") == (PREAMBLE + 128) * 1000
    assert of_unit(ledger, "bus") == (1 + 8) * 1000
    assert of_unit(ledger, "bus", "stalled_ps") == (128 - 8) * 1000
    assert {name: ledger.total(f"flash.{name}") for name in ("transaction", "bytes", "words")} == {
        "transaction": 1,
        "bytes": 64,
        "words": COLUMN,
    }
    assert ledger.total("flash.standby") == ledger.elapsed_ps


def test_two_columns_keep_the_gap(engine: str) -> None:
    """The second is asked for behind the first and begins 3 cycles after its last data at 3 + 140; as the
    response before it holds the bus until then, nothing else delays it.
    """
    network = chain(4, COLUMN)
    ledger = simulate(network, trace_of(network, [[FIRST, SECOND]]), chip(FIELDS), engine=engine)
    assert step_cycles(ledger) == [3 + PREAMBLE + 128 + GAP + PREAMBLE + 128 + 1]
    assert of_unit(ledger, "flash0") == 2 * (PREAMBLE + 128) * 1000


def test_a_boundary_costs_a_preamble_and_a_gap(engine: str) -> None:
    """Columns of 64 bytes at boundaries of 32: two transactions each, a preamble and a gap in the middle."""
    network = chain(4, COLUMN)
    fields = FIELDS | {"memories": [SERIAL | {"boundary": "32 B"}]}
    ledger = simulate(network, trace_of(network, [[FIRST]]), chip(fields), engine=engine)
    assert step_cycles(ledger) == [3 + PREAMBLE + 64 + GAP + PREAMBLE + 64 + 1]
    assert ledger.total("flash.transaction") == 2


def test_octal_lines_at_both_edges(engine: str) -> None:
    """Two bytes a cycle: 32 cycles of data, which outlast the 8 flits of the response."""
    network = chain(4, COLUMN)
    fields = FIELDS | {"memories": [SERIAL | {"data_lines": 8, "double_data_rate": True}]}
    ledger = simulate(network, trace_of(network, [[FIRST]]), chip(fields), engine=engine)
    assert step_cycles(ledger) == [3 + PREAMBLE + 32 + 1]


def test_a_cache_in_front(engine: str) -> None:
    """The second fetch of a column finds its lines: one transaction in all, for the two lines together."""
    cache = {"name": "cache", "kind": "cache", "behind": "flash", "size": "256 B", "line": "32 B", "ways": 2}
    cache |= {"width": "64 bit", "latency": "1 cycle"}
    network = chain(4, COLUMN)
    fields = FIELDS | {"memories": [SERIAL, cache], "placement.policy": "cached"}
    ledger = simulate(network, trace_of(network, [[FIRST], [FIRST]]), chip(fields), engine=engine)
    assert {name: ledger.total(f"flash.{name}") for name in ("transaction", "bytes")} == {
        "transaction": 1,
        "bytes": 64,
    }
    assert ledger.total("cache.hit") == 2


def test_several_cycles_for_an_element_and_a_product(engine: str) -> None:
    """A scan of 4 elements at 5 cycles each judges the first after 5; 16 words at 3 cycles each take 48 from
    the first word on, which comes at 5 + 1 + 1 from a scratchpad.
    """
    network = chain(4, COLUMN)
    fields = {"cores.scan.cycles": 5, "cores.mac": {"lanes": 1, "cycles": 3}}
    ledger = simulate(network, trace_of(network, [[FIRST]]), chip(fields), engine=engine)
    assert of_unit(ledger, "core0.scan") == 4 * 5 * 1000
    assert of_unit(ledger, "core0.mac") == COLUMN * 3 * 1000
    assert step_cycles(ledger) == [5 + 1 + 1 + 48 + 1]


@settings(max_examples=60)
@given(cases(serials))
def test_engines_agree(case: Case) -> None:
    network, trace, described, _, mapping = case
    assert_same_ledger(
        *(simulate(network, trace, described, mapping, engine=engine) for engine in ("simpy", "compiled"))
    )


def faults_of(fields: dict[str, object]) -> str:
    with pytest.raises(InputErrors) as found:
        chip({"memories": [SERIAL | fields]})
    return str(found.value)


def test_what_a_serial_memory_may_not_be() -> None:
    assert "expected 1, 2, 4 or 8" in faults_of({"data_lines": 3})
    assert "expected 1, 2, 4 or 8" in faults_of({"data_lines": True})
    octal = {"data_lines": 8, "double_data_rate": True}
    assert "a boundary is whole accesses of 2 B" in faults_of(octal | {"boundary": "33 B"})
    assert "a size is whole accesses of 2 B" in faults_of(octal | {"size": "4095 B"})
    none = {"command": "0 cycles", "address": "0 cycles", "dummy": "0 cycles"}
    assert "take at least 1 cycle together" in faults_of(none)
    assert "nodes of the topology run from 0 to 0" in faults_of({"ports": [1]})
