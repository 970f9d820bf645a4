"""Jobs: what a thing on its way is doing, and the key that settles ties between jobs."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.components.order import RANK_OF, STAGES
from deltasim.simulator.engines.compiled.records import State

# What a job waits for where it asks for no unit; where it does is a stage of the order.
DROPPING, ASKED, ADDRESSING, LOOKED_UP, ISSUING, FILLING, ANSWERED = range(len(STAGES), len(STAGES) + 7)

ORDINAL_BITS = 58


@part
def code(stage: int, ordinal: int, core: int, cores: int) -> int:
    """The content of a job as one integer that sorts like (rank, step, projection, source, core).

    ``ordinal`` is the message's place in the trace, which is sorted by (step, projection, source).
    """
    return int((RANK_OF[stage] << ORDINAL_BITS) | (ordinal * cores + core))


@part
def burst_code(stage: int, ordinal: int, core: int, cores: int, burst: int, bursts: int) -> int:
    """The same for a burst of a column, where all jobs of this rank are bursts: its number comes last."""
    return int((RANK_OF[stage] << ORDINAL_BITS) | ((ordinal * cores + core) * bursts + burst))


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
