"""Sequences that are the beginning of a longer one, as dense ones are: one run serves them all.

How many frames there are is asked only where an encoder wants its next step, and where all that was released
has finished. Until an encoder wants the step behind the last of the shorter sequence, both runs are the same,
tick by tick: the longer one stops when that last step has begun, a copy of all its state runs on to the end
of the shorter sequence, and then it goes on itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import numpy as np

from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Integers
from deltasim.simulator.engines.compiled.events.loop import run_into_step, run_to_end
from deltasim.simulator.engines.compiled.records import DATAFLOW, State, Tables


def beginnings(trace: Trace, chosen: Sequence[int]) -> list[int]:
    """The longest of some sequences, last, behind those of them that it begins with, the shortest first.

    Empty where it begins with none, or there are fewer than two. No two of them are equal.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> network = random_stack("gru", 8, (16,), np.random.default_rng(0))
    >>> beginnings(dense_trace(network, [4, 7, 2, 5]), [0, 1, 3])
    [0, 3, 1]
    """
    if len(chosen) < 2:
        return []
    steps = np.diff(trace.sequence_bounds)
    longest = max(chosen, key=lambda index: int(steps[index]))
    found = [index for index in chosen if index != longest and begins(trace, longest, index)]
    return [*sorted(found, key=lambda index: int(steps[index])), longest] if found else []


def begins(trace: Trace, longer: int, shorter: int) -> bool:
    """Whether a sequence begins with the messages of another, step by step; values are no matter here."""
    long, short = (
        trace.step_bounds[trace.sequence_bounds[index] : trace.sequence_bounds[index + 1] + 1]
        for index in (longer, shorter)
    )
    if not np.array_equal(long[: len(short)] - long[0], short - short[0]):
        return False
    count = short[-1] - short[0]
    own, others = trace.messages[short[0] :][:count], trace.messages[long[0] :][:count]
    lost, others_lost = (lost_among(trace, int(first), int(count)) for first in (short[0], long[0]))
    return np.array_equal(lost, others_lost) and all(
        np.array_equal(own[field], others[field]) for field in ("projection", "source")
    )


def lost_among(trace: Trace, first: int, count: int) -> Integers:
    """Which of so many messages from ``first`` on are lost, counted from there."""
    low, high = np.searchsorted(trace.lost, [first, first + count])
    return trace.lost[low:high] - first


class TooManyJobs(Exception):
    """There was too little room for all jobs at once, or the run was stopped."""


def run_beginnings(
    state: State,
    tables: Tables,
    seen: Integers,
    lengths: Sequence[int],
    watched: Callable[[State], AbstractContextManager[None]],
) -> Iterator[State]:
    """For each number of frames, in rising order, the state at the end of a sequence of so many.

    ``state`` is that before the longest, and ends as the last. What runs is ``watched``. It ends early where
    a step is wanted in the tick in which the one before begins. Raises TooManyJobs.
    """
    policy = int(tables.chip["policy"][0])
    for frames in lengths:
        allow(state, policy, frames)
        ended = state
        if frames < lengths[-1]:
            with watched(state):
                if not run_into_step(state, seen, frames - 1):
                    raise TooManyJobs
            if is_wanted(state, frames):
                return
            ended = State._make(array.copy() for array in state)
        with watched(ended):
            if not run_to_end(ended, seen):
                raise TooManyJobs
        yield ended._replace(steps=ended.steps[:frames])


def allow(state: State, policy: int, frames: int) -> None:
    """Let a run of one pass go on to so many frames."""
    state.run["frames"] = frames
    if policy == DATAFLOW and state.run["begun"][0]:  # all of them were released at the beginning
        state.populations["released"] = frames - 1


def is_wanted(state: State, step: int) -> bool:
    """Whether an encoder has come to a step, or all have finished the one before."""
    return bool((state.encoders["step"] >= step).any() or state.run["pass_number"][0] > 0)
