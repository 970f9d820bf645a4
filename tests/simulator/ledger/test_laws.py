"""Every law notices when a ledger has been tampered with, and says which."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import deltasim.simulator.ledger.laws
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.trace import Trace, dense_trace, random_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.engines.reference.engine import compare
from deltasim.simulator.ledger.laws import LawBroken, Tally, check
from deltasim.simulator.ledger.ledger import Counts, Ledger, joined
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import assert_same_ledger


@pytest.fixture(scope="module")
def honest() -> tuple[Ledger, Tally]:
    """A run on a mesh, with the tally that its engine handed in."""
    network = random_stack("gru", 12, (20,), np.random.default_rng(0))
    seen: list[Tally] = []
    with pytest.MonkeyPatch.context() as patch:
        import deltasim.simulator.engines.reference.engine as engine

        patch.setattr(engine, "check", lambda ledger, tally: seen.append(tally))
        ledger = simulate(network, dense_trace(network, [2]), load_chip("mesh16"), engine="simpy")
    return ledger, seen[0]


def more(values: Counts, *place: int) -> Counts:
    """The same numbers but one, which is one higher."""
    changed = values.copy()
    changed[place] += 1
    return changed


def column(ledger: Ledger, action: str) -> int:
    return ledger.actions.index(action)


def test_an_honest_ledger_passes(honest: tuple[Ledger, Tally]) -> None:
    ledger, tally = honest
    check(ledger, tally)
    assert tally == Tally(2 * 32, 2 * 32 * 16, 2 * 32 * 16, 2 * 32 * 15, 2 * 32 * 15, 2 * 32 * 60)


@pytest.mark.parametrize(
    ("field", "law"),
    [
        ("injected", "messages sent"),
        ("deliveries", "messages received"),
        ("delivered", "messages delivered"),
        ("tree_links", "link traversals"),
        ("traversed", "link traversals"),
        ("column_words", "words read"),
        ("credits_missing", "credits not returned"),
    ],
)
def test_a_message_lost_or_made_up(honest: tuple[Ledger, Tally], field: str, law: str) -> None:
    ledger, tally = honest
    for change in (-1, 1):
        with pytest.raises(LawBroken, match=law):
            check(ledger, tally._replace(**{field: getattr(tally, field) + change}))


@pytest.mark.parametrize(
    ("action", "law"),
    [
        ("scratchpad.words", "words read"),
        ("dram.words", "words read"),
        ("core.mac", "multiply-accumulates"),
        ("core.send", "messages sent"),
        ("core.receive", "messages received"),
        ("core.scan", "totals by layer"),
    ],
)
def test_an_action_too_many(honest: tuple[Ledger, Tally], action: str, law: str) -> None:
    ledger, tally = honest
    with pytest.raises(LawBroken, match=law):
        check(replace(ledger, counts=more(ledger.counts, 0, column(ledger, action))), tally)


def test_a_layer_charged_too_much(honest: tuple[Ledger, Tally]) -> None:
    ledger, tally = honest
    with pytest.raises(LawBroken, match="totals by layer"):
        check(replace(ledger, layer_counts=more(ledger.layer_counts, 1, column(ledger, "link.flit"))), tally)


@pytest.mark.parametrize("field", ["busy_ps", "stalled_ps", "idle_ps"])
def test_time_made_up(honest: tuple[Ledger, Tally], field: str) -> None:
    ledger, tally = honest
    with pytest.raises(LawBroken, match=r"core0.scan: busy \+ stalled \+ idle"):
        check(replace(ledger, **{field: more(getattr(ledger, field), 0)}), tally)


def test_no_unit_is_busier_than_the_run_is_long(honest: tuple[Ledger, Tally]) -> None:
    """More busy than elapsed, hidden in an idle time below 0."""
    ledger, tally = honest
    beyond = ledger.idle_ps[0] + 1
    busy, idle = ledger.busy_ps.copy(), ledger.idle_ps.copy()
    busy[0] += beyond
    idle[0] -= beyond
    with pytest.raises(LawBroken, match="none may be below 0"):
        check(replace(ledger, busy_ps=busy, idle_ps=idle), tally)


@pytest.mark.parametrize("field", ["queue_wait_ps", "queue_area_ps"])
def test_little(honest: tuple[Ledger, Tally], field: str) -> None:
    ledger, tally = honest
    with pytest.raises(LawBroken, match="Little"):
        check(replace(ledger, **{field: more(getattr(ledger, field), 3)}), tally)


def test_simulate_checks_the_laws(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    """A run that breaks a law has no ledger: both engines ask."""

    def refuse(what: str, seen: object, owed: object) -> None:
        raise LawBroken("asked")

    monkeypatch.setattr(deltasim.simulator.ledger.laws, "equal", refuse)
    network = random_stack("rnn", 2, (3,), np.random.default_rng(0))
    with pytest.raises(LawBroken, match="asked"):
        simulate(network, dense_trace(network, [1]), load_chip("edgedrnn"), engine=engine)


def test_another_message_is_noticed() -> None:
    """The first message that differs is named."""
    network = random_stack("rnn", 4, (3,), np.random.default_rng(0))
    trace = dense_trace(network, [2])
    sent = trace.messages.copy()
    compare(sent, trace)
    sent["delta"][5] = 2.0
    with pytest.raises(LawBroken, match="message 5"):
        compare(sent, trace)
    with pytest.raises(LawBroken, match=f"message {len(sent) - 1}"):
        compare(trace.messages[:-1], trace)


def test_neurons_notice_a_foreign_trace() -> None:
    """With its inputs given, a network that arrives at other messages than the trace's is refused."""
    network = random_stack("gru", 4, (3,), np.random.default_rng(0), theta=0.1)
    frames = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
    with pytest.raises(LawBroken, match="the cores sent"):
        simulate(network, dense_trace(network, [3]), load_chip("edgedrnn"), inputs=[frames], engine="simpy")


def test_ledgers_of_sequences_add_up(engine: str) -> None:
    """A run of several sequences is the sum of its sequences run alone; equal ones are equal."""
    network = random_stack("gru", 6, (8,), np.random.default_rng(0))
    trace = random_trace(network, [2, 3, 1], 0.4, np.random.default_rng(1))
    chip = load_chip("mesh16")
    alone = [simulate(network, trace.sequence(index), chip, engine=engine) for index in range(3)]
    whole = simulate(network, trace, chip, engine=engine)
    assert_same_ledger(whole, joined(alone))
    assert whole.elapsed_ps == sum(ledger.elapsed_ps for ledger in alone)
    assert len(whole.step_latency_ps) == 6 and len(whole.sequence_latency_ps) == 3


def test_equal_sequences_are_counted_twice(engine: str) -> None:
    """A sequence that repeats is simulated once and counted every time; progress is told all the same."""
    network = random_stack("gru", 6, (8,), np.random.default_rng(0))
    one: Trace = dense_trace(network, [3])
    two = dense_trace(network, [3, 3])
    told: list[tuple[int, int]] = []
    chip = load_chip("edgedrnn")
    ledger = simulate(network, two, chip, engine=engine, progress=lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2)]
    assert (ledger.counts == 2 * simulate(network, one, chip, engine=engine).counts).all()
