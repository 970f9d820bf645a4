"""``deltasim whatif``: a run replayed with each kind of unit faster or wider, and what that gains."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deltasim.commands import completing
from deltasim.commands.options import AsJson, Job, read_command, spell_command
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deltasim.cases import Case


def whatif(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="folder of a saved run; or a benchmark or model, to be run",
            autocompletion=completing.benchmarks,
        ),
    ],
    chip: Annotated[
        str | None,
        typer.Option(
            help="chip for a benchmark: a name, or the path of a YAML description",
            autocompletion=completing.chips,
        ),
    ] = None,
    theta: Annotated[
        float | None, typer.Option(min=0, help="threshold for every layer; default: as trained")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="simulate this many sequences; default: all")
    ] = None,
    data: Annotated[str | None, typer.Option(help="as for deltasim run")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="sequences simulated at once; default: one a processor")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="folder to write, whose page shows what would help")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay a run with each kind of unit faster or wider; rank what shortens it and what saves energy."""
    from deltasim.cases import dense_baseline, prepare, run_case
    from deltasim.progress import progress_bar
    from deltasim.reports.folder import save_result
    from deltasim.runtime.disk.output import refuse_existing
    from deltasim.whatif import helped

    if out is not None:
        refuse_existing(out)
    record = saved(run)
    if record is None:
        job, name, threshold = Job(run, data, limit), chip or "edgedrnn", theta
    else:
        given = {"--chip": chip, "--theta": theta, "--limit": limit, "--data": data}
        for option, value in given.items():
            if value is not None:
                rule = "a saved run says itself what it ran"
                raise InputError(option, value, rule, "Leave it out, or name a benchmark.")
        job, named, threshold = read_command(str(record["provenance"]["command"]), run)
        name = chip_of(named, str(record["chip"]))
    case = prepare(job.read(), job.chip(name), threshold)
    if record is not None:
        require_same(case, record, run)
    with progress_bar("dense run") as progress:
        baseline = dense_baseline(case, progress, jobs)
    made = run_case(case, baseline, spell_command(job, name, case.theta), jobs=jobs)
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


def chip_of(named: str, title: str) -> str:
    """Of the chips that a command names the one of this title; the first where none has it any more."""
    from deltasim.several import chips_named
    from deltasim.simulator.chip import load_chip

    names = chips_named(named)
    return next((one for one in names[1:] if load_chip(one).name == title), names[0])


def saved(name: str) -> Mapping[str, Any] | None:
    """The record of a saved run; None for what is a benchmark or a model."""
    from deltasim.own_network import is_model
    from deltasim.reports.folder import RECORD, load_run
    from deltasim.runtime.readers.files import is_file, is_folder

    if is_file(Path(name) / RECORD) or ("/" in name and is_folder(name) and not is_network(name)):
        return load_run(name).record
    if not is_model(name) and "/" in name:
        return load_run(name).record
    return None


def is_network(name: str) -> bool:
    """Whether a folder holds a network."""
    from deltasim.networks.files.network import files_of
    from deltasim.runtime.readers.files import is_file

    return any(map(is_file, files_of(Path(name))))


def require_same(case: Case, record: Mapping[str, Any], run: str) -> None:
    """Raise InputError where the run's command does not make the same run now."""
    digests = record["provenance"]["digests"]
    now = {
        "network": case.network.digest,
        "data": case.benchmark.data_digest,
        "chip": case.chip.digest,
        "mapping": case.mapping.digest,
    }
    other = [name for name, digest in now.items() if digests[name] != digest]
    if other:
        rule = f"its command now makes another {other[0]}: {record['provenance']['command']}"
        raise InputError("run", run, rule, "Run it again, and ask of the new run.")
