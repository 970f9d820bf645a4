"""Tables: a row a frame, a column a value; columns may name the sequence and the label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError, nearest

if TYPE_CHECKING:
    import polars

SEQUENCE, LABEL = "sequence", "label"
GROUP, TARGET = "group", "target"


def read_table(path: Path) -> polars.DataFrame:
    """A CSV file with a line of column names, or a Parquet file.

    Errors: InputError for a file that is neither.
    """
    import polars

    try:
        if path.suffix.lower() == ".parquet":
            return polars.read_parquet(path)
        return polars.read_csv(path, infer_schema_length=None)
    except (OSError, polars.exceptions.PolarsError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise InputError(
            path, reason, "this is no readable table", "Write CSV with a header, or Parquet."
        ) from None


def split(
    frame: polars.DataFrame, place: str, sequence: str | None = None, label: str | None = None
) -> tuple[list[Numbers], list[str] | None, list[str]]:
    """The sequences of a table, the label of each, and their names.

    Rule: rows with the same value in the column ``sequence`` are one sequence, in the order of the rows; a
    label is the same in all of a sequence's rows. The columns named ``sequence`` and ``label`` are taken for
    these where no other is named. ``group`` and ``target`` are for training (see `aside`); all others are
    values.

    >>> import polars
    >>> frame = polars.DataFrame({"x": [1, 2, 3], "sequence": ["b", "b", "a"], "label": ["up", "up", "down"]})
    >>> tables, labels, names = split(frame, "a.csv")
    >>> [table.tolist() for table in tables], labels, names
    ([[[1], [2]], [[3]]], ['up', 'down'], ['b', 'a'])
    """
    by = named(frame, sequence, SEQUENCE, place)
    kind = named(frame, label, LABEL, place)
    values = [name for name in frame.columns if name not in (by, kind, GROUP, TARGET)]
    if not values or not len(frame):
        rule = "a table has at least one row and a column of values"
        raise InputError(place, f"{len(frame)} rows, {len(values)} columns of values", rule, "Add some.")
    numeric(frame, values, place)
    parts = frame.partition_by(by, maintain_order=True) if by else [frame]
    names = [str(part[by][0]) if by else "the table" for part in parts]
    labels = (
        [one_label(part, kind, f"{place}: {name}") for part, name in zip(parts, names, strict=True)]
        if kind
        else None
    )
    return [part.select(values).to_numpy() for part in parts], labels, names


def aside(
    frame: polars.DataFrame, place: str, sequence: str | None = None
) -> tuple[tuple[str, ...] | None, tuple[Numbers, ...] | None]:
    """Of each sequence its group, the same in all its rows, and its targets, one a row: where they are.

    >>> import polars
    >>> aside(polars.DataFrame({"x": [1, 2], "group": ["ann", "ann"], "target": [0, 1]}), "a.csv")
    (('ann',), (array([0, 1]),))
    """
    by = named(frame, sequence, SEQUENCE, place)
    parts = frame.partition_by(by, maintain_order=True) if by else [frame]
    groups = targets = None
    if GROUP in frame.columns:
        groups = tuple(one_label(part, GROUP, f"{place}: column {GROUP}") for part in parts)
    if TARGET in frame.columns:
        numeric(frame, [TARGET], place)
        targets = tuple(part[TARGET].to_numpy() for part in parts)
    return groups, targets


def named(frame: polars.DataFrame, asked: str | None, usual: str, place: str) -> str | None:
    """The column asked for, which must be there, or the usual one where it is."""
    if asked is None:
        return usual if usual in frame.columns else None
    if asked not in frame.columns:
        raise InputError(place, asked, "there is no such column", nearest(asked, frame.columns))
    return asked


def numeric(frame: polars.DataFrame, values: Sequence[str], place: str) -> None:
    """Refuse a column of values that holds something else than numbers, or nothing in a row."""
    import polars

    for name in values:
        column = frame[name]
        if not (column.dtype.is_numeric() or column.dtype == polars.Boolean):
            rule = "columns of values hold numbers"
            remedy = "Leave it out, or name it as the column of sequences or labels."
            raise InputError(f"{place}: column {name}", f"values of type {column.dtype}", rule, remedy)
        if column.null_count():
            row = int(column.is_null().arg_max() or 0)
            rule = "every row has a number in every column of values"
            raise InputError(
                f"{place}: column {name}, row {row}", "empty", rule, "Fill it, or leave the row out."
            )


def one_label(part: polars.DataFrame, kind: str, place: str) -> str:
    """The one label of a sequence."""
    found = part[kind].unique(maintain_order=True).to_list()
    if len(found) != 1 or found[0] is None:
        shown = ", ".join(map(str, found[:3]))
        raise InputError(
            place, shown, "all rows of a sequence have the same label", "Split the sequence, or mend it."
        )
    return str(found[0])
