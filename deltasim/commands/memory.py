"""``deltasim memory``: a trace of reads and writes through one DRAM."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def memory(
    trace: Annotated[Path, typer.Option(metavar="FILE", help="R|W byte_address bytes, one a line")],
    standard: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="a memory in the box, or YAML")
    ] = "DDR4-2400",
    window: Annotated[int, typer.Option(help="transactions in flight; 0: as many as the queue takes")] = 0,
    mapping: Annotated[
        str, typer.Option(help="a name, or fields from the most significant down")
    ] = "RoBaRaCoCh",
    queue: Annotated[int, typer.Option(help="requests of a channel that wait for a row")] = 32,
    closed_page: Annotated[
        bool, typer.Option("--closed-page", help="close a row once no waiting request hits it")
    ] = False,
    power_down_after: Annotated[
        int, typer.Option(help="idle ticks before a rank powers down; 0: never")
    ] = 1024,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON and nothing else")] = False,
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
    )
    if as_json:
        print(json.dumps(result.to_json(), indent=2))
        return
    from deltasim.tables import print_table

    figures = result.to_json()
    energy = figures.pop("energy")
    rows = [(name, f"{value:.6g}" if isinstance(value, float) else value) for name, value in figures.items()]
    print_table(f"{standard}, {trace.name}", ("figure", "value"), rows)
    print()
    parts = [(name.removesuffix("_j"), f"{value * 1e6:.3f} uJ") for name, value in energy.items()]
    print_table("Energy", ("cause", "energy"), parts)
