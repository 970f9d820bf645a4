"""A million spiking neurons, a hundred million synapses, a hundred million messages: time and peak memory.

``python -m benchmarks.large`` builds the network, computes its spikes in ten sequences that go to disk one by
one, and replays them from a memory map on 64 cores. The folder for the trace (about 1.4 GB) is a temporary
one and goes with the run.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from deltasim.networks.builders.spiking import random_spiking
from deltasim.networks.execute import execute
from deltasim.networks.files.trace_folder import store_trace
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.simulate import simulate

AREAS, INPUTS, SEQUENCES = 64, 64, 10


def million(neurons: int, fan_out: int, rng: np.random.Generator) -> Network:
    """64 areas in a ring, each connected with itself and the next."""
    return random_spiking(neurons, fan_out, 0.05, rng, inputs=INPUTS, areas=AREAS, name="a-million-neurons")


def sixty_four_cores() -> Chip:
    """``mesh64-hbm`` with scratchpads that hold an area's synapses, and an area on each core."""
    cores = {f"lif_{area}": [area] for area in range(AREAS)}
    return load_chip("mesh64-hbm").changed(
        {"memories.0.size": "16 MiB", "placement.explicit.cores": cores, "synchronisation.policy": "barrier"}
    )


def sequences(network: Network, frames: int, rng: np.random.Generator) -> Iterator[Trace]:
    """Traces of sequences whose inputs differ, each computed when it is asked for."""
    for _ in range(SEQUENCES):
        spikes = (rng.random((frames, INPUTS)) < 0.1).astype(np.float32)
        yield execute(network, [spikes])[0]


def measure(neurons: int, fan_out: int, frames: int) -> list[tuple[str, str]]:
    """Rows (what, how much) of one run; ``frames`` a sequence."""
    rng, rows = np.random.default_rng(0), []

    def row(what: str, value: str) -> None:
        rows.append((what, value))
        print(f"| {what} | {value} |", flush=True)

    began = time.perf_counter()
    network = million(neurons, fan_out, rng)
    row("neurons, synapses", f"{neurons:,}, {network.weight_words:,}")
    row("building the network", f"{time.perf_counter() - began:,.1f} s, peak {peak_gb():.2f} GB")
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        trace = store_trace(sequences(network, frames, rng), Path(folder) / "trace")
        took = time.perf_counter() - began
        row("messages, steps", f"{len(trace.messages):,}, {trace.steps:,}")
        row("computing the spikes, trace to disk", f"{took:,.1f} s, peak {peak_gb():.2f} GB")
        began = time.perf_counter()
        ledger = simulate(network, trace, sixty_four_cores())
        took = time.perf_counter() - began
    row("synaptic operations", f"{ledger.total('core.mac'):,}")
    row("replaying on 64 cores, plan included", f"{took:,.1f} s, peak {peak_gb():.2f} GB")
    row("messages a second, replayed", f"{len(trace.messages) / took:,.0f}")
    row("time on the chip", f"{ledger.elapsed_ps * 1e-9:,.2f} ms")
    return rows


def peak_gb() -> float:
    """The most memory this process has held so far, 10^9 bytes (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def main() -> None:
    """Print a table; ``python -m benchmarks.large NEURONS FAN_OUT FRAMES`` runs another size."""
    sizes = [int(text) for text in sys.argv[1:]] or [1_000_000, 100, 88]
    print("| what | how much |\n|---|---|")
    measure(*sizes)


if __name__ == "__main__":
    main()
