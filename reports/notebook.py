"""The notebook form of a result: the terminal's table as HTML, with everything escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from deltasim.reports.summary import groups, heading, notes

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured

MAIN = "energy"  # the figure below the table
CELL = "padding:.15em .8em;text-align:right;font-variant-numeric:tabular-nums"
LABEL = "padding:.15em .8em .15em {indent}em;text-align:left"


def render(result: Measured) -> str:
    """Lay a result out for a notebook, its main figure below.

    Colours of the table are the notebook's own, so it fits light and dark themes; the figure is on white.
    """
    from deltasim.reports.page.parts import Figure
    from deltasim.reports.page.sections.energy import by_part, part_order
    from deltasim.reports.paper.figure import PaperFigure

    lines = ["<table style='border-collapse:collapse'>"]
    lines.append(f"<caption style='text-align:left;font-weight:600'>{escape(heading(result))}</caption>")
    titles = ("", "delta", "share", "dense", "dense / delta")
    lines.append("<tr>" + "".join(f"<th style='{CELL}'>{title}</th>" for title in titles) + "</tr>")
    for group in groups(result):
        for row in group.rows:
            label = LABEL.format(indent=1.6 if row.detail else 0)
            weight = "opacity:.75" if row.detail else "font-weight:600"
            cells = "".join(
                f"<td style='{CELL}'>{escape(text)}</td>"
                for text in (row.delta, row.share, row.dense, row.saved)
            )
            lines.append(f"<tr style='{weight}'><td style='{label}'>{escape(row.label)}</td>{cells}</tr>")
    lines.append("</table>")
    lines.extend(f"<p style='margin:.2em 0'>{escape(sentence)}</p>" for sentence in notes(result))
    drawn = Figure(MAIN, "Energy of one inference by part of the chip", by_part(result, part_order(result)))
    lines.append(PaperFigure(drawn)._repr_html_())
    return "\n".join(lines)
