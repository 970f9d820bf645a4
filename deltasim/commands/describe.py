"""``deltasim describe``: a chip as the simulator sees it, with every price and its source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments import completing
from deltasim.runtime.errors import InputError, nearest
from deltasim.shell.docstrings import said_of


def describe(
    kind: Annotated[
        str,
        typer.Argument(help="chip, benchmark, cell, standard or topology", autocompletion=completing.kinds),
    ],
    name: Annotated[
        str,
        typer.Argument(
            help="a name from deltasim list, or the path of a YAML description",
            autocompletion=completing.described,
        ),
    ],
    as_yaml: Annotated[
        bool,
        typer.Option(
            "--yaml", help="print a chip's file, derived prices marked as such, to make your own from"
        ),
    ] = False,
    paths: Annotated[
        bool, typer.Option("--paths", help="list a chip's fields by the paths that a study names them by")
    ] = False,
    draw: Annotated[
        Path | None, typer.Option("--draw", metavar="FILE", help="draw a cell's recurrent graph into an .svg")
    ] = None,
) -> None:
    """Show a chip with every price and its source, a cell with its equations, and what else is in the box."""
    if paths and kind == "chip":
        _paths(name)
        return
    if as_yaml and kind == "chip":
        _chip_file(name)
        return
    kinds = {
        "chip": _chip,
        "benchmark": _benchmark,
        "cell": _cell,
        "standard": _standard,
        "topology": _topology,
    }
    if kind not in kinds:
        raise InputError(
            "deltasim describe", kind, "there is no such thing to describe", nearest(kind, kinds)
        )
    if draw is not None and kind != "cell":
        raise InputError("--draw", kind, "cells are drawn", "Name a cell.")
    if draw is None:
        kinds[kind](name)
    else:
        _draw(name, draw)


def _chip(name: str) -> None:
    from deltasim.shell.tables import print_table
    from deltasim.simulator.chip import load_chip
    from deltasim.simulator.chip.describe import describe as describe_chip

    for position, (heading, columns, rows) in enumerate(describe_chip(load_chip(name))):
        if position:
            print()
        print_table(heading, columns, rows)


def _paths(name: str) -> None:
    from deltasim.shell.tables import print_table
    from deltasim.simulator.chip import load_chip
    from deltasim.simulator.chip.paths import chip_paths

    chip = load_chip(name)
    print_table(f"Fields of {chip.name}", ("path", "now", "holds"), chip_paths(chip))


def _chip_file(name: str) -> None:
    from deltasim.simulator.chip import chip_names, load_chip
    from deltasim.simulator.chip.description import packaged_chips
    from deltasim.simulator.chip.prices.yaml_text import with_derived

    chip = load_chip(name)
    file = packaged_chips() / f"{name}.yaml" if name in chip_names() else Path(name)
    print(with_derived(file.read_text(encoding="utf-8"), chip), end="")


def _cell(name: str) -> None:
    from deltasim.networks.cells import CELLS
    from deltasim.networks.cells.called import CALLED, SEVERAL

    if name in SEVERAL:
        _cell_of_several(name, SEVERAL[name])
        return
    if name not in CELLS and name not in CALLED:
        known = (*CELLS, *CALLED, *SEVERAL)
        raise InputError("deltasim describe cell", name, "there is no such cell", nearest(name, known))
    kind = name
    if name in CALLED:
        kind, fields, about = CALLED[name]
        print(f"{about[0].upper()}{about[1:]}.\nIt is the cell {kind} with {fields}.\n")
    print(said_of(CELLS[kind]))


def _cell_of_several(name: str, about: str) -> None:
    from deltasim.reports.cells.equations import equations_of

    print(f"{about[0].upper()}{about[1:]}.\n")
    for part in equations_of(name):
        print(f"{part.output}: {part.statements}")
        for number in sorted({feed.accumulator for feed in part.feeds}):
            row = [feed for feed in part.feeds if feed.accumulator == number]
            bias = " + b" * (number in part.biased and any(feed.matrix for feed in row))
            print(
                f"   a{number} = {' + '.join(f'{feed.matrix} {feed.source}'.strip() for feed in row)}{bias}"
            )
    print(
        f"\nWhat a sum reads of x, h and products is what was sent of them. --draw FILE.svg draws it;"
        f" deltasim train --cell {name} trains it."
    )


def _draw(name: str, file: Path) -> None:
    from deltasim.reports.cells.drawing import cell_drawing
    from deltasim.runtime.disk.output import told_in_a_sentence
    from deltasim.runtime.disk.unfinished import new_file

    if file.suffix != ".svg":
        raise InputError("--draw", file, "a drawing is an SVG", f"Name it {file.stem or name}.svg.")
    drawing = cell_drawing(name)
    with told_in_a_sentence(file), new_file(file) as part:
        part.write(drawing.encode())
    print(f"{file}: what a step of {name} computes, from what")


def _benchmark(name: str) -> None:
    from deltasim.reports.quantities import count, quantity
    from deltasim.shell.tables import print_table
    from deltasim.workloads.registry import benchmark

    found = benchmark(name)
    network = found.network
    shape = ", ".join(
        f"{one.name} ({type(one.cell).__name__}, {one.cell.size})" for one in network.populations
    )
    rows = [
        ("what it is", found.about),
        ("data", found.data),
        (
            "sequences",
            f"{count(len(found.sequences))} of {count(sum(map(len, found.sequences)))} steps in all",
        ),
        ("a step every", "not known" if found.period_s is None else quantity(found.period_s, "s")),
        ("score", found.score_name),
        ("populations", shape),
        ("arithmetic", str(network.arithmetic)),
        ("thresholds", found.thresholds),
        ("network digest", network.digest[:12]),
    ]
    print_table(f"{found.name}", ("", ""), rows)


def _standard(name: str) -> None:
    from deltasim.reports.quantities import quantity
    from deltasim.shell.tables import print_table
    from deltasim.simulator.dram.loading import load_standard
    from deltasim.simulator.schema.quantities import size_text

    found = load_standard(name)
    fields = found.model_dump(mode="json", exclude_none=True)
    rows = [
        ("capacity", size_text(found.capacity_bytes)),
        ("peak bandwidth", f"{quantity(found.peak_bandwidth, 'B')}/s"),
    ]
    for key, value in fields.items():
        for inner, held in value.items() if isinstance(value, dict) else [("", value)]:
            rows.append((f"{key.rstrip('_')}{'.' * bool(inner)}{inner}", str(held)))
    print_table(found.name, ("field", "value"), rows)


def _topology(name: str) -> None:
    from deltasim.reports.quantities import count
    from deltasim.shell.tables import print_table
    from deltasim.simulator.topology.table import FAMILIES, parse_topology

    kind = name.partition(":")[0]
    if name == "bus":  # as long as a chip has cores
        print(said_of(FAMILIES[kind].build))
        return
    found = parse_topology(name, place="deltasim describe topology")
    routes = [len(found.route(a, b)) for a in range(found.cores) for b in range(found.cores) if a != b]
    print(said_of(FAMILIES[kind].build))
    print()
    rows = [
        ("cores", count(found.cores)),
        ("nodes", count(found.nodes)),
        ("links", count(len(found.links))),
        ("mean route", f"{sum(routes) / max(1, len(routes)):.3g} links"),
        ("longest route", f"{max(routes, default=0)} links"),
    ]
    print_table(name, ("", ""), rows)
