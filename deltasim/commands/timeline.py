"""``deltasim timeline``: one sequence of a run over time, for ui.perfetto.dev."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments.options import AsJson, AsRun, ChipOfBenchmark, OneTheta, RunToAsk
from deltasim.commands.arguments.saved_runs import case_of
from deltasim.runtime.errors import InputError


def timeline(
    run: RunToAsk,
    sequence: Annotated[int, typer.Option(min=0, help="which of its sequences, from 0 on")] = 0,
    steps: Annotated[
        str | None, typer.Option(metavar="A:B", help="from step A to before step B; default: all")
    ] = None,
    chip: ChipOfBenchmark = None,
    theta: OneTheta = None,
    limit: Annotated[int | None, typer.Option(min=1, help="of a benchmark, as for deltasim run")] = None,
    data: AsRun = None,
    engine: Annotated[str, typer.Option(help="compiled, or simpy: both write the same")] = "compiled",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="default: BENCHMARK-CHIP-SEQUENCE.pftrace")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write when every unit served whom, how many waited and what DRAM banks did, for ui.perfetto.dev."""
    from deltasim.reports.timeline.timeline import timeline as drawn
    from deltasim.runtime.disk.output import refuse_existing, told_in_a_sentence
    from deltasim.runtime.disk.unfinished import new_file
    from deltasim.simulator.plan.compile import compile_plan
    from deltasim.simulator.simulate import services_of

    case, _ = case_of(run, chip, theta, limit, data)
    if sequence >= case.trace.sequences:
        rule = f"the run has {case.trace.sequences} sequences, from 0 on"
        raise InputError("--sequence", sequence, rule, "Name one of them.")
    one = case.trace.sequence(sequence)
    chosen = parse_steps(steps, one.steps)
    target = out or Path(f"{case.benchmark.name}-{case.chip.name}-{sequence}.pftrace")
    refuse_existing(target)
    plan = compile_plan(case.network, case.chip, case.mapping)
    found = drawn(plan, services_of(plan, one, engine), chosen)
    with told_in_a_sentence(target), new_file(target) as file:
        file.write(found.content)
    told = {"kind": "timeline", "file": str(target), **found._asdict()}
    del told["content"]
    if as_json:
        print(json.dumps(told, indent=2))
        return
    of_drams = f"{found.commands:,} commands of DRAM banks, " if found.commands else ""
    services = f"{found.services:,} services of units, {of_drams}{found.flows:,} arrows"
    print(f"{target}: {services}; open it at ui.perfetto.dev")
    print("One nanosecond there is one picosecond on the chip.")
    if found.slices < found.of:
        print(
            f"It was cut after {found.slices:,} of {found.of:,} slices, at {found.end_ps:,} ps: "
            "ask for fewer --steps."
        )


def parse_steps(text: str | None, steps: int) -> range:
    """Read ``A:B``; either may be left out.

    >>> parse_steps("2:5", 10), parse_steps("8:", 10), parse_steps(None, 10)
    (range(2, 5), range(8, 10), range(0, 10))
    """
    if text is None:
        return range(steps)
    match = re.fullmatch(r"(\d{0,9}):(\d{0,9})", text.strip())
    if match is None:
        raise InputError("--steps", text, "steps are written from A to before B", "Write for example 3:5.")
    first, end = int(match[1] or 0), int(match[2] or steps)
    if not 0 <= first < end <= steps:
        rule = f"the sequence has {steps} steps, from 0 on"
        raise InputError("--steps", text, rule, f"Name some of them, as 0:{min(2, steps)}.")
    return range(first, end)
