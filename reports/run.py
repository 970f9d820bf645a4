"""A run: what was measured, with the verbs of those who look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.reports.measured import Measured

if TYPE_CHECKING:
    import polars
    from rich.console import RenderableType

    from deltasim.reports.paper.figure import PaperFigure
    from deltasim.reports.saved.folder import SavedRun


@dataclass(frozen=True, eq=False)
class Run(Measured):
    """A run of a benchmark on a chip, to be printed, tabulated, saved and loaded."""

    def to_dict(self) -> dict[str, Any]:
        """The run in plain types, as ``--json`` prints it; energies of parts are joules per inference."""
        from deltasim.reports.saved.record import as_record

        return as_record(self)

    def to_frame(self) -> polars.DataFrame:
        """One row for every (run, unit, action) that happened: counts, prices and joules, delta and dense."""
        from deltasim.reports.saved.record import unit_frame

        return unit_frame(self)

    def save(
        self, folder: str | Path, *, trace: bool = False, page: bool = True, exports: Sequence[str] = ()
    ) -> Path:
        """Write the run folder: run.json, four Parquet tables, the page, and the trace if asked for.

        ``exports`` are forms of other programs that are written beside them
        (`deltasim.reports.exports.table.EXPORTS`): neurobench, accelergy, messages, dramsim3, ramulator.
        Raises InputError when the folder exists; nothing is left behind when writing fails.
        """
        from deltasim.reports.saved.folder import save_result

        return save_result(self, Path(folder), trace=trace, page=page, exports=exports)

    def figure(self, name: str) -> PaperFigure:
        """A figure of the run's page, by its name (``deltasim list figures``), to be saved or shown.

        ``run.figure("energy").save("energy.pdf")`` writes it 88 mm wide, with its data in energy.csv.
        Errors: InputError for a name that the run has no figure of.
        """
        from deltasim.reports.page import run_sections
        from deltasim.reports.paper.figure import chosen

        return chosen((figure for section in run_sections(self) for figure in section.figures), name)

    @staticmethod
    def load(folder: str | Path) -> SavedRun:
        """Read a run folder back: its record and tables, without the network and the chip."""
        from deltasim.reports.saved.folder import load_run

        return load_run(folder)

    def __repr__(self) -> str:
        """Ten lines; `to_frame` and `to_dict` have all of it."""
        from deltasim.reports.summary import in_ten_lines

        return in_ten_lines(self)

    def __rich__(self) -> RenderableType:
        """Terminal form."""
        from deltasim.reports.terminal import render

        return render(self)

    def _repr_html_(self) -> str:
        """Notebook form."""
        from deltasim.reports.notebook import render

        return render(self)
