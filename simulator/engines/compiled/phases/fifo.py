"""Messages of an arrival list that go through a unit one after the other, in the order in which they come."""

from __future__ import annotations

from typing import Any

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import inlined, part
from deltasim.simulator.engines.compiled.counting import add_area, add_wait, record_busy_series
from deltasim.simulator.engines.compiled.phases.arrival_lists import AT_ONCE, Arrivals
from deltasim.simulator.engines.compiled.records import State

KEY_BITS = 62
LATE = 2  # in ``run.overflow``: a time does not fit into a key
ONE = np.uintp(1)


@part
def go_through(
    state: State,
    arrivals: Arrivals,
    unit: int,
    at: int,
    number: int,
    into: int,
    duration: int,
    work: int,
    behind: int,
) -> None:
    """Keys that lie from ``at`` on go through a unit that takes ``duration`` for each.

    ``work`` of that it is busy. They come out ``behind`` after their service has begun, and lie from ``into``
    on.
    """
    run, keys = state.run[0], arrivals.keys
    shift, opened = run.shift, run.opened
    low, free = np.int64((1 << shift) - 1), state.units[unit].free_at - opened
    wait, longest_wait = AT_ONCE, AT_ONCE
    first, out = np.uintp(at), np.uintp(into)
    for place in range(np.uintp(number)):
        key = keys[first + place]
        asked = key >> shift
        start = max(asked, free)
        free, wait, longest_wait = start + duration, wait + start - asked, max(longest_wait, start - asked)
        keys[out + place] = ((start + behind) << shift) | (key & low)
    state.units[unit].free_at = opened + free
    record_busy_series(state, unit, opened + free, number * duration, number * work)
    check_time(state, opened + free - duration + behind)
    # whoever waits has in front of it those that are served meanwhile, one behind the other
    record_waits(state, unit, wait, 1 + longest_wait // duration)


@inlined
def lengthen(peak: Any, begun: Integers, place: Any, asked_ps: int) -> None:
    """See whether a queue has become longer than ever before, now that one more has come to it.

    Places are served in order: ``begun[place]`` is when. Those stand in the queue at ``asked_ps`` whose
    service begins then or later. It grows by one at a time, so only the one ``peak`` places ahead is looked
    at. What is written only now and then is a branch that can be foreseen; a sum would make every
    message wait for the one before it.
    """
    if begun[place - peak[0]] >= asked_ps:
        peak[0] += ONE


@part
def record_queue(
    state: State, arrivals: Arrivals, unit: int, asked: Integers, delay: int, begun: Integers, number: int
) -> None:
    """Record a queue: who asked at ``asked + delay`` was served at ``begun``, both in order.

    Who comes at a tick stands in the queue before anybody is served at it.
    """
    arrivals.peak[0] = 0
    for place in range(np.uintp(number)):
        lengthen(arrivals.peak, begun, place, asked[place] + delay)
    wait = sum_of(begun, number) - sum_of(asked, number) - number * delay
    record_waits(state, unit, wait, int(arrivals.peak[0]))


@part
def sum_of(values: Integers, number: int) -> int:
    """The sum of the first values, in a loop of its own that goes many at a time."""
    total = AT_ONCE
    for place in range(np.uintp(number)):
        total += values[place]
    return total


@part
def record_waits(state: State, unit: int, wait_ps: int, peak: int) -> None:
    """Who stands in line is in the queue from asking to being served: its area is all their waits."""
    add_wait(state, unit, wait_ps)
    add_area(state, unit, AT_ONCE + 1, wait_ps)
    state.units[unit].peak = max(state.units[unit].peak, peak)


@part
def check_time(state: State, time_ps: int) -> None:
    """Give the phase up where its times no longer fit into keys."""
    run = state.run[0]
    if (time_ps - run.opened) >> (KEY_BITS - run.shift) > 0:
        run.overflow = LATE
