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
from tests.reports.by_hand.specimen import result
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


# Of the run on paper: 6 messages, each to one core, 3 over the link; 8 words; two lines of 4 bytes missed.
ON_PAPER = Tally(6, 6, 6, 3, 3, 8, 0, 8)


def added(ledger: Ledger, action: str, amount: int) -> Ledger:
    """The ledger with so much more of an action, in its units and its layers."""
    counts, layer_counts = ledger.counts.copy(), ledger.layer_counts.copy()
    counts[0, column(ledger, action)] += amount
    layer_counts[1, column(ledger, action)] += amount
    return replace(ledger, counts=counts, layer_counts=layer_counts)


@pytest.mark.parametrize("amount", [-1, 1])
@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ("core.send", "messages sent: {0}, owed: 6"),
        ("core.receive", "messages received: {0}, owed: 6"),
        ("pad.words", "words read: {1}, owed: 8"),
        ("cache.words", "words read: {1}, owed: 8"),
        ("dram.words", "words read: {1}, owed: 8"),
        ("cache.fetched", "bytes fetched by caches: {1}, owed: 8"),
        ("cache.hit", "cache: hits + misses: {2}, owed: 3"),
        ("cache.miss", "cache: hits + misses: {2}, owed: 3"),
        ("cache.lookup", "cache: hits + misses: 3, owed: {2}"),
        ("dram.bytes", "dram: bytes over time: 12, owed: {3}"),
        ("core.mac", "multiply-accumulates: {1}, owed: 8"),
    ],
)
def test_every_count_stands_for_another(action: str, amount: int, sentence: str) -> None:
    held = result().ledger
    check(held, ON_PAPER)
    seen = [count + amount for count in (6, 8, 3, 12)]
    with pytest.raises(LawBroken) as broken:
        check(added(held, action, amount), ON_PAPER)
    assert str(broken.value) == sentence.format(*seen)


def test_bytes_over_time_are_those_of_every_sequence() -> None:
    held = result().ledger
    for sequence, place in ((0, 1), (1, 256)):
        with pytest.raises(LawBroken, match=r"^dram: bytes over time: 13, owed: 12$"):
            check(replace(held, traffic=more(held.traffic, sequence, 0, place)), ON_PAPER)
    check(replace(held, traffic=more(held.traffic, 0, 0, 0)), ON_PAPER)  # the width of the bins is no byte


def test_actions_that_no_law_holds_may_change() -> None:
    """Look-ups of a memory that has none, reads, flits: what they are held against lies in the engines."""
    check(added(result().ledger, "pad.read", 1), ON_PAPER)
    check(added(result().ledger, "dram.row_hit", 1), ON_PAPER)


def test_times_below_nothing_are_named_with_all_three() -> None:
    """Each of the three may be the one below 0 while the sum is right."""
    held = result().ledger
    unit = [unit.name for unit in held.units].index("core1.mac")
    for low, high in (("busy_ps", "idle_ps"), ("stalled_ps", "idle_ps"), ("idle_ps", "busy_ps")):
        less, greater = getattr(held, low).copy(), getattr(held, high).copy()
        greater[unit] += less[unit] + 1
        less[unit] = -1
        with pytest.raises(
            LawBroken, match=r"^core1.mac: busy .* ps, stalled .* ps, idle .* ps: none may be"
        ):
            check(replace(held, **{low: less, high: greater}), ON_PAPER)
    with pytest.raises(LawBroken, match=r"^core1.mac: busy \+ stalled \+ idle: 94001, owed: 94000$"):
        check(replace(held, stalled_ps=more(held.stalled_ps, unit)), ON_PAPER)
    with pytest.raises(LawBroken, match=r"^core1.fetch: sum of waits \(Little\): 24001, owed: 24000$"):
        fetch = [unit.name for unit in held.units].index("core1.fetch")
        check(replace(held, queue_wait_ps=more(held.queue_wait_ps, fetch)), ON_PAPER)
    with pytest.raises(LawBroken, match=r"^totals by layer: "):
        check(replace(held, layer_counts=more(held.layer_counts, 3, 0)), ON_PAPER)


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


def test_a_ledger_without_shared_memories_has_no_traffic() -> None:
    held = result().ledger
    assert held.memories == ("dram",) and held.traffic.shape[1] == 1
    fields = {name: getattr(held, name) for name in Ledger.__dataclass_fields__}
    del fields["memories"], fields["traffic"]
    assert Ledger(**fields).traffic.shape[1] == len(Ledger(**fields).memories) == 0
