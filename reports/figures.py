"""The figures of a run: latency, DRAM traffic, savings against dense, and what limits the chip."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deltasim.reports.quantities import percent
from deltasim.simulator.memories.kinds import LABELS

if TYPE_CHECKING:
    from deltasim.simulator.chip import Chip
    from deltasim.simulator.ledger.ledger import Ledger

SECONDS = 1e-12  # one picosecond

# What a unit kind is called in the sentence on what limits the chip. Fetch slots are left out: a slot is held
# for as long as its column is consumed, so it is full whenever something behind it is.
WORK = {
    "scan": "the threshold scan",
    "send": "sending messages",
    "receive": "receiving messages",
    "mac": "the multiply-accumulate stage",
    "update": "the neuron update",
    **LABELS,
    "link": "a network link",
    "bus": "the bus",
}


class Score(NamedTuple):
    """A benchmark's score, beside that of the dense network it is held against; None where it has no labels.

    >>> Score("accuracy", 0.983, 0.987).dense
    0.987
    """

    name: str
    value: float | None
    dense: float | None


class Latency(NamedTuple):
    """Mean and 99th percentile, in seconds, of a step and of an inference (one sequence)."""

    step_mean_s: float
    step_p99_s: float
    inference_mean_s: float
    inference_p99_s: float


class DramTraffic(NamedTuple):
    """What the DRAM channels did over the whole run: bursts read, bytes moved, how rows were found."""

    reads: int
    bytes: int
    row_hits: int
    row_misses: int
    row_conflicts: int


class Activity(NamedTuple):
    """How the units of one kind spent the run: shares of the elapsed time, and the busiest of them."""

    kind: str
    units: int
    busy: float
    stalled: float
    busiest: float
    busiest_unit: str


def latency(ledger: Ledger) -> Latency:
    """Latencies of a run; percentiles interpolate linearly between the two nearest values.

    Raises ValueError for a ledger without a step.
    """
    steps, sequences = ledger.step_latency_ps, ledger.sequence_latency_ps
    if not len(steps) or not len(sequences):
        raise ValueError("latency: 0 steps: a run has at least one step of one sequence")
    return Latency(
        float(np.mean(steps)) * SECONDS,
        float(np.percentile(steps, 99)) * SECONDS,
        float(np.mean(sequences)) * SECONDS,
        float(np.percentile(sequences, 99)) * SECONDS,
    )


def memory_names(chip: Chip, kind: str | None = None) -> tuple[str, ...]:
    """Names of a chip's weight memories, all of them or those of one kind ("dram", "scratchpad")."""
    return tuple(memory.name for memory in chip.memories if kind in (None, memory.kind))


def total(ledger: Ledger, names: tuple[str, ...], event: str) -> int:
    """Sum an event ("words", "bytes", "read") over several memories."""
    return sum(ledger.total(f"{name}.{event}") for name in names)


def dram_traffic(ledger: Ledger, chip: Chip) -> DramTraffic | None:
    """DRAM traffic of a run over all channels, or None for a chip without DRAM."""
    names = memory_names(chip, "dram")
    if not names:
        return None
    events = ("read", "bytes", "row_hit", "row_miss", "row_conflict")
    return DramTraffic(*(total(ledger, names, event) for event in events))


def times_fewer(dense: float, delta: float) -> float | None:
    """How many times less the delta run needs: dense over delta, None where nothing was needed.

    >>> times_fewer(90, 10), times_fewer(0, 0)
    (9.0, None)
    """
    return dense / delta if delta else None


def activities(ledger: Ledger) -> tuple[Activity, ...]:
    """Busy and stalled shares by kind of unit, in the ledger's order; kinds that only count are left out."""
    elapsed = float(max(ledger.elapsed_ps, 1))
    found = []
    for kind in dict.fromkeys(unit.kind for unit in ledger.units):
        if kind not in WORK:
            continue
        rows = np.array([row for row, unit in enumerate(ledger.units) if unit.kind == kind])
        busy = ledger.busy_ps[rows] / elapsed
        busiest = int(rows[int(np.argmax(busy))])
        found.append(
            Activity(
                kind,
                len(rows),
                float(busy.mean()),
                float((ledger.stalled_ps[rows] / elapsed).mean()),
                float(busy.max()),
                ledger.units[busiest].name,
            )
        )
    return tuple(found)


def work_of(kind: str, name: str) -> str:
    """What a unit does; one that stages share is called by all of them.

    >>> work_of("update", "core0.update"), work_of("update", "core0.scan+mac+update")
    ('the neuron update', 'the unit that scan, mac and update share')
    """
    *first, last = name.rpartition(".")[2].split("+")
    return f"the unit that {', '.join(first)} and {last} share" if first else WORK[kind]


def limit(ledger: Ledger) -> str:
    """Say in one sentence what limits the chip: the busiest unit, and how often it works or waits.

    A unit that is busy less than half of the time limits nothing by its rate; then the sentence says so.
    """
    found = activities(ledger)
    if not found or ledger.elapsed_ps == 0:
        return "Nothing limits the chip: no unit had anything to do."
    top = max(found, key=lambda activity: activity.busiest)
    name = top.busiest_unit
    if top.busiest < 0.5:
        return (
            f"No unit is busy for half of the time, so latency and waiting set the pace; the busiest is "
            f"{work_of(top.kind, name)} ({name}) at {percent(top.busiest)}."
        )
    row = next(row for row, unit in enumerate(ledger.units) if unit.name == name)
    stalled = float(ledger.stalled_ps[row] / float(ledger.elapsed_ps))
    waiting = f" and stalled {percent(stalled)}" if stalled >= 0.005 else ""
    work = work_of(top.kind, name)
    sentence = f"{'it' if name == top.kind else name} is busy {percent(top.busiest)}{waiting} of the time."
    return f"{work[0].upper()}{work[1:]} limits the chip: {sentence}"
