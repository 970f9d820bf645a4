"""Every figure of several runs: where a record has it, how it is written, what 90 % of draws lie between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from deltasim.reports import quantities
from deltasim.reports.quantities import percent, quantity, ratio
from deltasim.reports.summary import part_label
from deltasim.reports.uncertainty.prices import Interval

Shown = Callable[[float | None], str]
Record = Mapping[str, Any]


class Measure(NamedTuple):
    """One figure of all runs, None where a record does not have it; ``intervals`` hold 90 % of draws.

    ``ratio_intervals`` are those of the ratios to the first run, what both share drawn once for both.
    """

    key: str
    label: str
    values: tuple[float | None, ...]
    shown: tuple[str, ...]
    intervals: tuple[Interval | None, ...]
    between: tuple[str, ...]
    ratio_intervals: tuple[Interval | None, ...]

    @property
    def ratios(self) -> tuple[float | None, ...]:
        """Each run's over the first's; None where that is 0 or one is missing."""
        first = self.values[0]
        return tuple(value / first if first and value is not None else None for value in self.values)


def joules(value: float | None) -> str:
    return quantity(value, "J")


def seconds(value: float | None) -> str:
    return quantity(value, "s")


def watts(value: float | None) -> str:
    return quantity(value, "W")


def number(value: float | None) -> str:
    return quantity(value, "")


# Figures compared, by their place in run.json, with how they are written; the parts of the energy go between.
# What run.json sums over the whole run is shown for one inference: two runs need not be equally long.
FIGURES: tuple[tuple[str, str, Shown], ...] = (
    ("energy.inference_j", "energy per inference", joules),
    ("energy.step_j", "energy per step", joules),
    ("latency.inference_mean_s", "latency per inference", seconds),
    ("latency.inference_p99_s", "99th percentile", seconds),
    ("latency.step_mean_s", "latency per step", seconds),
    ("latency.step_p99_s", "99th percentile of steps", seconds),
    ("power.mean_w", "mean power at the period", watts),
    ("reduction.weight_fetches", "weight fetches saved", ratio),
    ("reduction.macs", "multiply-accumulates saved", ratio),
    ("reduction.dram_bytes", "DRAM bytes saved", ratio),
    ("reduction.energy", "energy saved", ratio),
    ("reduction.latency", "latency saved", ratio),
    ("inference.dram.bytes", "DRAM bytes per inference", lambda value: quantity(value, "B")),
    ("inference.dram.row_conflicts", "row conflicts per inference", number),
    ("occupancy.input", "occupancy, input", percent),
    ("occupancy.hidden", "occupancy, hidden", percent),
    ("inference.messages", "messages per inference", number),
    ("energy.estimated_share", "rests on estimated prices", percent),
)
WHOLE = ("dram.bytes", "dram.row_conflicts", "messages")  # of the whole run; told by to_dict alone


def at(record: Record, key: str) -> Any:
    """The value at a dotted place of a record, None where there is none."""
    value: Any = record
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def value_of(record: Record, key: str) -> float | None:
    """A figure of a record, or, after "inference.", what the whole run has of it, for one inference.

    >>> value_of({"messages": 6, "sequences": 2}, "inference.messages")
    3.0
    """
    value: float | None = at(record, key.removeprefix("inference."))
    if value is None or not key.startswith("inference."):
        return value
    return value / record["sequences"] if record["sequences"] else None


def interval_of(record: Record, key: str) -> Interval | None:
    """What 90 % of the draws of a figure lie between, as the record has it.

    >>> interval_of({"energy": {"interval_j": {"parts": {"dram": [1.0, 4.0]}}}}, "energy.parts.dram")
    (1.0, 4.0)
    """
    whole = "energy.inference_j" if key == "energy.step_j" else key
    found = (record.get("intervals") or {}).get(whole)  # of prices and sequences
    held = at(record, "energy.interval_j")
    if found is None and isinstance(held, Mapping):
        part = key.removeprefix("energy.parts.")
        found = held.get("inference") if whole == "energy.inference_j" else held["parts"].get(part)
    if found is None or len(found) != 2 or None in found:
        return None
    scale = record["sequences"] / record["steps"] if key == "energy.step_j" and record["steps"] else 1.0
    return float(found[0]) * scale, float(found[1]) * scale


def measures(records: Sequence[Record]) -> tuple[Measure, ...]:
    """All figures of the records: the total, its parts, the rest, the scores."""
    parts = dict.fromkeys(part for record in records for part in at(record, "energy.parts"))
    listed = [
        FIGURES[0],
        *((f"energy.parts.{part}", f"  {part_label(part)}", joules) for part in parts),
        *FIGURES[1:],
    ]
    name = str(at(records[0], "score.name"))
    if all(at(record, "score.name") == name for record in records):
        listed.append(("score.value", name, lambda value: quantities.score(name, value)))
    return found(records, listed)


def found(records: Sequence[Record], listed: Sequence[tuple[str, str, Shown]]) -> tuple[Measure, ...]:
    """The figures that at least one of the records has and that are not nothing in all."""
    made = []
    for key, label, shown in listed:
        values = tuple(value_of(record, key) for record in records)
        if any(values):
            held = tuple(interval_of(record, key) for record in records)
            between = tuple(f"{shown(one[0])} to {shown(one[1])}" if one else "" for one in held)
            none = (None,) * len(values)
            made.append(Measure(key, label, values, tuple(map(shown, values)), held, between, none))
    return tuple(made)


def whole_runs(records: Sequence[Record]) -> tuple[Measure, ...]:
    """The sums of whole runs."""
    return found(records, [(key, key, number) for key in WHOLE])


def ratio_between(interval: Interval | None) -> str:
    """The interval of a ratio; nothing where there is none.

    >>> ratio_between((0.6604, 0.7)), ratio_between(None)
    ('0.66 to 0.7', '')
    """
    return "" if interval is None else f"{ratio_text(interval[0])} to {ratio_text(interval[1])}"


def ratio_text(value: float | None) -> str:
    """A ratio of two figures, written so that 0.97 and 1.03 differ.

    >>> ratio_text(0.974), ratio_text(12.34), ratio_text(None)
    ('0.974', '12.3', '–')
    """
    return quantities.ABSENT if value is None else f"{value:.3g}"
