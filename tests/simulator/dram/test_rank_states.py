"""How long ranks spend in each state, worked out on a timing with ranks of our own making."""

from __future__ import annotations

import pytest

from deltasim.simulator.dram.loading import load_standard
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.rank_states import StateTicks, state_ticks
from deltasim.simulator.dram.scheduling.state import Memory, empty_memory
from deltasim.simulator.dram.timing import Timing


def memory_of(power_down_after: int) -> tuple[Memory, Timing]:
    """Two ranks (pseudo channels) that have done nothing."""
    timing = load_standard("HBM2-2000").timing(power_down_after=power_down_after)
    memory = empty_memory(timing)
    assert memory.rank.shape[0] == 2
    return memory, timing


def test_nothing_happens() -> None:
    memory, timing = memory_of(0)
    assert state_ticks(memory, timing, 500) == StateTicks(0, 1000, 0, 0)
    memory, timing = memory_of(100)
    assert state_ticks(memory, timing, 500) == StateTicks(0, 200, 0, 800)
    assert state_ticks(memory, timing, 60) == StateTicks(0, 120, 0, 0)


def test_what_was_counted_and_what_goes_on() -> None:
    """Rank 0 was open for 30, powered down so for 10, closed and down for 5, and is open again since 420.
    Rank 1 has a request waiting, so it does not power down.
    """
    memory, timing = memory_of(100)
    memory.rank[0, at.TICKS_OPEN], memory.rank[0, at.TICKS_DOWN_OPEN] = 30, 10
    memory.rank[0, at.TICKS_DOWN_CLOSED], memory.rank[0, at.OPEN_BANKS] = 5, 1
    memory.rank[0, at.OPEN_SINCE], memory.rank[0, at.IDLE_FROM] = 420, 440
    memory.rank[1, at.PENDING] = 1
    # open: 30 + 80, of which down 10 and none of now (500 - 440 < 100)
    assert state_ticks(memory, timing, 500) == StateTicks(100, 1000 - 110 - 5, 10, 5)
    # at 640: open 30 + 220, down 10 and the last 100
    assert state_ticks(memory, timing, 640) == StateTicks(250 - 110, 1280 - 250 - 5, 110, 5)


def test_two_open_ranks_add_up() -> None:
    memory, timing = memory_of(0)
    for rank, since in ((0, 100), (1, 450)):
        memory.rank[rank, at.OPEN_BANKS], memory.rank[rank, at.OPEN_SINCE] = 2, since
    assert state_ticks(memory, timing, 500) == StateTicks(450, 550, 0, 0)
    assert state_ticks(memory, timing, 300) == StateTicks(200, 400, 0, 0)  # one opens later


@pytest.mark.parametrize("rank", [0, 1])
def test_a_closed_rank_goes_down_when_it_has_idled(rank: int) -> None:
    memory, timing = memory_of(50)
    memory.rank[rank, at.IDLE_FROM] = 200
    memory.rank[1 - rank, at.PENDING] = 3
    assert state_ticks(memory, timing, 251) == StateTicks(0, 501, 0, 1)
    assert state_ticks(memory, timing, 250) == StateTicks(0, 500, 0, 0)
