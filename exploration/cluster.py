"""Workers of a dask.distributed cluster: work in chunks, every trace sent once to a worker, losses mended."""

from __future__ import annotations

import importlib.util
import math
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

from deltasim.exploration.workbench import Setup, bench_of
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    import distributed

    from deltasim.exploration.space.space import Subject
    from deltasim.exploration.subjects import Computed

CHUNK_S = 0.5
"""A chunk of work takes so long or longer, as far as is known: handing one out costs about a millisecond."""

FIRST_S = 0.1
"""Of one argument, before the first came back."""

CONNECT_S, JOIN_S = 5, 60
MOST_LOSSES = 8

_one_at_a_time = threading.Lock()  # a worker may have several threads; a bench serves one


class Packed(NamedTuple):
    """What a worker has to know of a study, sent to it once."""

    study: str
    setup: Setup


@contextmanager
def connected(address: str) -> Iterator[distributed.Client]:
    """A client of the scheduler at an address, with a worker. Errors: InputError."""
    place = "--scheduler"
    if importlib.util.find_spec("distributed") is None:
        rule = "a cluster needs dask.distributed, which is not installed"
        raise InputError(place, address, rule, "Run pip install 'deltasim[explore]'.")
    import distributed

    with quiet():
        try:
            client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TypeError):
            remedy = "Start one with dask scheduler, and workers with dask worker ADDRESS --nthreads 1."
            raise InputError(place, address, "no scheduler answers there", remedy) from None
        try:
            require_workers(client, address)
            yield client
        finally:
            client.close(timeout=CONNECT_S)


@contextmanager
def quiet() -> Iterator[None]:
    """Within it, distributed says nothing of connections that are lost: that is mended, or told by us."""
    import logging

    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def require_workers(client: distributed.Client, address: str) -> None:
    """Raise InputError unless a worker is there, and all have this version of deltasim."""
    place, ours = "--scheduler", version("deltasim")
    try:
        client.wait_for_workers(1, timeout=JOIN_S)
    except TimeoutError:
        rule = f"no worker joined it within {JOIN_S} s"
        remedy = f"Start some with dask worker {address} --nthreads 1."
        raise InputError(place, address, rule, remedy) from None
    try:
        found = set(client.run(own_version).values())
    except ModuleNotFoundError as error:
        rule = f"a worker there has no {error.name}"
        raise InputError(place, address, rule, "Install deltasim where the workers run.") from None
    for other in sorted(found - {ours}):
        rule = f"a worker there has deltasim {other}, and this is {ours}"
        raise InputError(place, address, rule, "Install the same version.")


def own_version() -> str:
    """In a worker: the version of deltasim there."""
    return version("deltasim")


class Cluster:
    """The workers of a cluster. A lost one's work is done by the others; with none left it waits for more."""

    def __init__(self, study: str, setup: Setup, client: distributed.Client) -> None:
        self.packed, self.client = Packed(study, setup), client
        self.sent: dict[Subject | None, distributed.Future] = {}
        self.pace_s: dict[str, float] = {}
        self.losses = 0

    def each(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        import distributed

        left = dict(enumerate(arguments))
        while left:
            futures = {}
            try:
                for subject, places in self.chunks(name, left):
                    work = [left[place] for place in places]
                    inputs = (self.shared(None, self.packed), self.shared(subject))
                    futures[self.client.submit(worked, *inputs, name, work, pure=False)] = places
                for future in distributed.as_completed(list(futures), loop=self.client.loop):
                    results, seconds = future.result()
                    self.pace_s[name] = seconds / len(results)
                    for place, result in zip(futures[future], results, strict=True):
                        del left[place]
                        yield place, result
            except (CancelledError, distributed.KilledWorker, distributed.client.FutureCancelledError):
                self.losses += 1
                if self.losses > MOST_LOSSES:
                    rule = f"its workers were lost {self.losses} times"
                    raise InputError(
                        "--scheduler", "the cluster", rule, "Give them more memory; the study goes on."
                    ) from None
                self.sent.clear()  # what only a lost worker had is sent again
            finally:
                self.client.cancel([future for future in futures if not future.done()])

    def chunks(self, name: str, left: dict[int, tuple[Any, ...]]) -> Iterator[tuple[Subject, list[int]]]:
        """Places of arguments with one subject each, as many as take half a second."""
        size = max(1, math.ceil(CHUNK_S / max(self.pace_s.get(name, FIRST_S), 1e-6)))
        by_subject: dict[Subject, list[int]] = {}
        for place, one in left.items():
            by_subject.setdefault(one[0].subject, []).append(place)
        for subject, places in by_subject.items():
            for first in range(0, len(places), size):
                yield subject, places[first : first + size]

    def shared(self, subject: Subject | None, value: Any = None) -> distributed.Future:
        """What workers hold: the study, or the messages of a subject; made here, sent when they need it."""
        if subject not in self.sent:
            if value is None:
                value = made_here(self.packed, subject)
            self.sent[subject] = self.client.scatter(value, broadcast=subject is None, hash=False)
        return self.sent[subject]

    def close(self) -> None:
        self.sent.clear()


def made_here(packed: Packed, subject: Any) -> tuple[Any, Computed | InputError]:
    """The messages of a subject, or why there are none, made in this process."""
    try:
        return subject, bench_of(*packed).subjects.computed(subject)
    except InputError as error:
        return subject, error


def worked(
    packed: Packed, given: tuple[Any, Computed | InputError], name: str, work: Sequence[tuple[Any, ...]]
) -> tuple[list[Any], float]:
    """In a worker: do one thing for several arguments of one subject; the results, and seconds it took."""
    with _one_at_a_time:
        bench = bench_of(*packed)
        subject, computed = given
        if not isinstance(computed, InputError):
            bench.subjects.held[subject] = computed
        began = time.perf_counter()
        results = [getattr(bench, name)(*one) for one in work]
        return results, time.perf_counter() - began
