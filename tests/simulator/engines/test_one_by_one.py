"""Copies for each core, links by direction, scans that pause and updates that pass in them, by hand.

Times in cycles of 1 GHz, as in ``test_network``: around a message's way lie the scan (1), the address and the
word (2), the multiplication (1) and the update (1).
"""

from __future__ import annotations

import numpy as np
import pytest

from deltasim.networks.activity import active
from deltasim.networks.cells import GLIF, Input
from deltasim.networks.connections import Sparse
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.trace import Trace
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import chain, chip, step_cycles, trace_of

EVEN = {"east": 1, "west": 1, "north": 1, "south": 1}
AROUND = 1 + 2 + 1 + 1
IN_A_ROW = {
    "cores.count": 4,
    "cores.scan.elements_per_cycle": 64,
    "network.topology": "mesh:1x4",
    "placement.explicit.cores": {"input": [0], "dense_0": [0, 1, 2, 3]},
}


def four() -> tuple[Network, Trace]:
    """One of 2 inputs, on core 0, reaches 4 neurons, one on each core of a row."""
    network = chain(2, 4)
    return network, trace_of(network, [[(0, 1)]])


@pytest.mark.parametrize(
    ("delivery", "links", "copies"), [(None, 3, 1), ("multicast", 3, 1), ("unicast", 1 + 2 + 3, 4)]
)
def test_copies_take_their_own_ways(engine: str, delivery: str | None, links: int, copies: int) -> None:
    network, trace = four()
    ledger = simulate(network, trace, chip(IN_A_ROW | {"network.delivery": delivery}), engine=engine)
    assert ledger.total("link.flit") == links
    assert ledger.total("core.send") == copies
    assert ledger.total("core.receive") == ledger.total("core.mac") == 4
    assert ledger.total("core.emit") == 0  # it came from outside
    # the three copies share the first link, one after another: the nearest core's goes first
    assert step_cycles(ledger) == [AROUND + 3 + (2 if delivery == "unicast" else 0)]


def test_the_send_stage_takes_a_copy_at_a_time(engine: str) -> None:
    network, trace = four()
    slow = IN_A_ROW | {"cores.send.cycles": 10}
    once = simulate(network, trace, chip(slow), engine=engine)
    ledger = simulate(network, trace, chip(slow | {"network.delivery": "unicast"}), engine=engine)
    assert step_cycles(once) == [AROUND + 10 + 3]
    assert step_cycles(ledger) == [AROUND + 4 * 10 + 3]  # the farthest core's leaves last


def test_links_by_direction(engine: str) -> None:
    """Core 2 is below core 0 of a 2 x 2 mesh: to core 1 a message goes north behind east."""
    network = chain(4, 4)
    fields = {"cores.count": 4, "cores.scan.elements_per_cycle": 64, "network.topology": "mesh:2x2"}
    hops = {"east": 2, "west": 3, "north": 5, "south": 7}
    for start, end, way in ((2, 1, ("east", "north")), (1, 2, ("west", "south")), (0, 3, ("east", "south"))):
        placed = {"placement.explicit.cores": {"input": [start], "dense_0": [end]}}
        described = chip(fields | placed | {"network.directions": hops})
        ledger = simulate(network, trace_of(network, [[(0, 2)]]), described, engine=engine)
        assert step_cycles(ledger) == [AROUND + sum(hops[where] for where in way)]
        counted = {where: ledger.total(f"link.{where}") for where in hops}
        assert counted == {where: int(where in way) for where in hops}
        assert ledger.total("link.flit") == 0


def test_links_of_cores_have_no_direction(engine: str) -> None:
    """Two cores at each of two routers: from core 1 to core 2 a hop east, and the links at both ends."""
    network = chain(4, 4)
    fields = {
        "cores.count": 4,
        "cores.scan.elements_per_cycle": 64,
        "network.topology": "cmesh:1x2x2",
        "network.directions": {"east": 9, "west": 1, "north": 1, "south": 1},
        "placement.explicit.cores": {"input": [1], "dense_0": [2]},
    }
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(fields), engine=engine)
    assert step_cycles(ledger) == [AROUND + 1 + 9 + 1]
    assert (ledger.total("link.flit"), ledger.total("link.east"), ledger.total("link.west")) == (2, 1, 0)


