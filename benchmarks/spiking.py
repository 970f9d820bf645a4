"""A random spiking network beside SANA-FE: the same spikes, speed and memory per synapse, in one run.

``python -m benchmarks.spiking`` (needs the extra ``benchmark``). 4096 leaky integrate-and-fire neurons with
256 targets each, about 18 % of them firing in a step, on a mesh of 64 cores. SANA-FE runs with its ``simple``
timing, which adds up costs for each core; deltasim is measured twice: the spikes alone (``execute``), and the
spikes with the compiled engine, which arbitrates every message on every unit of the 64 cores. Every tool has
a process of its own.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deltasim.networks.builders.spiking import random_spiking
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint, Q, dequantise, quantise
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.arrays import Floats, Integers

NEURONS, FAN_OUT, RATE, STEPS, REPEATS = 4096, 256, 0.2, 50, 5
FORMATS = FixedPoint(weight=Q(1, 7), accumulator=Q(8, 24))


class Measured(NamedTuple):
    """What one tool took: seconds a step (one entry for each repeat), bytes it grew by, spikes (steps, n)."""

    step_s: list[float]
    grown_bytes: int
    spikes: Integers | Floats


class Row(NamedTuple):
    """One line of the table: median and spread are over the repeats."""

    what: str
    peer: str
    ours: str
    ratio: float
    reach: str


def network(neurons: int = NEURONS, fan_out: int = FAN_OUT) -> Network:
    """The network both tools run, its weights rounded to those of 8 bits that ours keeps."""
    made = random_spiking(neurons, fan_out, RATE, np.random.default_rng(0))
    rounded = []
    for projection in made.projections:
        weights = dequantise(quantise(projection.connection.weights, FORMATS.weight), FORMATS.weight)
        rounded.append(replace(projection, connection=projection.connection.with_weights(weights)))
    return replace(made, projections=tuple(rounded))


def stored() -> Network:
    """The same network in fixed point."""
    return quantised(network(), FORMATS)


def silence(steps: int = STEPS) -> Floats:
    """Inputs that send nothing: the neurons fire by themselves."""
    return np.zeros((steps, 1), np.float32)


def resident() -> int:
    """Bytes this process holds, once what was freed has been given back (Linux)."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def sanafe() -> Measured:
    """SANA-FE: the chip loaded with the network, then stretches of steps with simple timing."""
    from benchmarks.sanafe_peer import loaded, spikes

    made = network()
    loaded(network(64, 8))  # imports and tables of the tool itself are not counted
    before = resident()
    chip = loaded(made)
    grown = resident() - before
    began = time.perf_counter()
    fired = spikes(chip, STEPS, NEURONS)
    taken = [(time.perf_counter() - began) / STEPS]
    for _ in range(REPEATS - 1):  # goes on where it was, at the same rate
        began = time.perf_counter()
        spikes(chip, STEPS, NEURONS)
        taken.append((time.perf_counter() - began) / STEPS)
    return Measured(taken, grown, fired)


def spikes_alone() -> Measured:
    """deltasim: who fires when."""
    execute(quantised(network(64, 8), FORMATS), [silence(2)])
    before = resident()
    made = stored()
    grown = resident() - before
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        _, (output,) = execute(made, [silence()])
        taken.append((time.perf_counter() - began) / STEPS)
    return Measured(taken, grown, output)


def spikes_on_cores() -> Measured:
    """deltasim: spikes, and every count and picosecond of 64 cores."""
    from deltasim.simulator.chip import load_chip
    from deltasim.simulator.engines.compiled.engine import CompiledEngine
    from deltasim.simulator.mapping.mapping import map_network
    from deltasim.simulator.plan.compile import compile_plan

    chip = load_chip("mesh64-hbm")
    small = quantised(network(64, 8), FORMATS)
    CompiledEngine(compile_plan(small, chip, map_network(small, chip))).run_sequence(
        execute(small, [silence(2)])[0]
    )
    before = resident()
    made = stored()
    engine = CompiledEngine(compile_plan(made, chip, map_network(made, chip)))
    grown = resident() - before
    engine.run_sequence(execute(made, [silence()])[0])  # finds the room that its queues need
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        trace, (output,) = execute(made, [silence()])
        engine.run_sequence(trace)
        taken.append((time.perf_counter() - began) / STEPS)
    return Measured(taken, grown, output)


def apart(function: object) -> Measured:
    """Run a function in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function)  # type: ignore[arg-type]


def measure() -> list[Row]:
    """Rows of the table. Raises AssertionError where the tools disagree about a single spike."""
    peer, alone, on_cores = apart(sanafe), apart(spikes_alone), apart(spikes_on_cores)
    assert (peer.spikes == alone.spikes).all(), "spikes differ"
    assert (alone.spikes == on_cores.spikes).all(), "spikes differ"
    synapses = NEURONS * FAN_OUT
    fired = float(np.mean(peer.spikes[STEPS // 2 :]))
    rows = [Row(f"spikes in {STEPS} steps ({fired:.1%} fire)", total(peer), total(alone), 1.0, "equal")]
    for name, ours in (("spikes", alone), ("spikes, time and energy of 64 cores", on_cores)):
        ratio = statistics.median(peer.step_s) / statistics.median(ours.step_s)
        rows.append(Row(f"time a step: {name}", spread(peer), spread(ours), ratio, ">= 50"))
    for name, ours in (("network", alone), ("network, plan and tables", on_cores)):
        sizes = peer.grown_bytes / synapses, ours.grown_bytes / synapses
        texts = [f"{size:,.1f} B" for size in sizes]
        rows.append(Row(f"memory a synapse: {name}", *texts, sizes[0] / sizes[1], ">= 50"))
    return rows


def total(measured: Measured) -> str:
    return f"{int(measured.spikes.sum()):,}"


def spread(measured: Measured) -> str:
    """Median and range, in milliseconds."""
    low, middle, high = (f(measured.step_s) * 1e3 for f in (min, statistics.median, max))
    return f"{middle:.3g} ms ({low:.3g} to {high:.3g})"


def main() -> None:
    """Print the table."""
    print("| what | SANA-FE | deltasim | ratio | reach |\n|---|---:|---:|---:|---|")
    for row in measure():
        print(f"| {row.what} | {row.peer} | {row.ours} | {row.ratio:,.1f} | {row.reach} |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
