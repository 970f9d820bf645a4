"""``deltasim run``: the main job, one run or a sweep of thresholds."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deltasim.commands.options import default_folder, parse_thetas, spell_command

if TYPE_CHECKING:
    from reports.result import Result
    from reports.sweep import Sweep


def run(
    benchmark: Annotated[str, typer.Argument(help="a benchmark; deltasim list benchmarks names them")],
    chip: Annotated[
        str, typer.Option(help="a chip in the box, or the path of a YAML description")
    ] = "edgedrnn",
    theta: Annotated[
        str | None,
        typer.Option(help="one threshold for every layer, or a sweep 0,0.1,0.2; default: as trained"),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="simulate this many sequences; default: all")
    ] = None,
    data: Annotated[str | None, typer.Option(help="fsdd, synthetic, or a folder of TIDIGITS")] = None,
    trained: Annotated[
        Path | None, typer.Option(help="a folder written by deltasim train; default: the networks shipped")
    ] = None,
    engine: Annotated[str, typer.Option(help="compiled, or simpy, the readable reference")] = "compiled",
    out: Annotated[
        Path | None, typer.Option(help="folder to write; default: runs/BENCHMARK-CHIP-DIGEST")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON and nothing else")] = False,
) -> None:
    """Run a trained network on a chip, print what it costs, and write a folder with the page of the run."""
    from reports.folder import refuse_existing

    thetas = parse_thetas(theta)
    if out is not None:
        refuse_existing(out)
    from deltasim.cases import choose, dense_baseline, prepare, run_case
    from deltasim.progress import progress_bar

    chosen = choose(benchmark, data, trained, limit)
    if chosen.fallback and as_json:  # otherwise it stands in the table
        print(f"deltasim: {chosen.fallback}", file=sys.stderr)
    cases = [prepare(chosen, chip, value, engine) for value in thetas]
    refuse_existing(out or default_folder(cases))

    results: list[Result] = []
    try:
        with progress_bar("dense run") as progress:
            baseline = dense_baseline(cases[0], progress)
        for case in cases:
            command = spell_command(benchmark, chip, case.theta, limit, data, trained)
            with progress_bar(f"theta {case.theta}") as progress:
                results.append(run_case(case, baseline, command, progress))
    except KeyboardInterrupt as stop:
        if not results:
            raise
        kept = ", ".join(str(case.theta) for case in cases[: len(results)])
        folder = _save(results, out or default_folder(cases[: len(results)]))
        raise KeyboardInterrupt(f"The finished thresholds {kept} are kept in {folder}.") from stop

    folder = _save(results, out or default_folder(cases))
    _show(results, as_json)
    print(f"The page is {folder / 'report.html'}", file=sys.stderr if as_json else sys.stdout)


def _whole(results: list[Result]) -> Result | Sweep:
    """One run as it is, several as a sweep."""
    if len(results) == 1:
        return results[0]
    from reports.sweep import Sweep

    return Sweep(tuple(results))


def _save(results: list[Result], folder: Path) -> Path:
    return _whole(results).save(folder)


def _show(results: list[Result], as_json: bool) -> None:
    whole = _whole(results)
    if as_json:
        print(json.dumps(whole.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
        return
    from rich.console import Console

    Console().print(whole)
