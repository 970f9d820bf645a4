"""``deltasim describe``: a chip as the simulator sees it, with every price and its source."""

from __future__ import annotations

from typing import Annotated

import typer

from deltasim.runtime.errors import InputError, nearest


def describe(
    kind: Annotated[str, typer.Argument(help="chip or cell")],
    name: Annotated[str, typer.Argument(help="a name from deltasim list, or the path of a YAML description")],
    as_yaml: Annotated[
        bool,
        typer.Option(
            "--yaml", help="print a chip's file, derived prices marked as such, to make your own from"
        ),
    ] = False,
    paths: Annotated[
        bool, typer.Option("--paths", help="list a chip's fields by the paths that a study names them by")
    ] = False,
) -> None:
    """Show a chip with every price and its source, or a cell with its equations."""
    if paths and kind == "chip":
        _paths(name)
        return
    if as_yaml and kind == "chip":
        _chip_file(name)
        return
    kinds = {"chip": _chip, "cell": _cell}
    if kind not in kinds:
        raise InputError(
            "deltasim describe", kind, "there is no such thing to describe", nearest(kind, kinds)
        )
    kinds[kind](name)


def _chip(name: str) -> None:
    from deltasim.simulator.chip import load_chip
    from deltasim.simulator.chip.describe import describe as describe_chip
    from deltasim.tables import print_table

    for position, (heading, columns, rows) in enumerate(describe_chip(load_chip(name))):
        if position:
            print()
        print_table(heading, columns, rows)


def _paths(name: str) -> None:
    from deltasim.simulator.chip import load_chip
    from deltasim.simulator.chip.paths import chip_paths
    from deltasim.tables import print_table

    chip = load_chip(name)
    print_table(f"Fields of {chip.name}", ("path", "now", "holds"), chip_paths(chip))


def _chip_file(name: str) -> None:
    from pathlib import Path

    from deltasim.simulator.chip import chip_names, load_chip
    from deltasim.simulator.chip.description import packaged_chips
    from deltasim.simulator.chip.prices.yaml_text import with_derived

    chip = load_chip(name)
    file = packaged_chips() / f"{name}.yaml" if name in chip_names() else Path(name)
    print(with_derived(file.read_text(encoding="utf-8"), chip), end="")


def _cell(name: str) -> None:
    import inspect

    from deltasim.networks.cells import CELLS

    if name not in CELLS:
        raise InputError("deltasim describe cell", name, "there is no such cell", nearest(name, CELLS))
    print(inspect.getdoc(CELLS[name]))
