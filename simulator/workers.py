"""Sequences are independent: they run side by side, and what comes out is in their order."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor

from networks.arrays import Floats
from networks.errors import InputError
from networks.trace import Trace
from simulator.ledger import Ledger
from simulator.plan import Plan


def workers(jobs: int | None) -> int:
    """How many sequences run at once: ``jobs``, or, with None, one for each processor of this process.

    >>> workers(3)
    3
    >>> workers(0)
    Traceback (most recent call last):
    networks.errors.InputError: --jobs: 0: at least one sequence runs at a time. Give 1 or more.
    """
    if jobs is None:
        available = getattr(os, "sched_getaffinity", None)
        return len(available(0)) if available else os.cpu_count() or 1
    if jobs < 1:
        raise InputError("--jobs", jobs, "at least one sequence runs at a time", "Give 1 or more.")
    return jobs


def in_threads(plan: Plan, trace: Trace, chosen: Sequence[int], jobs: int) -> Generator[Ledger, None, None]:
    """Run the chosen sequences on the compiled engine, ``jobs`` threads at once; ledgers in order.

    Even one job has a thread of its own: Ctrl-C reaches the main thread only, and a kernel hears nothing.
    When the caller stops early, kernels under way return at their next tick.
    """
    from simulator.compiled_engine.engine import CompiledEngine

    engine = CompiledEngine(plan)
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="deltasim")
    try:
        futures = [pool.submit(lambda i: engine.run_sequence(trace.sequence(i)), index) for index in chosen]
        yield from taken(futures)
    finally:
        engine.stop()
        pool.shutdown(wait=False, cancel_futures=True)


def in_processes(
    plan: Plan, trace: Trace, inputs: Sequence[Floats] | None, chosen: Sequence[int], jobs: int
) -> Generator[Ledger, None, None]:
    """Run the chosen sequences on the SimPy engine, in processes of their own unless one is enough."""
    from simulator.simpy_engine.engine import run_sequence

    frames = [None if inputs is None else inputs[index] for index in chosen]
    jobs = min(jobs, len(chosen))
    if jobs == 1:
        for index, heard in zip(chosen, frames, strict=True):
            yield run_sequence(plan, trace.sequence(index), heard)
        return
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        jobs, multiprocessing.get_context("spawn"), initializer=receive_plan, initargs=(plan,)
    )
    done = False
    try:
        with interrupts_held():  # workers start deaf to Ctrl-C: it is this process that stops them
            futures = [
                pool.submit(run_here, trace.sequence(index), heard)
                for index, heard in zip(chosen, frames, strict=True)
            ]
        yield from taken(futures)
        done = True
    finally:
        if not done:
            for process in set(multiprocessing.active_children()) - before:
                process.kill()
        pool.shutdown(wait=done, cancel_futures=True)


def taken(futures: list[Future[Ledger]]) -> Generator[Ledger, None, None]:
    """Results in order, each let go once it is handed on."""
    futures.reverse()
    while futures:
        yield futures.pop().result()


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back for a moment; processes started meanwhile never hear it."""
    if not hasattr(signal, "pthread_sigmask"):  # not a POSIX system
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_plan: list[Plan] = []  # of a worker process: sent once, used for every sequence


def receive_plan(plan: Plan) -> None:
    """What a worker process is given when it starts."""
    _plan[:] = [plan]


def run_here(trace: Trace, frames: Floats | None) -> Ledger:
    """Run one sequence in a worker process."""
    from simulator.simpy_engine.engine import run_sequence

    return run_sequence(_plan[0], trace, frames)


Runs = Callable[[Plan, Trace, Sequence[Floats] | None, Sequence[int], int], Generator[Ledger, None, None]]
RUNS: dict[str, Runs] = {
    "compiled": lambda plan, trace, _inputs, chosen, jobs: in_threads(plan, trace, chosen, jobs),
    "simpy": in_processes,
}
"""How each engine runs sequences side by side."""
