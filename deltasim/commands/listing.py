"""``deltasim list``: what is in the box."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from deltasim.commands.arguments import completing
from deltasim.runtime.errors import InputError, nearest
from deltasim.shell.docstrings import said_of


def list_names(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="chips, benchmarks, cells, standards, topologies or figures; default: all",
            autocompletion=completing.lists,
        ),
    ] = None,
) -> None:
    """List what is in the box, one a line with a word about each; ``deltasim describe`` tells more."""
    if kind is not None and kind not in KINDS:
        raise InputError("deltasim list", kind, "there is no such list", nearest(kind, KINDS))
    listed = {name: rows() for name, rows in KINDS.items() if kind in (None, name)}
    width = max(len(name) for rows in listed.values() for name, _ in rows)
    for position, (heading, rows) in enumerate(listed.items()):
        if kind is None:
            print("\n" * bool(position) + heading.capitalize())
        for name, about in rows:
            print(f"{name:<{width}}  {about}")


def _chips() -> list[tuple[str, str]]:
    from deltasim.simulator.chip import chip_names, load_chip

    return [(name, load_chip(name).about) for name in chip_names()]


def _benchmarks() -> list[tuple[str, str]]:
    from deltasim.workloads.registry import BENCHMARKS

    return [(name, entry.about) for name, entry in BENCHMARKS.items()]


def _cells() -> list[tuple[str, str]]:
    from deltasim.networks.cells import CELLS
    from deltasim.networks.cells.called import CALLED, SEVERAL

    kinds = [(name, said_of(cell).splitlines()[0]) for name, cell in CELLS.items()]
    called = [(name, f"{one.kind} with {one.fields}: {one.about}") for name, one in CALLED.items()]
    return [*kinds, *called, *SEVERAL.items()]


def _standards() -> list[tuple[str, str]]:
    from deltasim.reports.quantities import quantity
    from deltasim.simulator.dram.loading import load_standard, standard_names
    from deltasim.simulator.schema.quantities import size_text

    found = [(name, load_standard(name)) for name in standard_names()]
    return [
        (name, f"{size_text(one.capacity_bytes)}, {quantity(one.peak_bandwidth, 'B')}/s at most")
        for name, one in found
    ]


def _topologies() -> list[tuple[str, str]]:
    from deltasim.simulator.topology.table import FAMILIES

    return [(family.example, said_of(family.build).splitlines()[0]) for family in FAMILIES.values()]


def _figures() -> list[tuple[str, str]]:
    from deltasim.reports.paper.names import NAMES

    return [(name, about) for name, (about, _) in NAMES.items()]


KINDS: dict[str, Callable[[], list[tuple[str, str]]]] = {
    "chips": _chips,
    "benchmarks": _benchmarks,
    "cells": _cells,
    "standards": _standards,
    "topologies": _topologies,
    "figures": _figures,
}
