"""Columns fetched in bursts, by hand. Times in cycles of 1 GHz.

A message judged at cycle 1 has the address of its first burst at 2. Over an idle bus the request arrives at
3, data begin D later, the response's head takes 1 hop and its tail comes flits - 1 behind the head.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.connections import Sparse
from deltasim.networks.trace import dense_trace, random_trace
from deltasim.simulator.components.dma_bursts import WHOLE, burst_of, bursts_of
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import (
    DRAM,
    SCRATCHPAD,
    assert_same_ledger,
    chain,
    chip,
    of_unit,
    step_cycles,
    trace_of,
)

MISS = DRAM["timing"]["RCD"] + DRAM["timing"]["CL"]
NARROW = {**SCRATCHPAD, "width": "64 bit"}
ONE = {"cores.scan.elements_per_cycle": 64, "memories": [NARROW]}


@given(st.integers(0, 500), st.integers(1, 400), st.integers(1, 8), st.sampled_from([8, 32, 96, WHOLE]))
def test_bursts_make_up_the_column(address: int, size: int, per_word: int, cut: int) -> None:
    """They follow each other, end at multiples of the burst, and hold every word once."""
    words = max(1, size // per_word)
    bursts = [burst_of(address, size, words, cut, number) for number in range(bursts_of(address, size, cut))]
    assert [burst.address for burst in bursts[1:]] == [burst.address + burst.bytes for burst in bursts[:-1]]
    assert bursts[0].address == address and bursts[-1].address + bursts[-1].bytes == address + size
    assert all(burst.address % cut == 0 for burst in bursts[1:])
    assert all(0 < burst.bytes <= cut and burst.words >= 0 for burst in bursts)
    assert sum(burst.words for burst in bursts) == words


@pytest.mark.parametrize(
    ("burst", "outstanding", "cycles"),
    [
        (64, 1, 2 + 1 + 7 + 1),  # whole: 8 accesses, the multipliers wait for the last
        (32, 1, 2 + 5 + 5),  # a burst: its last word 1 + 3 after its address, the next address 1 later
        (32, 2, 2 + 1 + 7 + 1),  # the second address at 3, its turn at 6, its last word at 6 + 1 + 3
        (16, 4, 2 + 1 + 7 + 1),
    ],
)
def test_bursts_of_a_scratchpad(engine: str, burst: int, outstanding: int, cycles: int) -> None:
    """16 words of 4 bytes in accesses of 8 bytes, 1 cycle each, answered 1 cycle later."""
    network = chain(4, 16)
    parts = ONE | {"cores.dma": {"burst": f"{burst} B", "outstanding": outstanding}}
    ledger = simulate(network, trace_of(network, [[(0, 0)]]), chip(parts), engine=engine)
    assert step_cycles(ledger) == [cycles]
    assert ledger.total("scratchpad.read") == 8 and ledger.total("scratchpad.words") == 16
    assert ledger.total("core.mac") == 16


@pytest.mark.parametrize("outstanding", [1, 2])
def test_bursts_of_a_dram_column(engine: str, outstanding: int) -> None:
    """Two bursts of 64 bytes, 8 flits each. One at a time: the second sets out when the first is in the sums,
    an open row ahead. Two at a time: the second's data follow the first's on the DRAM's bus, its response the
    first's over the bus.
    """
    network = chain(4, 32)
    parts = {
        "cores.scan.elements_per_cycle": 64,
        "memories": [DRAM],
        "cores.dma": {"burst": "64 B", "outstanding": outstanding},
    }
    ledger = simulate(network, trace_of(network, [[(0, 0)]]), chip(parts), engine=engine)
    first = 3 + MISS + 8  # its last word, and its sums
    again = first + 1 + 1 + DRAM["timing"]["CL"] + 8
    assert step_cycles(ledger) == [(again if outstanding == 1 else first + 8) + 1]
    assert ledger.total("link.flit") == 2 * (1 + 8)
    assert (ledger.total("dram.row_miss"), ledger.total("dram.row_hit")) == (1, 1)
    assert of_unit(ledger, "core0.mac", "queue_peak") == 1


def test_double_buffering(engine: str) -> None:
    """Columns of 8 accesses and 8 cycles of sums. One at a time they take 1 + 1 + 8 each after the first's
    slot; with two slots the memory stays busy, and the sums, once begun, never wait.
    """
    network = chain(6, 16)

    def cycles(slots: int) -> float:
        parts = ONE | {"cores.mac.lanes": 2, "cores.outstanding_fetches": slots}
        return step_cycles(simulate(network, dense_trace(network, [1]), chip(parts), engine=engine))[0]

    update = 1
    assert cycles(1) == 1 + 6 * (1 + 1 + 8) + update
    assert cycles(2) == cycles(3) == 1 + 1 + 1 + 6 * 8 + update


@settings(max_examples=25)
@given(st.sampled_from([8, 16, 40, 64]), st.integers(1, 5), st.integers(1, 3), st.integers(1, 40))
def test_bursts_lose_nothing(burst: int, outstanding: int, slots: int, targets: int) -> None:
    """Words, sums and deliveries do not depend on the bursts (the laws are checked in every run)."""
    network = chain(9, targets)
    parts = ONE | {
        "cores.dma": {"burst": f"{burst} B", "outstanding": outstanding},
        "cores.outstanding_fetches": slots,
    }
    ledger = simulate(network, dense_trace(network, [2]), chip(parts))
    assert ledger.total("core.mac") == ledger.total("scratchpad.words") == 2 * 9 * targets


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_engines_agree_where_a_burst_ends_before_the_next_address(seed: int) -> None:
    """Words of 37 bits in slow cores: a first burst without a whole word is in the sums within a cycle."""
    rng = np.random.default_rng(seed)
    network = random_stack("gru", 2, (9, 1), rng)
    kept = [
        Sparse.from_matrices(np.float32(words * (rng.random(words.shape) < 0.5)))
        for words in (p.connection.weights.transpose(1, 2, 0) for p in network.projections)
    ]
    projections = tuple(
        replace(projection, connection=sparse)
        for projection, sparse in zip(network.projections, kept, strict=True)
    )
    network = replace(network, projections=projections)
    trace = random_trace(network, [4], 0.7, rng)
    slow = chip(
        {
            "cores.clock": "500 MHz",
            "cores.mac.lanes": 1,
            "cores.outstanding_fetches": 1,
            "cores.dma": {"burst": "32 B", "outstanding": 3},
            "memories": [{**SCRATCHPAD, "width": "8 bit", "clock": "1.6 GHz"}],
        }
    )
    assert_same_ledger(
        simulate(network, trace, slow, engine="simpy"), simulate(network, trace, slow, engine="compiled")
    )
