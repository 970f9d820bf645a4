"""``deltasim run``: the main job, one run or a sweep of thresholds."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deltasim.commands.arguments import completing
from deltasim.commands.arguments.options import (
    Bin,
    Job,
    Jobs,
    LabelColumn,
    Layers,
    Reset,
    Rounding,
    SequenceColumn,
    Steps,
    TimeStep,
    default_folder,
    parse_thetas,
    parse_time,
    spell_command,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from deltasim.api.cases import Case
    from deltasim.reports.run import Run
    from deltasim.reports.sweep import Sweep
    from deltasim.reports.whatif.helped import Helped


def run(
    benchmark: Annotated[
        str,
        typer.Argument(
            help="a benchmark (deltasim list benchmarks), or a model: .onnx, .nir, .yaml, .pt, a folder ...",
            autocompletion=completing.benchmarks,
        ),
    ],
    form: Annotated[
        str | None, typer.Argument(help="with --json: neurobench, its metrics' names; default: our own")
    ] = None,
    chip: Annotated[
        str,
        typer.Option(
            help="a chip in the box, the path of a YAML description, several as a,b, or all",
            autocompletion=completing.chips,
        ),
    ] = "edgedrnn",
    theta: Annotated[
        str | None,
        typer.Option(help="one threshold for every layer, or a sweep 0,0.1,0.2; default: as trained"),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="simulate this many sequences; default: all")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="fsdd, synthetic, session, a folder of recordings; for a model: a file or folder"),
    ] = None,
    trained: Annotated[
        Path | None, typer.Option(help="a folder written by deltasim train; default: the networks shipped")
    ] = None,
    layers: Layers = None,
    dt: TimeStep = None,
    reset: Reset = None,
    bin_: Bin = None,
    steps: Steps = None,
    arithmetic: Rounding = None,
    sequence_column: SequenceColumn = None,
    label_column: LabelColumn = None,
    period: Annotated[
        str | None, typer.Option(help="time from one step to the next, as 10ms; default: the benchmark's own")
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, help="with several chips: sequences over which a dense chip reuses weights")
    ] = 16,
    engine: Annotated[str, typer.Option(help="compiled, or simpy, the readable reference")] = "compiled",
    jobs: Jobs = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="compute features and messages afresh, keep nothing")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="folder to write; default: runs/BENCHMARK-CHIP-DIGEST")
    ] = None,
    export: Annotated[
        str | None,
        typer.Option(help="forms to write besides: neurobench, accelergy, messages, dramsim3, ramulator"),
    ] = None,
    what_if: Annotated[
        bool,
        typer.Option("--what-if", help="replay it with each kind of unit faster or wider: what would help"),
    ] = False,
    ert: Annotated[
        Path | None, typer.Option(help="an energy reference table of Accelergy, whose energies are prices")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="print JSON and nothing else; --json neurobench: its names")
    ] = False,
) -> None:
    """Run a trained network on a chip, print what it costs, and write a folder with the page of the run."""
    from deltasim.api.several import chips_named
    from deltasim.reports.exports.table import exports_named
    from deltasim.runtime.disk.output import refuse_existing

    thetas = parse_thetas(theta)
    exports = () if export is None else exports_named(export)
    _require_form(form, as_json)
    if out is not None:
        refuse_existing(out)
    with ExitStack() as settings:
        if no_cache:
            from deltasim.runtime.disk.cache import without_cache

            settings.enter_context(without_cache())
        job = Job(
            benchmark,
            data,
            limit,
            trained,
            layers,
            sequence_column,
            label_column,
            period_s=parse_time(period),
            ert=ert,
            dt=dt,
            reset=reset,
            bin=bin_,
            steps=steps,
            arithmetic=arithmetic,
        )
        chips = chips_named(chip)
        _require_one_run(len(chips) * len(thetas), form, exports, what_if)
        if len(chips) > 1:
            _several(job, chip, chips, thetas, batch, engine, jobs, out, as_json)
            return
        folder, results, found = _run(job, chip, thetas, engine, jobs, out, as_json, exports, what_if)
    _show(results, found, as_json, form)
    print(f"The page is {folder / 'report.html'}", file=sys.stderr if as_json else sys.stdout)


def _several(
    job: Job,
    chip: str,
    chips: list[str],
    thetas: list[float | None],
    batch: int,
    engine: str,
    jobs: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """One threshold on several chips: a table, a page, and a run folder for each."""
    from deltasim.api.several import across
    from deltasim.runtime.disk.output import refuse_existing
    from deltasim.runtime.disk.unfinished import tell_when_stopped
    from deltasim.runtime.errors import InputError
    from deltasim.shell.progress import progress_bar

    if len(thetas) > 1:
        rule = "on several chips a network has one threshold"
        raise InputError("--theta", ", ".join(map(str, thetas)), rule, "Give one, or one chip.")
    tell_when_stopped(f"No run was written; {_cached_messages()}.")
    command = spell_command(job, chip, "" if thetas[0] is None else thetas[0])
    with progress_bar("chips") as progress:
        found = across(
            job.read(), [job.chip(name) for name in chips], thetas[0], batch, engine, progress, jobs, command
        )
    folder = out or Path("runs") / f"{found.benchmark}-chips-{found.digest[:8]}"
    refuse_existing(folder)
    found.save(folder)
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        from rich.console import Console

        Console().print(found)
    print(f"The page is {folder / 'report.html'}", file=sys.stderr if as_json else sys.stdout)


def _run(
    job: Job,
    chip: str,
    thetas: list[float | None],
    engine: str,
    jobs: int | None,
    out: Path | None,
    as_json: bool,
    exports: tuple[str, ...],
    what_if: bool,
) -> tuple[Path, list[Run], Helped | None]:
    """Do the work; Ctrl-C between two thresholds of a sweep keeps those that are finished."""
    from deltasim.api.cases import dense_baseline, prepare, run_case
    from deltasim.api.replaying import helped
    from deltasim.reports.saved.folder import save_result
    from deltasim.runtime.disk.output import refuse_existing
    from deltasim.runtime.disk.unfinished import tell_when_stopped
    from deltasim.shell.progress import progress_bar

    tell_when_stopped(f"No run was written; {_cached_messages()}.")
    chosen = job.read()
    if chosen.fallback and as_json:  # otherwise it stands in the table
        print(f"deltasim: {chosen.fallback}", file=sys.stderr)
    cases = [prepare(chosen, job.chip(chip), value, engine) for value in thetas]
    folder = out or default_folder(cases)
    refuse_existing(folder)
    with progress_bar("dense run") as progress:
        baseline = dense_baseline(cases[0], progress, jobs)

    def ran(case: Case) -> Run:
        command = spell_command(job, chip, case.theta)
        with progress_bar(f"theta {case.theta}") as progress:
            return run_case(case, baseline, command, progress, jobs)

    if len(cases) > 1:
        return folder, _swept(cases, ran, folder, out), None
    made, found = ran(cases[0]), None
    if what_if:
        with progress_bar("what if") as progress:
            found = helped(cases[0], made, progress, jobs)
    save_result(made, folder, trace=False, page=True, exports=exports, helped=found)
    return folder, [made], found


def _swept(cases: list[Case], ran: Callable[[Case], Run], folder: Path, out: Path | None) -> list[Run]:
    """Run the cases of a sweep, each written as soon as it is finished, the pages at the end."""
    from deltasim.reports.sweep import Sweep, write_finished
    from deltasim.runtime.disk.output import new_folder, told_in_a_sentence

    results: list[Run] = []
    with new_folder(folder) as part:
        for case in cases:
            results.append(ran(case))
            target = out or default_folder(cases[: len(results)])
            finished = ", ".join(str(case.theta) for case in cases[: len(results)])
            words = f"The finished thresholds {finished} are saved in {target}, without pages."
            with told_in_a_sentence(folder):
                write_finished(results, part, target, words)
        with told_in_a_sentence(folder):
            Sweep(tuple(results)).write_pages(part)
    return results


def _cached_messages() -> str:
    from deltasim.runtime.disk.cache import TRACES, cache_in_use, folder_of

    folder = folder_of(TRACES.name) if cache_in_use() else None
    return (
        f"messages that were computed to their end are cached in {folder}" if folder else "nothing is cached"
    )


def _whole(results: list[Run]) -> Run | Sweep:
    """One run as it is, several as a sweep."""
    if len(results) == 1:
        return results[0]
    from deltasim.reports.sweep import Sweep

    return Sweep(tuple(results))


def _require_form(form: str | None, as_json: bool) -> None:
    """Refuse a form of JSON that there is not, and one without ``--json``."""
    from deltasim.runtime.errors import InputError, nearest

    if form is not None and form != "neurobench":
        raise InputError("--json", form, "there is no such form", nearest(form, ["neurobench"]))
    if form is not None and not as_json:
        raise InputError("deltasim run", form, "this is a form of --json", "Write --json neurobench.")


def _require_one_run(runs: int, form: str | None, exports: tuple[str, ...], what_if: bool) -> None:
    """Refuse several runs where one is written in another program's form, or replayed."""
    from deltasim.runtime.errors import InputError

    if runs > 1 and what_if:
        rule = "what would help is asked of one run"
        raise InputError("--what-if", f"{runs} runs", rule, "Name one chip, one theta.")
    if runs > 1 and (form or exports):
        rule = "other programs' forms hold one run"
        raise InputError(
            "--export" if exports else "--json", f"{runs} runs", rule, "Name one chip, one theta."
        )


def _show(results: list[Run], found: Helped | None, as_json: bool, form: str | None = None) -> None:
    whole = _whole(results)
    if form is not None:
        from deltasim.reports.exports.neurobench import neurobench

        print(json.dumps(neurobench(results[0]), indent=2, allow_nan=False))
        return
    if as_json:
        record = whole.to_dict() | ({} if found is None else {"what_if": found.to_dict()})
        print(json.dumps(record, indent=2, allow_nan=False))
        return
    from rich.console import Console

    Console().print(whole)
    if found is not None:
        Console().print("", found, sep="\n")
