"""The banks rule against a plain model of it, and by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deltasim.simulator.memories.buffer import accesses_of, nothing_reserved, reserve, window_of

WIDTH = 8
streams = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 40), st.integers(1, 24)), max_size=12)


@given(streams, st.integers(1, 5), st.integers(1, 3), st.integers(1, 4))
def test_no_bank_is_taken_twice_in_a_cycle(
    asked: list[tuple[int, int, int]], banks: int, interleave: int, slots: int
) -> None:
    """Against a set of (bank, cycle) without a horizon; never more than ``slots`` streams at once."""
    window = window_of(slots, 24 * WIDTH, WIDTH)
    reserved, taken = nothing_reserved(window), set[tuple[int, int]]()
    now, ends = 0, [0] * slots
    for pause, word, accesses in asked:
        now += pause
        place = ends.index(min(ends))
        now = max(now, ends[place])
        cycle, conflicts, first = now, 0, -1
        for access in range(accesses):
            bank, asked_at = (word + access) // interleave % banks, cycle
            while (bank, cycle) in taken:
                cycle += 1
            conflicts += cycle > asked_at
            taken.add((bank, cycle))
            first = cycle if access == 0 else first
            cycle += 1
        stream = reserve(reserved, 0, window, banks, interleave, word, accesses, now)
        assert tuple(map(int, stream)) == (first, cycle - 1, conflicts)
        ends[place] = cycle


def test_streams_in_step_conflict_once() -> None:
    """Four banks, a word in each: three streams from bank 0 in the same cycle. The second waits one cycle at
    its first access and is a bank behind the first from then on; the third waits two.
    """
    reserved = nothing_reserved(window_of(3, 64 * WIDTH, WIDTH))
    seen = [reserve(reserved, 0, len(reserved) // 2, 4, 1, 0, 64, 0) for _ in range(3)]
    assert [tuple(map(int, stream)) for stream in seen] == [(0, 63, 0), (1, 64, 1), (2, 65, 1)]


def test_one_bank_serves_one_after_another() -> None:
    """With one bank a second stream of 3 begins when the first of 5 has ended: one access waits."""
    reserved = nothing_reserved(20)
    assert tuple(map(int, reserve(reserved, 0, 20, 1, 1, 0, 5, 0))) == (0, 4, 0)
    assert tuple(map(int, reserve(reserved, 0, 20, 1, 1, 0, 3, 1))) == (5, 7, 1)


@given(st.integers(0, 1000), st.integers(1, 300))
def test_accesses_cover_the_bytes(address: int, size: int) -> None:
    touched = {byte // WIDTH for byte in range(address, address + size)}
    assert accesses_of(address, size, WIDTH) == len(touched)
