"""Sequences run side by side, and what comes out does not show it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.execute import execute
from deltasim.networks.trace import Trace, random_trace
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.engines.compiled.engine import CompiledEngine, EngineStopped
from deltasim.simulator.engines.parallel import in_threads, interrupts_held
from deltasim.simulator.ledger.laws import LawBroken
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.simulate import rehearse, run_plan, simulate
from tests.simulator.builders import assert_same_ledger
from tests.simulator.strategies import Case, cases

CHIP = load_chip("edgedrnn")


@settings(max_examples=15)
@given(case=cases(), jobs=st.integers(2, 5))
def test_threads_change_nothing(case: Case, jobs: int) -> None:
    network, trace, chip, _, mapping = case
    one = simulate(network, trace, chip, mapping)
    assert_same_ledger(one, simulate(network, trace, chip, mapping, jobs=jobs))


def test_processes_change_nothing() -> None:
    network = random_stack("gru", 4, (6,), np.random.default_rng(0), theta_x=0.3, theta_h=0.1)
    rng = np.random.default_rng(1)
    inputs = [rng.normal(size=(length, 4)).astype(np.float32) for length in (2, 4, 1)]
    trace, _ = execute(network, inputs)
    done: list[tuple[int, int]] = []

    def run(jobs: int) -> Ledger:
        return simulate(
            network, trace, CHIP, inputs=inputs, engine="simpy", jobs=jobs,
            progress=lambda *so_far: done.append(so_far),
        )  # fmt: skip

    assert_same_ledger(run(1), run(2))
    assert done == 2 * [(1, 3), (2, 3), (3, 3)]


def test_equal_sequences_are_simulated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network = random_stack("gru", 4, (6,), np.random.default_rng(0))
    trace = random_trace(network, [3, 2, 3, 3, 2], 1.0, np.random.default_rng(0))
    ran: list[int] = []
    whole = CompiledEngine.run_sequence

    def counted(engine: CompiledEngine, sequence: object) -> Ledger:
        ran.append(1)
        return whole(engine, sequence)  # type: ignore[arg-type]

    monkeypatch.setattr(CompiledEngine, "run_sequence", counted)
    ledger = simulate(network, trace, CHIP, jobs=2)
    assert len(ran) == 2
    assert len(ledger.sequence_latency_ps) == 5 and len(ledger.step_latency_ps) == 13
    assert len(set(ledger.sequence_latency_ps.tolist())) == 2


@pytest.mark.parametrize(
    ("name", "changes", "in_phases"),
    [("mesh16", {}, True), ("edgedrnn", {"cores.dma": {"burst": "64 B", "outstanding": 2}}, False)],
)
def test_a_stopped_engine_leaves_its_kernel_within_a_second(
    name: str, changes: dict[str, object], in_phases: bool
) -> None:
    network = random_stack("gru", 8, (64,), np.random.default_rng(0))
    chip = load_chip(name).changed(changes)
    plan = compile_plan(network, chip, map_network(network, chip))
    rehearse(plan, np.ones((1, 8), np.float32), "compiled")
    trace = random_trace(network, [30_000], 1.0, np.random.default_rng(0))  # some seconds of work
    engine, ended = CompiledEngine(plan), []
    assert (engine.ready.forward is not None) == in_phases

    def run() -> None:
        with pytest.raises(EngineStopped):
            engine.run_sequence(trace)
        ended.append(time.perf_counter())

    thread = threading.Thread(target=run)
    thread.start()
    while not engine.under_way:
        time.sleep(0.01)
    time.sleep(0.3)
    assert not ended
    asked = time.perf_counter()
    engine.stop()
    thread.join(20)
    assert ended and ended[0] - asked < 1


def several_seconds() -> tuple[Plan, Trace]:
    """A plan in phases whose kernels are there, and a trace that takes it some seconds."""
    network = random_stack("gru", 8, (64,), np.random.default_rng(0))
    plan = compile_plan(network, load_chip("mesh16"), map_network(network, load_chip("mesh16")))
    rehearse(plan, np.ones((1, 8), np.float32), "compiled")
    return plan, random_trace(network, [60_000], 1.0, np.random.default_rng(0))


def test_a_plan_that_has_run_in_phases_runs_in_the_thread_of_its_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = random_stack("gru", 4, (6,), np.random.default_rng(0))
    plan = compile_plan(network, CHIP, map_network(network, CHIP))
    trace = random_trace(network, [3], 1.0, np.random.default_rng(0))
    threads: list[threading.Thread] = []
    whole = CompiledEngine.run_sequence

    def noted(engine: CompiledEngine, sequence: Trace) -> Ledger:
        threads.append(threading.current_thread())
        return whole(engine, sequence)

    monkeypatch.setattr(CompiledEngine, "run_sequence", noted)
    ledgers = [run_plan(plan, trace) for _ in range(2)]
    assert threads[0] is not threading.current_thread()
    assert threads[1] is threading.current_thread()
    assert_same_ledger(*ledgers)


def test_it_hears_ctrl_c_there_within_a_second() -> None:
    plan, trace = several_seconds()
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    main = threading.main_thread().ident
    assert main is not None
    pressed: list[float] = []

    def press() -> None:
        time.sleep(0.3)
        pressed.append(time.perf_counter())
        signal.pthread_kill(main, signal.SIGINT)

    presser = threading.Thread(target=press)
    try:
        presser.start()
        with pytest.raises(KeyboardInterrupt):
            run_plan(plan, trace)
        assert time.perf_counter() - pressed[0] < 1
    finally:
        presser.join()
        signal.signal(signal.SIGINT, inherited)


def test_whoever_stops_listening_stops_the_threads() -> None:
    network = random_stack("gru", 4, (6,), np.random.default_rng(0))
    plan = compile_plan(network, CHIP, map_network(network, CHIP))
    trace = random_trace(network, [2] * 50, 0.5, np.random.default_rng(0))
    ledgers = in_threads(plan, trace, range(50), 2)
    next(ledgers)
    ledgers.close()
    left = [thread for thread in threading.enumerate() if thread.name.startswith("deltasim")]
    for thread in left:
        thread.join(5)
    assert not any(thread.is_alive() for thread in left)


def test_a_broken_law_in_a_thread_is_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Ledger:
        raise LawBroken("by hand")

    monkeypatch.setattr(CompiledEngine, "run_sequence", broken)
    network = random_stack("gru", 4, (6,), np.random.default_rng(0))
    plan = compile_plan(network, CHIP, map_network(network, CHIP))
    with pytest.raises(LawBroken, match="by hand"):
        run_plan(plan, random_trace(network, [1, 2], 0.5, np.random.default_rng(0)), jobs=2)


@pytest.mark.parametrize("jobs", [0, -1])
def test_no_job_at_all_is_refused(jobs: int) -> None:
    network = random_stack("gru", 4, (6,), np.random.default_rng(0))
    trace = random_trace(network, [1], 1.0, np.random.default_rng(0))
    with pytest.raises(InputError, match="--jobs"):
        simulate(network, trace, CHIP, jobs=jobs)


def test_ctrl_c_is_held_back_while_processes_start_and_then_raised() -> None:
    """Also when another thread takes the signal: the mask of this one does not keep it away."""
    inherited = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # these tests may run with it ignored
    taken = threading.Event()
    other = threading.Thread(target=taken.wait)
    other.start()
    reached = []
    try:
        with pytest.raises(KeyboardInterrupt), interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(1000):
                reached.append(1)
    finally:
        taken.set()
        other.join()
    assert len(reached) == 1000
    with interrupts_held():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
    signal.signal(signal.SIGINT, inherited)


def test_a_broken_law_in_a_process_is_raised_here() -> None:
    """The neurons compute on other inputs than those that made the trace."""
    network = random_stack("gru", 4, (6,), np.random.default_rng(0))
    inputs = [np.full((2, 4), value, np.float32) for value in (0.5, 1.0)]
    trace, _ = execute(network, inputs)
    with pytest.raises(LawBroken, match="message 0: the cores sent"):
        simulate(network, trace, CHIP, inputs=inputs[::-1], engine="simpy", jobs=2)
    assert multiprocessing.active_children() == []
