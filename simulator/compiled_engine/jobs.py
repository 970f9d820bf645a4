"""Jobs: what a thing on its way is doing, and the key that settles ties between jobs."""

from __future__ import annotations

from networks.kernels import kernel
from simulator.compiled_engine.state import ALIVE, FREE_JOB, NEXT, OVERFLOW, STAGE, State

# What a job is doing, or waiting to do.
SCANNING, UPDATING, SENDING, BRANCHING, DROPPING, RECEIVING, FETCHING = range(7)
READING, REQUESTING, ASKED, SERVED, RESPONDING, ACCUMULATING = range(7, 13)

# What a job is, where two kinds meet at one unit at one tick: the lower goes first. As in the SimPy engine.
SCAN_KIND, MESSAGE_KIND, REQUEST_KIND, RESPONSE_KIND, COLUMN_KIND, UPDATE_KIND = range(6)
ORDINAL_BITS = 58


@kernel
def code(kind: int, ordinal: int, core: int, cores: int) -> int:
    """The content of a job as one integer that sorts like (kind, step, projection, source, core).

    ``ordinal`` is the message's place in the trace, which is sorted by (step, projection, source).
    """
    return (kind << ORDINAL_BITS) | (ordinal * cores + core)


@kernel
def new_job(state: State, stage: int) -> int:
    """A job from the free list; when there is none left the run is given up and begun again with more room."""
    job = state.scalars[FREE_JOB]
    if job >= state.jobs.shape[0] - 1:
        state.scalars[OVERFLOW] = 1
        return state.jobs.shape[0] - 1
    state.scalars[FREE_JOB] = state.jobs[job, NEXT]
    state.scalars[ALIVE] += 1
    state.jobs[job, STAGE] = stage
    return job


@kernel
def end_job(state: State, job: int) -> None:
    """Back to the free list."""
    if state.scalars[OVERFLOW] == 0:
        state.jobs[job, NEXT] = state.scalars[FREE_JOB]
        state.scalars[FREE_JOB] = job
        state.scalars[ALIVE] -= 1
