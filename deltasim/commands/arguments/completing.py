"""What a shell offers when a name is half written: the names in the box, without loading what they name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

KINDS = ("chip", "benchmark", "cell", "standard", "topology")


def chips(incomplete: str) -> list[str]:
    """Chips in the box; behind a comma the next one of several.

    >>> chips("edge"), chips("mesh16,edge")
    (['edgedrnn'], ['mesh16,edgedrnn'])
    """
    before, comma, last = incomplete.rpartition(",")
    taken = before.split(",")
    names = [name for name in _described("chips") if name not in taken]
    return [f"{before}{comma}{name}" for name in beginning(names, last)]


def standards(incomplete: str) -> list[str]:
    """DRAM standards in the box.

    >>> standards("DDR4")
    ['DDR4-2400']
    """
    return beginning(_described("dram/standards"), incomplete)


def benchmarks(incomplete: str) -> list[str]:
    """Benchmarks in the box.

    >>> benchmarks("digits")
    ['digits']
    """
    from deltasim.workloads.registry import BENCHMARKS

    return beginning(list(BENCHMARKS), incomplete)


def kinds(incomplete: str) -> list[str]:
    """What can be described."""
    return beginning(KINDS, incomplete)


def lists(incomplete: str) -> list[str]:
    """What can be listed."""
    return beginning(("chips", "benchmarks", "cells", "standards", "topologies", "figures"), incomplete)


def figures(incomplete: str) -> list[str]:
    """Figures of pages.

    >>> figures("energy-")
    ['energy-layers', 'energy-parts']
    """
    from deltasim.reports.paper.names import NAMES

    return beginning(list(NAMES), incomplete)


def described(context: typer.Context, incomplete: str) -> list[str]:
    """Names of the kind that is named already."""
    kind = context.params.get("kind")
    if kind == "cell":
        from deltasim.networks.cells import CELLS
        from deltasim.networks.cells.called import CALLED, SEVERAL

        return beginning([*CELLS, *CALLED, *SEVERAL], incomplete)
    if kind == "topology":
        from deltasim.simulator.topology.table import FAMILIES

        return beginning([family.example for family in FAMILIES.values()], incomplete)
    known = {"chip": chips, "benchmark": benchmarks, "standard": standards}
    return known[kind](incomplete) if kind in known else []


def beginning(names: Sequence[str], incomplete: str) -> list[str]:
    """Those of the names that begin so, in alphabetical order."""
    return sorted(name for name in names if name.startswith(incomplete))


def _described(folder: str) -> list[str]:
    """Names of the YAML files of a folder of the simulator."""
    import deltasim.simulator

    return [file.stem for path in deltasim.simulator.__path__ for file in Path(path, folder).glob("*.yaml")]
