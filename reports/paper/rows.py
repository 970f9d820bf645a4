"""The data of a chart as rows of one table, for a CSV file beside its picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from deltasim.reports.page.parts import Spec

Row = dict[str, Any]


def rows_of(spec: Spec) -> list[Row]:
    """All rows that a chart draws, each list of them once; ``mark`` says by what, where there are several.

    What only follows the pointer is left out.

    >>> spec = {"data": {"values": [{"x": 1}]}, "layer": [{"mark": "bar"}, {"mark": {"type": "text"}}]}
    >>> rows_of(spec)
    [{'x': 1}]
    """
    found: list[tuple[str, list[Row]]] = []
    for mark, values in drawn(spec, spec.get("datasets", {}), None):
        if values and all(values != held for _, held in found):
            found.append((mark, values))
    if len(found) == 1:
        return found[0][1]
    return [{"mark": mark, **row} for mark, values in found for row in values]


def drawn(spec: Spec, named: Spec, data: Spec | None) -> Iterator[tuple[str, list[Row]]]:
    """Each mark in a chart and in the charts inside it, with its rows."""
    data = spec.get("data", data)
    parts = [part for join in ("layer", "concat", "hconcat", "vconcat") for part in spec.get(join, ())]
    for part in parts:
        yield from drawn(part, named, data)
    if "mark" in spec and data is not None and not follows(spec):
        mark = spec["mark"]
        values = data.get("values", named.get(data.get("name")))
        if isinstance(values, list):
            rows = [row for row in values if isinstance(row, dict)]
            yield str(mark["type"] if isinstance(mark, dict) else mark), rows


def follows(spec: Spec) -> bool:
    """Whether a mark is seen under the pointer alone."""
    return "condition" in spec.get("encoding", {}).get("opacity", {})


def as_csv(rows: list[Row]) -> str:
    """Rows as CSV (RFC 4180, but with line feeds); a column for each key, in order of mention.

    >>> as_csv([{"a": 1, "b": "x,y"}, {"a": 0.5, "c": None}])
    'a,b,c\\n1,"x,y",\\n0.5,,\\n'
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def cell(value: Any) -> Any:
    """A value as JSON writes it."""
    return str(value).lower() if isinstance(value, bool) else value
