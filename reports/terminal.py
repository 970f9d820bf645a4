"""The terminal form of a result: one table, the total first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deltasim.reports.quantities import quantity
from deltasim.reports.summary import groups, heading, notes

if TYPE_CHECKING:
    from rich.console import RenderableType

    from deltasim.reports.measured import Measured


def render(result: Measured) -> RenderableType:
    """Lay a result out for a terminal; names from outside are shown as text, never read as markup."""
    table = Table(
        title=Text(heading(result)),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
    )
    table.add_column("")
    table.add_column("delta", justify="right")
    table.add_column("share", justify="right", style="dim")
    table.add_column("dense", justify="right")
    table.add_column("dense / delta", justify="right")
    shown = groups(result)
    for number, group in enumerate(shown):
        for row in group.rows:
            first = number == 0 and row is group.rows[0]
            label = Text(("  " if row.detail else "") + row.label)
            table.add_row(
                label, Text(row.delta), Text(row.share), Text(row.dense), Text(row.saved),
                style="bold" if first else "dim" if row.detail else "",
            )  # fmt: skip
        if number < len(shown) - 1:
            table.add_section()
    said = [Text(sentence) for sentence in notes(result)]
    said[0].stylize("bold")
    engine = f"{result.engine} engine, {quantity(result.wall_s, 's')}; run {result.digest[:12]}"
    return Group(table, Padding(Group(*said, Text(engine, style="dim")), (1, 0, 0, 0)))
