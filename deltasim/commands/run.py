"""``deltasim run``: the main job, one run or a sweep of thresholds."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deltasim.commands.options import default_folder, parse_thetas, spell_command
from deltasim.progress import compiling_line

if TYPE_CHECKING:
    from deltasim.reports.run import Run
    from deltasim.reports.sweep import Sweep


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
    jobs: Annotated[
        int | None, typer.Option(min=1, help="sequences simulated at once; default: one a processor")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="compute features and messages afresh, keep nothing")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="folder to write; default: runs/BENCHMARK-CHIP-DIGEST")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON and nothing else")] = False,
) -> None:
    """Run a trained network on a chip, print what it costs, and write a folder with the page of the run."""
    from deltasim.reports.folder import refuse_existing

    thetas = parse_thetas(theta)
    if out is not None:
        refuse_existing(out)
    with ExitStack() as settings:
        settings.enter_context(compiling_line())
        if no_cache:
            from deltasim.runtime.disk_cache import without_cache

            settings.enter_context(without_cache())
        folder, results = _run(benchmark, chip, thetas, limit, data, trained, engine, jobs, out, as_json)
    _show(results, as_json)
    print(f"The page is {folder / 'report.html'}", file=sys.stderr if as_json else sys.stdout)


def _run(
    benchmark: str,
    chip: str,
    thetas: list[float | None],
    limit: int | None,
    data: str | None,
    trained: Path | None,
    engine: str,
    jobs: int | None,
    out: Path | None,
    as_json: bool,
) -> tuple[Path, list[Run]]:
    """Do the work; Ctrl-C between two thresholds of a sweep keeps those that are finished."""
    from deltasim.cases import choose, dense_baseline, prepare, run_case
    from deltasim.progress import progress_bar
    from deltasim.reports.folder import refuse_existing

    chosen = choose(benchmark, data, trained, limit)
    if chosen.fallback and as_json:  # otherwise it stands in the table
        print(f"deltasim: {chosen.fallback}", file=sys.stderr)
    results: list[Run] = []
    try:
        cases = [prepare(chosen, chip, value, engine) for value in thetas]
        refuse_existing(out or default_folder(cases))
        with progress_bar("dense run") as progress:
            baseline = dense_baseline(cases[0], progress, jobs)
        for case in cases:
            command = spell_command(benchmark, chip, case.theta, limit, data, trained)
            with progress_bar(f"theta {case.theta}") as progress:
                results.append(run_case(case, baseline, command, progress, jobs))
    except KeyboardInterrupt as stop:
        if not results:
            raise KeyboardInterrupt(f"No run was written; {_cached_messages()}.") from stop
        saved = ", ".join(str(case.theta) for case in cases[: len(results)])
        folder = _save(results, out or default_folder(cases[: len(results)]))
        raise KeyboardInterrupt(f"The finished thresholds {saved} are in {folder}.") from stop
    return _save(results, out or default_folder(cases)), results


def _cached_messages() -> str:
    from deltasim.runtime.disk_cache import TRACES, cache_in_use, cache_root

    if not cache_in_use():
        return "nothing is cached"
    return f"messages that were computed to their end are cached in {cache_root() / TRACES.name}"


def _whole(results: list[Run]) -> Run | Sweep:
    """One run as it is, several as a sweep."""
    if len(results) == 1:
        return results[0]
    from deltasim.reports.sweep import Sweep

    return Sweep(tuple(results))


def _save(results: list[Run], folder: Path) -> Path:
    return _whole(results).save(folder)


def _show(results: list[Run], as_json: bool) -> None:
    whole = _whole(results)
    if as_json:
        print(json.dumps(whole.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
        return
    from rich.console import Console

    Console().print(whole)
