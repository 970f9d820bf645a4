"""Sequences are independent: they run side by side, and what comes out is in their order."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import cast

from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Floats
from deltasim.runtime.disk.unfinished import child
from deltasim.runtime.errors import InputError
from deltasim.runtime.processes import Worker
from deltasim.simulator.engines.services import Services
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.plan.plan import Plan


def workers(jobs: int | None) -> int:
    """How many sequences run at once: ``jobs``, or, with None, one for each processor of this process.

    >>> workers(3)
    3
    >>> workers(0)
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: --jobs: 0: at least one sequence runs at a time. Give 1 or more.
    """
    if jobs is None:
        available = getattr(os, "sched_getaffinity", None)
        return len(available(0)) if available else os.cpu_count() or 1
    if jobs < 1:
        raise InputError("--jobs", jobs, "at least one sequence runs at a time", "Give 1 or more.")
    return jobs


def in_threads(plan: Plan, trace: Trace, chosen: Sequence[int], jobs: int) -> Generator[Ledger, None, None]:
    """Run the chosen sequences on the compiled engine, ``jobs`` threads at once; ledgers in order.

    Ctrl-C reaches the main thread only, and nothing interrupts a kernel; so even one job has a thread of its
    own, unless the engine comes back to Python now and then. When the caller stops early, kernels under way
    return at their next tick.
    """
    from deltasim.simulator.engines.compiled.engine import CompiledEngine

    engine = CompiledEngine(plan)
    if jobs == 1 and engine.interruptible:
        for index in chosen:
            yield engine.run_sequence(trace.sequence(index))
        return
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="deltasim")
    try:
        together = engine.beginnings(trace, chosen)
        found = pool.submit(engine.run_beginnings, trace, together).result() if together else {}
        apart = [index for index in chosen if index not in found]
        alone = {
            index: pool.submit(lambda i: engine.run_sequence(trace.sequence(i)), index) for index in apart
        }
        for index in chosen:
            yield found.pop(index) if index in found else alone.pop(index).result()
    finally:
        engine.stop()
        pool.shutdown(wait=False, cancel_futures=True)


def in_processes(
    plan: Plan, trace: Trace, inputs: Sequence[Floats] | None, chosen: Sequence[int], jobs: int
) -> Generator[Ledger, None, None]:
    """Run the chosen sequences on the SimPy engine, in processes of their own unless one is enough."""
    from deltasim.simulator.engines.reference.engine import run_sequence

    def task(place: int) -> SequenceTask:
        index = chosen[place]
        return plan, trace.sequence(index), None if inputs is None else inputs[index]

    jobs = min(jobs, len(chosen))
    if jobs == 1:
        for place in range(len(chosen)):
            yield run_sequence(*task(place))
        return
    with contextlib.ExitStack() as workers:
        resource_tracker.ensure_running()  # which lets interrupts through again once it has started
        with interrupts_held():  # they start deaf to Ctrl-C: it is this process that ends them
            started = [workers.enter_context(worker()) for _ in range(jobs)]
        idle = started.copy()
        at_work: dict[Connection, int] = {}
        finished: dict[int, Ledger] = {}
        places = iter(range(len(chosen)))
        for place in range(len(chosen)):
            while place not in finished:
                for following in itertools.islice(places, len(idle)):
                    connection = idle.pop()
                    connection.send(task(following))
                    at_work[connection] = following
                for connection in cast("list[Connection]", multiprocessing.connection.wait(at_work)):
                    finished[at_work.pop(connection)] = answer_of(connection)
                    idle.append(connection)
            yield finished.pop(place)


SequenceTask = tuple[Plan, Trace, Floats | None]


@contextlib.contextmanager
def worker() -> Iterator[Connection]:
    """The connection to a new process that runs SimPy sequences, which ends when this is left."""
    here, there = multiprocessing.Pipe()

    def start() -> Worker:
        process = Worker(target=run_tasks, args=(there,), daemon=True)
        process.start()
        return process

    with child(start) as process:
        there.close()
        try:
            yield here
        finally:
            process.kill()
            process.join()
            here.close()


def run_tasks(connection: Connection) -> None:
    """In a worker process: run what comes, answer with a ledger or what went wrong, until nothing comes."""
    from deltasim.simulator.engines.reference.engine import run_sequence

    threading.Thread(target=end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError):
        while True:
            task: SequenceTask = connection.recv()
            try:
                answer: Ledger | Exception = run_sequence(*task)
            except Exception as error:
                answer = error
            connection.send(answer)


def end_with_parent() -> None:
    """In a worker process: end as soon as the process that started it has ended, however that came about."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def answer_of(connection: Connection) -> Ledger:
    """A worker's ledger; what went wrong there is raised here."""
    try:
        answer: Ledger | Exception = connection.recv()
    except EOFError:
        raise RuntimeError("a worker process ended by itself; fewer --jobs need less memory") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back for a moment, then raise it; processes started meanwhile never get it.

    A process that is being started is in no list yet, so nothing could end it. The mask of this thread is
    what a new process inherits; another thread may still take the signal, and Python then calls the handler
    here.
    """
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _frame: received.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        if received:
            raise KeyboardInterrupt


Runs = Callable[[Plan, Trace, Sequence[Floats] | None, Sequence[int], int], Generator[Ledger, None, None]]
RUNS: dict[str, Runs] = {
    "compiled": lambda plan, trace, _inputs, chosen, jobs: in_threads(plan, trace, chosen, jobs),
    "simpy": in_processes,
}
"""How each engine runs sequences side by side."""


def noted_by_compiled(plan: Plan, trace: Trace) -> Services:
    """The services of one sequence; its kernels are loaded only now."""
    from deltasim.simulator.engines.compiled.services import services_of

    return services_of(plan, trace)


def noted_by_simpy(plan: Plan, trace: Trace) -> Services:
    """The same from the reference engine."""
    from deltasim.simulator.engines.reference.services import services_of

    return services_of(plan, trace)


NOTED: dict[str, Callable[[Plan, Trace], Services]] = {"compiled": noted_by_compiled, "simpy": noted_by_simpy}
"""How each engine tells whom every unit served."""
