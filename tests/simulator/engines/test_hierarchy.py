"""Caches, shared buffers and registers through the engines, by hand. Times in cycles of 1 GHz.

A message judged at cycle 1 has its address at 2. A cache looks up one line a cycle. Over an idle bus a
request to the memory behind takes 1; data begin D later; the response's tail comes flits - 1 behind its head.
"""

from __future__ import annotations

import pytest

from deltasim.networks.trace import dense_trace
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.area import idle_power
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import DRAM, chain, chip, of_unit, step_cycles, trace_of

COLUMN = 16  # targets: 64 bytes of float32, one line, one burst, 8 flits
MISS = DRAM["timing"]["RCD"] + DRAM["timing"]["CL"]
CACHE = {
    "name": "cache",
    "kind": "cache",
    "behind": "dram",
    "size": "256 B",
    "line": "64 B",
    "ways": 2,
    "width": "512 bit",
    "latency": "1 cycle",
}
BUFFER = {
    "name": "buffer",
    "kind": "buffer",
    "ports": [0],
    "size": "64 KiB",
    "banks": 4,
    "width": "64 bit",
    "interleave": "8 B",
    "latency": "2 cycles",
    "places": 2,
}
CACHED = {
    "cores.scan.elements_per_cycle": 64,
    "memories": [CACHE, DRAM],
    "placement.explicit.memory": {"input->dense_0": "cache"},
}
SHARED = {"cores.scan.elements_per_cycle": 64, "memories": [BUFFER]}


def test_reuse_over_steps(engine: str) -> None:
    """Two sets of two ways: columns 0, 2, 4 share a set, 1 has the other. 0 and 1 miss; both hit; 0 hits and
    2 misses; 4 misses and puts out 0, used before 2; 0 misses and puts out 2; 2 misses and puts out 4.
    """
    network = chain(6, COLUMN)
    steps = [[0, 1], [0, 1], [0, 2], [4], [0], [2]]
    trace = trace_of(network, [[(0, source) for source in step] for step in steps])
    ledger = simulate(network, trace, chip(CACHED), engine=engine)
    counts = {name: ledger.total(f"cache.{name}") for name in ("lookup", "hit", "miss", "eviction")}
    assert counts == {"lookup": 9, "hit": 3, "miss": 6, "eviction": 3}
    assert ledger.total("cache.fetched") == ledger.total("dram.bytes") == 6 * 64
    assert ledger.total("cache.fill") == 6 and ledger.total("cache.read") == 9
    assert ledger.total("cache.write_back") == 0
    assert ledger.total("cache.words") == 9 * COLUMN and ledger.total("dram.words") == 0


def test_time_of_a_miss_and_a_hit(engine: str) -> None:
    """A miss: looked up by 3, request at 4, data D later, the line's tail at 8 flits; then the access, 1; the
    update, 1. A hit: looked up by 3, the access 1.
    """
    network = chain(4, COLUMN)
    trace = trace_of(network, [[(0, 0)], [(0, 0)]])
    ledger = simulate(network, trace, chip(CACHED), engine=engine)
    assert step_cycles(ledger) == [4 + MISS + 8 + 1 + 1 + 1, 3 + 1 + 1 + 1]
    assert of_unit(ledger, "core0.cache.tags") == 2000 and of_unit(ledger, "core0.cache.data") == 2000


def test_bursts_are_read_in_order(engine: str) -> None:
    """Column 0 misses, column 1 hits behind it and waits: look-ups are answered in order."""
    network = chain(4, COLUMN)
    trace = trace_of(network, [[(0, 1)], [(0, 0), (0, 1)]])
    ledger = simulate(network, trace, chip(CACHED), engine=engine)
    hit = 4 + (MISS - 7) + 8 + 1 + 1 + 1 + 1  # the row is open by now; a cycle more for the second access
    assert step_cycles(ledger)[1] == hit
    assert ledger.total("cache.hit") == 1


def test_missing_lines_come_in_runs(engine: str) -> None:
    """A column of 4 lines: fetched whole it is one request and one response; burst by burst, four of each."""
    network = chain(1, 4 * COLUMN)
    settings = CACHED | {"memories.0.size": "1 KiB"}
    whole = simulate(network, dense_trace(network, [1]), chip(settings), engine=engine)
    assert whole.total("cache.miss") == 4 and whole.total("link.flit") == 1 + 4 * 8
    cut = chip(settings | {"cores.dma": {"burst": "64 B", "outstanding": 1}})
    ledger = simulate(network, dense_trace(network, [1]), cut, engine=engine)
    assert ledger.total("cache.miss") == 4 and ledger.total("link.flit") == 4 * (1 + 8)


