"""Peak memory by synapse and by message: a process of its own for every point, differences between points."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from benchmarks.tables import Table

ABOUT = """\
Every run is a process of its own; its peak resident memory is read when it ends. Two runs that differ in
one thing give the bytes for each of it, whatever Python and its packages take (the floor, a run of hardly
anything). A run makes a dense float32 layer and a made-up trace, places the layer, builds the plan and
simulates on `edgedrnn` (one core) and `mesh16` (16 cores, so up to 16 segments of a column)."""


def run_here(chip_name: str, neurons: int, steps: int) -> int:
    """Simulate, and return the peak memory of this process in bytes."""
    import numpy as np

    from deltasim.networks.builders.recurrent import random_stack
    from deltasim.networks.trace import random_trace
    from deltasim.simulator.chip import load_chip
    from deltasim.simulator.simulate import simulate

    rng = np.random.default_rng(0)
    network = random_stack("rnn", 1, (neurons,), rng)
    trace = random_trace(network, [steps], min(1.0, 100 / neurons), rng)
    simulate(network, trace, load_chip(chip_name))
    return own_peak()


def own_peak() -> int:
    """The most resident memory this process has held, in bytes.

    Linux counts the peak of ``getrusage`` from before a new program was started: that of the parent.
    """
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text().splitlines()
        return 1024 * int(next(line for line in status if line.startswith("VmHWM:")).split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def peak(chip: str, neurons: int, steps: int) -> int:
    """The same in a fresh process."""
    code = f"from benchmarks.memory import run_here; print(run_here({chip!r}, {neurons}, {steps}))"
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    return int(done.stdout)


def measure(quick: bool = False) -> Table:
    """Measure both chips."""
    few, many = (64, 2048) if quick else (1024, 4096)
    short, long = (10, 2000) if quick else (20, 10_000)
    rows = []
    for chip in ("edgedrnn",) if quick else ("edgedrnn", "mesh16"):
        small, large, lengthy = (peak(chip, *size) for size in ((few, short), (many, short), (few, long)))
        floor = small if quick else peak(chip, 16, 2)
        synapses = many * many - few * few
        messages = (long - short) * 100  # on average
        rows.append(
            (
                chip,
                f"{floor / 2**20:,.0f}",
                f"{(large - small) / synapses:.1f}",
                f"{(lengthy - small) / messages:,.0f}",
                f"{large / 2**20:,.0f}",
                f"{lengthy / 2**20:,.0f}",
            )
        )
    return Table(
        "Memory",
        ABOUT,
        "python -m benchmarks memory",
        (
            "chip", "floor, MiB", "bytes a synapse", "bytes a message",
            f"peak with {many * many:,} synapses, MiB", f"peak with {long * 100:,} messages, MiB",
        ),
        tuple(rows),
    )  # fmt: skip
