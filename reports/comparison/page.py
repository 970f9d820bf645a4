"""The page of a comparison: which is better and why, what differs, and every figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from itertools import groupby
from typing import TYPE_CHECKING, Any

import altair

from deltasim.reports.comparison.inputs import letter
from deltasim.reports.comparison.likely import likely
from deltasim.reports.comparison.measures import at, joules, ratio_between, ratio_text
from deltasim.reports.comparison.verdict import Decides
from deltasim.reports.page.document import document
from deltasim.reports.page.parts import Card, Figure, Grid, Page, Section, Spec
from deltasim.reports.page.sections.thresholds import ticks
from deltasim.reports.page.theme import DELTA, drawn_from, finished, part_colours, series, si_axis
from deltasim.reports.quantities import ABSENT, percent, score
from deltasim.reports.summary import part_label

if TYPE_CHECKING:
    from deltasim.reports.comparison.findings import Findings

CARDS = 8
BY_PART = "Energy of an inference by part of the chip (joules)"
FAR = 30.0  # times: from here on the axis of energies is logarithmic
GROUPS = {
    "chip": "Chip", "network": "Network", "data": "Data", "version": "Version",
}  # fmt: skip


def comparison_page(found: Findings) -> str:
    """One offline HTML file."""
    first = found.records[0]
    sections = [
        verdict_section(found),
        differences_section(found),
        energy_section(found),
        score_section(found),
        figures_section(found),
        provenance_section(found),
    ]
    shared = {str(record["benchmark"]) for record in found.records}
    return document(
        Page(
            title=f"{len(found.runs)} runs of {', '.join(sorted(shared))}",
            kicker=f"{str(first['data']).rstrip('.')} · {' · '.join(labels(found)[:CARDS])}",
            lead=found.said or "No verdict: see below why.",
            warning=found.caution or first["provenance"].get("fallback"),
            cards=cards(found),
            sections=tuple(section for section in sections if section),
            footer=f"deltasim {version('deltasim')}",
        )
    )


def labels(found: Findings) -> tuple[str, ...]:
    """What each run is called in tables and charts."""
    return tuple(f"{letter(number)}: {one.name}" for number, one in enumerate(found.runs))


def cards(found: Findings) -> tuple[Card, ...]:
    """The energy of each run, with what 90 % of the draws lie between."""
    energy = found.measures[0]
    return tuple(
        Card(
            label,
            energy.shown[number],
            f"90 %: {energy.between[number]}" if energy.between[number] else "",
            f"runs.{number}.energy_j",
            energy.values[number],
        )
        for number, label in enumerate(labels(found)[:CARDS])
    )


def verdict_section(found: Findings) -> Section:
    """With which probability the run that needs least needs less than each other."""
    named = labels(found)
    limits = Grid(
        "What limits each chip",
        ("run", "limit"),
        tuple(zip(named, (str(record["limits"]) for record in found.records), strict=True)),
        left=("run", "limit"),
    )
    if found.verdict is None:
        why = (
            "The runs had other inputs."
            if found.caution
            else "A record is too old to say what prices may be."
        )
        return Section("verdict", "Which needs least energy", why, grids=(limits,))
    rows = tuple(
        (
            named[one.run],
            ABSENT if one.probability is None else likely(one.probability),
            ABSENT if one.decides is None else doubtful(one.decides),
            ABSENT if one.decides is None else percent(one.decides.share),
        )
        for one in found.verdict.against
    )
    heads = (
        f"{named[found.verdict.least]} needs less than", "with", "most of the doubt is", "share of the doubt",
    )  # fmt: skip
    return Section(
        "verdict",
        "Which needs least energy",
        "All prices were drawn 10,000 times within their spreads, and the sequences again with replacement. "
        "What several runs have, a price or a sequence, was drawn once for all of them. Counts are exact.",
        grids=(Grid("", heads, rows, left=(heads[0], heads[2])), limits),
    )


def doubtful(decides: Decides) -> str:
    """What makes most of the doubt, in a cell."""
    return "which sequences there are" if decides.action is None else f"{decides.action} ({decides.of})"


def differences_section(found: Findings) -> Section:
    """Field by field what is not the same in all runs."""
    named = ("field", *labels(found))
    grids = []
    for group, own in groupby(found.differences, key=lambda told: told.group):
        rows = tuple((told.field, *told.values) for told in own)
        grids.append(Grid(GROUPS[group], named, rows, left=named, folded=len(rows) > 16))
    said = ", ".join(GROUPS[group].lower() for group in dict.fromkeys(t.group for t in found.differences))
    sentence = f"The runs differ in: {said}." if said else "All runs are of the same network, data and chip."
    return Section("differences", "What differs", sentence, grids=tuple(grids))


def energy_section(found: Findings) -> Section:
    """Energy of an inference, as an interval and by part."""
    return Section(
        "energy",
        "Energy of an inference",
        "Bars: what 90 % of the draws lie between, prices within their spreads and sequences drawn again. "
        "Two intervals that overlap can still be told apart where the runs share the doubtful price.",
        (
            Figure("intervals", "Energy of an inference (joules)", intervals_chart(found), wide=True),
            Figure(
                "energy-parts",
                "Energy of an inference by part of the chip (joules)",
                parts_chart(found),
                wide=True,
            ),
        ),
    )


def intervals_chart(found: Findings) -> Spec:
    """A point for each run, on the interval of its draws."""
    energy, named = found.measures[0], labels(found)
    rows: list[dict[str, Any]] = []
    for number, label in enumerate(named):
        value, held = energy.values[number], energy.intervals[number]
        low, high = held or (value, value)
        rows.append(
            {"run": label, "joules": value, "low": low, "high": high}
            | {"shown": energy.shown[number], "between": energy.between[number] or ABSENT}
        )
    y = altair.Y("run:N", sort=list(named), title=None)
    tips = [
        altair.Tooltip("run:N"),
        altair.Tooltip("shown:N", title="energy"),
        altair.Tooltip("between:N", title="in 90 %"),
    ]
    drawn = drawn_from(rows).encode(y=y, tooltip=tips)
    bars = drawn.mark_bar(height=10, opacity=0.35, color=DELTA).encode(
        x=altair.X("low:Q", axis=axis_of(rows), scale=scale_of(rows)), x2="high:Q"
    )
    points = drawn.mark_circle(size=110, opacity=1, color=DELTA).encode(x=altair.X("joules:Q"))
    return finished(bars + points, 60 + 34 * len(rows))


def far_apart(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the smallest energies would not be seen beside the largest."""
    energies = [float(row["joules"]) for row in rows]
    return 0 < min(energies) < max(energies) / FAR


