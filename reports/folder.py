"""The run folder: written aside, then renamed, so that a half-written one is never seen."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.reports.record import KEYS, as_record, layer_frame, step_frame, unit_frame
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    import polars

    from deltasim.reports.measured import Measured

RECORD, PAGE = "run.json", "report.html"


def refuse_existing(folder: Path) -> None:
    """Raise InputError when something of this name is there already, or nothing can be made there.

    >>> refuse_existing(Path("runs/not-there-yet"))
    """
    if folder.exists() or folder.is_symlink():
        raise InputError(
            "--out", folder, "a run never overwrites what is there", "Give another folder or remove this one."
        )
    parent = next(path for path in folder.absolute().parents if path.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise InputError("--out", folder, f"the folder must be writable ({parent} is not)", "Give another.")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary sibling to write in; it takes the folder's name when all went well, else it goes.

    Raises InputError when the folder exists or its parent cannot be written to.
    """
    refuse_existing(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise InputError(
            "--out", folder, f"the folder must be writable ({error.strerror})", "Give another folder."
        ) from error
    try:
        yield aside
        aside.chmod(0o777 & ~_umask())
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _umask() -> int:
    """The process's umask; reading it means setting it for a moment."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def as_json(record: Mapping[str, Any]) -> str:
    """A record as JSON text; NaN and infinity are errors, since JSON has neither."""
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def save_result(result: Measured, folder: Path, *, trace: bool, page: bool) -> Path:
    """Write run.json, three Parquet tables, report.html and, if asked for, trace.npz."""
    with new_folder(folder) as aside:
        write_run(result, aside)
        if trace:
            result.trace.save(aside / "trace.npz")
        if page:
            from deltasim.reports.page import run_page

            (aside / PAGE).write_text(run_page(result), encoding="utf-8")
    return folder


def write_run(result: Measured, folder: Path) -> None:
    """Write run.json and the tables into a folder that is there."""
    (folder / RECORD).write_text(as_json(as_record(result)), encoding="utf-8")
    unit_frame(result).write_parquet(folder / "units.parquet")
    layer_frame(result).write_parquet(folder / "layers.parquet")
    step_frame(result).write_parquet(folder / "steps.parquet")


@dataclass(frozen=True, eq=False)
class SavedRun:
    """A run folder read back: its record, and its tables when they are asked for."""

    folder: Path
    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.folder.name or str(self.folder)

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


def load_run(folder: str | Path) -> SavedRun:
    """Read a run folder.

    Raises InputError when the folder holds no run, or one that is damaged or misses figures.
    """
    folder = Path(folder)
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        rule = f"a run folder holds {RECORD} ({error.strerror})"
        raise InputError("run", folder, rule, "Name a folder that `deltasim run` wrote.") from error
    except ValueError as error:
        raise InputError("run", path, f"the file must be JSON ({error})", "Run the job again.") from error
    missing = [key for key in KEYS if key not in record] if isinstance(record, dict) else list(KEYS)
    if missing:
        rule = f"the record of a run has all its keys; {', '.join(missing)} missing"
        raise InputError("run", path, rule, "Run the job again with this version.")
    return SavedRun(folder, record)
