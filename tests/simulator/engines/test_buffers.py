"""Finite input buffers by hand: who waits for whom, to the picosecond. Times in cycles of 1 GHz.

Around a message lie the scan (1), the address and the word (2), the multiplication (1) and the update (1).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.cells import Dense, Input
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import FLOAT32
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.loading import ChipErrors
from deltasim.simulator.simulate import ENGINES, simulate
from tests.simulator.builders import (
    DRAM,
    assert_same_ledger,
    chain,
    chip,
    of_unit,
    ones,
    step_cycles,
    trace_of,
)
from tests.simulator.engines.test_network import AROUND, ROUTES, fields, placed


@pytest.mark.parametrize(("topology", "cores", "start", "end", "links"), ROUTES[1:])
@pytest.mark.parametrize("flits", [1, 5])
def test_one_packet_does_not_notice_its_buffers(
    engine: str, topology: str, cores: int, start: int, end: int, links: int, flits: int
) -> None:
    """With nobody else about, room for one packet is as good as no limit."""
    network = chain(4, 4)
    finite = {"message_bits": 64 * flits, "hop_cycles": 3, "buffer": flits, "virtual_channels": 2}
    parts = fields(topology, cores, **finite) | placed(input=start, dense_0=end)
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
    assert step_cycles(ledger) == [AROUND + (links * 3 + flits - 1 if links else 0)]
    assert ledger.total("link.credit_stall") == 0


@given(
    messages=st.integers(1, 9),
    flits=st.integers(1, 5),
    hop=st.integers(1, 4),
    packets=st.integers(1, 4),
    engine=st.sampled_from(ENGINES),
)
def test_a_stream_goes_at_the_pace_of_its_buffers(
    messages: int, flits: int, hop: int, packets: int, engine: str
) -> None:
    """A packet's room is taken for hop + flits cycles: from its grant until its tail is gone.

    So ``packets`` of them can enter a buffer every hop + flits cycles, and the link itself takes one every
    ``flits``: message m sets out no earlier than either allows.
    """
    network = chain(12, 4)
    finite = {"message_bits": 64 * flits, "hop_cycles": hop, "buffer": packets * flits, "virtual_channels": 2}
    parts = fields("ring:8", 8, **finite) | placed(input=0, dense_0=3)
    trace = trace_of(network, [[(0, source) for source in range(messages)]])
    ledger = simulate(network, trace, chip(parts), engine=engine)
    starts = [0] * messages
    for m in range(1, messages):
        earlier = starts[m - packets] + hop + flits if m >= packets else 0
        starts[m] = max(starts[m - 1] + flits, earlier)
    assert step_cycles(ledger) == [AROUND + 3 * hop + flits - 1 + starts[-1]]
    short = [m for m in range(1, messages) if starts[m] > starts[m - 1] + flits]
    stalled = sum(starts[m] - starts[m - 1] - flits for m in short)
    assert of_unit(ledger, "link0-1", "stalled_ps") == stalled * 1000
    first = [unit.name for unit in ledger.units].index("link0-1")
    assert ledger.counts[first, ledger.actions.index("link.credit_stall")] == len(short)


def join(**network: object) -> tuple[Network, dict[str, object]]:
    """Cores 0 and 1 of a row 0-1-2-3 both send to core 3; core 0 also sends to core 2."""
    populations = (
        Population("left", Input(2)),
        Population("right", Input(2)),
        Population("near", Dense(4), np.zeros((1, 4), np.float32)),
        Population("far", Dense(4), np.zeros((1, 4), np.float32)),
    )
    projections = (
        Projection("left", "far", ones(2, 4)),
        Projection("right", "far", ones(2, 4)),
        Projection("left", "near", ones(2, 4)),
    )
    parts = fields("mesh:1x4", 4, **network) | placed(left=0, right=1, near=2, far=3)
    parts["synchronisation.policy"] = "dataflow"
    return Network("join", populations, projections, ("near", "far"), FLOAT32), parts


@pytest.mark.parametrize(("flits", "buffer", "stalled"), [(4, 4, True), (4, 7, True), (4, 8, False)])
def test_room_is_refused_at_one_flit_less(engine: str, flits: int, buffer: int, stalled: bool) -> None:
    """Two packets of 4 flits over 0-1-2, hop 1. The first leaves the buffer at node 1 in cycle 5; the second
    could set out in cycle 4 and does with room for 8 flits. With 7 it waits for that last cycle.
    """
    network = chain(4, 4)
    finite = {"message_bits": 64 * flits, "buffer": buffer, "virtual_channels": 1}
    parts = fields("mesh:1x3", 3, **finite) | placed(input=0, dense_0=2)
    ledger = simulate(network, trace_of(network, [[(0, 0), (0, 1)]]), chip(parts), engine=engine)
    assert of_unit(ledger, "link0-1", "stalled_ps") == (1000 if stalled else 0)
    assert step_cycles(ledger) == [AROUND + 2 + 3 + (5 if stalled else 4)]


def test_a_stalled_head_holds_up_those_behind_it(engine: str) -> None:
    """Core 1 fills link 1-2 and the buffer at 2 with packets for core 3. The packet from core 0 to the near
    core 2 stands behind one for core 3: it must wait although nobody else wants core 2.
    """
    network, parts = join(message_bits=256, buffer=4, virtual_channels=1)
    alone = simulate(network, trace_of(network, [[(2, 0)]]), chip(parts), engine=engine)
    behind = simulate(
        network, trace_of(network, [[(0, 0), (1, 0), (1, 1), (2, 0)]]), chip(parts), engine=engine
    )
    free = simulate(
        network,
        trace_of(network, [[(0, 0), (1, 0), (1, 1), (2, 0)]]),
        chip(parts | {"network.buffer": 4096}),
        engine=engine,
    )
    assert alone.elapsed_ps < free.elapsed_ps < behind.elapsed_ps
    assert behind.total("link.credit_stall") > 0 == free.total("link.credit_stall")


def test_a_fork_keeps_its_room_until_every_branch_has_it(engine: str) -> None:
    """A message from core 0 of a 2 x 2 mesh to all, 2 flits, hop 1, buffers of one packet. In the buffer at
    node 1 it goes to the core and on to node 3; the second message may take link 0-1 once both have its tail:
    1 + 2 cycles after the first did.
    """
    network = chain(4, 8)
    parts = fields("mesh:2x2", 4, message_bits=128, buffer=2, virtual_channels=1)
    parts |= {"placement.explicit.cores": {"input": [0]}}
    ledger = simulate(network, trace_of(network, [[(0, 1), (0, 2)]]), chip(parts), engine=engine)
    assert step_cycles(ledger) == [AROUND + 3 + 2 + 2 - 1]
    assert [of_unit(ledger, f"link{way}", "stalled_ps") for way in ("0-1", "0-2", "1-3")] == [1000, 1000, 0]


def test_channels_pass_each_other(engine: str) -> None:
    """With a second virtual channel the packet to core 2 need not stand behind the one to core 3."""
    network, parts = join(message_bits=256, buffer=4, virtual_channels=1)
    trace = trace_of(network, [[(0, 0), (1, 0), (1, 1), (2, 0)]])
    one = simulate(network, trace, chip(parts), engine=engine)
    two = simulate(network, trace, chip(parts | {"network.virtual_channels": 2}), engine=engine)
    assert two.elapsed_ps < one.elapsed_ps
    assert two.total("link.credit_stall") < one.total("link.credit_stall")


@pytest.mark.parametrize("topology", ["ring:8", "mesh:2x4", "star:8"])
def test_ample_buffers_are_no_limit(engine: str, topology: str) -> None:
    network = chain(12, 16)
    trace = trace_of(network, [[(0, source) for source in range(12)], [(0, 3), (0, 7)]])
    plain = simulate(network, trace, chip(fields(topology, 8)), engine=engine)
    ample = chip(fields(topology, 8, buffer=4096, virtual_channels=2))
    finite = simulate(network, trace, ample, engine=engine)
    assert finite.step_latency_ps.tolist() == plain.step_latency_ps.tolist()
    assert finite.busy_ps.tolist() == plain.busy_ps.tolist()


def test_engines_agree_where_all_send_to_all() -> None:
    """Every core of a torus sends to every core through buffers of one packet, and all arrive."""
    network = chain(32, 32, 32)
    trace = trace_of(network, [[(layer, source) for layer in (0, 1) for source in range(32)]] * 2)
    finite = chip(fields("torus:4x4", 16, message_bits=192, buffer=3, virtual_channels=2))
    ledgers = [simulate(network, trace, finite, engine=name) for name in ENGINES]
    assert_same_ledger(*ledgers)
    assert ledgers[0].total("link.credit_stall") > 0


REFUSED = [
    ({"buffer": 4}, r"network.virtual_channels: missing: buffer and virtual_channels are given together"),
    ({"virtual_channels": 4}, r"network.buffer: missing: buffer and virtual_channels are given together"),
    (
        {"buffer": 4, "virtual_channels": 1, "message_bits": 320},
        r"message_bits: 320: a packet fits in a buffer",
    ),
    (
        {"buffer": 4, "virtual_channels": 1, "request_bits": 257},
        r"request_bits: 257: a packet fits in a buffer",
    ),
    (
        {"buffer": 4, "virtual_channels": 1},
        r"virtual_channels: 1: packets can wait for each other around the links 0->1, 1->2, 2->3.* Use 2",
    ),
    ({"buffer": 0, "virtual_channels": 2}, r"network.buffer: 0: the least is 1"),
]


@pytest.mark.parametrize(("network", "sentence"), REFUSED)
def test_buffers_that_cannot_work_are_refused(network: dict[str, object], sentence: str) -> None:
    with pytest.raises(ChipErrors, match=sentence):
        chip(fields("ring:8", 8, **network))


def test_a_bus_has_no_buffers() -> None:
    with pytest.raises(ChipErrors, match=r"network.buffer: 4: a bus has no routers and no buffers"):
        chip(fields("bus", 8, buffer=4, virtual_channels=1))


def test_classes_need_a_channel_each() -> None:
    parts = fields("mesh:2x2", 4, buffer=16, virtual_channels=2) | {"memories": [DRAM]}
    with pytest.raises(ChipErrors, match=r"messages, requests and responses must not wait .* Use 3 or more"):
        chip(parts)
    chip(parts | {"network.virtual_channels": 3})


def test_a_response_fits_in_a_buffer() -> None:
    """16 weights of 32 bits are 8 flits."""
    network = chain(4, 16)
    parts = (
        fields("mesh:2x2", 4, buffer=7, virtual_channels=3)
        | placed(input=3, dense_0=3)
        | {"memories": [DRAM]}
    )
    trace = trace_of(network, [[(0, 2)]])
    with pytest.raises(
        InputError, match=r"7 flits: a packet fits in a buffer; one fetch brings 64 B in a packet of 8"
    ):
        simulate(network, trace, chip(parts))
    simulate(network, trace, chip(parts | {"network.buffer": 8}))
