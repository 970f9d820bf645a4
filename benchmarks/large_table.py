"""A run of a million neurons as a table of a page of its own; ``benchmarks.large`` runs it."""

from __future__ import annotations

from benchmarks import large
from benchmarks.tables import Table

ABOUT = """\
One run, not repeated: a million spiking neurons with a hundred synapses each in 64 areas, ten sequences;
their messages go to disk as they are computed and are replayed from there on 64 cores, an area on each
(`mesh64-hbm` with scratchpads of 16 MiB, a barrier after each step). Goal: within 16 GB."""
FULL, QUICK = (1_000_000, 100, 88), (6400, 5, 3)  # neurons, targets of each, frames of a sequence


def measure(quick: bool = False) -> Table:
    """Run it once; a small one when ``quick``."""
    rows = large.measure(*(QUICK if quick else FULL))
    return Table("A large run", ABOUT, "python -m benchmarks large", ("what", "how much"), tuple(rows))
