"""``deltasim figure``: a figure of a page as a file for a paper, with its data beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments import completing


def figure(
    page: Annotated[
        Path, typer.Argument(metavar="PAGE", help="folder of a run, a sweep or the like, or a page itself")
    ],
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="of its figures; default: list them", autocompletion=completing.figures
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="ends in .svg, .pdf or .png; default: NAME.pdf")
    ] = None,
    columns: Annotated[
        int, typer.Option(help="of a journal that it takes: 1 is 88 mm wide, 2 are 180 mm")
    ] = 1,
) -> None:
    """Write a figure as SVG, PDF or PNG, as wide as one or two columns of a paper, and its data as CSV."""
    from deltasim.reports.paper.figure import chosen
    from deltasim.reports.paper.printing import WIDTHS_MM
    from deltasim.reports.paper.saved_page import figures_of

    found = figures_of(page)
    if name is None:
        width = max((len(one.name) for one in found), default=0)
        for one in found:
            print(f"{one.name:<{width}}  {one.title}")
        return
    picture, data = chosen(found, name, "deltasim figure").save(out or Path(f"{name}.pdf"), columns)
    print(f"{picture}: {WIDTHS_MM[columns]} mm wide; its data are in {data}")
