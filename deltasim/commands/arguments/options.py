"""What the options of a command mean, read and checked before any work begins."""

from __future__ import annotations

import hashlib
import math
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from deltasim.commands.arguments import completing
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from deltasim.api.cases import Case
    from deltasim.simulator.chip import Chip
    from deltasim.workloads.benchmark import Benchmark


# options that several commands have
AsRun = Annotated[str | None, typer.Option(help="as for deltasim run")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON and nothing else")]
Calibration = Annotated[
    int | None, typer.Option(min=1, help="sequences that choose; default: half, the rest reports")
]
ChipOfBenchmark = Annotated[
    str | None,
    typer.Option(
        help="chip for a benchmark: a name, or the path of a YAML description",
        autocompletion=completing.chips,
    ),
]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="sequences simulated at once; default: one a processor")
]
LabelColumn = Annotated[
    str | None, typer.Option(help="column of a table with a sequence's class; default: label")
]
Layers = Annotated[
    str | None, typer.Option(help='layers of a file of weights, such as "gru fc"; see deltasim import')
]
TimeStep = Annotated[
    str | None, typer.Option(help="of a NIR graph: the time that a step stands for, as 0.1ms")
]
Rounding = Annotated[
    str | None,
    typer.Option("--arithmetic", help="of a network in fixed point: rounded and bounded as a chip: edgedrnn"),
]
Bin = Annotated[
    str | None,
    typer.Option("--bin", help="of a file of events x, y, p, t: the time that a frame gathers, as 10ms"),
]
Reset = Annotated[
    str | None,
    typer.Option(help="of a NIR graph: what a spike does: to_value, by_subtraction, by_subtraction_next"),
]
OneChip = Annotated[
    str,
    typer.Option(
        help="a chip in the box, or the path of a YAML description", autocompletion=completing.chips
    ),
]
OneTheta = Annotated[float | None, typer.Option(min=0, help="threshold for every layer; default: as trained")]
RunToAsk = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="folder of a saved run; or a benchmark or model, to be run",
        autocompletion=completing.benchmarks,
    ),
]
SequenceColumn = Annotated[
    str | None, typer.Option(help="column of a table that tells its sequences apart; default: sequence")
]
Steps = Annotated[
    int | None,
    typer.Option(min=1, help="of a network file of SANA-FE: time steps; default: its longest list of spikes"),
]
SomeSequences = Annotated[int | None, typer.Option(min=1, help="use this many sequences; default: all")]


def parse_thetas(text: str | None) -> list[float | None]:
    """Read ``--theta``: nothing is [None] (as trained), otherwise one number or several with commas.

    >>> parse_thetas("0, 0.1"), parse_thetas(None)
    ([0.0, 0.1], [None])
    """
    if text is None:
        return [None]
    thetas: list[float | None] = []
    for part in (word.strip() for word in text.split(",")):
        try:
            value = float(part)
        except ValueError:
            value = math.nan
        if not 0 <= value < math.inf:
            rule = "a threshold is a number of at least 0"
            raise InputError("--theta", part or "nothing", rule, "Give one, or several as 0,0.1,0.2.")
        if value in thetas:
            raise InputError("--theta", part, "a sweep takes each threshold once", "Leave one out.")
        thetas.append(value)
    return thetas


def parse_time(text: str | None, option: str = "--period") -> float | None:
    """Read a time such as ``--period``, in seconds.

    >>> parse_time("10 ms"), parse_time(None)
    (0.01, None)
    """
    from deltasim.simulator.schema.quantities import QuantityError, read_time

    try:
        return None if text is None else float(read_time(text))
    except QuantityError as error:
        raise InputError(option, text, error.rule, error.remedy) from None


def default_folder(cases: Sequence[Case]) -> Path:
    """Name the output folder by content, so that the same run always has the same name."""
    digests = [case.digest for case in cases]
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    return Path("runs") / f"{cases[0].benchmark.name}-{cases[0].chip.name}-{digest[:8]}"


