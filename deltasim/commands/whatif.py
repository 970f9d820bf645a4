"""``deltasim whatif``: a run replayed with each kind of unit faster or wider, and what that gains."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments.options import AsJson, AsRun, ChipOfBenchmark, Jobs, OneTheta, RunToAsk
from deltasim.commands.arguments.saved_runs import case_of


def whatif(
    run: RunToAsk,
    chip: ChipOfBenchmark = None,
    theta: OneTheta = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="simulate this many sequences; default: all")
    ] = None,
    data: AsRun = None,
    jobs: Jobs = None,
    out: Annotated[
        Path | None, typer.Option(help="folder to write, whose page shows what would help")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay a run with each kind of unit faster or wider; rank what shortens it and what saves energy."""
    from deltasim.api.cases import dense_baseline, run_case
    from deltasim.api.replaying import helped
    from deltasim.reports.saved.folder import save_result
    from deltasim.runtime.disk.output import refuse_existing
    from deltasim.shell.progress import progress_bar

    if out is not None:
        refuse_existing(out)
    case, command = case_of(run, chip, theta, limit, data)
    with progress_bar("dense run") as progress:
        baseline = dense_baseline(case, progress, jobs)
    made = run_case(case, baseline, command, jobs=jobs)
    with progress_bar("what if") as progress:
        found = helped(case, made, progress, jobs)
    if out is not None:
        save_result(made, out, trace=False, page=True, helped=found)
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        from rich.console import Console

        Console().print(found)
    if out is not None:
        print(f"The page is {out / 'report.html'}", file=sys.stderr if as_json else sys.stdout)
