"""``deltasim map``: where a benchmark's neurons and weights lie on a chip."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments import completing
from deltasim.commands.arguments.options import OneChip


def show_mapping(
    benchmark: Annotated[
        str,
        typer.Argument(
            help="a benchmark; deltasim list benchmarks names them", autocompletion=completing.benchmarks
        ),
    ],
    chip: OneChip = "edgedrnn",
    data: Annotated[str | None, typer.Option(help="fsdd, synthetic, session, or a folder")] = None,
    trained: Annotated[Path | None, typer.Option(help="a folder written by deltasim train")] = None,
) -> None:
    """Show which core holds which neurons and which memory holds which weights."""
    from deltasim.api.cases import choose
    from deltasim.api.placing import placed
    from deltasim.shell.tables import print_table
    from deltasim.simulator.chip import load_chip

    chosen = choose(benchmark, data, trained)
    mapping, _ = placed(chosen, chosen.network, load_chip(chip))
    for position, (heading, columns, rows) in enumerate(mapping.table()):
        if position:
            print()
        print_table(heading, columns, rows)
