"""Cost against work: one thing doubled at a time, the others held; time follows messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from benchmarks.tables import Table, seconds, spread
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.trace import random_trace
from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import run_plan

ABOUT = """\
A recurrent layer on a mesh of cores, replayed by the compiled engine; the plan and its tables are made
before. Each block doubles one thing: steps; neurons, while the messages a step stay as many; messages, by
occupancy, while neurons and steps stay; cores, while the network and its messages stay (a message then goes
to more cores: deliveries). *Elements* are neurons times steps, what an engine that walks through all of them
would pay for. Median (lowest to highest) of {repeats} runs."""


class Point(NamedTuple):
    """One row: what is doubled, and how much of everything there is."""

    doubled: str
    steps: int
    neurons: int
    messages: int  # a step
    cores: int


def points(quick: bool) -> Iterator[Point]:
    """Every row of the table."""
    doublings = 2 if quick else 4
    steps, neurons, messages, cores = (4, 32, 4, 4) if quick else (100, 256, 64, 4)
    for k in range(doublings):
        yield Point("steps", steps << k, neurons, messages, cores)
    for k in range(doublings):
        yield Point("neurons", steps, neurons << k, messages, cores)
    for k in range(doublings - 1):
        yield Point("messages", steps, neurons, messages << k, cores)
    for k in range(3 if quick else 9):
        yield Point("cores", steps, neurons, messages, 1 << k)


def mesh(cores: int) -> Chip:
    """The chip mesh16 with other cores, as square as it goes, and scratchpads that hold everything."""
    rows = 1 << (cores.bit_length() - 1) // 2
    fields = {
        "cores.count": cores,
        "network.topology": f"mesh:{rows}x{cores // rows}",
        "memories.0.size": "32 MiB",
        "memories.1.ports": [0],
    }
    return load_chip("mesh16").changed(fields)


def measure(quick: bool = False) -> Table:
    """Measure every point."""
    repeats = 2 if quick else 5
    rows = []
    for point in points(quick):
        rng = np.random.default_rng(0)
        network = random_stack("rnn", 8, (point.neurons,), rng)
        occupancy = min(1.0, point.messages / (8 + point.neurons))
        trace = random_trace(network, [point.steps], occupancy, rng)
        chip = mesh(point.cores)
        plan = compile_plan(network, chip, map_network(network, chip))
        deliveries = run_plan(plan, trace).total("core.receive")
        taken = [seconds(lambda plan=plan, trace=trace: run_plan(plan, trace)) for _ in range(repeats)]
        sent = len(trace.messages)
        rows.append(
            (
                point.doubled,
                f"{point.steps:,}",
                f"{point.neurons:,}",
                f"{point.cores}",
                f"{point.steps * point.neurons:,}",
                f"{sent:,}",
                f"{deliveries:,}",
                spread([1e3 * one for one in taken]),
                f"{1e6 * np.median(taken) / sent:.2f}",
                f"{1e6 * np.median(taken) / deliveries:.2f}",
            )
        )
    return Table(
        "Cost against work",
        ABOUT.format(repeats=repeats),
        "python -m benchmarks work",
        (
            "doubled", "steps", "neurons", "cores", "elements", "messages", "deliveries", "ms",
            "µs a message", "µs a delivery",
        ),
        tuple(rows),
    )  # fmt: skip
