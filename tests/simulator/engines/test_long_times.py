"""Times of days and years: sums stay exact, both engines agree; what picoseconds cannot hold is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from deltasim.networks.graph import Network
from deltasim.networks.trace import dense_trace
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.engines.time_limit import LARGEST_PS, coarser, most_ps
from deltasim.simulator.ledger.exact import LARGEST, added, entered, summed, whole_numbers, wide
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.ledger.timeline import BINS, empty_timelines, enter
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.memories import dram as in_order
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import DRAM, SCRATCHPAD, assert_same_ledger, chain, chip, of_unit

DAY_PS = 86_400 * 10**12
ENGINES = ("compiled", "simpy")


def both(network: Network, on: Chip, lengths: list[int]) -> Ledger:
    """The ledger that both engines arrive at."""
    ledgers = [simulate(network, dense_trace(network, lengths), on, engine=engine) for engine in ENGINES]
    assert_same_ledger(*ledgers)
    return ledgers[0]


def slow(update_cycles: int, cores: int = 1, **fields: object) -> Chip:
    """A chip whose cores tick once a second and take so long for each update."""
    topology = {"cores.count": cores, "network.topology": f"ring:{cores}" if cores > 1 else "bus"}
    return chip({"cores.clock": "1 Hz", "cores.update.fixed": update_cycles, **topology, **fields})


def test_waits_add_up_beyond_64_bits() -> None:
    """The listed case: 3,000 columns queue for one place at 1 Hz; column n waits n times what one takes."""
    on = chip({"cores.clock": "1 Hz", "cores.scan.elements_per_cycle": 3000, "cores.outstanding_fetches": 1})
    on = on.changed({"cores.mac.lanes": 1, "network.clock": "1 GHz"})
    second = of_unit(both(chain(2, 4), on, [1]), "core0.fetch", "queue_wait_ps")
    assert second == pytest.approx(6e12, rel=1e-3)  # a column: 1 s of request, 1 s of latency, 4 words of 1 s
    ledger = both(chain(3000, 4), on, [1])
    waited = of_unit(ledger, "core0.fetch", "queue_wait_ps")
    assert waited > 2**63
    assert waited == of_unit(ledger, "core0.fetch", "queue_area_ps")
    assert waited == pytest.approx(6e12 * 3000 * 2999 / 2, rel=1e-3)


def test_a_sequence_of_100_days() -> None:
    ledger = both(chain(30, 10), slow(864_000, cores=4), [10])
    assert ledger.elapsed_ps == pytest.approx(100 * DAY_PS, rel=1e-3)
    assert ledger.total("core.leakage") == 4 * ledger.elapsed_ps > LARGEST


def test_sequences_of_a_year() -> None:
    ledger = both(chain(30, 10), slow(790_000, cores=2), [10, 9, 11, 10])
    assert ledger.elapsed_ps > 365 * DAY_PS
    assert ledger.total("core.leakage") == 2 * ledger.elapsed_ps
    assert ledger.total("network.leakage") == ledger.elapsed_ps


def test_a_day_beside_a_dram_counts_every_refresh() -> None:
    """10 updates of 864 s: refreshes by the billion, which are counted and not carried out one by one."""
    on = slow(864, **{"memories": [SCRATCHPAD, DRAM], "placement.policy": "streamed"})
    ledger = both(chain(4, 2), on, [10])
    interval_ps = 100_000 * 1000
    assert ledger.total("dram.refresh") == pytest.approx(ledger.elapsed_ps / interval_ps, rel=1e-6)
    active, closed = (ledger.total(f"dram.background_{state}") for state in ("active", "precharged"))
    assert active + closed == ledger.elapsed_ps


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("steps", [11, 60])
def test_a_sequence_that_passes_the_limit_is_refused_before_it_starts(engine: str, steps: int) -> None:
    network, on = chain(30, 10), slow(864_000, cores=4)
    days = 10 * steps
    with pytest.raises(
        InputError, match=rf"cores.clock: sequence 1 takes {days} days: one sequence lasts at most"
    ):
        simulate(network, dense_trace(network, [1, steps]), on, engine=engine)


def test_a_bound_that_is_too_wide_refuses_nothing() -> None:
    """Four cores at once: their services come to 400 days, the sequence to 100."""
    network, on = chain(30, 10), slow(864_000, cores=4)
    plan = compile_plan(network, on, map_network(network, on))
    assert most_ps(plan, 10, 400) > LARGEST_PS
    assert simulate(network, dense_trace(network, [10]), on).elapsed_ps < LARGEST_PS


@pytest.mark.parametrize("name", ["edgedrnn", "mcu-psram", "mesh16-cached", "mesh64-hbm"])
def test_the_bound_and_the_coarse_run_are_above_the_time(name: str) -> None:
    from deltasim.networks.builders.recurrent import random_stack

    network = random_stack("gru", 8, (16,), np.random.default_rng(0))
    on, trace = load_chip(name), dense_trace(network, [3])
    plan = compile_plan(network, on, map_network(network, on))
    elapsed = simulate(network, trace, on).elapsed_ps
    assert elapsed <= most_ps(plan, 3, len(trace.messages)) < LARGEST_PS // 1000
    from deltasim.simulator.engines.compiled.engine import CompiledEngine

    coarse = CompiledEngine(coarser(plan, 16)).run_sequence(trace.sequence(0)).elapsed_ps * 16
    assert elapsed <= coarse < 1.2 * elapsed


def test_no_sequence_is_refused() -> None:
    network = chain(3, 2)
    with pytest.raises(InputError, match="trace: 0 sequences: a run has at least one sequence"):
        simulate(network, dense_trace(network, []), chip())


Refreshed = Callable[[], tuple[int, int]]
TIMING = in_order.DramTiming(
    1250, 13750, 13750, 13750, 35000, 7500, 260000, 7_800_000, 5000, 64, 8192, 8, 65536, 1
)


@pytest.mark.parametrize("idle_ps", [0, 7_800_000, 10**9, 10**12 + 3])
def test_refreshes_at_once_are_those_one_by_one(idle_ps: int) -> None:
    """A channel that rests for a while answers like one that was asked at every refresh."""
    asked, let_alone = in_order.channel_at_rest(TIMING), in_order.channel_at_rest(TIMING)
    for state in (asked, let_alone):
        in_order.fetch(state, TIMING, 1000, 0, 256)
    for now_ps in range(7_800_000, min(idle_ps, 3 * 10**9), 7_800_000):
        in_order.refresh_until(asked, TIMING, now_ps)
    found = [in_order.fetch(state, TIMING, idle_ps + 2000, 8192, 256) for state in (asked, let_alone)]
    assert found[0] == found[1]
    assert in_order.rest(asked, TIMING, idle_ps + 10**7) == in_order.rest(let_alone, TIMING, idle_ps + 10**7)


def test_bytes_over_days_lie_where_they_flowed() -> None:
    row = empty_timelines(1)[0]
    enter(row, 0, 100 * DAY_PS, 10**9)
    assert row[1:].sum() == 10**9
    used = -(-100 * DAY_PS >> 55)
    assert row[0] == 55 and np.flatnonzero(row[1:]).tolist() == list(range(used))
    share = row[1:used] / 1e9
    assert share == pytest.approx(2**55 / (100 * DAY_PS), rel=1e-6)


def test_bytes_up_to_the_last_picosecond_end() -> None:
    row = empty_timelines(1)[0]
    enter(row, LARGEST_PS - 10, LARGEST_PS, 64)
    assert row[1:].sum() == row[BINS] == 64


def test_sums_change_to_wider_numbers_where_they_have_to() -> None:
    most = np.array([LARGEST, 1])
    assert added([most, most]).tolist() == [2 * LARGEST, 2]
    assert added([np.array([1, 2]), np.array([3, 4])]).dtype == np.int64
    assert summed(np.array([[LARGEST], [LARGEST]]), 0).tolist() == [2 * LARGEST]
    assert whole_numbers([[1], [2**80]]).tolist() == [[1], [2**80]]
    assert wide(np.array([2**50]), np.array([3]), 31).tolist() == [2**81 + 3]
    assert entered(np.array([[LARGEST]]), [(0, 0, 1)]).tolist() == [[2**63]]
    assert entered(np.array([[1]]), [(0, 0, 1)]).dtype == np.int64
