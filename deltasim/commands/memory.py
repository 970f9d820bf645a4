"""``deltasim memory``: a trace of reads and writes through one DRAM."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments import completing
from deltasim.commands.arguments.options import AsJson


def memory(
    trace: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="R|W byte_address bytes [time], or Ramulator's, or DRAMsim3's lines"
        ),
    ],
    standard: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="a memory in the box, YAML, or a memspec of DRAMSys",
            autocompletion=completing.standards,
        ),
    ] = "DDR4-2400",
    window: Annotated[int, typer.Option(help="transactions in flight; 0: as many as the queue takes")] = 0,
    mapping: Annotated[
        str, typer.Option(help="a name, or fields from the most significant down; then xors")
    ] = "RoBaRaCoCh",
    queue: Annotated[int, typer.Option(help="requests of a channel that wait for a row")] = 32,
    closed_page: Annotated[
        bool, typer.Option("--closed-page", help="close a row once no waiting request hits it")
    ] = False,
    power_down_after: Annotated[
        int | None,
        typer.Option(help="idle ticks before a rank powers down; 0: never", show_default="1024 where it can"),
    ] = None,
    refresh: Annotated[
        str, typer.Option(metavar="all-bank|per-bank|same-bank", help="what is refreshed at a time")
    ] = "all-bank",
    as_json: AsJson = False,
) -> None:
    """Run a trace through a DRAM at command level: bandwidth, latency, row hits, energy by cause."""
    import json

    from deltasim.simulator.dram.loading import load_standard
    from deltasim.simulator.dram.run_trace import run_trace

    memory_of = load_standard(standard)
    result = run_trace(
        memory_of,
        trace,
        window=window,
        mapping=mapping,
        queue=queue,
        closed_page=closed_page,
        power_down_after=power_down_after,
        refresh=refresh,
    )
    if as_json:
        print(json.dumps(result.to_json(), indent=2))
        return
    from deltasim.shell.tables import print_table

    figures = result.to_json()
    energy, why = figures.pop("energy"), figures.pop("no_energy", "")
    rows = [(name, f"{value:.6g}" if isinstance(value, float) else value) for name, value in figures.items()]
    print_table(f"{standard}, {trace.name}", ("figure", "value"), rows)
    print()
    if energy is None:
        print(f"No energy: {why}.")
        return
    parts = [(name.removesuffix("_j"), f"{value * 1e6:.3f} uJ") for name, value in energy.items()]
    print_table("Energy", ("cause", "energy"), parts)
