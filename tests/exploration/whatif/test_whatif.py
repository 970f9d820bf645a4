"""What would help: slowed units are found, predictions hold when the chip is changed, engines agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

import deltasim as ds
from deltasim.exploration.whatif.balance import balanced, in_order_of_cores
from deltasim.exploration.whatif.changes import FASTER, changes_of
from deltasim.exploration.whatif.faster import with_faster
from deltasim.exploration.whatif.floors import BANK, BARRIER, OF_CORES, floors
from deltasim.exploration.whatif.whatif import TWICE, WhatIf, what_if
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.networks.trace import Trace
from deltasim.reports.timeline.dram import issued_by
from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.memories.dram import DramTiming
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import run_plan, services_of, simulate
from tests.simulator.builders import DRAM, assert_same_ledger, chain, chip, step_cycles, trace_of
from tests.simulator.strategies import Case, cases

Fields = dict[str, object]


@pytest.fixture(scope="module")
def ran() -> tuple[Network, Trace]:
    """A delta GRU of 64 neurons over 12 steps of a random walk."""
    rng = np.random.default_rng(0)
    network = random_stack("gru", 16, (64,), rng, theta=0.1, arithmetic=FixedPoint())
    trace, _ = execute(network, [rng.normal(size=(12, 16)).cumsum(axis=0) / 3])
    return network, trace


def asked(ran: tuple[Network, Trace], chip: Chip) -> WhatIf:
    network, trace = ran
    plan = compile_plan(network, chip, map_network(network, chip))
    return what_if(plan, trace, run_plan(plan, trace), lambda other: map_network(network, other))


SLOWED: dict[str, tuple[str, Fields, Fields]] = {
    "mesh16 network": ("mesh16", {"network.clock": "50 MHz"}, {"network.clock": "55 MHz"}),
    "mesh16 scratchpad": ("mesh16", {"memories.0.clock": "50 MHz"}, {"memories.0.clock": "55 MHz"}),
    "mesh16 update": ("mesh16", {"cores.update.cycles": 50, "cores.update.fixed": 100}, {}),
    "mesh16 receive": ("mesh16", {"cores.receive.cycles": 10}, {}),
    "mesh16 barrier": (
        "mesh16",
        {"synchronisation.cost": "240 cycles"},
        {"synchronisation.cost": "218 cycles"},
    ),
    "deltakws sram": ("deltakws", {"memories.0.clock": "12.5 kHz"}, {"memories.0.clock": "13.75 kHz"}),
    "deltarnn bram": ("deltarnn", {"memories.0.clock": "12.5 MHz"}, {"memories.0.clock": "13.75 MHz"}),
    "spartus bram": ("spartus", {"memories.0.clock": "20 MHz"}, {"memories.0.clock": "22 MHz"}),
    "mesh16-cached buffer": ("mesh16-cached", {"memories.2.clock": "50 MHz"}, {"memories.2.clock": "55 MHz"}),
    "edgedrnn network": ("edgedrnn", {"network.clock": "12.5 MHz"}, {"network.clock": "13.75 MHz"}),
    "mesh64-hbm network": ("mesh64-hbm", {"network.clock": "80 MHz"}, {"network.clock": "88 MHz"}),
}


@pytest.mark.parametrize("case", SLOWED)
def test_the_unit_that_was_slowed_tenfold_is_ranked_first(case: str, ran: tuple[Network, Trace]) -> None:
    """And where a description can say "10 % faster", that chip, simulated, gains what was predicted."""
    name, fields, faster = SLOWED[case]
    slow = load_chip(name).changed(fields)
    found = asked(ran, slow)
    assert found.first.change.key == f"{case.split()[1]}.faster"
    assert found.first.shorter is not None and found.first.shorter > 0.03
    if faster:
        again = simulate(*ran, slow.changed(faster)).elapsed_ps
        assert found.first.elapsed_ps == pytest.approx(again, rel=0.01)
        gained = 1 - again / found.elapsed_ps
        assert found.first.shorter == pytest.approx(gained, abs=0.01)


def test_a_dram_ten_times_slower_is_ranked_first_and_its_gain_holds(ran: tuple[Network, Trace]) -> None:
    """The clock of an in-order DRAM; it is refreshed after the same time at every clock."""

    def with_clock(clock: str, interval: int) -> Chip:
        own = {"memories": [DRAM], "memories.0.timing.clock": clock, "memories.0.timing.REFI": interval}
        return chip(own | {"memories.0.timing.RFC": 10})

    slow = with_clock("100 MHz", 10_000)
    found = asked(ran, slow)
    assert found.first.change.key == "dram.faster"
    again = simulate(*ran, with_clock("110 MHz", 11_000))
    assert found.first.elapsed_ps == pytest.approx(again.elapsed_ps, rel=0.01)


@pytest.mark.parametrize(
    ("stage", "fields", "slowed"),
    [
        ("mac", {"cores.mac.lanes": 20, "memories.0.width": "1024 bit"}, {"cores.mac.lanes": 2}),
        ("scan", {"cores.scan.elements_per_cycle": 10, "cores.scan.pad_to": 1},
         {"cores.scan.elements_per_cycle": 1, "cores.update.cycles": 0}),
    ],
)  # fmt: skip
def test_a_stage_with_a_tenth_of_its_lanes_is_ranked_first(
    stage: str, fields: Fields, slowed: Fields
) -> None:
    rng = np.random.default_rng(0)
    network = random_stack("gru", 64, (128,), rng, theta=0.1, arithmetic=FixedPoint())
    trace, _ = execute(network, [rng.normal(size=(4, 64)).cumsum(axis=0) / (3 if stage == "mac" else 90)])
    base = load_chip("mesh16").changed(
        {"synchronisation.cost": "0 cycles", "cores.update.fixed": 1, **fields}
    )
    assert asked((network, trace), base.changed(slowed)).first.change.key == f"{stage}.faster"


@pytest.mark.parametrize(
    ("name", "key", "fields"),
    [
        ("mesh16", "network.faster", {"network.clock": "550 MHz"}),
        ("mesh16", "scratchpad.faster", {"memories.0.clock": "550 MHz"}),
        ("deltakws", "sram.faster", {"memories.0.clock": "137.5 kHz"}),
        ("edgedrnn", "mac.wider", {"cores.mac.lanes": 16}),
        (
            "mesh16",
            "barrier.none",
            {"synchronisation.policy": "dataflow", "synchronisation.cost": "0 cycles"},
        ),
    ],
)
def test_a_chip_changed_by_hand_gains_what_was_predicted(
    name: str, key: str, fields: Fields, ran: tuple[Network, Trace]
) -> None:
    chip = load_chip(name)
    gain = asked(ran, chip).gain(key)
    again = simulate(*ran, chip.changed(fields))
    assert gain.elapsed_ps == pytest.approx(again.elapsed_ps, rel=0.01)


def test_on_edgedrnn_the_multipliers_do_nothing_and_the_bus_most() -> None:
    found = ds.whatif(ds.benchmark("digits", data="synthetic"), "edgedrnn", limit=3).found
    faster = [gain.change.key for gain in found.possible if gain.change.key.endswith(".faster")]
    assert (faster[0], faster[-1]) == ("network.faster", "mac.faster")
    multipliers = found.gain("mac.wider").shorter
    assert multipliers is not None and 0 <= multipliers < 0.005
    both = found.possible[0]
    assert both.change.key == "network.wider+mac.wider"  # each waits for the other
    assert both.shorter is not None and both.shorter > 0.3


def test_times_of_a_faster_unit_by_hand() -> None:
    """A step of the plain chip: scan 4 cycles of 1 ns, and what follows the last one."""
    network = chain(4, 2)
    trace = trace_of(network, [[(0, 3)]])
    plan = compile_plan(network, chip(), map_network(network, chip()))
    before = step_cycles(run_plan(plan, trace))[0]
    assert before - step_cycles(run_plan(with_faster(plan, "scan", 2), trace))[0] == 2.0  # 4 cycles in 2
    assert before - step_cycles(run_plan(with_faster(plan, "mac", 2), trace))[0] == 0.5
    assert before - step_cycles(run_plan(with_faster(plan, "update", 4), trace))[0] == 0.75


def test_a_width_that_no_model_prices_costs_twice_as_much(ran: tuple[Network, Trace]) -> None:
    found = asked(ran, load_chip("deltarnn"))
    gain = found.gain("bram.wider")
    assert gain.note == TWICE and gain.saved is not None and gain.saved < 0


def test_a_price_that_the_model_knows_as_nothing_is_derived_and_not_scaled() -> None:
    """A bus has no routers that leak: there is nothing to scale by."""
    wider = chip({"memories": [DRAM]}).changed({"network.link_width": "128 bit"})
    assert (wider.resolved["network.leakage"].by, wider.priced["network.leakage"].value) == ("derived", 0.0)


def test_a_change_that_is_no_chip_says_why(ran: tuple[Network, Trace]) -> None:
    found = asked(ran, load_chip("loihi").changed({"prices.link.flit.node": "14 nm"}))
    assert {gain.change.key for gain in found.gains} >= {"mac.faster", "network.wider"}
    for gain in found.gains:
        assert (gain.elapsed_ps is None) == gain.note.startswith("not on this chip: ")


@settings(max_examples=6, deadline=None)
@given(cases())
def test_engines_agree_on_chips_of_which_one_unit_is_faster(case: Case) -> None:
    network, trace, chip, _, mapping = case
    plan = compile_plan(network, chip, mapping)
    first = trace.sequence(0)
    for change in changes_of(chip, mapping):
        if change.key.endswith(".faster"):
            faster = with_faster(plan, change.units[0], FASTER)
            one, other = (run_plan(faster, first, engine=engine) for engine in ("compiled", "simpy"))
            assert_same_ledger(one, other)


@settings(max_examples=15, deadline=None)
@given(cases())
def test_balanced_messages_are_as_many_and_spread_evenly(case: Case) -> None:
    network, trace, chip, _, mapping = case
    plan = compile_plan(network, chip, mapping)
    even = balanced(plan, trace)
    assert np.array_equal(even.messages[["step", "projection"]], trace.messages[["step", "projection"]])
    content = even.messages[["step", "projection", "source"]]
    assert len(np.unique(content)) == len(content)
    for projection in range(len(network.projections)):
        order = in_order_of_cores(plan, projection)
        place = np.full(network.projections[projection].connection.source_size, -1)
        place[order] = np.arange(len(order))
        mine = even.messages[even.messages["projection"] == projection]
        for step in np.unique(mine["step"]):
            found = np.sort(place[mine["source"][mine["step"] == step]])
            found = found[found >= 0]
            halves = (found < len(order) // 2).sum(), (found >= -(-len(order) // 2)).sum()
            assert abs(int(halves[0]) - int(halves[1])) <= 1
    run_plan(plan, even)


def test_a_bank_that_goes_from_row_to_row_by_hand() -> None:
    """Columns of 64 bytes in rows of 64: four columns in four rows of two banks, two in each.

    Of the commands of the run, the last data of a bank end so much later than its first begin, or more.
    """
    rotating = {"row": "64 B", "burst": "32 B", "banks": 2, "order": "row-bank-column"}
    fields = {f"memories.0.timing.{name}": value for name, value in rotating.items()}
    network, own = chain(4, 16), chip({"memories": [DRAM], **fields})
    trace = trace_of(network, [[(0, source) for source in range(4)]])
    plan = compile_plan(network, own, map_network(network, own))
    timing, found = plan.memories.timing[0], floors(plan, trace)
    assert isinstance(timing, DramTiming) and found is not None
    apart = timing.read_to_precharge_ps + timing.precharge_ps + timing.activate_ps
    least = 2 * timing.burst_ps + apart + timing.burst_ps  # two rows of two bursts each
    assert found.steps[found.kinds.index(BANK)].tolist() == [least]
    assert found.cores[0, found.kinds.index(BANK)] == least
    drawn = issued_by(plan, services_of(plan, trace))[int(plan.memories.records["unit"][0])]
    for bank in (0, 1):
        data = [one for one in drawn.data if one.bank == bank]
        assert len(data) == 4 and data[-1].end_ps - data[0].start_ps >= least


@settings(max_examples=12, deadline=None)
@given(cases())
def test_no_unit_works_less_than_its_floor(case: Case) -> None:
    network, trace, chip, _, mapping = case
    plan = compile_plan(network, chip, mapping)
    found, ledger = floors(plan, trace), run_plan(plan, trace)
    assert found is not None
    macs = ledger.counts[:, ledger.actions.index("core.mac")]
    on_core = [unit.node == found.busiest and unit.kind == "mac" for unit in plan.units]
    if any(on_core):
        assert found.operations.sum() == macs[on_core].sum()
    latency = ledger.step_latency_ps
    if "bank" in found.kinds:
        assert (found.steps[found.kinds.index("bank")] <= latency + 1e-6).all()
    if "barrier" in found.kinds and plan.policy == "layer":
        assert (found.steps[found.kinds.index("barrier")] <= latency + 1e-6).all()
    for number, kind in enumerate(found.kinds):
        if kind in (BANK, BARRIER):
            assert (found.cores[:, number] <= ledger.elapsed_ps + 1e-6).all()
            continue
        for core in range(plan.cores):
            mine = [
                int(ledger.busy_ps[row])
                for row, unit in enumerate(plan.units)
                if unit.kind == kind and (kind not in OF_CORES or unit.node == core)
            ]
            assert found.cores[core, number] <= max(mine, default=0) + 1e-6
