"""``deltasim report``: an energy report for each benchmark, and one page with all of them on all chips."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deltasim.commands.arguments import completing
from deltasim.commands.arguments.options import AsJson, Job, Jobs, spell_command
from deltasim.runtime.errors import InputError, nearest

if TYPE_CHECKING:
    from deltasim.workloads.benchmark import Benchmark

ALL = "all"


def report(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="benchmarks, and models of your own as MODEL:DATA; default: all in the box",
            autocompletion=completing.benchmarks,
        ),
    ] = None,
    chips: Annotated[
        str, typer.Option(help="chips or YAML descriptions as a,b,c, or all", autocompletion=completing.chips)
    ] = ALL,
    out: Annotated[Path, typer.Option(help="folder of the reports; one that was stopped goes on")] = Path(
        "reports"
    ),
    data: Annotated[str | None, typer.Option(help="data of the benchmarks, as for deltasim run")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="simulate this many sequences of each; default: all")
    ] = None,
    jobs: Jobs = None,
    as_json: AsJson = False,
) -> None:
    """Write an energy report for each benchmark on several chips, and a page with the matrix of both."""
    from contextlib import ExitStack

    from deltasim.api.reporting import reported
    from deltasim.api.several import chips_named
    from deltasim.shell.progress import Progress, progress_bar
    from deltasim.simulator.chip import load_chip

    loaded = [load_chip(name) for name in chips_named(chips)]
    titles = [chip.name for chip in loaded]
    if len(set(titles)) < len(titles):
        raise InputError("--chips", chips, "each chip has a name of its own", "Rename one of them.")
    chosen = read(names or [ALL], data, limit)
    with ExitStack() as bars:

        def bar(label: str) -> Progress | None:
            bars.close()
            return bars.enter_context(progress_bar(label))

        def tell(sentence: str) -> None:
            bars.close()
            print(sentence, file=sys.stderr)

        commands = {name: spell_command(job, chips, "") for name, (job, _) in chosen.items()}
        found = reported(
            {name: benchmark for name, (_, benchmark) in chosen.items()},
            loaded, out, jobs, tell, bar, commands,
        )  # fmt: skip
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        from rich.console import Console

        Console().print(found)
    print(f"The page is {out / 'report.html'}", file=sys.stderr if as_json else sys.stdout)


def read(names: list[str], data: str | None, limit: int | None) -> dict[str, tuple[Job, Benchmark]]:
    """The benchmarks and models that are named, by the names of their folders, and how each is run."""
    from deltasim.api.own_network import is_model
    from deltasim.workloads.registry import BENCHMARKS

    words = [word for name in names for word in (BENCHMARKS if name == ALL else [name])]
    found: dict[str, tuple[Job, Benchmark]] = {}
    for word in words:
        model, colon, own = word.partition(":")
        if colon and is_model(model):
            job = Job(model, own, limit)
        elif is_model(word):
            rule = "a model of your own needs data to run on"
            raise InputError("deltasim report", word, rule, f"Write {word}:DATA.")
        elif word not in BENCHMARKS:
            rule = "there is no such benchmark"
            raise InputError("deltasim report", word, rule, nearest(word, [*BENCHMARKS, ALL]))
        else:
            job = Job(word, data, limit)
        chosen = job.read()
        if chosen.name in found:
            raise InputError("deltasim report", word, "each network is named once", "Leave one out.")
        found[chosen.name] = job, chosen
    return found
