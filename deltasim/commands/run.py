"""``deltasim run``: the main job, one run or a sweep of thresholds."""

from __future__ import annotations

import json
import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from networks.errors import InputError

if TYPE_CHECKING:
    from deltasim.simulate import Case
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
    engine: Annotated[str, typer.Option(help="simpy")] = "simpy",
    out: Annotated[
        Path | None,
        typer.Option(help="folder to write; default: runs/BENCHMARK-CHIP-DIGEST"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON and nothing else")] = False,
) -> None:
    """Run a trained network on a chip, print what it costs, and write a folder with the page of the run."""
    thetas = parse_thetas(theta)
    if out is not None:
        refuse_existing(out)
    from deltasim.progress import progress_bar
    from deltasim.simulate import dense_baseline, prepare, run_case
    from workloads.registry import benchmark as load_benchmark

    chosen = load_benchmark(benchmark, data)
    if chosen.fallback:
        print(f"deltasim: {chosen.fallback}", file=sys.stderr)
    chosen = chosen if limit is None else chosen.limited(limit)
    cases = [prepare(chosen, chip, value, engine) for value in thetas]
    folder = out if out is not None else default_folder(cases)
    refuse_existing(folder)

    with progress_bar("dense baseline") as progress:
        baseline = dense_baseline(cases[0], progress)
    results = []
    for case in cases:
        command = spell_command(case, chip, limit, data)
        with progress_bar(f"theta {case.theta}") as progress:
            results.append(run_case(case, baseline, command, progress))
    if len(results) == 1:
        _finish_run(results[0], folder, as_json)
    else:
        _finish_sweep(results, folder, as_json)


def _finish_run(result: Result, folder: Path, as_json: bool) -> None:
    result.save(folder)
    _show(result, as_json)
    _name_page(folder, as_json)


def _finish_sweep(results: list[Result], folder: Path, as_json: bool) -> None:
    from reports.sweep import Sweep

    sweep = Sweep(tuple(results))
    sweep.save(folder)
    _show(sweep, as_json)
    _name_page(folder, as_json)


def _show(shown: Result | Sweep, as_json: bool) -> None:
    if as_json:
        print(json.dumps(shown.to_dict(), indent=2))
        return
    from rich.console import Console

    Console().print(shown)


def _name_page(folder: Path, as_json: bool) -> None:
    print(f"The page is {folder / 'report.html'}", file=sys.stderr if as_json else sys.stdout)


def spell_command(case: Case, chip: str, limit: int | None, data: str | None) -> str:
    """Write the command line that makes this one run again."""
    words = ["deltasim", "run", case.benchmark.name, "--chip", chip]
    if case.theta != "trained":
        words += ["--theta", str(case.theta)]
    if limit is not None:
        words += ["--limit", str(limit)]
    if data is not None:
        words += ["--data", data]
    return shlex.join(words)


def parse_thetas(text: str | None) -> list[float | None]:
    """Read ``--theta``: nothing is [None] (as trained), otherwise one number or several with commas.

    >>> parse_thetas("0, 0.1"), parse_thetas(None)
    ([0.0, 0.1], [None])
    """
    if text is None:
        return [None]
    thetas: list[float | None] = []
    for part in text.split(","):
        try:
            value = float(part)
        except ValueError:
            value = math.nan
        if not 0 <= value < math.inf:
            rule = "a threshold is a number of at least 0"
            raise InputError("--theta", part.strip() or "nothing", rule, "Give one, or several as 0,0.1,0.2.")
        if value in thetas:
            raise InputError("--theta", part.strip(), "a sweep takes each threshold once", "Leave one out.")
        thetas.append(value)
    return thetas


def refuse_existing(folder: Path) -> None:
    """Refuse, before any work, an output folder that exists."""
    if folder.exists() or folder.is_symlink():
        rule = "an output folder must not exist, so that no run is overwritten"
        raise InputError("--out", folder, rule, "Name another with --out, or remove it.")


def default_folder(cases: list[Case]) -> Path:
    """Name the folder by content: the same run always has the same name."""
    import hashlib

    digest = (
        cases[0].digest
        if len(cases) == 1
        else hashlib.sha256("".join(c.digest for c in cases).encode()).hexdigest()
    )
    first = cases[0]
    return Path("runs") / f"{first.benchmark.name}-{first.chip.name}-{digest[:8]}"
