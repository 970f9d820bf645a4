"""``deltasim list``: what is in the box."""

from __future__ import annotations

from typing import Annotated

import typer

from deltasim.runtime.errors import InputError, nearest


def list_names(
    kind: Annotated[str, typer.Argument(help="chips, benchmarks or cells")],
) -> None:
    """List the chips, benchmarks or cells in the box, one a line with a word about each."""
    kinds = {"chips": _chips, "benchmarks": _benchmarks, "cells": _cells}
    if kind not in kinds:
        raise InputError("deltasim list", kind, "there is no such list", nearest(kind, kinds))
    rows = kinds[kind]()
    width = max(len(name) for name, _ in rows)
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

    return [(name, (cell.__doc__ or "").strip().splitlines()[0]) for name, cell in CELLS.items()]
