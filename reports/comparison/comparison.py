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
from deltasim.reports.comparison.over_sequences import best_over_sequences
from deltasim.reports.comparison.sentences import caution
from deltasim.reports.comparison.verdict import verdict
from deltasim.runtime.errors import InputError

RECORD = "comparison.json"

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, eq=False)
class Comparison(Findings):
    """Several runs, to be printed, saved and told to programs."""

    def save(self, folder: str | Path) -> Path:
        """Write a folder, as a run does: comparison.json and the page.

        Raises InputError when the folder exists, or is named like a page.
        """
        from deltasim.reports.comparison.page import comparison_page
        from deltasim.reports.saved.folder import PAGE, as_json
        from deltasim.runtime.disk.output import new_folder, told_in_a_sentence

        place = Path(folder)
        require_folder(place)
        with new_folder(place) as part, told_in_a_sentence(place):
            (part / RECORD).write_text(as_json(self.to_dict()), encoding="utf-8")
            (part / PAGE).write_text(comparison_page(self), encoding="utf-8")
        return place

    def __rich__(self) -> RenderableType:
        """Terminal form."""
        from deltasim.reports.comparison.terminal import render

        return render(self)


def require_folder(place: Path) -> None:
    """Refuse a folder that is there, and the name of a page."""
    from deltasim.runtime.disk.output import refuse_existing

    if place.suffix == ".html":
        rule = f"a comparison is a folder with {RECORD} and its page"
        raise InputError("--out", place, rule, f"Write {place.stem}.")
    refuse_existing(place)


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
        best_over_sequences(runs) if told is None else (),
    )
