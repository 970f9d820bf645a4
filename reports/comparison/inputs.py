"""What is compared: folders of runs, of sweeps, and of one network on several chips."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from deltasim.reports.chips.across import RECORD as CHIPS
from deltasim.reports.saved.folder import RECORD, SavedRun, load_run
from deltasim.reports.sweep import RECORD as SWEEP
from deltasim.reports.sweep import folder_of
from deltasim.runtime.errors import InputError
from deltasim.runtime.names import is_name
from deltasim.runtime.readers.files import Unreadable, is_file
from deltasim.runtime.readers.json_text import read_json


class Compared(NamedTuple):
    """A run under a name of its own; ``origin`` is the folder it was given by, alone or with others."""

    name: str
    origin: str
    run: SavedRun


def runs_of(folders: Sequence[str | Path]) -> tuple[Compared, ...]:
    """All runs of these folders, in the order in which they were given.

    A sweep is its thresholds, a folder of several chips those that ran. Errors: InputError for a folder that
    holds none of them, and for fewer than two runs in all.
    """
    found = [(Path(folder), path) for folder in folders for path in paths_in(Path(folder))]
    if len(found) < 2:
        rule = f"{len(found)} run is nothing to compare"
        raise InputError("compare", ", ".join(map(str, folders)), rule, "Name another folder, or a sweep.")
    return named([(folder, load_run(path)) for folder, path in found])


def paths_in(folder: Path) -> list[Path]:
    """The run folders that a folder is or holds."""
    if is_file(folder / RECORD):
        return [folder]
    if is_file(folder / SWEEP):
        rows = entries(folder / SWEEP, "runs", "theta", is_theta)
        return [folder / folder_of(row["theta"]) for row in rows]
    if is_file(folder / CHIPS):
        rows = entries(folder / CHIPS, "chips", "chip", is_chip)
        return [folder / row["chip"] for row in rows if row.get("refused") is None]
    return [folder]


def is_theta(value: object) -> bool:
    return is_chip(value) or (isinstance(value, int | float) and math.isfinite(value))


def is_chip(value: object) -> bool:
    return isinstance(value, str) and is_name(value)


def entries(path: Path, name: str, field: str, known: Callable[[object], bool]) -> list[dict[str, Any]]:
    """The rows of a record of several runs, each with a field of a known form. Errors: InputError."""
    try:
        record = read_json(path)
    except Unreadable as error:
        rule = f"the record of several runs is whole ({error.reason})"
        raise InputError(error.at(path), "damaged", rule, "Run the job again with this version.") from None
    rows = record.get(name) if isinstance(record, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and known(row.get(field)) for row in rows):
        rule = f"the record of several runs has {name}, each with {field}"
        raise InputError(path, "damaged", rule, "Run the job again with this version.")
    return rows


def named(runs: Sequence[tuple[Path, SavedRun]]) -> tuple[Compared, ...]:
    """Each run under the name of its folder, the sweep's before it; under its whole path if two are equal."""
    names = [run.name if run.folder == folder else f"{folder.name}/{run.name}" for folder, run in runs]
    often = Counter(names)
    return tuple(
        Compared(name if often[name] == 1 else str(run.folder), str(folder), run)
        for name, (folder, run) in zip(names, runs, strict=True)
    )


def letter(number: int) -> str:
    """What a run is called for short.

    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'AA')
    """
    return (letter(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)
