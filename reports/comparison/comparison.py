"""A comparison of several runs, with the verbs of those who look at it: printed, saved as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deltasim.reports.comparison.differences import differences
from deltasim.reports.comparison.drawing import priced_runs, with_ratios
from deltasim.reports.comparison.findings import Findings
from deltasim.reports.comparison.inputs import Compared, runs_of
from deltasim.reports.comparison.measures import measures, whole_runs
from deltasim.reports.comparison.sentences import caution
from deltasim.reports.comparison.verdict import verdict

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, eq=False)
class Comparison(Findings):
    """Several runs, to be printed, saved and told to programs."""

    def save(self, file: str | Path) -> Path:
        """Write the page, one offline HTML file. Raises InputError when the file exists."""
        from deltasim.reports.comparison.page import comparison_page
        from deltasim.runtime.disk.output import refuse_existing, told_in_a_sentence
        from deltasim.runtime.disk.unfinished import new_file

        file = Path(file)
        refuse_existing(file)
        with told_in_a_sentence(file), new_file(file) as part:
            part.write(comparison_page(self).encode())
        return file

    def __rich__(self) -> RenderableType:
        """Terminal form."""
        from deltasim.reports.comparison.terminal import render

        return render(self)


def compare(*folders: str | Path) -> Comparison:
    """Compare what lies in folders: runs, sweeps, one network on several chips; at least two runs in all.

    Raises InputError when one of them holds no whole run.
    """
    return compared(runs_of(folders))


def compared(runs: Sequence[Compared]) -> Comparison:
    """Compare runs that were read."""
    records = tuple(one.run.record for one in runs)
    told, figures = caution(records), measures(records)
    priced = priced_runs(runs) if told is None else None
    return Comparison(
        tuple(runs),
        differences(records),
        figures if priced is None else with_ratios(figures, runs, priced),
        whole_runs(records),
        told,
        None if priced is None else verdict(priced),
    )
