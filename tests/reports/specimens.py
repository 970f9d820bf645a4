"""Specimens for the report tests: a real chip, network and trace, and a ledger drawn at random."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace, random_trace
from deltasim.reports.figures import Score
from deltasim.reports.measured import Provenance
from deltasim.reports.run import Run
from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.chip.actions import chip_actions
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.plan import Unit

CORE_UNITS = ("scan", "fetch", "mac", "update")
# Which kind of unit counts which action; what is not listed belongs to the chip as a whole.
WHERE = {"scan": "scan", "mac": "mac", "update": "update", "state": "update", "dram": "dram", "link": "link"}


def units_of(chip: Chip) -> tuple[Unit, ...]:
    """Units in the order in which the engines list them: core stages, links, memories, the whole chip."""
    topology = chip.topology
    found = [
        Unit(f"core{core}.{kind}", kind, core) for core in range(chip.cores.count) for kind in CORE_UNITS
    ]
    if topology.kind == "bus":
        found.append(Unit("bus", "bus", 0))
    else:
        found += [Unit(f"link{a}-{b}", "link", a) for a, b in topology.pairs]
    for memory in chip.memories:
        if memory.kind == "dram":
            found += [Unit(f"{memory.name}{n}", "dram", port) for n, port in enumerate(memory.ports)]
        else:
            found += [Unit(f"core{n}.{memory.name}", "scratchpad", n) for n in range(chip.cores.count)]
    return (*found, Unit("chip", "chip", 0))


def random_ledger(
    chip: Chip, layers: tuple[str, ...], steps: list[int], load: float, rng: np.random.Generator
) -> Ledger:
    """A ledger that keeps the laws of totals: layers sum to units, busy + stalled + idle = elapsed."""
    units, actions = units_of(chip), tuple(action.name for action in chip_actions(chip))
    step_latency = rng.integers(20_000_000, 40_000_000, sum(steps)) + int(load * 100_000_000)
    bounds = np.cumsum([0, *steps])
    sequence_latency = np.array([step_latency[a:b].sum() for a, b in itertools.pairwise(bounds)], np.int64)
    elapsed = int(sequence_latency.sum())
    counts = np.zeros((len(units), len(actions)), np.int64)
    for column, action in enumerate(actions):
        for row, unit in enumerate(units):
            kind = WHERE.get(action.split(".")[0], WHERE.get(action.split(".")[-1], "chip"))
            if unit.kind == kind or (unit.kind == "bus" and kind == "link"):
                counts[row, column] = int(rng.integers(0, 2_000_000) * load)
    for memory in chip.memories:
        if memory.kind == "dram":  # every burst is a hit, a miss or a conflict, and moves its bytes
            read = counts[:, actions.index(f"{memory.name}.read")]
            miss = counts[:, actions.index(f"{memory.name}.row_miss")] = read // 20
            conflict = counts[:, actions.index(f"{memory.name}.row_conflict")] = read // 10
            counts[:, actions.index(f"{memory.name}.row_hit")] = read - miss - conflict
            counts[:, actions.index(f"{memory.name}.bytes")] = read * memory.access_bytes
    for column, action in enumerate(chip_actions(chip)):
        if action.static:
            counts[:, column] = 0
            counts[-1, column] = elapsed
    share = rng.dirichlet(np.ones(len(layers)), len(actions))
    totals = counts.sum(axis=0)
    layer_counts = np.floor(share.T * totals).astype(np.int64)
    layer_counts[-1] += totals - layer_counts.sum(axis=0)
    busy = (rng.uniform(0.0, 0.95, len(units)) * elapsed).astype(np.int64)
    stalled = ((elapsed - busy) * rng.uniform(0, 0.3, len(units))).astype(np.int64)
    none = np.zeros(len(units), np.int64)
    return Ledger(
        units, actions, layers, counts, layer_counts, busy, stalled, elapsed - busy - stalled,
        none, none, none, step_latency.astype(np.int64), sequence_latency,
        sequence_counts=split(totals, steps),
    )  # fmt: skip


def split(totals: np.ndarray, steps: list[int]) -> np.ndarray:
    """Counts of each sequence, as many as it has of the steps; the last has what is left over."""
    found = totals * np.array(steps)[:, np.newaxis] // sum(steps)
    found[-1] += totals - found.sum(axis=0)
    return found


def small_network() -> Network:
    """Two delta GRU layers and a readout."""
    rng = np.random.default_rng(7)
    return random_stack("gru", 40, (32, 32), rng, theta_x=0.1, theta_h=0.1, readout=10, name="digits")


def small_trace(network: Network, lengths: list[int], occupancy: float) -> Trace:
    """A trace whose elements are sent at random."""
    return random_trace(network, lengths, occupancy, np.random.default_rng(3))


def specimen(chip: str | Chip = "edgedrnn", lengths: tuple[int, ...] = (30, 44, 37), **changes: Any) -> Run:
    """A result with a drawn ledger; ``changes`` replace its fields."""
    held = load_chip(chip) if isinstance(chip, str) else chip
    network = small_network()
    layers = (*(p.name for p in network.populations if p.cell.kind != "input"), "shared")
    steps = list(lengths)
    result = Run(
        benchmark="digits",
        data="Free Spoken Digit Dataset, official test split, 300 recordings",
        fallback=None,
        chip=held,
        engine="simpy",
        theta="trained",
        network=network,
        trace=small_trace(network, steps, 0.1),
        mapping=map_network(network, held),
        ledger=random_ledger(held, layers, steps, 0.1, np.random.default_rng(1)),
        dense_ledger=random_ledger(held, layers, steps, 1.0, np.random.default_rng(1)),
        score=Score("accuracy", 0.983, 0.987),
        provenance=Provenance("deltasim run digits --chip edgedrnn", 0, "0" * 64),
        wall_s=1.25,
    )
    return replace(result, **changes)
