"""``deltasim explore``: many chips, one answer."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deltasim.commands.arguments.options import AsJson

if TYPE_CHECKING:
    from deltasim.exploration.explore import State
    from deltasim.exploration.study import Study

EVERY_S = 0.2


def explore(
    study: Annotated[Path, typer.Argument(help="a study in YAML: base, parameters, objectives, search")],
    out: Annotated[
        Path | None, typer.Option(help="the file it is kept in, where it goes on; default: NAME.db")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="processes at work at once; default: one a processor")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="work on a dask.distributed cluster: its scheduler's address"),
    ] = None,
    no_bounds: Annotated[
        bool, typer.Option("--no-bounds", help="simulate points that cannot be on the front, too")
    ] = False,
    race: Annotated[
        str | None,
        typer.Option(
            metavar="yes|no", help="drop points that are dominated on some sequences; default: if over 100"
        ),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="compute features and messages afresh, keep nothing of them")
    ] = False,
    export: Annotated[
        Path | None, typer.Option(help="write all points to .parquet, .csv, or .optuna (optuna's storage)")
    ] = None,
    chip: Annotated[
        int | None, typer.Option(min=0, help="print the chip of this point as YAML, and nothing else")
    ] = None,
    reports: Annotated[
        str | None, typer.Option(help="also write the reports of these points, such as 3,18 or front")
    ] = None,
    dense: Annotated[
        bool, typer.Option("--dense", help="show the dense chip of equal area beside the front's knee")
    ] = False,
    merge: Annotated[
        Path | None, typer.Option(help="first take in what another file of studies holds")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate a space of chips, mappings, precisions and thresholds; print those worth building, and why."""
    from deltasim.api.exploring import explore as explored
    from deltasim.exploration.description import read_study
    from deltasim.runtime.disk.unfinished import tell_when_stopped

    require_table(export)
    require_one_place(jobs, scheduler)
    raced = yes_or_no("--race", race)
    described = read_study(study)
    path = out or Path(f"{described.name}.db")
    kept = f"{path} keeps the points that were settled; the same command goes on from there."
    tell_when_stopped(kept if path.exists() else "Nothing was written.")
    with ExitStack() as settings:
        if no_cache:
            from deltasim.runtime.disk.cache import without_cache

            settings.enter_context(without_cache())
        show = settings.enter_context(progress())

        def report(state: State) -> None:
            tell_when_stopped(f"{state.points:,} points are settled. {kept}")
            show(state)

        if merge is not None:
            take_in(path, merge)
        found = explored(described, path, jobs, not no_bounds, report, scheduler, raced)
    tell_when_stopped(kept)
    if export is not None:
        write_table(found, export)
    if chip is not None:
        print(found.chip_yaml(chip), end="")
        return
    page = write_page(found, path, reports, dense)
    _show(found, as_json)
    print(f"The study is {path}, its page {page}", file=sys.stderr if as_json else sys.stdout)


def require_one_place(jobs: int | None, scheduler: str | None) -> None:
    """Raise InputError where processes of this machine and a cluster are asked for."""
    from deltasim.runtime.errors import InputError

    if jobs is not None and scheduler is not None:
        rule = "a cluster has as many workers as were started for it"
        raise InputError("--jobs", jobs, rule, "Leave out --jobs or --scheduler.")


def yes_or_no(place: str, text: str | None) -> bool | None:
    """What an option says that is yes or no; None where it is not given. Errors: InputError.

    >>> yes_or_no("--race", "no"), yes_or_no("--race", None)
    (False, None)
    """
    from deltasim.runtime.errors import InputError

    if text not in (None, "yes", "no"):
        raise InputError(place, text, "it is yes or no", "Write one of them.")
    return None if text is None else text == "yes"


STORAGE = ".optuna"
TABLES = (".parquet", ".csv", STORAGE)


def require_table(path: Path | None) -> None:
    """Raise InputError for a table of a kind that is not written."""
    from deltasim.runtime.errors import InputError

    if path is not None and path.suffix not in TABLES:
        rule = f"points are written to {', '.join(TABLES[:-1])} or {TABLES[-1]}"
        raise InputError("--export", path, rule, "Name the file so.")
    if path is not None and path.suffix == STORAGE:
        from deltasim.exploration.searches.storage import require_optuna

        require_optuna(path)


def write_table(study: Study, path: Path) -> None:
    """Write all points to a table, or to optuna's storage."""
    from deltasim.runtime.disk.output import told_in_a_sentence
    from deltasim.runtime.disk.unfinished import new_file

    with told_in_a_sentence(path), new_file(path) as file:
        if path.suffix == STORAGE:
            from deltasim.exploration.searches.storage import storage_bytes

            file.write(storage_bytes(study))
            return
        frame = study.frame()
        if path.suffix == ".csv":
            frame.write_csv(file)
        else:
            frame.write_parquet(file)


def write_page(study: Study, path: Path, reports: str | None, dense: bool) -> Path:
    """Write the page of a study beside its file, and the reports of points that are asked for."""
    from deltasim.api.exploring import dense_beside, pages_of, read_numbers, write_reports
    from deltasim.reports.study.page import study_page
    from deltasim.runtime.disk.output import told_in_a_sentence
    from deltasim.runtime.disk.unfinished import new_file

    folder = path.with_name(f"{path.stem}-points")
    if reports is None:
        pages = pages_of(study, folder)
    else:
        pages = write_reports(study, read_numbers(reports, study, "--reports"), folder)
    knee = study.knee
    beside = dense_beside(study, knee) if dense and knee is not None else None
    target = path.with_suffix(".html")
    with told_in_a_sentence(target), new_file(target) as file:
        file.write(study_page(study, pages, beside).encode())
    return target


def take_in(path: Path, other: Path) -> None:
    """Take what another file of studies holds into this one."""
    from deltasim.exploration.store import Store

    with Store.opened(path, writing=True) as store:
        store.merge(other)


def _show(study: Study, as_json: bool) -> None:
    if as_json:
        import json

        print(json.dumps(study.to_dict(), indent=2, allow_nan=False))
        return
    from rich.console import Console

    from deltasim.reports.study.terminal import render

    Console(width=None if sys.stdout.isatty() else 160).print(render(study))


@contextmanager
def progress() -> Iterator[Callable[[State], None]]:
    """What shows how far a study is: on stderr, and only where a person watches."""
    if not sys.stderr.isatty():
        yield lambda state: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("preparing", total=None)
        began, last = time.perf_counter(), 0.0

        def show(state: State) -> None:
            nonlocal last
            now = time.perf_counter()
            if now - last < EVERY_S:
                return
            last = now
            bar.update(task, completed=state.points, total=state.total, description=said(state, now - began))

        yield show


def said(state: State, seconds: float) -> str:
    """How far a study is, in a line.

    >>> from deltasim.exploration.explore import State
    >>> said(State(40, 100, {"done": 30, "bounded": 10}, 30, 0.5), 10)
    '40 of 100 points, 10 bounded, 4.0 a second, hypervolume 0.500'
    """
    ended = [
        f"{state.tally[name]:,} {name}"
        for name in ("bounded", "raced", "infeasible", "failed")
        if state.tally.get(name)
    ]
    rate = f"{state.points / max(seconds, 1e-9):.1f} a second"
    points = f"{state.points:,} of {state.total:,} points"
    return ", ".join([points, *ended, rate, f"hypervolume {state.hypervolume:.3f}"])
