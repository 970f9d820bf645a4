"""What a command makes of the word RUN: a saved run made again, or a benchmark or model prepared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.commands.arguments.options import Job, read_command, spell_command
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deltasim.api.cases import Case


def case_of(
    run: str, chip: str | None, theta: float | None, limit: int | None, data: str | None
) -> tuple[Case, str]:
    """The case of a saved run or of a benchmark, and the command that makes it.

    Errors: InputError for a folder whose command does not make the same run now, and for options beside it.
    """
    from deltasim.api.cases import prepare

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
    return case, spell_command(job, name, case.theta)


def chip_of(named: str, title: str) -> str:
    """Of the chips that a command names the one of this title; the first where none has it any more."""
    from deltasim.api.several import chips_named
    from deltasim.simulator.chip import load_chip

    names = chips_named(named)
    return next((one for one in names[1:] if load_chip(one).name == title), names[0])


def saved(name: str) -> Mapping[str, Any] | None:
    """The record of a saved run; None for what is a benchmark or a model."""
    from deltasim.api.own_network import is_model
    from deltasim.reports.saved.folder import RECORD, load_run
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
