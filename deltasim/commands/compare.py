"""``deltasim compare``: saved runs and sweeps side by side."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments.options import AsJson


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="folders of saved runs, sweeps, several chips")
    ],
    out: Annotated[Path | None, typer.Option(help="folder to write, with the page of the comparison")] = None,
    as_json: AsJson = False,
) -> None:
    """Set runs side by side: what differs, every figure with its ratio and interval, which needs least."""
    from deltasim.reports.comparison.comparison import compare as compare_runs
    from deltasim.reports.comparison.comparison import require_folder

    if out is not None:
        require_folder(out)
    comparison = compare_runs(*runs)
    if out is not None:
        comparison.save(out)
    if as_json:
        print(json.dumps(comparison.to_dict(), indent=2, allow_nan=False))
    else:
        from rich.console import Console

        Console().print(comparison)
    if out is not None:
        print(f"The page is {out / 'report.html'}", file=sys.stderr if as_json else sys.stdout)
