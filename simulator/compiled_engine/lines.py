"""Messages of a lane that go through a unit one after the other, in the order in which they come."""

from __future__ import annotations

from typing import Any

import numpy as np

from networks.kernels import inlined, part
from simulator.compiled_engine.arrivals import AT_ONCE, Arrivals
from simulator.compiled_engine.queues import cover_line
from simulator.compiled_engine.records import State
from simulator.plan import Integers

KEY_BITS = 62
LATE = 2  # in ``run.overflow``: a time does not fit into a key
NOBODY, ONE = np.uintp(0), np.uintp(1)


@part
def go_through(
    state: State,
    arrivals: Arrivals,
    unit: int,
    source: Integers,
    at: int,
    number: int,
    into: int,
    duration: int,
    work: int,
    behind: int,
) -> None:
    """Keys that lie in ``source`` from ``at`` on go through a unit that takes ``duration`` for each.

    ``work`` of that it is busy. They come out ``behind`` after their service has begun, into
    ``arrivals.keys`` from ``into`` on.
    """
    run, keys, begun = state.run[0], arrivals.keys, arrivals.granted
    shift, opened = run.shift, run.opened
    low, free = np.int64((1 << shift) - 1), state.units[unit].free_at - opened
    wait, peak = AT_ONCE, NOBODY
    first, out = np.uintp(at), np.uintp(into)
    for place in range(np.uintp(number)):
        key = source[first + place]
        asked = key >> shift
        start = max(asked, free)
        begun[place] = start
        free, wait = start + duration, wait + start - asked
        keys[out + place] = ((start + behind) << shift) | (key & low)
        peak = longest(begun, place, asked, peak)
    state.units[unit].free_at = opened + free
    cover_line(state, unit, opened + free, number * duration, number * work)
    check_time(state, opened + free + behind)
    book_line(state, unit, wait, peak)


@inlined
def longest(begun: Integers, place: Any, asked_ps: int, peak: Any) -> Any:
    """How long a queue has been at most, now that one more has come to it.

    Places are served in order: ``begun[place]`` is when. Those stand in the queue at ``asked_ps`` whose
    service begins then or later. It grows by one at a time, so only the one ``peak`` places ahead is looked
    at. Unsigned, since a negative index would be one from the end.
    """
    return peak + np.uintp(begun[place - peak] >= asked_ps)


@part
def book_queue(state: State, unit: int, asked: Integers, lag: int, begun: Integers, number: int) -> None:
    """Enter a queue into the books: who asked at ``asked + lag`` was served at ``begun``, both in order.

    Who comes at a tick stands in the queue before anybody is served at it.
    """
    wait, peak = AT_ONCE, NOBODY
    for place in range(np.uintp(number)):
        time_ps = asked[place] + lag
        wait += begun[place] - time_ps
        peak = longest(begun, place, time_ps, peak)
    book_line(state, unit, wait, peak)


@part
def book_line(state: State, unit: int, wait_ps: int, peak: np.uintp) -> None:
    """Who stands in line is in the queue from asking to being served: its area is all their waits."""
    books = state.units[unit]
    books.wait += wait_ps
    books.area += wait_ps
    books.peak = max(books.peak, np.int64(peak))


@part
def check_time(state: State, time_ps: int) -> None:
    """Give the phase up where its times no longer fit into keys."""
    run = state.run[0]
    if (time_ps - run.opened) >> (KEY_BITS - run.shift) > 0:
        run.overflow = LATE