def scale_of(rows: Sequence[Mapping[str, Any]]) -> altair.Scale:
    """The scale of energies: logarithmic where they lie far apart, else from 0."""
    return altair.Scale(type="log") if far_apart(rows) else altair.Scale(zero=True)


def axis_of(rows: Sequence[Mapping[str, Any]]) -> altair.Axis:
    """The axis of energies; a logarithmic one is marked at few places."""
    axis = si_axis("J")
    if far_apart(rows):
        held = [float(row[name]) for row in rows for name in ("joules", "low", "high") if row.get(name)]
        marks = ticks(min(held), max(held))
        axis.values = marks if len(marks) < 10 else [mark for mark in marks if f"{mark:e}"[0] == "1"]
    return axis


def parts_chart(found: Findings) -> Spec:
    """A stacked bar for each run."""
    named = labels(found)
    parts = list(dict.fromkeys(part for record in found.records for part in at(record, "energy.parts")))
    parts = [part for part in parts if any(at(record, "energy.parts").get(part) for record in found.records)]
    rows = [
        {"run": label, "part": part_label(part), "place": place, "joules": value, "shown": joules(value)}
        for label, record in zip(named, found.records, strict=True)
        for place, part in enumerate(parts)
        if (value := at(record, "energy.parts").get(part))
    ]
    bars = (
        drawn_from(rows)
        .mark_bar()
        .encode(
            y=altair.Y("run:N", sort=list(named), title=None),
            x=altair.X("joules:Q", stack="zero", axis=si_axis("J")),
            color=altair.Color("part:N", scale=part_colours(parts), title=None),
            order="place:Q",
            tooltip=[
                altair.Tooltip("run:N"),
                altair.Tooltip("part:N"),
                altair.Tooltip("shown:N", title="energy"),
            ],
        )
    )
    return finished(bars, 60 + 34 * len(named))


