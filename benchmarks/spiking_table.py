"""The spiking network beside SANA-FE, as a table of the page; ``benchmarks.spiking`` measures it."""

from __future__ import annotations

from benchmarks.machine import version
from benchmarks.tables import Table, against

ABOUT = """\
4096 leaky integrate-and-fire neurons with 256 targets each, about 18 % of them firing in a step, on 64
cores; one step of delay; all run the same steps from rest. SANA-FE runs with its `simple` timing, which adds
up costs core by core; deltasim finds the spikes alone, or arbitrates every message on every link and unit of
the 64 cores. Weights have 8 bits, as those of Loihi, whose costs SANA-FE is given; deltasim keeps them so.
Every tool has a process of its own; spike counts are held equal, neuron by neuron and step by step. Goals: 50
times the speed, 1/50 of the memory a synapse. The extra `benchmark` installs SANA-FE."""


def measure(quick: bool = False) -> Table:
    """Measure, or say in the table why nothing was measured."""
    columns = ("what", "SANA-FE", "deltasim", "times better", "goal", "verdict")
    reason = "a quick run" if quick else "sanafe is not installed"
    rows: list[tuple[str, ...]] = [(f"not measured: {reason}", "", "", "", "", "")]
    if not quick and version("sanafe") != "not installed":
        from benchmarks import spiking

        rows = [
            (row.what, row.peer, row.ours, f"{row.ratio:,.1f}", row.reach, verdict(row.ratio, row.reach))
            for row in spiking.measure()
        ]
    return Table("Spiking, against SANA-FE", ABOUT, "python -m benchmarks spiking", columns, tuple(rows))


def verdict(ratio: float, reach: str) -> str:
    """Whether a goal such as ">= 50" is reached; "equal" has been asserted.

    >>> verdict(49.9, ">= 50"), verdict(50.0, ">= 50"), verdict(1.0, "equal")
    ('missed', 'reached', 'equal')
    """
    if not reach.startswith(">= "):
        return reach
    return against([ratio], float(reach.removeprefix(">= ")))
