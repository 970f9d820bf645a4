"""One core by hand: scan, send, receive, fetch slots, multiply-accumulates, update. Times in cycles of 1
GHz.

A message judged at cycle J asks for a fetch slot at J, has its address at J + 1 and its first (and last)
word from the scratchpad at J + 2. A column takes w = ceil(words / lanes) cycles to multiply. An update
takes u.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.budget import Budget
from deltasim.networks.cells import Dense, Input
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.trace import dense_trace
from deltasim.runtime.errors import InputError
from deltasim.simulator.simulate import ENGINES, simulate
from tests.simulator.builders import chain, chip, of_unit, ones, step_cycles, trace_of


@given(
    inputs=st.integers(1, 40),
    outputs=st.integers(1, 40),
    per_cycle=st.integers(1, 8),
    pad_to=st.integers(1, 8),
    lanes=st.integers(1, 16),
    fixed=st.integers(0, 5),
    engine=st.sampled_from(ENGINES),
)
def test_step_with_infinite_bandwidth(
    inputs: int, outputs: int, per_cycle: int, pad_to: int, lanes: int, fixed: int, engine: str
) -> None:
    """The first word comes at 1 + 2; from then on the multipliers never wait, for a message is judged at
    least every cycle and a column takes at least one. They end at 3 + I w, the scan at ceil(pad(I) / e);
    then the update.
    """
    settings = {
        "cores.scan": {"elements_per_cycle": per_cycle, "pad_to": pad_to},
        "cores.mac.lanes": lanes,
        "cores.update": {"lanes": lanes, "cycles": 2, "fixed": fixed},
    }
    network = chain(inputs, outputs)
    ledger = simulate(network, dense_trace(network, [3]), chip(settings), engine=engine)
    scan = ceil(ceil(inputs / pad_to) * pad_to / per_cycle)
    work = ceil(outputs / lanes)
    step = max(scan, 3 + inputs * work) + fixed + 2 * ceil(outputs / lanes)
    assert step_cycles(ledger) == [step] * 3
    assert ledger.elapsed_ps == 3 * step * 1000


def test_silent_step_costs_the_scan_and_the_update(engine: str) -> None:
    """13 elements, padded to 16, 4 a cycle: 4 cycles. 10 neurons, 4 lanes, 5 cycles each, 2 fixed: 17."""
    settings = {
        "cores.scan": {"elements_per_cycle": 4, "pad_to": 8},
        "cores.update": {"lanes": 4, "cycles": 5, "fixed": 2},
    }
    network = chain(13, 10)
    ledger = simulate(network, trace_of(network, [[], []]), chip(settings), engine=engine)
    assert step_cycles(ledger) == [4 + 17] * 2
    assert ledger.total("core.mac") == ledger.total("scratchpad.read") == 0
    assert ledger.total("core.scan") == 2 * 13


def test_an_update_takes_at_least_a_tick(engine: str) -> None:
    """An update of 0 cycles still takes 1 ps, so that nothing follows from itself within a tick."""
    network = chain(5, 1)
    free = chip({"cores.update": {"lanes": 1, "cycles": 0, "fixed": 0}})
    ledger = simulate(network, trace_of(network, [[]]), free, engine=engine)
    assert ledger.step_latency_ps.tolist() == [5 * 1000 + 1]


@pytest.mark.parametrize("position", [0, 1, 3, 4, 11])
@pytest.mark.parametrize("per_cycle", [1, 4, 16])
def test_scan_offset(engine: str, position: int, per_cycle: int) -> None:
    """Element k is judged at the end of cycle k // e + 1; 20 words on 1 lane outlast the scan."""
    network = chain(12, 20)
    settings = {"cores.scan.elements_per_cycle": per_cycle, "cores.mac.lanes": 1}
    ledger = simulate(network, trace_of(network, [[(0, position)]]), chip(settings), engine=engine)
    assert step_cycles(ledger) == [position // per_cycle + 1 + 2 + 20 + 1]


@pytest.mark.parametrize("passes", [None, 1, 3])
def test_a_selection_goes_over_the_elements_before_it_sends(engine: str, passes: int | None) -> None:
    """Of 12 elements, 4 a cycle, the sixth is judged in the second cycle of the last pass."""
    plain = chain(12, 20)
    (projection,) = plain.projections
    network = replace(plain, projections=(replace(projection, budget=Budget(2, 2)),))
    settings = {"cores.scan.elements_per_cycle": 4, "cores.mac.lanes": 1, "cores.scan.select_passes": passes}
    ledger = simulate(network, trace_of(network, [[(0, 5)]]), chip(settings), engine=engine)
    selecting = passes or 1
    assert step_cycles(ledger) == [3 * selecting + 2 + 2 + 20 + 1]
    assert of_unit(ledger, "core0.scan") == 3 * (selecting + 1) * 1000
    assert ledger.total("core.scan") == 12 * (selecting + 1)
    before = simulate(plain, trace_of(plain, [[(0, 5)]]), chip(settings), engine=engine)
    again = 2 * 12 * selecting  # value and last sent value, once more in each pass
    assert ledger.total("core.state_read") == before.total("core.state_read") + again


def test_a_selection_works_within_a_core(engine: str) -> None:
    """Twelve neurons on two cores: one budget for all is refused, one for each core is not."""
    plain = chain(12, 20)
    (projection,) = plain.projections
    both = chip({"cores.count": 2, "network.topology": "mesh:2x1"})
    for parts in (1, 2, 3, 4):
        network = replace(plain, projections=(replace(projection, budget=Budget(4, 4, parts)),))
        trace = trace_of(network, [[(0, 5)]])
        if parts % 2:
            with pytest.raises(InputError, match=f"parts {parts}: a selection works within a core"):
                simulate(network, trace, both, engine=engine)
        else:
            simulate(network, trace, both, engine=engine)


@pytest.mark.parametrize("work", [1, 2, 5])
def test_one_fetch_slot_serialises_messages(engine: str, work: int) -> None:
    """A slot is held for address, access and multiplication: each of 6 messages takes 2 + w, the first at
    1.
    """
    network = chain(6, work)
    settings = {"cores.mac.lanes": 1, "cores.outstanding_fetches": 1, "cores.scan.elements_per_cycle": 8}
    ledger = simulate(network, dense_trace(network, [1]), chip(settings), engine=engine)
    assert step_cycles(ledger) == [1 + 6 * (2 + work) + 1]
    assert of_unit(ledger, "core0.fetch") == 6 * (2 + work) * 1000
    # five wait at first, each for all before it
    assert of_unit(ledger, "core0.fetch", "queue_wait_ps") == sum(range(6)) * (2 + work) * 1000
    assert of_unit(ledger, "core0.fetch", "queue_peak") == 6


def test_the_longest_queue_is_remembered(engine: str) -> None:
    """Six wait at once in the first step, one in the second: the peak stays."""
    network = chain(6, 1)
    settings = {"cores.outstanding_fetches": 1, "cores.scan.elements_per_cycle": 8}
    trace = trace_of(network, [[(0, source) for source in range(6)], [(0, 0)]])
    ledger = simulate(network, trace, chip(settings), engine=engine)
    assert of_unit(ledger, "core0.fetch", "queue_peak") == 6


def test_two_fetch_slots_hide_the_memory(engine: str) -> None:
    """With columns of w >= 2 cycles the second slot has its words ready in time: 3 + I w as with any
    number.
    """
    network = chain(9, 2)
    settings = {"cores.mac.lanes": 1, "cores.outstanding_fetches": 2}
    ledger = simulate(network, dense_trace(network, [1]), chip(settings), engine=engine)
    assert step_cycles(ledger) == [3 + 9 * 2 + 1]


@pytest.mark.parametrize(("send", "receive"), [(0, 0), (3, 0), (0, 3), (4, 2), (2, 4)])
def test_send_and_receive_stages(engine: str, send: int, receive: int) -> None:
    """All 5 are judged at cycle 1. Stages pass one message after another; the slower of the two sets the
    pace, and with both at 0 the scratchpad does: one column a cycle. Last word at 1 + send + receive + 4
    pace + 2, then w = 1.
    """
    network = chain(5, 1)
    settings = {
        "cores.scan.elements_per_cycle": 8,
        "cores.send.cycles": send,
        "cores.receive.cycles": receive,
    }
    ledger = simulate(network, dense_trace(network, [1]), chip(settings), engine=engine)
    pace = max(send, receive, 1)
    assert step_cycles(ledger) == [1 + send + receive + 4 * pace + 2 + 1 + 1]
    assert ledger.total("core.send") == ledger.total("core.receive") == 5
    names = [unit.name for unit in ledger.units]
    assert ("core0.send" in names, "core0.receive" in names) == (send > 0, receive > 0)


def test_shared_unit_of_scan_and_mac(engine: str) -> None:
    """The scan holds the unit for its 8 cycles; by then words wait, and 8 columns of 3 cycles follow: 8 +
    24.
    """
    network = chain(8, 3)
    settings = {"cores.mac.lanes": 1, "cores.shared_units": [["scan", "mac"]]}
    ledger = simulate(network, dense_trace(network, [1]), chip(settings), engine=engine)
    assert step_cycles(ledger) == [8 + 8 * 3 + 1]
    assert of_unit(ledger, "core0.scan+mac") == (8 + 24) * 1000
    alone = chip({"cores.mac.lanes": 1})
    assert step_cycles(simulate(network, dense_trace(network, [1]), alone, engine=engine)) == [3 + 24 + 1]


def test_shared_unit_of_mac_and_update(engine: str) -> None:
    """Two populations read one input of 4. The scan for ``wide`` ends at 4, its one message leaves at 1,
    its column of 50 words is multiplied from 3 to 53. The scan for ``narrow`` ends at 8, silent, so that
    its update asks at 8: alone it is served at once and ``wide`` ends at 54; on a unit with the multipliers
    it waits until 53, ``wide`` until 54.
    """
    bias = np.zeros((1, 50), np.float32)
    network = Network(
        "fork",
        (
            Population("input", Input(4)),
            Population("wide", Dense(50), bias),
            Population("narrow", Dense(1), bias[:, :1]),
        ),
        (Projection("input", "wide", ones(4, 50)), Projection("input", "narrow", ones(4, 1))),
        ("wide", "narrow"),
    )
    trace = trace_of(network, [[(0, 0)]])
    apart = simulate(network, trace, chip({"cores.mac.lanes": 1}), engine=engine)
    assert step_cycles(apart) == [54]
    assert of_unit(apart, "core0.update", "queue_wait_ps") == 0
    settings = {"cores.mac.lanes": 1, "cores.shared_units": [["mac", "update"]]}
    shared = simulate(network, trace, chip(settings), engine=engine)
    assert step_cycles(shared) == [55]
    assert of_unit(shared, "core0.mac+update") == 52_000
    assert of_unit(shared, "core0.mac+update", "queue_wait_ps") == (53 - 8 + 1) * 1000


def test_counts_of_state_traffic(engine: str) -> None:
    """A scan reads 2 words an element and writes 1 a message; a multiply-accumulate reads and writes 1; an
    update of a Dense neuron reads accumulator and state and writes the state; at the start all three kinds
    are written.
    """
    network = chain(6, 4)
    ledger = simulate(network, trace_of(network, [[(0, 1), (0, 5)], [(0, 0)]]), chip(), engine=engine)
    messages, macs, steps = 3, 3 * 4, 2
    assert ledger.total("core.mac") == ledger.total("scratchpad.words") == macs
    assert ledger.total("core.update") == steps * 4
    assert ledger.total("core.state_read") == steps * 2 * 6 + macs + steps * 4 * 2
    assert ledger.total("core.state_write") == messages + macs + steps * 4 + 4 * 2 + 6
    assert ledger.total("core.leakage") == ledger.elapsed_ps