def score_section(found: Findings) -> Section | None:
    """Score over energy; runs that were given by one folder are joined. None where all score the same."""
    measure = next((one for one in found.measures if one.key == "score.value"), None)
    if measure is None or None in measure.values or len(set(measure.values)) < 2:
        return None
    energy, named = found.measures[0], labels(found)
    origins = list(dict.fromkeys(one.origin for one in found.runs))
    chips = {(one.origin, str(one.run.record["chip"])) for one in found.runs}
    rows = [
        {"run": label, "folder": one.origin, "joules": energy.values[number], "score": measure.values[number]}
        | {"energy": energy.shown[number], "shown": measure.shown[number]}
        for number, (label, one) in enumerate(zip(named, found.runs, strict=True))
    ]
    percents = score(measure.label, 1.0).endswith("%")
    drawn = drawn_from(rows).encode(
        x=altair.X("joules:Q", axis=axis_of(rows), scale=scale_of(rows)),
        y=altair.Y(
            "score:Q",
            title=None,
            axis=altair.Axis(format=".1%") if percents else altair.Axis(),
            scale=altair.Scale(zero=False),
        ),
        color=altair.Color("folder:N", scale=series(origins), title=None),
        tooltip=[
            altair.Tooltip("run:N"),
            altair.Tooltip("shown:N", title=measure.label),
            altair.Tooltip("energy:N"),
        ],
    )
    swept = [origin for origin in origins if sum(folder == origin for folder, _ in chips) == 1]
    chart = drawn.mark_circle(size=110, opacity=1)
    lines = drawn.mark_line(strokeWidth=2, opacity=0.6).transform_filter(
        altair.FieldOneOfPredicate(field="folder", oneOf=swept)
    )
    title = f"{measure.label.capitalize()} over energy of an inference (joules)"
    return Section(
        "score",
        "What the energy buys",
        f"{measure.label.capitalize()} over the energy of an inference: up and left is better. "
        "Runs of one sweep are joined.",
        (Figure("score", title, finished(lines + chart, 300), wide=True),),
    )


def figures_section(found: Findings) -> Section:
    """Every figure of every run, with its ratio to the first and its interval."""
    others = range(1, len(found.runs))
    heads = ("", *labels(found), *(f"{letter(number)} / A" for number in others))
    rows: list[tuple[str, ...]] = []
    for measure in found.measures:
        rows.append((measure.label, *measure.shown, *(ratio_text(measure.ratios[n]) for n in others)))
        if any(measure.between):
            ratios = (ratio_between(measure.ratio_intervals[n]) for n in others)
            rows.append(("  in 90 % of draws", *measure.between, *ratios))
    return Section(
        "figures",
        "All figures",
        "Energies and times are of one inference where nothing else is said.",
        grids=(Grid("", heads, tuple(rows), left=("",)),),
    )


def provenance_section(found: Findings) -> Section:
    """How to make each run again."""
    heads = ("run", "folder", "command", "engine", "digest")
    rows = tuple(
        (
            label,
            str(one.run.folder),
            str(at(one.run.record, "provenance.command")),
            str(one.run.record["engine"]),
            str(one.run.record["digest"]),
        )
        for label, one in zip(labels(found), found.runs, strict=True)
    )
    return Section(
        "provenance",
        "Provenance",
        "Each run's own page has its prices with their sources.",
        grids=(Grid("", heads, rows, left=heads),),
    )
