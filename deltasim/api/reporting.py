"""An energy report for each of several benchmarks on several chips: ``deltasim report``, which goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from deltasim.reports.matrix.matrix import Cell, Matrix
    from deltasim.shell.progress import Progress
    from deltasim.simulator.chip import Chip
    from deltasim.workloads.benchmark import Benchmark

SUMMARY = "summary.json"


def reported(
    benchmarks: Mapping[str, Benchmark],
    chips: Sequence[Chip],
    out: Path,
    jobs: int | None = None,
    tell: Callable[[str], None] | None = None,
    progress: Callable[[str], Progress | None] | None = None,
    commands: Mapping[str, str] | None = None,
) -> Matrix:
    """Run every benchmark on all chips into its folder of ``out``, and write the summary after each.

    A benchmark whose folder is there is not run again, if it holds these very runs. ``commands`` say how each
    is made. Errors: InputError for a folder that holds something else.
    """
    from deltasim.api.several import across
    from deltasim.reports.matrix.matrix import matrix
    from deltasim.runtime.disk.unfinished import tell_when_stopped

    require_place(out)
    found: list[Cell] = []
    for name, benchmark in benchmarks.items():
        folder = out / name
        tell_when_stopped(f"What is finished lies in {out}; the same command goes on.")
        if folder.exists():
            require_same(folder, benchmark, chips)
            if tell:
                tell(f"{name} is in {folder} already")
        else:
            if tell:
                tell(f"{name} on {len(chips)} chips")
            moved = progress(name) if progress else None
            command = (commands or {}).get(name, "deltasim.api.reporting")
            try:
                across(benchmark, chips, progress=moved, jobs=jobs, command=command).save(folder)
            except InputError as error:
                if folder.exists():
                    raise
                found += refused(name, benchmark, chips, error)
                write_summary(out, matrix(found))
                continue
        found += cells_of(folder, name, chips)
        write_summary(out, matrix(found))
    return matrix(found)


def require_place(out: Path) -> None:
    """Raise InputError where no reports can be written; an earlier report goes on."""
    from deltasim.runtime.disk.output import refuse_existing

    if not out.exists():
        refuse_existing(out)
        out.mkdir(parents=True)
    elif not out.is_dir() or (
        any(not path.name.startswith(".") for path in out.iterdir()) and not (out / SUMMARY).is_file()
    ):
        rule = "reports are written into a new folder, or into one that holds reports"
        raise InputError("--out", out, rule, "Name another.")


def require_same(folder: Path, benchmark: Benchmark, chips: Sequence[Chip]) -> None:
    """Raise InputError where a folder holds other runs than these."""
    from deltasim.api.cases import prepare
    from deltasim.reports.saved.folder import RECORD, load_run

    rule = "it holds other runs than those asked for"
    remedy = "Name another folder, or remove this one."
    for chip in chips:
        try:
            digest: str | None = prepare(benchmark, chip).digest
        except InputError:
            digest = None
        saved = folder / chip.name
        held = load_run(saved).record["digest"] if (saved / RECORD).is_file() else None
        if held != digest:
            raise InputError("--out", folder, rule, remedy)


def cells_of(folder: Path, name: str, chips: Sequence[Chip]) -> list[Cell]:
    """A benchmark's row, from its folder."""
    from deltasim.reports.chips.across import RECORD
    from deltasim.reports.matrix.matrix import Cell
    from deltasim.reports.saved.folder import load_run
    from deltasim.runtime.readers.json_text import read_json

    why = {row["chip"]: row.get("refused") for row in read_json(folder / RECORD)["chips"]}
    return [
        Cell(name, chip.name, None, why[chip.name])
        if why.get(chip.name)
        else Cell(name, chip.name, load_run(folder / chip.name).record)
        for chip in chips
    ]


def refused(name: str, benchmark: Benchmark, chips: Sequence[Chip], error: InputError) -> list[Cell]:
    """A benchmark's row where it runs on no chip: for each chip why. Raises what has another reason."""
    from deltasim.api.cases import prepare
    from deltasim.reports.matrix.matrix import Cell

    found = []
    for chip in chips:
        try:
            prepare(benchmark, chip)
        except InputError as why:
            found.append(Cell(name, chip.name, None, str(why)))
        else:
            raise error
    return found


def write_summary(out: Path, found: Matrix) -> None:
    """Write summary.json and the page over what is there, each whole or not at all."""
    from importlib.metadata import version

    from deltasim.reports.page.matrix import matrix_page
    from deltasim.reports.saved.folder import PAGE, as_json
    from deltasim.runtime.disk.output import told_in_a_sentence
    from deltasim.runtime.disk.unfinished import new_file

    with told_in_a_sentence(out):
        texts = {SUMMARY: as_json(found.to_dict()), PAGE: matrix_page(found, version("deltasim"))}
        for name, text in texts.items():
            with new_file(out / name) as file:
                file.write(text.encode())
