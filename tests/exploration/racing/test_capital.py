"""What a race bets never grows in expectation where the point is no dearer, and a front is lost as rarely as
promised: every order is tried where there are few, and many made-up studies are counted."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deltasim.exploration.front import dominating, front
from deltasim.exploration.pricing import Form, PriceTable
from deltasim.exploration.racing.capital import Capital, chance_of
from deltasim.exploration.racing.order import PART, part_of, race_order
from deltasim.exploration.racing.race import Race, until_dominated
from deltasim.exploration.racing.rivals import asked_of, closest

Reals = NDArray[np.float64]

COSTS = st.one_of(st.sampled_from([0.0, 1.0, 1.1]), st.floats(0.0, 100.0, allow_subnormal=False))


@st.composite
def no_dearer(draw: st.DrawFn) -> tuple[Reals, Reals, Reals]:
    """Costs of a rival, of a point that costs no more in all, and what the point costs at least."""
    count = draw(st.integers(2, 5))
    rows = st.lists(COSTS, min_size=count, max_size=count).map(lambda row: np.array(row, np.float64))
    rival, mine = draw(rows), draw(rows)
    if mine.sum() > rival.sum():
        mine = mine * (rival.sum() / mine.sum())
    shares = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=count, max_size=count))
    return rival, mine, mine * np.array(shares)


@settings(max_examples=60)
@given(no_dearer())
def test_a_bet_on_the_contrary_never_grows(case: tuple[Reals, Reals, Reals]) -> None:
    """The mean over every order, after every sequence: at most 1, whatever the costs."""
    rival, mine, least = case
    after = []
    for order in itertools.permutations(range(len(rival))):
        places = list(order)
        capital = Capital(rival[None, None, places], least[None, places], np.array([[True]]))
        row = []
        for place in places[:-1]:
            capital.enter(mine[None, [place]])
            row.append(float(np.exp(capital.of_rivals()[0])))
        after.append(row)
    assert (np.mean(after, axis=0) <= 1 + 1e-6).all()


@settings(max_examples=15)
@given(st.integers(PART, 200))
def test_every_sequence_is_in_the_first_part_as_likely(count: int) -> None:
    starts = (np.arange(2000) + 0.5) / 2000
    parts = np.stack([part_of(count, start) for start in starts])
    assert all(len(set(row)) == PART for row in parts.tolist())
    often = np.bincount(parts.ravel(), minlength=count) / len(starts)
    assert len(often) == count and np.abs(often - PART / count).max() < 2 * PART / len(starts)


@given(st.lists(st.integers(1, 9), min_size=PART, max_size=40), st.integers(0, 2**31 - 1))
def test_an_order_holds_every_sequence_once(lengths: list[int], seed: int) -> None:
    order = race_order(np.array(lengths), np.zeros(len(lengths), np.int64), seed)
    assert sorted(order.tolist()) == list(range(len(lengths)))
    line, quarter = np.sort(lengths), len(lengths) / PART
    for place, length in enumerate(np.sort(np.array(lengths)[order[:PART]]).tolist()):
        first, last = int(place * quarter), int((place + 1) * quarter - 1e-9)
        assert line[first] <= length <= line[min(last, len(line) - 1)]


TABLE = PriceTable(Form(("core.mac",), ("compute",), ("multiply-accumulates",)), (1.0,))
OBJECTIVES = ("energy", "latency", "area")
SEQUENCES = 40


def made_up(rng: np.random.Generator, points: int, apart: float) -> tuple[NDArray[np.int64], Reals, Reals]:
    """Points: counts and picoseconds of every sequence, (points, 2, sequences), and areas; long and short
    sequences, few that cost much, some points that are hardly apart, or not at all. And what each costs at
    least."""
    length = rng.integers(1, 6, SEQUENCES) * 1000
    level = 1 + apart * rng.integers(0, 5, (points, 2, 1))
    noise = np.exp(rng.normal(0, 0.1, (points, 2, SEQUENCES)))
    rare = 1 + 8 * (rng.random((points, 2, SEQUENCES)) < 0.05)
    costs = np.round(length * level * np.where(rng.random((points, 1, 1)) < 0.5, noise * rare, 1.0))
    least = np.where(rng.random((points, 1, 1)) < 0.5, 0.0, 0.8 * costs)
    return costs.astype(np.int64), rng.integers(1, 4, points).astype(np.float64), least


def race_through(rng: np.random.Generator, apart: float, risk: float) -> tuple[bool, int, int]:
    """Race the points of a made-up study: whether the front is whole, points raced out, sequences spared."""
    points = 16
    costs, areas, least = made_up(rng, points, apart)
    order = race_order(np.arange(SEQUENCES), np.zeros(SEQUENCES, np.int64), int(rng.integers(2**31)))
    unit = np.array([1.0, 1e-12])[:, None]
    whole = np.column_stack([(costs * unit).mean(axis=2), areas])
    kept: list[int] = []
    dropped = spared = 0
    for number in range(points):
        known = (*(least[number] * unit).mean(axis=1).tolist(), areas[number])
        may, asked = asked_of(known, whole[kept].reshape(-1, 3), OBJECTIVES)
        rows = np.flatnonzero(may)
        found = None
        if len(rows):
            rows = rows[closest(known, whole[kept][rows])]
            rivals = tuple(kept[row] for row in rows.tolist())
            race = Race(
                rivals, OBJECTIVES[:2], costs[list(rivals)] * unit, asked[rows],
                chance_of(number, points, risk), 0, True,
            )  # fmt: skip
            running = (((int(costs[number, 0, at]),), int(costs[number, 1, at])) for at in order.tolist())
            found = until_dominated(race, order, least[number] * unit, TABLE, running)
        if found is None:
            kept.append(number)
            continue
        dropped, spared = dropped + 1, spared + SEQUENCES - found.sequences
        assert found.counts == (int(costs[number, 0, order[: found.sequences]].sum()),)
        assert found.elapsed_ps == int(costs[number, 1, order[: found.sequences]].sum())
    lost = [number for number in np.flatnonzero(front(whole)).tolist() if number not in kept]
    return not lost, dropped, spared


@pytest.mark.parametrize(("apart", "risk"), [(0.5, 0.01), (0.02, 0.5)])
def test_the_front_of_made_up_studies_is_kept(apart: float, risk: float) -> None:
    """As often as promised, and points are dropped at all."""
    rng = np.random.default_rng(1)
    found = [race_through(rng, apart, risk) for _ in range(12)]
    assert sum(not whole for whole, _, _ in found) <= risk * len(found) / 2
    assert sum(dropped for _, dropped, _ in found) > 10


@pytest.mark.long
@pytest.mark.parametrize(("apart", "risk"), [(0.5, 0.01), (0.1, 0.01), (0.02, 0.5)])
def test_the_front_of_a_thousand_made_up_studies_is_kept(
    apart: float, risk: float, record_property: Callable[[str, object], None]
) -> None:
    """1,000 made-up studies, among them such with points hardly apart: fronts lost, points dropped."""
    rng = np.random.default_rng(2)
    found = [race_through(rng, apart, risk) for _ in range(1000)]
    lost = sum(not whole for whole, _, _ in found)
    record_property(f"apart {apart}, risk {risk}", f"{lost} lost, {sum(d for _, d, _ in found)} dropped")
    assert lost <= risk * len(found)


@pytest.mark.parametrize(
    ("sequences", "dearer", "seen"),
    [(60, 2.0, 15), (3000, 2.0, 18), (60, 4 / 3, 27), (3000, 4 / 3, 38), (60, 1.1, 49), (3000, 1.1, 105)],
)
def test_how_many_sequences_a_race_takes(sequences: int, dearer: float, seen: int) -> None:
    """As docs/exploring.md says it, of 100 points, all sequences costing the same."""
    capital = Capital(np.ones((1, 1, sequences)), np.zeros((1, sequences)), np.array([[True]]))
    capital.enter(np.full((1, PART), dearer))
    while not capital.reached(chance_of(0, 100, 0.01)):
        capital.enter(np.array([[dearer]]))
    assert capital.seen == seen


def test_a_tie_is_never_raced_out() -> None:
    """What costs the same on every sequence is on the front with its like, and no bet says otherwise."""
    costs = np.array([0.1, 0.7, 0.3, 0.2, 0.9, 0.4])
    capital = Capital(costs[None, None], costs[None], np.array([[True]]))
    for cost in costs[:-1]:
        capital.enter(np.array([[cost]]))
        assert capital.of_rivals()[0] <= 1e-6
    assert not dominating(costs[:1], costs[None, :1]).any()
