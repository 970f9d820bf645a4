"""Print plain tables (heading, columns, rows) for a terminal or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

PIPE_WIDTH = 160  # characters: wide enough that a table in a file is not folded


def print_table(heading: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print one table; whatever stands in the cells is shown as it is, never read as markup.

    >>> print_table("Cores", ["core", "neurons"], [(0, 128), (1, "[bold]")])
    Cores
     core   neurons
    ────────────────
     0      128
     1      [bold]
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="dim")
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    with console.capture() as capture:
        console.print(Text(heading, style="bold"))
        console.print(table)
    print("\n".join(line.rstrip() for line in capture.get().rstrip().splitlines()))
