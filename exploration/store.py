"""The file of a study: one SQLite database, counts and picoseconds apart from prices, written by one process.

Counts are whole numbers of any size, written in JSON; nothing is pickled. What is committed is there after
the process is killed at any moment.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from deltasim.exploration.pricing import Form, PriceTable
from deltasim.exploration.workbench import Evaluation
from deltasim.runtime.disk.unfinished import locks
from deltasim.runtime.errors import InputError

FORM = 1
MAGIC = b"SQLite format 3\0"
TABLES = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE studies (digest TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL,
    chips TEXT NOT NULL, data TEXT NOT NULL, version TEXT NOT NULL);
CREATE TABLE forms (digest TEXT PRIMARY KEY, names TEXT NOT NULL, parts TEXT NOT NULL,
    units TEXT NOT NULL);
CREATE TABLE evaluations (digest TEXT PRIMARY KEY, form TEXT NOT NULL, sequences INTEGER NOT NULL,
    counts TEXT NOT NULL, elapsed_ps TEXT NOT NULL, each BLOB NOT NULL, limits TEXT NOT NULL);
CREATE TABLE prices (digest TEXT PRIMARY KEY, form TEXT NOT NULL, joules TEXT NOT NULL);
CREATE TABLE points (study TEXT NOT NULL, number INTEGER NOT NULL, generation INTEGER NOT NULL,
    parameters TEXT NOT NULL, sampler TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    evaluation TEXT NOT NULL, prices TEXT NOT NULL, area_mm2 REAL, unknown TEXT NOT NULL,
    off_chip_bytes INTEGER NOT NULL, score REAL, sequences INTEGER NOT NULL, proof TEXT NOT NULL,
    PRIMARY KEY (study, number)) WITHOUT ROWID;
"""

DONE, INFEASIBLE, BOUNDED, RACED, FAILED = "done", "infeasible", "bounded", "raced", "failed"
STATES = (DONE, INFEASIBLE, BOUNDED, RACED, FAILED)


class Point(NamedTuple):
    """A settled point. ``evaluation`` names its counts where it was simulated, ``prices`` its price table.

    ``state``: done; infeasible (a constraint is not met), bounded (dominated whatever a simulation says) and
    raced (dominated with confidence) with what shows it in ``proof``; failed for ``reason``.
    """

    number: int
    generation: int
    parameters: dict[str, Any]
    sampler: dict[str, Any]
    state: str
    reason: str = ""
    evaluation: str = ""
    prices: str = ""
    area_mm2: float | None = None
    unknown: Sequence[str] = []
    off_chip_bytes: int = 0
    score: float | None = None
    sequences: int = 0
    proof: dict[str, Any] = {}  # noqa: RUF012 (never changed)


PLAIN = ("parameters", "sampler", "unknown", "proof")
"""Fields of a point that are written in JSON."""


class Counted(NamedTuple):
    """The totals of an evaluation, as they are stored."""

    form: str
    sequences: int
    counts: tuple[int, ...]
    elapsed_ps: int
    limits: str


