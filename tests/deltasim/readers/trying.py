"""Try a command line in process, in a folder of its own, and say what is wrong with how it ended."""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from deltasim.main import main
from deltasim.runtime.disk.cache import CacheWarning
from deltasim.runtime.kernel_cache import COMPILING
from tests.deltasim.readers.doors import Door, Line

LONGEST_S = 5.0
NOTICES = (" is believed and nothing is cached there. ", COMPILING)  # of a folder that others can write to


class Ended(NamedTuple):
    """How a command ended: its exit code, what it printed, what it wrote, the seconds of processor time."""

    code: int
    out: str
    err: str
    written: tuple[str, ...]
    seconds: float


@contextlib.contextmanager
def empty_folder() -> Iterator[Path]:
    """A new folder as the present one."""
    before = Path.cwd()
    folder = Path(tempfile.mkdtemp(prefix="deltasim-tried-"))
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)
        shutil.rmtree(folder, ignore_errors=True)


def listed(folder: Path) -> set[str]:
    """All files and folders below."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def ended(line: Line, folder: Path) -> Ended:
    """Run a command line in a folder; an exception out of it counts as exit code 1 with a traceback."""
    before, outside = listed(folder), listed_beside(folder)
    out, err = io.StringIO(), io.StringIO()
    started = time.process_time()
    with (
        warnings.catch_warnings(),
        mock.patch.dict(os.environ, line.environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        warnings.simplefilter("default", CacheWarning)  # a line on stderr, and no error
        try:
            code = main(line.words)
        except BaseException:  # whatever it is, a person would have seen it
            code = 1
            err.write(traceback.format_exc())
    seconds = time.process_time() - started
    written = (listed(folder) - before) | (listed_beside(folder) - outside)
    if "DELTASIM_CACHE" in line.environment:  # a cache lies where it is told to lie; a run does not
        written = {path for path in written if "runs" in path}
    rows = err.getvalue().splitlines(keepends=True)
    said = "".join(row for row in rows if not any(notice in row for notice in NOTICES))
    return Ended(code, out.getvalue(), said, tuple(sorted(written)), seconds)


def listed_beside(folder: Path) -> set[str]:
    """What lies beside a folder and one further out, apart from other folders of tests."""
    return {
        str(path)
        for place in (folder.parent, folder.parent.parent)
        for path in place.glob("*")
        if "outside" in path.name
    }


def fault(told: Ended) -> str:
    """What is wrong with how a command ended; nothing where it did its work or refused it in a sentence."""
    if "Traceback" in told.err or told.code not in (0, 2):
        return f"exit code {told.code}: {told.err[-600:]}"
    if told.seconds > LONGEST_S:
        return f"it took {told.seconds:.1f} s"
    if told.written:
        return f"it wrote {told.written}"
    lines = told.err.split("\n")
    if told.code == 2:
        if told.out:
            return f"it printed {told.out[:200]!r}"
        if lines[-1] or not all(line.startswith("deltasim: ") and len(line) < 1500 for line in lines[:-1]):
            return f"stderr is no sentences: {told.err[:600]!r}"
        if not lines[:-1]:
            return "it said nothing"
        if len(lines) > 2 and not all(is_fault_of_a_file(line) for line in lines[:-1]):
            return f"it said more than one sentence: {told.err[:600]!r}"
        if not told.err.isprintable() and not all(line.isprintable() for line in lines):
            return f"stderr is not printable: {told.err[:600]!r}"
    return ""


def is_fault_of_a_file(line: str) -> bool:
    """Whether a sentence is one of several about a description."""
    return ".yaml" in line.split(": ")[1] or line.startswith("deltasim: mine.yaml")


def tried(name: str, door: Door, seed: str) -> str:
    """One case of a door: what was wrong, with what it takes to see it again; nothing where all was well."""
    for _ in range(
        2
    ):  # the first command of a process imports, and on a new machine compiles what it imports
        with empty_folder() as folder:
            line = door(random.Random(seed))
            told = ended(line, folder)
        if told.seconds <= LONGEST_S:
            break
    wrong = fault(told)
    return f"{name}, seed {seed}: {' '.join(line.words)[:200]}: {wrong}" if wrong else ""
