"""The terminal form of a comparison: what differs, figure by figure or run by run, the verdict."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from deltasim.reports.comparison.inputs import letter
from deltasim.reports.comparison.measures import Measure, ratio_between, ratio_text
from deltasim.reports.quantities import ABSENT, count

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from deltasim.reports.comparison.differences import Difference
    from deltasim.reports.comparison.findings import Findings

ABREAST = 2  # so many runs are columns; of more, each is a row
VALUE = 30  # signs of a line of a value, so that names of fields have room beside two
SHORT = 18  # signs of a head that a column of intervals is wide enough for
MOST = 12  # fields of a group that are listed
WHOLE = "Differences that are not listed here are in --json and on the page (--out)."
BESIDE = ("energy.inference_j", "latency.inference_mean_s", "score.value")


def render(found: Findings) -> RenderableType:
    """What differs, then the figures, then what follows."""
    from rich.console import Group
    from rich.text import Text

    tables = [differing(found), columns(found) if len(found.runs) <= ABREAST else rows(found)]
    said = [found.said] if found.said else []
    if not found.differences:
        runs = "Both runs" if len(found.runs) == 2 else "All runs"
        said.insert(0, f"{runs} are of the same network, data and chip.")
    notes = [Text(sentence, style="bold") for sentence in said]
    if found.caution is not None:
        notes.insert(0, Text(found.caution, style="bold yellow"))
    if any(left for _, _, left in fields(found)):
        notes.append(Text(WHOLE, style="dim"))
    limits = [Text(f"{letter(n)}: {record['limits']}") for n, record in enumerate(found.records)]
    apart = [part for table in tables if table.row_count for part in (table, Text(""))]
    return Group(*apart, *notes, *limits)


def fields(found: Findings) -> list[tuple[str, list[Difference], int]]:
    """Group by group the fields that are listed, and how many are not."""
    made = []
    for group, own in groupby(found.differences, key=lambda told: told.group):
        every = list(own)
        made.append((group, every[:MOST], max(0, len(every) - MOST)))
    return made


def table_of(found: Findings, first: str) -> Table:
    """A table with a column for each run."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(first, overflow="fold")
    for number, one in enumerate(found.runs):
        head = f"{letter(number)}: {one.name}"
        table.add_column(Text(head), justify="right", overflow="fold", no_wrap=len(head) <= SHORT)
    return table


def differing(found: Findings) -> Table:
    """Field by field: a column for each run, or, of many, who has which value."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    abreast = len(found.runs) <= ABREAST
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("differs", overflow="fold")
    if abreast:
        for number, one in enumerate(found.runs):
            head = Text(f"{letter(number)}: {one.name}")
            table.add_column(head, justify="right", overflow="fold", max_width=VALUE)
    else:
        table.add_column("is", overflow="fold")
    for group, listed, left in fields(found):
        for told in listed:
            values = told.values if abreast else (held_by(told.values),)
            table.add_row(Text(told.what), *map(Text, values), style="yellow")
        if left:
            table.add_row(Text(f"{group}, {count(left)} more"), style="yellow")
    return table


def held_by(values: tuple[str, ...]) -> str:
    """Each value with the runs that have it.

    >>> held_by(("8", "8", "16", "8"))
    'A, B, D: 8; C: 16'
    """
    runs = {
        value: [letter(n) for n, one in enumerate(values) if one == value] for value in dict.fromkeys(values)
    }
    return "; ".join(f"{', '.join(letters)}: {value}" for value, letters in runs.items())


def columns(found: Findings) -> Table:
    """A column for each run, and its ratio to the first."""
    from rich.text import Text

    table = table_of(found, "")
    for number in range(1, len(found.runs)):
        table.add_column(f"{letter(number)} / A", justify="right", no_wrap=True)
    for place, measure in enumerate(found.measures):
        cells = (measure.label, *measure.shown, *map(ratio_text, measure.ratios[1:]))
        table.add_row(*map(Text, cells), style="bold" if place == 0 else "")
        if sure(measure):
            ratios = map(ratio_between, measure.ratio_intervals[1:])
            short = (one.replace(" to ", "–") for one in (*measure.between, *ratios))  # 80 columns are few
            table.add_row(Text("  in 90 % of draws"), *map(Text, short), style="dim")
    return table


def sure(measure: Measure) -> bool:
    """Whether the interval of a figure has a row: those of parts and steps are in --json and on the page."""
    listed = not measure.key.startswith("energy.parts") and measure.key != "energy.step_j"
    return listed and any(measure.between)


def rows(found: Findings) -> Table:
    """A row for each run."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    held = {measure.key: measure for measure in found.measures if measure.key in BESIDE}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("run", overflow="fold", min_width=12)
    for measure in held.values():
        table.add_column(Text(measure.label.removesuffix(" per inference")), justify="right", no_wrap=True)
        if measure.key == BESIDE[0]:
            table.add_column("in 90 % of draws", justify="right", no_wrap=True)
            table.add_column("/ A", justify="right", no_wrap=True)
    for number, one in enumerate(found.runs):
        cells = [f"{letter(number)}: {one.name}"]
        for measure in held.values():
            cells.append(measure.shown[number])
            if measure.key == BESIDE[0]:
                cells += [measure.between[number] or ABSENT, ratio_text(measure.ratios[number])]
        best = found.verdict is not None and number == found.verdict.least
        table.add_row(*map(Text, cells), style="bold" if best else "")
    return table