def as_text(value: Any) -> str:
    """Plain data as it is stored, in its own order."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def read_all(texts: Sequence[str]) -> list[Any]:
    """What texts in JSON stand for, read as one: quicker than one by one, and names are kept once."""
    found: list[Any] = json.loads(f"[{','.join(texts)}]")
    return found


class Store:
    """An open file of studies. Errors: InputError for a file of another kind or form."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path, self.connection = path, connection

    @staticmethod
    @contextmanager
    def opened(path: Path, writing: bool) -> Iterator[Store]:
        """Open a file, to write to it as the only one (a new one is made), or to read."""
        require_database(path, must_exist=not writing)
        with told(path):
            lock = locked(path) if writing else None
        try:
            with told(path):
                mode = "rwc" if writing else "rw" if os.access(path, os.W_OK) else "ro"
                named = f"{path.absolute().as_uri()}?mode={mode}"
                connection = sqlite3.connect(named, isolation_level=None, uri=True, timeout=10)
            try:
                with told(path):
                    store = Store(path, connection)
                    store._prepare(writing)
                yield store
            finally:
                connection.close()
        finally:
            if lock is not None:
                lock.close()  # after the database: closing it lets go of all that the process holds of it

    def _prepare(self, writing: bool) -> None:
        if writing:
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = NORMAL")
        else:
            self.connection.execute("PRAGMA query_only = ON")
        found = self.connection.execute("SELECT name FROM sqlite_master WHERE name = 'about'").fetchone()
        if found is None and writing:
            with self.transaction():
                if self.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    raise InputError(
                        self.path, "another database", "it holds no studies", "Name another file."
                    )
                for statement in TABLES.split(";"):
                    self.connection.execute(statement)
                self.connection.execute("INSERT INTO about VALUES ('form', ?)", (str(FORM),))
            return
        form = (
            None
            if found is None
            else self.connection.execute("SELECT value FROM about WHERE key='form'").fetchone()
        )
        if form is None or form[0] != str(FORM):
            rule = f"it is no file of studies of form {FORM}"
            raise InputError(self.path, "another database", rule, "Name another file.")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def add_study(
        self, digest: str, name: str, description: str, chips: str, data: str, version: str
    ) -> None:
        """Note a study, unless it is there."""
        with told(self.path), self.transaction():
            self.connection.execute(
                "INSERT INTO studies VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (digest) DO UPDATE SET description = ?",
                (digest, name, description, chips, data, version, description),
            )

    def studies(self) -> list[dict[str, str]]:
        """All studies in the file, in the order they were begun."""
        names = ("digest", "name", "description", "chips", "data", "version")
        rows = self.connection.execute(f"SELECT {', '.join(names)} FROM studies ORDER BY rowid")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def settle(
        self,
        study: str,
        points: Sequence[Point],
        tables: Sequence[PriceTable] = (),
        evaluations: Mapping[str, Evaluation] | None = None,
    ) -> None:
        """Write settled points with what was counted for them, in one transaction."""
        with told(self.path), self.transaction():
            for table in tables:
                self._add_form(table.form)
                row = (table.digest, table.form.digest, as_text(table.joules))
                self.connection.execute("INSERT OR IGNORE INTO prices VALUES (?, ?, ?)", row)
            for digest, found in (evaluations or {}).items():
                self._add_form(found.form)
                self.connection.execute(
                    "INSERT OR IGNORE INTO evaluations VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        digest,
                        found.form.digest,
                        len(found.latencies_ps),
                        as_text(found.counts),
                        str(found.elapsed_ps),
                        zlib.compress(as_text([found.latencies_ps, found.each]).encode(), 6),
                        found.limits,
                    ),
                )
            self.connection.executemany(
                f"INSERT OR IGNORE INTO points VALUES ({', '.join('?' * 15)})",
                [
                    (
                        study,
                        point.number,
                        point.generation,
                        as_text(point.parameters),
                        as_text(point.sampler),
                        point.state,
                        point.reason,
                        point.evaluation,
                        point.prices,
                        point.area_mm2,
                        as_text(point.unknown),
                        point.off_chip_bytes,
                        point.score,
                        point.sequences,
                        as_text(point.proof),
                    )
                    for point in points
                ],
            )

    def _add_form(self, form: Form) -> None:
        row = (form.digest, *map(as_text, form))
        self.connection.execute("INSERT OR IGNORE INTO forms VALUES (?, ?, ?, ?)", row)

    def points(self, study: str) -> list[Point]:
        """The settled points of a study, by number."""
        rows = self.connection.execute(
            "SELECT number, generation, parameters, sampler, state, reason, evaluation, prices, area_mm2, "
            "unknown, off_chip_bytes, score, sequences, proof FROM points WHERE study = ? ORDER BY number",
            (study,),
        )
        columns = [list(column) for column in zip(*rows, strict=True)]
        if not columns:
            return []
        for place, name in enumerate(Point._fields):
            if name in PLAIN:
                columns[place] = read_all(columns[place])
        return [Point._make(row) for row in zip(*columns, strict=True)]

    def counted(self, study: str | None = None) -> dict[str, Counted]:
        """Totals by the name of the evaluation; those that a study's points ask for, or all."""
        of = "" if study is None else "WHERE digest IN (SELECT evaluation FROM points WHERE study = ?)"
        rows = self.connection.execute(
            f"SELECT digest, form, sequences, counts, elapsed_ps, limits FROM evaluations {of}",
            () if study is None else (study,),
        )
        columns = list(zip(*rows, strict=True))
        if not columns:
            return {}
        names, forms, sequences, texts, elapsed, limits = columns
        counts = map(tuple, read_all(texts))
        return dict(
            zip(names, map(Counted, forms, sequences, counts, map(int, elapsed), limits), strict=True)
        )

    def by_sequence(self, evaluation: str) -> tuple[list[int], list[list[int]]]:
        """Picoseconds and counts of every sequence of one evaluation."""
        row = self.connection.execute(
            "SELECT each FROM evaluations WHERE digest = ?", (evaluation,)
        ).fetchone()
        latencies, each = json.loads(zlib.decompress(row[0]))
        return latencies, each

    def tables(self) -> dict[str, PriceTable]:
        """All price tables, by digest."""
        forms = {
            digest: Form(*(tuple(json.loads(column)) for column in columns))
            for digest, *columns in self.connection.execute("SELECT * FROM forms")
        }
        rows = self.connection.execute("SELECT digest, form, joules FROM prices")
        return {digest: PriceTable(forms[form], tuple(json.loads(joules))) for digest, form, joules in rows}

    def merge(self, other: Path) -> int:
        """Take in all studies, counts and prices of another file; how many points came with them."""
        require_database(other, must_exist=True)
        with told(other):
            self.connection.execute("ATTACH ? AS other", (str(other),))
            try:
                (form,) = self.connection.execute("SELECT value FROM other.about WHERE key='form'").fetchone()
                if form != str(FORM):
                    raise InputError(
                        other, "another form", f"a file of form {FORM} is merged", "Name another."
                    )
                with self.transaction():
                    for table in ("studies", "forms", "evaluations", "prices"):
                        self.connection.execute(f"INSERT OR IGNORE INTO {table} SELECT * FROM other.{table}")
                    before = self.connection.total_changes
                    self.connection.execute("INSERT OR IGNORE INTO points SELECT * FROM other.points")
                return self.connection.total_changes - before
            finally:
                self.connection.execute("DETACH other")


