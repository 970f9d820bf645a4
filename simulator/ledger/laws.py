"""Conservation laws that every run must obey; a run that breaks one has no result."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deltasim.simulator.ledger.exact import summed
from deltasim.simulator.ledger.ledger import Ledger


class LawBroken(RuntimeError):
    """The simulator contradicts itself: a fault of deltasim, never of its user."""


class Tally(NamedTuple):
    """What an engine expected when messages were issued, and what it saw arrive."""

    injected: int
    deliveries: int  # deliveries owed: the sum of destination cores
    delivered: int
    tree_links: int  # link traversals owed: the sum of tree sizes
    traversed: int
    column_words: int  # words owed: the sum of column words over all segments
    credits_missing: int = 0  # credits that have not returned
    missed_bytes: int = 0  # bytes owed to caches: a line for every miss
    lost: int = 0  # deliveries that were lost on their way, whose words nobody owes


def check(ledger: Ledger, tally: Tally) -> None:
    """Hold a ledger against the laws of ``docs/semantics.md``; raises :class:`LawBroken` with both sides.

    >>> import numpy as np
    >>> from deltasim.simulator.plan.plan import Unit
    >>> from deltasim.simulator.ledger.ledger import Ledger
    >>> zero, none = np.zeros((1, 1), np.int64), np.zeros(1, np.int64)
    >>> ledger = Ledger((Unit("chip", "chip", 0),), ("core.mac",), ("shared",), zero, zero,
    ...                 none, none, none, none, none, none, none, none)
    >>> check(ledger, Tally(0, 0, 0, 3, 3, 0))
    >>> check(ledger, Tally(0, 0, 0, 3, 2, 0))
    Traceback (most recent call last):
    deltasim.simulator.ledger.laws.LawBroken: link traversals: 2, owed: 3
    """
    words = sum_of(ledger, ".words")
    equal("messages sent", ledger.total("core.send"), tally.injected)
    equal("messages received", ledger.total("core.receive"), tally.deliveries - tally.lost)
    equal("messages delivered", tally.delivered, tally.deliveries - tally.lost)
    equal("link traversals", tally.traversed, tally.tree_links)
    equal("words read", words, tally.column_words)
    equal("credits not returned", tally.credits_missing, 0)
    equal("bytes fetched by caches", sum_of(ledger, ".fetched"), tally.missed_bytes)
    for action in (action for action in ledger.actions if action.endswith(".lookup")):
        name = action.removesuffix(".lookup")
        found = ledger.total(f"{name}.hit") + ledger.total(f"{name}.miss")
        equal(f"{name}: hits + misses", found, ledger.total(action))
    for place, name in enumerate(ledger.memories):
        equal(
            f"{name}: bytes over time", int(ledger.traffic[:, place, 1:].sum()), ledger.total(f"{name}.bytes")
        )
    equal("multiply-accumulates", ledger.total("core.mac"), tally.column_words)
    equal("totals by layer", summed(ledger.layer_counts, 0).tolist(), [*ledger.totals.values()])
    times = np.array([ledger.busy_ps, ledger.stalled_ps, ledger.idle_ps])
    spent, elapsed_ps = summed(times, 0), ledger.elapsed_ps
    for index in np.flatnonzero((spent != elapsed_ps) | (times.min(axis=0) < 0)).tolist():
        name, (busy, stalled, idle) = ledger.units[index].name, times[:, index].tolist()
        equal(f"{name}: busy + stalled + idle", busy + stalled + idle, elapsed_ps)
        raise LawBroken(f"{name}: busy {busy} ps, stalled {stalled} ps, idle {idle} ps: none may be below 0")
    unequal = np.flatnonzero(ledger.queue_wait_ps != ledger.queue_area_ps)
    for index in unequal.tolist():
        name = ledger.units[index].name
        equal(
            f"{name}: sum of waits (Little)",
            int(ledger.queue_wait_ps[index]),
            int(ledger.queue_area_ps[index]),
        )


def sum_of(ledger: Ledger, suffix: str) -> int:
    """The total of all actions whose name ends so."""
    return sum(total for action, total in ledger.totals.items() if action.endswith(suffix))


def equal(what: str, seen: object, owed: object) -> None:
    if seen != owed:
        raise LawBroken(f"{what}: {seen}, owed: {owed}")
