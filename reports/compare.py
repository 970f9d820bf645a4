"""Two saved runs side by side: what differs between them, and every figure with its ratio."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deltasim.reports import quantities
from deltasim.reports.quantities import percent, quantity, ratio
from deltasim.reports.saved.folder import SavedRun, load_run
from deltasim.reports.summary import part_label
from deltasim.reports.uncertainty import Verdict, spread_of, verdict

if TYPE_CHECKING:
    from rich.console import RenderableType

Shown = Callable[[float | None], str]
Record = Mapping[str, Any]


class Difference(NamedTuple):
    """Something that the two runs do not share: chip, thresholds, network, data, versions."""

    what: str
    a: str
    b: str


class Measure(NamedTuple):
    """One figure of both runs; ``ratio`` is b over a, None where a is 0 or a figure is missing."""

    key: str
    label: str
    a: float | None
    b: float | None
    shown_a: str
    shown_b: str

    @property
    def ratio(self) -> float | None:
        return self.b / self.a if self.a and self.b is not None else None


def joules(value: float | None) -> str:
    return quantity(value, "J")


def seconds(value: float | None) -> str:
    return quantity(value, "s")


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
WHATS = {
    "benchmark": "benchmark",
    "data": "data",
    "chip": "chip",
    "engine": "engine",
    "theta": "thresholds",
    "sequences": "sequences",
    "provenance.digests.network": "network digest",
    "provenance.digests.data": "data digest",
    "provenance.digests.chip": "chip digest",
    "provenance.digests.mapping": "mapping digest",
}


@dataclass(frozen=True)
class Comparison:
    """Two runs, what differs between them, and their figures.

    ``totals`` are those of whole runs, ``caution`` the sentence to say where these had other inputs.
    """

    run_a: str
    run_b: str
    differences: tuple[Difference, ...]
    measures: tuple[Measure, ...]
    totals: tuple[Measure, ...]
    limits: tuple[str, str]
    caution: str | None
    verdict: Verdict | None = None  # None where a record is too old to say what its prices may be

    def to_dict(self) -> dict[str, Any]:
        """The comparison in plain types: each figure as a, b and ratio (b over a)."""
        return {
            "a": self.run_a,
            "b": self.run_b,
            "caution": self.caution,
            "differences": {
                difference.what: {"a": difference.a, "b": difference.b} for difference in self.differences
            },
            "figures": {
                measure.key: {"a": measure.a, "b": measure.b, "ratio": measure.ratio}
                for measure in (*self.measures, *self.totals)
            },
            "limits": {"a": self.limits[0], "b": self.limits[1]},
            "probability": None if self.verdict is None else self.verdict.probability,
            "decides": None
            if self.verdict is None or self.verdict.decides is None
            else {"action": self.verdict.decides, "of": self.verdict.of, "share": self.verdict.share},
        }

    def __rich__(self) -> RenderableType:
        """Terminal form: what differs, then the figures."""
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        table.add_column("")
        for column in (f"A: {self.run_a}", f"B: {self.run_b}", "B / A"):
            table.add_column(Text(column), justify="right", overflow="fold")
        for difference in self.differences:
            table.add_row(Text(difference.what), Text(difference.a), Text(difference.b), "", style="yellow")
        if self.differences:
            table.add_section()
        for place, measure in enumerate(self.measures):
            cells = (measure.label, measure.shown_a, measure.shown_b, ratio_text(measure.ratio))
            table.add_row(*(Text(cell) for cell in cells), style="bold" if place == 0 else "")
        said = [Text(f"{name}: {limit}") for name, limit in zip("AB", self.limits, strict=True)]
        if self.verdict is not None and self.verdict.probability is not None:
            said.insert(0, Text(sentence(self.verdict), style="bold"))
        if not self.differences:
            said.insert(0, Text("Both runs are of the same network, data and chip."))
        if self.caution is not None:
            said.insert(0, Text(self.caution, style="bold yellow"))
        return Group(table, Text(""), *said)


def ratio_text(value: float | None) -> str:
    """A ratio of two figures, written so that 0.97 and 1.03 differ.

    >>> ratio_text(0.974), ratio_text(12.34), ratio_text(None)
    ('0.974', '12.3', '–')
    """
    return quantities.ABSENT if value is None else f"{value:.3g}"


def at(record: Record, key: str) -> Any:
    """The value at a dotted place of a record, None where there is none."""
    value: Any = record
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def compare(run_a: str | Path, run_b: str | Path) -> Comparison:
    """Compare two run folders.

    Raises InputError when one of them holds no whole run.
    """
    return compared(load_run(run_a), load_run(run_b))


def compared(a: SavedRun, b: SavedRun) -> Comparison:
    """Compare two runs that were read."""
    differences = tuple(
        Difference(what, shortened(at(a.record, key)), shortened(at(b.record, key)))
        for key, what in WHATS.items()
        if at(a.record, key) != at(b.record, key)
    )
    names = (a.name, b.name) if a.name != b.name else (str(a.folder), str(b.folder))
    return Comparison(
        *names,
        differences,
        measures(a.record, b.record),
        found(a.record, b.record, [(key, key, number) for key in WHOLE]),
        (str(a.record["limits"]), str(b.record["limits"])),
        caution(a.record, b.record),
        held_against(a.record, b.record),
    )


def held_against(a: Record, b: Record) -> Verdict | None:
    """Which of the two needs less energy, by the spreads of their prices.

    None where a record has none, and where the runs had other inputs.
    """
    if caution(a, b) is not None:
        return None
    runs = [[spread_of(price) for price in at(record, "provenance.prices") or ()] for record in (a, b)]
    held = [[spread for spread in run if spread is not None] for run in runs]
    if any(len(spreads) < len(run) or not run for spreads, run in zip(held, runs, strict=True)):
        return None
    return verdict(*held)


def sentence(found: Verdict) -> str:
    """The verdict in words, the run that is likely to need less first.

    >>> sentence(Verdict(0.97, "core.leakage", "both", 0.8))
    'B needs less energy than A with 97.0 %. The price of core.leakage (both) makes 80.0 % of the doubt.'
    """
    assert found.probability is not None
    less, more = ("B", "A") if found.probability >= 0.5 else ("A", "B")
    likely = max(found.probability, 1 - found.probability)
    shown = percent(likely) if likely < 0.9995 else "> 99.9 %"
    said = f"{less} needs less energy than {more} with {shown}."
    if found.decides is None or likely >= 0.9995:
        return said
    return f"{said} The price of {found.decides} ({found.of}) makes {percent(found.share)} of the doubt."


def caution(a: Record, b: Record) -> str | None:
    """What a reader has to know before any ratio: runs on other inputs differ by these too.

    >>> caution({"benchmark": "digits", "sequences": 100}, {"benchmark": "digits", "sequences": 20})
    'A ran 100 sequences and B 20: a ratio also holds what sets these apart. Give both runs one --limit.'
    """
    benchmarks, sequences = at(a, "benchmark"), (at(a, "sequences"), at(b, "sequences"))
    if benchmarks != at(b, "benchmark"):
        return f"A ran {benchmarks} and B {at(b, 'benchmark')}: no ratio says anything about the chips."
    if sequences[0] != sequences[1]:
        sentence = f"A ran {quantities.count(sequences[0])} sequences and B {quantities.count(sequences[1])}"
        return f"{sentence}: a ratio also holds what sets these apart. Give both runs one --limit."
    if at(a, "provenance.digests.data") != at(b, "provenance.digests.data"):
        return "A and B ran on different data: a ratio also holds what sets these apart."
    return None


def value_of(record: Record, key: str) -> float | None:
    """A figure of a record, or, after "inference.", what the whole run has of it, for one inference.

    >>> value_of({"messages": 6, "sequences": 2}, "inference.messages")
    3.0
    """
    value: float | None = at(record, key.removeprefix("inference."))
    if value is None or not key.startswith("inference."):
        return value
    return value / record["sequences"] if record["sequences"] else None


def measures(a: Record, b: Record) -> tuple[Measure, ...]:
    """All figures of both records: the total, its parts, the rest, the scores."""
    parts = tuple(dict.fromkeys([*at(a, "energy.parts"), *at(b, "energy.parts")]))
    listed = [
        FIGURES[0],
        *((f"energy.parts.{part}", f"  {part_label(part)}", joules) for part in parts),
        *FIGURES[1:],
    ]
    name = str(at(a, "score.name"))
    if name == at(b, "score.name"):
        listed.append(("score.value", name, lambda value: quantities.score(name, value)))
    return found(a, b, listed)


def found(a: Record, b: Record, listed: Sequence[tuple[str, str, Shown]]) -> tuple[Measure, ...]:
    """The figures that at least one of the records has and that are not nothing in both."""
    values = [(value_of(a, key), value_of(b, key)) for key, _, _ in listed]
    return tuple(
        Measure(key, label, value_a, value_b, shown(value_a), shown(value_b))
        for (key, label, shown), (value_a, value_b) in zip(listed, values, strict=True)
        if value_a or value_b
    )


def shortened(value: Any) -> str:
    """A value as a table shows it; of a digest the first twelve places do."""
    text = str(value)
    return text[:12] if len(text) == 64 and all(sign in "0123456789abcdef" for sign in text) else text
