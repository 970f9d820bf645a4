"""The cache rule against a plain model of it, and by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deltasim.simulator.memories.cache import empty_cache, holds, lines_of, look_up_lines, use_line

SETS, WAYS = 3, 2


class Model:
    """Sets as lists of [line, dirty], the least recently used first."""

    def __init__(self, sets: int, ways: int) -> None:
        self.sets: list[list[list[int]]] = [[] for _ in range(sets)]
        self.ways = ways

    def use(self, line: int, write: bool) -> tuple[bool, bool, bool]:
        lines = self.sets[line % len(self.sets)]
        found = [entry for entry in lines if entry[0] == line]
        put_out: list[list[int]] = []
        if found:
            lines.remove(found[0])
        elif len(lines) == self.ways:
            put_out = [lines.pop(0)]
        lines.append([line, int(write or bool(found and found[0][1]))])
        return bool(found), bool(put_out), bool(put_out and put_out[0][1])


uses = st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=60)


@given(uses, st.integers(1, 4), st.integers(1, 4), st.integers(0, 5))
def test_a_cache_is_its_model(asked: list[tuple[int, bool]], sets: int, ways: int, start: int) -> None:
    """Hits, evictions and write-backs of any reads and writes; what lies before the cache stays."""
    entries = empty_cache(start + sets, ways)
    model = Model(sets, ways)
    for line, write in asked:
        there = holds(entries, start, sets, ways, line)
        use = use_line(entries, start, sets, ways, line, write)
        assert tuple(map(bool, use)) == model.use(line, write)
        assert there == use.hit
    assert (entries[:start] == -1).all()


def test_a_dirty_line_is_written_back_once() -> None:
    """Two ways of one set: a write to 0, reads of 3, 6, 9, 0 and 3 put out 0 (dirty), then clean lines."""
    entries = empty_cache(SETS, WAYS)
    asked = [(0, True), (3, False), (6, False), (9, False), (0, False), (3, False)]
    seen = [use_line(entries, 0, SETS, WAYS, *use) for use in asked]
    assert [bool(use.hit) for use in seen] == [False] * 6
    assert [bool(use.evicted) for use in seen] == [False, False, True, True, True, True]
    assert [bool(use.written_back) for use in seen] == [False, False, True, False, False, False]


def test_a_write_to_a_clean_line_makes_it_dirty() -> None:
    entries = empty_cache(1, 1)
    assert not use_line(entries, 0, 1, 1, 5, False).hit
    assert use_line(entries, 0, 1, 1, 5, True).hit
    assert use_line(entries, 0, 1, 1, 6, False).written_back


@given(uses, st.integers(0, 20), st.integers(0, 6))
def test_runs_are_single_look_ups(asked: list[tuple[int, bool]], line: int, count: int) -> None:
    """Looking lines up together does what looking them up one by one does, and each lookup is maximal."""
    one, other = empty_cache(SETS, WAYS), empty_cache(SETS, WAYS)
    for use in asked:
        use_line(one, 0, SETS, WAYS, *use)
        use_line(other, 0, SETS, WAYS, *use)
    end, at, hits, missing, evictions, written = line + count, line, 0, 0, 0, 0
    single = [use_line(one, 0, SETS, WAYS, number, False) for number in range(line, end)]
    while at < end:
        found = look_up_lines(other, 0, SETS, WAYS, at, end, False)
        assert (
            found.first_missing == at + found.hits
            and found.next_line == found.first_missing + found.missing > at
        )
        hits, missing, at = hits + found.hits, missing + found.missing, found.next_line
        evictions, written = evictions + found.evictions, written + found.write_backs
    assert (one == other).all()
    assert hits == sum(use.hit for use in single) and missing == count - hits
    assert evictions == sum(use.evicted for use in single)
    assert written == sum(use.written_back for use in single)


@given(st.integers(0, 1000), st.integers(1, 300), st.sampled_from([8, 32, 64]))
def test_lines_cover_the_bytes(address: int, size: int, line: int) -> None:
    first, end = lines_of(address, size, line)
    assert first * line <= address < (first + 1) * line
    assert (end - 1) * line < address + size <= end * line
