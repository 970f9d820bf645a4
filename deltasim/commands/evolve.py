"""``deltasim evolve``: networks by mutation and selection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from deltasim.api.evolving import WEIGHT, evolve_benchmark


def evolve(
    benchmark: Annotated[str, typer.Argument(help="evolved-parity")],
    out: Annotated[Path, typer.Option(help="a new folder for the networks and their record")],
    mutation: Annotated[str, typer.Option(help="plain, sm-r, sm-g-sum, sm-g-abs, sm-g-so")] = "sm-r",
    magnitude: Annotated[float | None, typer.Option(help="its size; default: what the page has")] = None,
    seed: Annotated[int, typer.Option(help="seed of every random choice")] = 0,
    budget: Annotated[
        int | None, typer.Option(help="evaluations at most; default: what the page has")
    ] = None,
    cell: Annotated[str, typer.Option(help="rnn, gru")] = "rnn",
    energy: Annotated[
        str | None,
        typer.Option(help="a chip, whose joules count as well; thresholds evolve", metavar="CHIP"),
    ] = None,
    weight: Annotated[
        float | None,
        typer.Option(help=f"what sending everything costs of fitness, with --energy; default: {WEIGHT:g}"),
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="processes at once; default: all")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on in the folder --out")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON")] = False,
) -> None:
    """Evolve networks that tell the parity of four bits, until one is right about all, or for joules as well.

    A child's weights change by as much as its outputs bear (safe mutations), or plainly.
    """
    from deltasim.shell.progress import progress_bar

    with progress_bar("evolving") as progress:
        record = evolve_benchmark(
            benchmark,
            out,
            mutation=mutation,
            magnitude=magnitude,
            seed=seed,
            budget=budget,
            cell=cell,
            energy=energy,
            weight=weight,
            jobs=jobs,
            resume=resume,
            progress=progress,
        )
    print(json.dumps(record["result"], indent=2) if as_json else said(record["result"], out))


def said(result: dict[str, Any], out: Path) -> str:
    """The result in sentences."""
    solved = result["solved_at"]
    when = "never solved" if solved is None else f"solved by evaluation {solved:,}"
    lines = [f"{when}, of {result['evaluations']:,}; the best has {result['right']} of {result['of']} right"]
    if result["joules_of_sending_everything"] is not None:
        lines.append(f"its messages cost {result['joules_of_sending_everything']:.1%} of sending everything")
    lines.append(f"run it: deltasim run evolved-parity --trained {out}")
    return "\n".join(lines)
