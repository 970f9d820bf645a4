"""What a run counted: integers per (unit, action), integer picoseconds, nothing priced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from deltasim.simulator.ledger.exact import Counts, added, summed
from deltasim.simulator.plan.plan import Unit


@dataclass(frozen=True, eq=False)
class Ledger:
    """Counts and times of a run; joules come later, from a price table.

    Shapes: ``counts`` (units, actions); ``layer_counts`` (layers, actions), the same totals split by what
    caused them; ``busy_ps``, ``stalled_ps``, ``idle_ps`` and the three queue records (units,);
    ``step_latency_ps`` (steps,); ``sequence_latency_ps`` (sequences,). Times are whole picoseconds; sums of
    them are exact beyond 64 bits (`deltasim.simulator.ledger.exact`).
    ``traffic`` (sequences, shared memories, 1 + bins): bytes over time of each of ``memories``, all its ports
    together, as a timeline (`deltasim.simulator.ledger.timeline`). ``sequence_counts`` (sequences, actions)
    says what each sequence counted; empty for a ledger of one (`of_sequences`).

    >>> import numpy as np
    >>> from deltasim.simulator.ledger.ledger import Ledger
    >>> from deltasim.simulator.plan.plan import Unit
    >>> one, none = np.ones((1, 1), np.int64), np.zeros(1, np.int64)
    >>> ledger = Ledger((Unit("core0.mac", "mac", 0),), ("core.mac",), ("gru_0",), one, one,
    ...                 none, none, none, none, none, none, none, none)
    >>> ledger.total("core.mac"), ledger.elapsed_ps
    (1, 0)
    """

    units: tuple[Unit, ...]
    actions: tuple[str, ...]
    layers: tuple[str, ...]
    counts: Counts
    layer_counts: Counts
    busy_ps: Counts
    stalled_ps: Counts
    idle_ps: Counts
    queue_wait_ps: Counts
    queue_area_ps: Counts
    queue_peak: Counts
    step_latency_ps: Counts
    sequence_latency_ps: Counts
    memories: tuple[str, ...] = ()
    traffic: Counts = field(default_factory=lambda: np.zeros((1, 0, 1), np.int64))
    sequence_counts: Counts = field(default_factory=lambda: np.zeros((0, 0), np.int64))

    @property
    def elapsed_ps(self) -> int:
        """Time on the chip over all sequences, in picoseconds."""
        return sum(self.sequence_latency_ps.tolist())

    def total(self, action: str) -> int:
        """How often an action happened on the whole chip; 0 for an action this chip does not know."""
        return self.totals.get(action, 0)

    @property
    def of_sequences(self) -> Counts:
        """What each sequence counted on the whole chip. Shape (sequences, actions)."""
        return self.sequence_counts if len(self.sequence_counts) else summed(self.counts, 0)[np.newaxis]

    @cached_property
    def totals(self) -> dict[str, int]:
        """How often each action happened on the whole chip."""
        return dict(zip(self.actions, summed(self.counts, 0).tolist(), strict=True))


def joined(ledgers: Sequence[Ledger]) -> Ledger:
    """Add up the ledgers of sequences that ran one after another on the same plan, at least one.

    Counts and times add; latencies follow one another; the peak of a queue is the highest of all.
    """
    first = ledgers[0]
    if len(ledgers) == 1:
        return first

    def total(name: str) -> Counts:
        return added([getattr(ledger, name) for ledger in ledgers])

    def chained(name: str) -> Counts:
        return np.concatenate([getattr(ledger, name) for ledger in ledgers])

    return Ledger(
        units=first.units,
        actions=first.actions,
        layers=first.layers,
        counts=total("counts"),
        layer_counts=total("layer_counts"),
        busy_ps=total("busy_ps"),
        stalled_ps=total("stalled_ps"),
        idle_ps=total("idle_ps"),
        queue_wait_ps=total("queue_wait_ps"),
        queue_area_ps=total("queue_area_ps"),
        queue_peak=np.max([ledger.queue_peak for ledger in ledgers], axis=0),
        step_latency_ps=chained("step_latency_ps"),
        sequence_latency_ps=chained("sequence_latency_ps"),
        memories=first.memories,
        traffic=chained("traffic"),
        sequence_counts=chained("of_sequences"),
    )
