"""A study in the terminal: its front, the knee marked, and what became of its points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltasim.exploration.metrics import METRICS
from deltasim.reports.study.sentences import mapped, worth_rows
from deltasim.reports.study.words import ENDED, SURE, as_text, counted, figure, short

if TYPE_CHECKING:
    from rich.console import RenderableType

    from deltasim.exploration.study import Study

MOST_ROWS = 40


def render(study: Study) -> RenderableType:
    """The front as a table, sentences around it."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    front = study.front()
    shown = front[:MOST_ROWS]
    title = Text(f"{study.name}: {counted(len(front), 'point')} of {len(study.points):,} worth building")
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    names = list(dict.fromkeys(name for entry in shown for name in entry["parameters"]))
    for column in ("point", *map(short, names), *study.shown):
        table.add_column(Text(column), justify="right", overflow="fold")
    for entry in shown:
        cells = [str(entry["point"]), *(as_text(entry["parameters"].get(name)) for name in names)]
        cells += [figure(name, entry[METRICS[name].key]) for name in study.shown]
        table.add_row(*map(Text, cells), style="bold" if entry["point"] == study.knee else "")
    return Group(table, *map(Text, sentences(study, len(front))))


def sentences(study: Study, front: int) -> list[str]:
    """What is to be said under the table."""
    said = [] if front <= MOST_ROWS else [f"The first {MOST_ROWS} of {front:,} are shown; --json has all."]
    entry = next((one for one in study.front() if one["point"] == study.knee), None)
    if entry is not None:
        said.append(f"Point {entry['point']} (bold) is nearest to the best of everything. {entry['limits']}")
    gained = mapped(study)
    said += [gained] if gained else []
    said += [f"{name}: {words}." for name, words in worth_rows(study)]
    tally = study.tally()
    ended = [f"{tally[state]:,} {words}" for state, words in ENDED.items() if tally[state]]
    said.append(f"Of {counted(len(study.points), 'point')}: {'; '.join(ended)}.")
    said += [SURE] if tally["raced"] else []
    unknown = sorted({part for point in study.points for part in point.unknown})
    if unknown:
        said.append(f"Not in the area, since it is not known: {', '.join(unknown)}.")
    return [*said, f"Data: {study.data.rstrip('.')}."]
