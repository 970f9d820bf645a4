"""The page of a matrix of benchmarks and chips: a table for each figure, a picture, a link to each report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltasim.reports.page.document import document
from deltasim.reports.page.energies import Dot, energies_chart
from deltasim.reports.page.parts import Card, Figure, Grid, Link, Page, Section, Spec
from deltasim.reports.quantities import quantity, ratio

if TYPE_CHECKING:
    from deltasim.reports.matrix.matrix import Matrix


def matrix_page(found: Matrix, version: str) -> str:
    """One offline HTML file, beside the folders of the benchmarks."""
    sections = [
        Section(
            "matrix",
            "All benchmarks on all chips",
            "Energies and times are of one inference. Each benchmark has a report of its own, which leads to "
            "the page of every run.",
            (Figure("matrix", "Energy per inference (logarithmic)", chart(found), wide=True),)
            if any(cell.record is not None for cell in found.cells)
            else (),
            tuple(
                Grid(table.title, ("benchmark", *found.chips), found.rows(table), left=("benchmark",))
                for table in found.tables()
            ),
            tuple(Link(name, f"{name}/report.html") for name in found.benchmarks if found.best(name)),
        )
    ]
    if refused := found.refusals():
        heads = ("benchmark", "chip")
        grid = Grid("", heads, refused, left=heads, under=True)
        sections.append(Section("refused", "What does not run", "By the checks of the chip.", grids=(grid,)))
    return document(
        Page(
            title=f"{len(found.benchmarks)} benchmarks on {len(found.chips)} chips",
            kicker=" · ".join(found.benchmarks),
            lead=" ".join(found.sentences()),
            warning=warning(found),
            cards=cards(found),
            sections=tuple(sections),
            footer=f"deltasim {version}",
        )
    )


def warning(found: Matrix) -> str | None:
    """What was run on stand-in data."""
    said = [cell.record["provenance"].get("fallback") for cell in found.cells if cell.record is not None]
    return next(filter(None, said), None)


def cards(found: Matrix) -> tuple[Card, ...]:
    """For each benchmark the chip that needs least."""
    made = []
    for name in found.benchmarks:
        best = found.best(name)
        if best is None:
            continue
        joules = best.figure("energy", "inference_j")
        remark = f"on {best.chip}, {ratio(best.figure('reduction', 'energy'))} less than dense there"
        place = found.cells.index(best)
        made.append(Card(name, quantity(joules, "J"), remark, f"cells.{place}.energy_j", joules))
    return tuple(made)


def chart(found: Matrix) -> Spec:
    """A point for each cell: energy on a logarithmic axis, a row a benchmark, a colour a chip."""
    dots = [
        Dot(cell.benchmark, cell.chip, joules)
        for cell in found.cells
        if (joules := cell.figure("energy", "inference_j"))
    ]
    return energies_chart(dots, "benchmark", "chip", found.benchmarks, found.chips)
