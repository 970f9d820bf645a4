"""Where studies and evolutions are worked on: here, in several processes, or in those of a cluster."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, Protocol

from deltasim.exploration.workbench import BenchMaker, Setup, task
from deltasim.runtime.disk.unfinished import child
from deltasim.runtime.processes import WorkerContext
from deltasim.simulator.engines.parallel import end_with_parent, interrupts_held

MOST_LOSSES = 3


class Executor(Protocol):
    """Does one thing for many arguments; results come when they are ready, with their argument's place."""

    def each(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]: ...


class Here:
    """One after another, in this process."""

    def __init__(self, study: str, setup: BenchMaker) -> None:
        self.study, self.setup = study, setup

    def each(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        for place, one in enumerate(arguments):
            yield place, task(self.study, self.setup, name, one)


class Processes:
    """So many processes of this machine. One that is killed is replaced, and its work done again."""

    def __init__(self, study: str, setup: BenchMaker, jobs: int) -> None:
        self.study, self.setup, self.jobs = study, setup, jobs
        start_tracker()
        self.pool = self._pool()
        self.losses = 0

    def _pool(self) -> concurrent.futures.ProcessPoolExecutor:
        return concurrent.futures.ProcessPoolExecutor(self.jobs, WorkerContext(), initializer=start_worker)

    def each(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        left = dict(enumerate(arguments))
        while left:
            try:
                with interrupts_held():  # a process that is being started is deaf to Ctrl-C
                    futures = {
                        self.pool.submit(task, self.study, self.setup, name, one): place
                        for place, one in left.items()
                    }
                for future in concurrent.futures.as_completed(futures):
                    result = future.result()
                    place = futures[future]
                    del left[place]
                    yield place, result
            except BrokenProcessPool:
                self.losses += 1
                if self.losses > MOST_LOSSES:
                    raise RuntimeError(
                        "worker processes end by themselves; fewer --jobs need less memory"
                    ) from None
                self.pool.shutdown(wait=False, cancel_futures=True)
                self.pool = self._pool()

    def close(self) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)

    def kill(self) -> None:
        """End the workers, whatever they do: this process is being stopped."""
        for process in multiprocessing.active_children():
            process.kill()


def start_tracker() -> None:
    """Start Python's own process that clears up behind workers; it says nothing when we are stopped."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore"
    try:
        resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


def start_worker() -> None:
    """In a worker: leave Ctrl-C to the process that started it, and end with that, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = "1"
    threading.Thread(target=end_with_parent, daemon=True).start()


@contextmanager
def cluster(study: str, setup: Setup, address: str) -> Iterator[Executor]:
    """What works on the points of a study: the workers of a dask.distributed scheduler."""
    from deltasim.exploration.cluster import Cluster, connected

    with connected(address) as client:
        workers = Cluster(study, setup, client)
        try:
            yield workers
        finally:
            workers.close()


@contextmanager
def executor(study: str, setup: BenchMaker, jobs: int) -> Iterator[Executor]:
    """What works for a study or an evolution: with one job this process, with more as many others."""
    if jobs == 1:
        yield Here(study, setup)
        return
    processes = Processes(study, setup, jobs)
    with child(lambda: processes):
        try:
            yield processes
        finally:
            processes.close()