def require_database(path: Path, must_exist: bool) -> None:
    """Raise InputError for a file that is none of ours, or not there."""
    try:
        with open(path, "rb") as file:
            beginning = file.read(len(MAGIC))
    except FileNotFoundError:
        parent = path.absolute().parent
        if must_exist:
            raise InputError("study", path, "there is no such file", "Check the path.") from None
        if not parent.is_dir():
            raise InputError("--out", path, "its folder is not there", "Make the folder first.") from None
        return
    except OSError as error:
        raise InputError("study", path, f"it cannot be read: {error.strerror}", "Name a file.") from None
    if beginning not in (MAGIC, b""):
        raise InputError("study", path, "it is no file of studies", "Name another file.")


def locked(path: Path) -> IO[bytes]:
    """Hold the right to write a file of studies. Errors: InputError where another process has it."""
    lock = open(path, "ab")  # noqa: SIM115 (held as long as it is open)
    try:
        locks(lock.fileno())
    except BlockingIOError:
        lock.close()
        rule = "another process is writing to it"
        raise InputError("study", path, rule, "Wait for it, or name another file.") from None
    except OSError:
        pass  # no locks here
    return lock


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the database or the disk says into an InputError."""
    try:
        yield
    except sqlite3.Error as error:
        raise InputError("study", path, f"it cannot be used: {error}", "Name another file.") from None
    except OSError as error:
        rule = f"it cannot be used: {error.strerror or os.strerror(error.errno or 0)}"
        raise InputError("study", path, rule, "Name another file.") from None
