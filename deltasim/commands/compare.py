"""``deltasim compare``: two saved runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments.options import AsJson


def compare(
    run_a: Annotated[Path, typer.Argument(metavar="RUN", help="folder of a saved run")],
    run_b: Annotated[Path, typer.Argument(metavar="RUN", help="folder of another")],
    as_json: AsJson = False,
) -> None:
    """Set two saved runs side by side: what differs between them, and every figure with its ratio."""
    import json

    from deltasim.reports.compare import compare as compare_runs

    comparison = compare_runs(run_a, run_b)
    if as_json:
        print(json.dumps(comparison.to_dict(), indent=2, allow_nan=False))
        return
    from rich.console import Console

    Console().print(comparison)
