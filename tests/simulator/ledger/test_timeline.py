"""Timelines: bytes in bins that fold as time goes on, whatever the order they are entered in."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deltasim.simulator.ledger.timeline import BINS, WIDTH, empty_timelines, enter

entries = st.lists(
    st.tuples(st.integers(0, 10**9), st.integers(0, 10**7), st.integers(0, 10**6)), min_size=1, max_size=20
)


def entered(found: list[tuple[int, int, int]]) -> np.ndarray:
    row = empty_timelines(1)[0]
    for first, span, amount in found:
        enter(row, first, first + span, amount)
    return row


@given(entries, st.randoms(use_true_random=False))
def test_order_changes_nothing_and_no_byte_is_lost(found: list[tuple[int, int, int]], random: Random) -> None:
    row = entered(found)
    shuffled = list(found)
    random.shuffle(shuffled)
    assert (entered(shuffled) == row).all()
    assert row[1:].sum() == sum(amount for _, _, amount in found)
    end = max(max(first + span, first + 1) for first, span, _ in found)
    assert BINS << row[WIDTH] >= end, "the last bin ends behind the last byte"
    assert row[WIDTH] == 10 or BINS << (row[WIDTH] - 1) < end, "and no wider than it must be"


@given(entries, st.integers(0, 3))
def test_a_wide_bin_holds_what_its_halves_held(found: list[tuple[int, int, int]], times: int) -> None:
    """Something late folds the row; what was there before is added up two by two."""
    row = entered(found)
    late = (BINS << int(row[WIDTH]) << times) - 1
    wider = entered([*found, (late, 0, 0), (late, 0, 1)])
    pairs = row[1:].reshape(-1, 1 << times).sum(axis=1)
    assert wider[WIDTH] == row[WIDTH] + times
    assert (wider[1 : 1 + len(pairs)][:-1] == pairs[:-1]).all()


@given(st.integers(0, 10**9), st.integers(0, 10**7), st.integers(0, 10**6))
def test_one_flow_is_its_closed_form(first: int, span: int, amount: int) -> None:
    """Up to a border the whole bytes that have flowed: amount * (border - first) // span; all by the end."""
    row, end = entered([(first, span, amount)]), max(first + span, first + 1)
    borders = [(place + 1) << int(row[WIDTH]) for place in range(BINS - 1)]
    flowed = [amount * (min(max(border, first), end) - first) // (end - first) for border in borders]
    assert row[1:].tolist() == [later - before for before, later in pairwise([0, *flowed, amount])]


def test_a_row_folds_only_for_what_lies_beyond_it() -> None:
    whole = BINS << 10
    assert entered([(0, whole, 1)])[WIDTH] == 10 and entered([(0, whole + 1, 1)])[WIDTH] == 11


def test_a_flow_that_64_bits_do_not_hold_is_as_even() -> None:
    """2^40 bytes over 2^62 ps: a 256th in each bin."""
    row = entered([(0, 2**62, 2**40)])
    assert row[1:].tolist() == [2**40 // BINS] * BINS
    late = entered([(2**61, 2**61, 2**40)])
    assert late[1:].tolist() == [0] * (BINS // 2) + [2**41 // BINS] * (BINS // 2)


def test_bytes_flow_evenly_and_borders_round_down() -> None:
    """10 bytes over 4 bins from the middle of the first: after 1/8, 3/8, 5/8, 7/8 of them, 1, 3, 6, 8, 10."""
    row = empty_timelines(1)[0]
    enter(row, 512, 512 + 4096, 10)
    assert row[1:6].tolist() == [1, 2, 3, 2, 2]


def test_a_flow_is_exact_as_long_as_64_bits_hold_it() -> None:
    """3 bytes over 3 k picoseconds, of which the first k lie before the middle of the row: 1 byte.

    From 9 k = 2^63 on times count in pairs of picoseconds: of an odd k half a pair is lost, and the byte.
    Only the product counts: a short flow is exact however late it is.
    """
    for k, first_third in ((1024819115206086199, 1), (1024819115206086201, 0)):
        row = entered([(2**60 - k, 3 * k, 3)])
        assert row[1 : 1 + 64].sum() == first_third and row[WIDTH] == 54 and row[1:].sum() == 3
    late = entered([(2**61 - 101, 303, 3)])
    assert late[1:129].sum() == 1 and late[129] == 2


def test_the_last_bin_of_all_ends_where_64_bits_end() -> None:
    """Bins of 2^55 ps: the border behind the last one is 2^63 and no number of 64 bits any more."""
    row = entered([(2**63 - 2**56, 2**56 - 2**10, 1 << 20)])
    assert row[WIDTH] == 55 and row[1:].tolist() == [0] * 254 + [1 << 19, 1 << 19]
