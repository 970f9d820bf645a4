"""A study in the terminal: its front, the knee marked, and what became of its points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deltasim.exploration.metrics import METRICS
from deltasim.reports.quantities import percent, quantity

if TYPE_CHECKING:
    from rich.console import RenderableType

    from deltasim.exploration.study import Study

MOST_ROWS = 40
ENDED = {
    "done": "simulated",
    "infeasible": "outside the constraints",
    "bounded": "dominated whatever a simulation would say",
    "raced": "dominated with confidence on part of the sequences",
    "failed": "no chip that holds the network",
}
"""How points end, in words."""


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
    tally = study.tally()
    ended = [f"{tally[state]:,} {words}" for state, words in ENDED.items() if tally[state]]
    said.append(f"Of {counted(len(study.points), 'point')}: {'; '.join(ended)}.")
    unknown = sorted({part for point in study.points for part in point.unknown})
    if unknown:
        said.append(f"Not in the area, since it is not known: {', '.join(unknown)}.")
    return [*said, f"Data: {study.data.rstrip('.')}."]


def short(name: str) -> str:
    """A parameter's name, without where all its like are.

    >>> short("memories.scratchpad.size"), short("theta")
    ('scratchpad.size', 'theta')
    """
    return name.removeprefix("memories.")


def as_text(value: Any) -> str:
    """A parameter's value, bytes in the largest unit that leaves them whole.

    >>> as_text("8192 B"), as_text("trained"), as_text({"cores.count": 16})
    ('8 KiB', 'trained', 'cores.count 16')
    """
    from deltasim.simulator.schema.quantities import size_text

    if isinstance(value, dict):
        return ", ".join(f"{name} {as_text(one)}" for name, one in value.items())
    text = "none" if value is None else str(value)
    count, _, unit = text.partition(" ")
    return size_text(int(count)) if unit == "B" and count.isdecimal() else text


def figure(name: str, value: float | None) -> str:
    """A figure with its unit.

    >>> figure("energy", 1.2e-6), figure("score", 0.985), figure("area", 0.4321)
    ('1.20 µJ', '98.5 %', '0.432 mm²')
    """
    if value is None:
        return quantity(None, "")
    if name == "score":
        return percent(value)
    if name == "area":
        return f"{value:.3g} mm²"
    return quantity(value, METRICS[name].unit)


def counted(number: int, noun: str) -> str:
    """A count with its noun.

    >>> counted(1, "point"), counted(2000, "point")
    ('1 point', '2,000 points')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