class Job(NamedTuple):
    """What is to be run, in the words of the command line."""

    benchmark: str
    data: str | None = None
    limit: int | None = None
    trained: Path | None = None
    layers: str | None = None
    sequence_column: str | None = None
    label_column: str | None = None
    period_s: float | None = None
    ert: Path | None = None
    dt: str | None = None
    reset: str | None = None
    bin: str | None = None
    steps: int | None = None
    arithmetic: str | None = None

    def chip(self, name: str) -> Chip:
        """A chip, with the prices of an energy reference table where one was given."""
        from deltasim.api.sana_fe import chip_for
        from deltasim.simulator.chip import load_chip
        from deltasim.simulator.chip.importers.accelergy import with_ert

        found = chip_for(name, self.benchmark) or load_chip(name)
        return found if self.ert is None else with_ert(found, self.ert)

    def read(self) -> Benchmark:
        """Find the benchmark, or the model and its data; a period takes the place of its own."""
        from deltasim.api.quantising import in_arithmetic

        found = self._found()
        found = found if self.arithmetic is None else in_arithmetic(found, self.arithmetic)
        return found if self.period_s is None else replace(found, period_s=self.period_s)

    def _found(self) -> Benchmark:
        from deltasim.api.cases import choose
        from deltasim.api.own_network import chosen_model, graph_of_time, is_model, with_tuned_thresholds
        from deltasim.api.sana_fe import benchmark_of, described_network, is_network, require_no_steps
        from deltasim.workloads.own.read import Columns

        if is_network(self.benchmark) and self.data is None:
            return benchmark_of(described_network(self.benchmark), self.steps)
        require_no_steps(self.steps, self.benchmark)
        if not is_model(self.benchmark):
            return choose(self.benchmark, self.data, self.trained, self.limit)
        bin_s = parse_time(self.bin, "--bin")
        columns = Columns(self.sequence_column, self.label_column, None if bin_s is None else 1e6 * bin_s)
        model = graph_of_time(self.benchmark, parse_time(self.dt, "--dt"), self.reset)
        chosen = chosen_model(model, self.data, self.trained, self.layers, columns)
        chosen = with_tuned_thresholds(model, chosen)
        return chosen if self.limit is None else chosen.limited(self.limit)


def spell_command(job: Job, chip: str, theta: float | str) -> str:
    """Write the command line that makes one run again.

    >>> spell_command(Job("digits", limit=20), "edgedrnn", 0.2)
    'deltasim run digits --chip edgedrnn --theta 0.2 --limit 20'
    """
    words = ["deltasim", "run", job.benchmark, "--chip", chip]
    chosen: dict[str, Any] = {
        "--theta": None if isinstance(theta, str) else theta,
        "--limit": job.limit,
        "--data": job.data,
        "--period": None if job.period_s is None else f"{job.period_s:g}s",
    }
    chosen |= {
        f"--{name.replace('_', '-')}": getattr(job, name)
        for name in (
            "trained",
            "layers",
            "sequence_column",
            "label_column",
            "ert",
            "dt",
            "reset",
            "bin",
            "steps",
        )
    }
    for option, value in chosen.items():
        if value is not None:
            words += [option, str(value)]
    return shlex.join(words)


def read_command(text: str, place: str) -> tuple[Job, str, float | None]:
    """What the command of a run says: job, chip, threshold. The inverse of `spell_command`.

    >>> read_command("deltasim run digits --chip edgedrnn --theta 0.2 --limit 20", "runs/a")[1:]
    ('edgedrnn', 0.2)
    """
    words = shlex.split(text)
    rule = f"it was made by {text}, not by one run of the command line"
    again = InputError("run", place, rule, "Name a benchmark and --chip instead.")
    if words[:2] != ["deltasim", "run"] or len(words) % 2 == 0:
        raise again
    given = dict(zip(words[3::2], words[4::2], strict=True))
    chip, theta, period = given.pop("--chip", ""), given.pop("--theta", None), given.pop("--period", None)
    fields: dict[str, Any] = {option.removeprefix("--").replace("-", "_"): v for option, v in given.items()}
    if not chip or not set(fields) <= set(Job._fields):
        raise again
    for name, kind in (("limit", int), ("steps", int), ("trained", Path), ("ert", Path)):
        if name in fields:
            fields[name] = kind(fields[name])
    job = Job(words[2], **fields, period_s=parse_time(period))
    return job, chip, None if theta is None else float(theta)
