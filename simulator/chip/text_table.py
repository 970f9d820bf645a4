"""A plain table: what descriptions and mappings hand to whoever prints them."""

from __future__ import annotations

from typing import NamedTuple


class Table(NamedTuple):
    """A heading, column names and rows of text, all of the same width.

    >>> Table("Cores", ("field", "value"), (("count", "1"),)).rows
    (('count', '1'),)
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
