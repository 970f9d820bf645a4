"""Jobs: what a thing on its way is doing, and the key that settles ties between jobs."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.engines.compiled.records import State

# What a job is doing, or waiting to do.
SCANNING, UPDATING, SENDING, BRANCHING, DROPPING, RECEIVING, FETCHING = range(7)
READING, REQUESTING, ASKED, SERVED, RESPONDING, ACCUMULATING, ADDRESSING = range(7, 14)
LOOKING_UP, LOOKED_UP, ISSUING, FILLING, READING_CACHE, BANKED = range(14, 20)
CONTROLLED, ANSWERED = range(20, 22)

ORDINAL_BITS = 58


@part
def code(kind: int, ordinal: int, core: int, cores: int) -> int:
    """The content of a job as one integer that sorts like (kind, step, projection, source, core).

    ``ordinal`` is the message's place in the trace, which is sorted by (step, projection, source).
    """
    return (kind << ORDINAL_BITS) | (ordinal * cores + core)


@part
def burst_code(kind: int, ordinal: int, core: int, cores: int, burst: int, bursts: int) -> int:
    """The same for a burst of a column, where all jobs of this kind are bursts: its number comes last."""
    return (kind << ORDINAL_BITS) | ((ordinal * cores + core) * bursts + burst)


@part
def new_job(state: State, stage: int, message: int) -> int:
    """A job from the free list; with none left the run is given up and begun again with more room."""
    jobs, run = state.jobs, state.run[0]
    job = run.free_job
    if job >= jobs.size - 1:
        run.overflow = 1
        job = jobs.size - 1
    else:
        run.free_job = jobs[job].next
    jobs[job].stage, jobs[job].message, jobs[job].serialisation = stage, message, 0
    return int(job)


@part
def end_job(state: State, job: int) -> None:
    """Back to the free list."""
    run = state.run[0]
    if run.overflow == 0:
        state.jobs[job].next = run.free_job
        run.free_job = job