def test_only_the_missing_lines_are_fetched(engine: str) -> None:
    """Columns of 1.5 lines: column 1 finds its first half line, which came with column 0, and fetches one."""
    network = chain(2, COLUMN * 3 // 2)
    settings = CACHED | {"memories.0.size": "1 KiB", "cores.outstanding_fetches": 1}
    ledger = simulate(network, dense_trace(network, [1]), chip(settings), engine=engine)
    assert (ledger.total("cache.lookup"), ledger.total("cache.hit"), ledger.total("cache.miss")) == (4, 1, 3)
    assert ledger.total("dram.bytes") == 3 * 64


def test_time_of_a_buffer(engine: str) -> None:
    """8 accesses of 8 bytes. Request at 3, first word 2 later, over the bus 1 hop, the tail 7 behind."""
    network = chain(4, COLUMN)
    ledger = simulate(network, trace_of(network, [[(0, 0)]]), chip(SHARED), engine=engine)
    assert step_cycles(ledger) == [3 + 2 + 1 + 7 + 1]
    assert ledger.total("buffer.read") == 8 and ledger.total("buffer.conflict") == 0
    assert of_unit(ledger, "buffer0") == 8000


@pytest.mark.parametrize(("places", "conflicts"), [(1, 0), (2, 1)])
def test_streams_of_a_buffer_meet(engine: str, places: int, conflicts: int) -> None:
    """Columns of 8 words in 4 banks. The requests of two messages cross the bus at 3 and 4, so the second
    finds bank 0 free, for the first has gone on; but of columns 9 words long the second begins in bank 1.
    """
    network = chain(4, COLUMN + 2)
    settings = SHARED | {"memories.0.places": places}
    ledger = simulate(network, trace_of(network, [[(0, 0), (0, 1)]]), chip(settings), engine=engine)
    assert ledger.total("buffer.read") == 2 * 9
    assert ledger.total("buffer.conflict") == conflicts


def test_registers_see_every_word_once(engine: str) -> None:
    network = chain(5, COLUMN)
    registers = {"name": "registers", "kind": "registers", "size": "4 KiB", "width": "32 bit"}
    parts = CACHED | {"memories": [CACHE, DRAM, registers]}
    ledger = simulate(network, dense_trace(network, [2]), chip(parts), engine=engine)
    plain = simulate(network, dense_trace(network, [2]), chip(CACHED), engine=engine)
    assert ledger.total("registers.write") == ledger.total("registers.read") == 10 * COLUMN
    assert step_cycles(ledger) == step_cycles(plain)


def test_registers_that_are_too_small() -> None:
    network = chain(5, COLUMN)
    registers = {"name": "registers", "kind": "registers", "size": "4032 B", "width": "32 bit"}
    small = chip(CACHED | {"memories": [CACHE, DRAM, registers]})
    with pytest.raises(InputError) as caught:
        simulate(network, dense_trace(network, [1]), small)
    assert str(caught.value) == (
        "chip plain: memories.2.size: 4,032 B: registers hold what is on its way to a core: 64 bursts of "
        "64 B. Use 4 KiB, fewer outstanding fetches or a smaller burst."
    )


def test_prices_and_area_of_what_is_on_the_chip() -> None:
    """Memories without a price take CACTI's; a stated price stands."""
    scratchpad = {"name": "scratchpad", "kind": "scratchpad", "size": "64 KiB", "width": "64 bit"}
    big = {**CACHE, "size": "64 KiB", "ways": 4, "width": "64 bit"}
    plain = chip({"memories": [{**scratchpad, "latency": "1 cycle"}, big, {**BUFFER, "banks": 2}, DRAM]})
    content = plain.content()
    own = {name: price for name, price in content["prices"].items() if name.split(".")[0] != "cache"}
    derived = plain.changed({"prices": own})
    assert derived.priced["scratchpad.read"] == plain.prices["scratchpad.read"]
    assert derived.priced["cache.read"].source == "CACTI 7, 64 KiB of 64 bit"
    assert 0 < derived.priced["cache.lookup"].value < derived.priced["cache.read"].value
    parts = {part.part: part for part in idle_power(derived)}
    areas = [parts[name].area_mm2 or 0.0 for name in ("cache", "scratchpad", "buffer")]
    assert areas[0] > areas[1] > 0 and areas[2] > 0  # a cache has its tags on top
    assert parts["cache"].static_w == derived.priced["cache.leakage"].value > 0