def neurons(bias: float = 0.0) -> Network:
    """Input 0 drives neuron 0 of 4, which drives neurons 1 and 2; all are integrate-and-fire."""
    driven = Sparse.from_synapses([0], [0], [2.0], 2, 4)
    among = Sparse.from_synapses([0, 0, 1], [1, 2, 3], [0.5, 2.0, 1.0], 4, 4)
    glif = Population("glif", GLIF(4, leak=1.0), np.full((1, 4), bias, np.float32))
    joined = (Projection("in", "glif", driven), Projection("glif", "glif", among, "recurrent", 1))
    return Network("four", (Population("in", Input(2)), glif), joined, ("glif",))


def test_a_scan_stands_still(engine: str) -> None:
    """For the input's message a copy's time alone, for the neurons' that of a message too."""
    network = neurons()
    trace, _ = execute(network, [np.float32([[1, 0], [0, 0], [0, 0]])])
    fields = {"cores.scan.elements_per_cycle": 64}
    plain = simulate(network, trace, chip(fields), engine=engine)
    pausing = {"cores.scan.message_cycles": 100, "cores.scan.copy_cycles": 10}
    ledger = simulate(network, trace, chip(fields | pausing), engine=engine)
    # neuron 0 is heard in step 1, neuron 2, which nobody hears, in step 2
    longer = np.subtract(step_cycles(ledger), step_cycles(plain)).tolist()
    assert longer[:2] == [10, 110] and longer[2] == 100
    assert ledger.busy_ps.sum() - plain.busy_ps.sum() == 220_000


def test_an_update_passes_in_the_next_scan(engine: str) -> None:
    """With 8 cycles a neuron: steps 1 and 2 have those of the update before them, the last its own too."""
    network = neurons()
    trace, _ = execute(network, [np.float32([[1, 0], [0, 0], [0, 0]])])
    fields = {"cores.scan.elements_per_cycle": 64, "cores.update": {"lanes": 1, "cycles": 8}}
    plain = simulate(network, trace, chip(fields), engine=engine)
    ledger = simulate(network, trace, chip(fields | {"cores.update.during": "scan"}), engine=engine)
    assert ledger.busy_ps.sum() - plain.busy_ps.sum() == 2  # 1 ps twice beside the scans' time
    first, second, third = step_cycles(ledger)
    assert first == pytest.approx(step_cycles(plain)[0] - 32, abs=0.01)
    # the scan of the inputs, and that of the neurons, which is 32 longer
    assert second == pytest.approx(1 + 1 + 32, abs=0.01)
    assert third == pytest.approx(1 + 1 + 32 + 32, abs=0.01)


def test_neurons_at_rest(engine: str) -> None:
    """Step by step: neuron 0 hears and is reset, 1 and 2 hear and 1 keeps 0.5, 1 alone is not at rest."""
    network = neurons()
    trace, _ = execute(network, [np.float32([[1, 0], [0, 0], [0, 0]])])
    flags = active(network, trace)[1]
    assert flags is not None
    assert flags.astype(int).tolist() == [[1, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0]]
    fields = {"cores.update": {"lanes": 1, "cycles": 100, "access_cycles": 1}}
    ledger = simulate(network, trace, chip(fields), engine=engine)
    assert (ledger.total("core.access"), ledger.total("core.update")) == (12, 4)
    assert step_cycles(ledger)[2] == 2 + 4 + 104  # scans of 2 inputs and 4 neurons, 4 looked at, 1 updated
    biased, _ = execute(neurons(0.25), [np.float32([[1, 0], [0, 0], [0, 0]])])
    assert simulate(neurons(0.25), biased, chip(fields), engine=engine).total("core.update") == 12


def test_such_plans_run_with_events() -> None:
    from deltasim.simulator.engines.compiled.phases.eligible import phase_plan

    network = neurons()
    for field in ("cores.scan.copy_cycles", "cores.update.access_cycles"):
        described = chip({field: 1})
        assert phase_plan(compile_plan(network, described, map_network(network, described))) is None
    plain = chip()
    assert phase_plan(compile_plan(network, plain, map_network(network, plain))) is not None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"network.topology": "ring:16", "network.directions": EVEN},
            "network.directions: ring:16: links have directions on a mesh. Use mesh:RxC",
        ),
        (
            {"network.directions": EVEN},
            "network.directions: given: directions are not given together with pitch. Leave it or pitch out.",
        ),
        (
            {"cores.update.during": "scan", "synchronisation.policy": "dataflow"},
            "cores.update.during: scan: neurons are updated during the scan of the next step, "
            "which policy dataflow may begin before. Use policy barrier or leave it out.",
        ),
    ],
)  # fmt: skip
def test_what_does_not_go_together(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        load_chip("mesh16").changed(fields)
    assert sentence in str(refused.value)
