"""``deltasim map``: where a benchmark's neurons and weights lie on a chip."""

from __future__ import annotations

from typing import Annotated

import typer


def show_mapping(
    benchmark: Annotated[str, typer.Argument(help="a benchmark; deltasim list benchmarks names them")],
    chip: Annotated[
        str, typer.Option(help="a chip in the box, or the path of a YAML description")
    ] = "edgedrnn",
) -> None:
    """Show which core holds which neurons and which memory holds which weights."""
    from deltasim.tables import print_table
    from simulator.chip import load_chip
    from simulator.mapping import map_network
    from workloads.registry import benchmark as load_benchmark

    mapping = map_network(load_benchmark(benchmark).network, load_chip(chip))
    for heading, columns, rows in mapping.table():
        print_table(heading, columns, rows)
