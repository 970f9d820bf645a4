"""The run folder: what is written into it, and how it is read back."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.reports.exports.table import write_exports
from deltasim.reports.saved.record import as_record, layer_frame, sequence_frame, step_frame, unit_frame
from deltasim.reports.saved.record_form import require_record
from deltasim.runtime.disk.output import new_folder, told_in_a_sentence
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable
from deltasim.runtime.readers.json_text import read_json

if TYPE_CHECKING:
    import polars

    from deltasim.reports.measured import Measured
    from deltasim.reports.paper.figure import PaperFigure
    from deltasim.reports.whatif.helped import Helped

RECORD, PAGE = "run.json", "report.html"


def as_json(record: Mapping[str, Any]) -> str:
    """A record as JSON text; NaN and infinity are errors, since JSON has neither."""
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def save_result(
    result: Measured,
    folder: Path,
    *,
    trace: bool,
    page: bool,
    exports: Sequence[str] = (),
    helped: Helped | None = None,
) -> Path:
    """Write run.json, four Parquet tables, report.html; if asked for trace.npz, exports, whatif.json."""
    with new_folder(folder) as aside, told_in_a_sentence(folder):
        write_run(result, aside)
        write_exports(result, aside, exports)
        if helped is not None:
            (aside / "whatif.json").write_text(as_json(helped.to_dict()), encoding="utf-8")
        if trace:
            result.trace.save(aside / "trace.npz")
        if page:
            from deltasim.reports.page import run_page

            (aside / PAGE).write_text(run_page(result, helped=helped), encoding="utf-8")
    return folder


def write_run(result: Measured, folder: Path) -> None:
    """Write run.json and the tables into a folder that is there."""
    (folder / RECORD).write_text(as_json(as_record(result)), encoding="utf-8")
    write_table(unit_frame(result), folder / "units.parquet")
    write_table(layer_frame(result), folder / "layers.parquet")
    write_table(step_frame(result), folder / "steps.parquet")
    write_table(sequence_frame(result), folder / "sequences.parquet")


def write_table(frame: polars.DataFrame, path: Path) -> None:
    """Write a table as Parquet; OSError where it cannot be written, which polars would turn into its own."""
    content = io.BytesIO()
    frame.write_parquet(content)
    path.write_bytes(content.getvalue())


@dataclass(frozen=True, eq=False)
class SavedRun:
    """A run folder read back: its record, and its tables when they are asked for."""

    folder: Path
    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.folder.name or str(self.folder)

    def figure(self, name: str) -> PaperFigure:
        """A figure of the page in the folder. Errors: InputError without a page, or such a figure."""
        from deltasim.reports.paper.figure import chosen
        from deltasim.reports.paper.saved_page import figures_of

        return chosen(figures_of(self.folder), name)

    def units(self) -> polars.DataFrame:
        """Counts and joules of both runs by unit and action."""
        import polars

        return polars.read_parquet(self.folder / "units.parquet")

    def layers(self) -> polars.DataFrame:
        """Joules of both runs by layer and part."""
        import polars

        return polars.read_parquet(self.folder / "layers.parquet")

    def steps(self) -> polars.DataFrame:
        """Messages and latency of every step."""
        import polars

        return polars.read_parquet(self.folder / "steps.parquet")

    def sequences(self) -> polars.DataFrame | None:
        """Latency, joules and points of every sequence; None for a folder of an earlier form."""
        import polars

        path = self.folder / "sequences.parquet"
        if not path.is_file():
            return None
        try:
            return polars.read_parquet(path)
        except (OSError, polars.exceptions.PolarsError) as error:
            rule = f"the table of sequences is whole ({' '.join(str(error).split())[:80]})"
            raise InputError(path, "damaged", rule, "Run the job again with this version.") from None


def load_run(folder: str | Path) -> SavedRun:
    """Read a run folder.

    Raises InputError when the folder holds no run, or one that is damaged or misses figures.
    """
    folder = Path(folder)
    path = folder / RECORD
    try:
        record = read_json(path)
        require_record(record)
    except Missing as error:
        rule = f"a run folder holds {RECORD} ({error.reason})"
        raise InputError("run", folder, rule, "Name a folder that `deltasim run` wrote.") from None
    except Unreadable as error:
        rule = f"the record of a run is whole ({error.reason})"
        raise InputError(error.at(path), "damaged", rule, "Run the job again with this version.") from None
    return SavedRun(folder, record)
