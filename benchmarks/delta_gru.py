"""A two-layer delta GRU on a chip against the dense GRU of PyTorch: function, timing, energy of a step."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from benchmarks.tables import Table, against, ratios, side_by_side, spread
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import EDGEDRNN
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.arrays import Floats
from deltasim.simulator.chip import load_chip
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import run_plan

GOAL, GOAL_AT = 3.0, 0.1
INPUTS = 40


class Size(NamedTuple):
    """How much is measured."""

    hidden: int
    steps: dict[tuple[str, str], int]  # on each chip, in each kind of numbers
    repeats: int
    occupancies: tuple[float, ...]


FLOAT, BYTES = "float32", "8 bits"
# Two seconds of speech; in float32 mesh16 holds no third of the weights, and a step takes up to 150 ms there.
FULL = Size(
    768,
    {("edgedrnn", FLOAT): 200, ("mesh16", FLOAT): 20, ("edgedrnn", BYTES): 200, ("mesh16", BYTES): 200},
    15,
    (1.0, 0.5, 0.2, 0.1, 0.05),
)
QUICK = Size(32, {("edgedrnn", FLOAT): 6, ("edgedrnn", BYTES): 6}, 2, (1.0, 0.2))

ABOUT = """\
A step of a two-layer GRU of {hidden} units on {inputs} inputs, random weights and inputs, in one
sequence: in float32, and in the fixed point of the EdgeDRNN chip (weights of 8 bits, activations of 16),
which is what these chips compute in. The sequence has {steps}. mesh16 holds the network in
8 bits; in float32 two thirds of it come from DRAM.
Ours is everything a step takes: *function* (`networks.execute` with one threshold for all, chosen so that
the occupancy comes out), *timing* (the compiled engine, ledger and laws included) and *energy* (pricing the
ledger). The plan and the engine's tables are made before; they do not depend on the input.
PyTorch is `torch.nn.GRU` in float32, batch 1, one thread: function alone, over the whole sequence in one
call, or a call for every step. Milliseconds a step: median (lowest to highest) of {repeats} rounds in which
all take turns. Goal: at 10 % occupancy at least 3 times as fast as the whole sequence in PyTorch."""


def measure(quick: bool = False) -> Table:
    """Measure every chip and occupancy beside PyTorch."""
    import torch

    torch.set_num_threads(1)
    size = QUICK if quick else FULL
    rng = np.random.default_rng(0)
    network = random_stack("gru", INPUTS, (size.hidden, size.hidden), rng)
    frames = rng.normal(size=(max(size.steps.values()), INPUTS)).astype(np.float32)
    model = torch.nn.GRU(INPUTS, size.hidden, 2)

    def whole(heard: torch.Tensor) -> None:
        with torch.no_grad():
            model(heard)

    def stepwise(heard: torch.Tensor) -> None:
        with torch.no_grad():
            state = None
            for step in range(len(heard)):
                _, state = model(heard[step : step + 1], state)

    rows = []
    computed = {FLOAT: network, BYTES: quantised(network, EDGEDRNN)}
    for occupancy, numbers in product(size.occupancies, computed):
        tried = at_occupancy(computed[numbers], frames, occupancy)
        for name, steps in ((chip, steps) for (chip, used), steps in size.steps.items() if used == numbers):
            sequence, heard = frames[:steps], torch.from_numpy(frames[:steps])[:, None]
            trace, _ = execute(tried, [sequence])
            share = len(trace.messages) / trace.scanned(tried).sum()
            chip = load_chip(name)
            plan = compile_plan(tried, chip, map_network(tried, chip))
            ledger = run_plan(plan, trace)
            taken = side_by_side(
                {
                    "whole": lambda heard=heard: whole(heard),
                    "stepwise": lambda heard=heard: stepwise(heard),
                    "function": lambda tried=tried, sequence=sequence: execute(tried, [sequence]),
                    "timing": lambda plan=plan, trace=trace: run_plan(plan, trace),
                    "energy": lambda ledger=ledger, chip=chip: price(ledger, chip),
                },
                size.repeats,
            )
            ms = {key: [1e3 * one / steps for one in values] for key, values in taken.items()}
            ours = [sum(parts) for parts in zip(ms["function"], ms["timing"], ms["energy"], strict=True)]
            faster = ratios(ms["whole"], ours)
            verdict = against(faster, GOAL) if occupancy == GOAL_AT else ""
            rows.append(
                (
                    f"{name}, {numbers}, {100 * share:.1f} %",
                    f"{len(trace.messages) / steps:,.0f}",
                    *(spread(ms[key], 3) for key in ("function", "timing", "energy")),
                    spread(ours, 3),
                    *(spread(ms[key], 3) for key in ("whole", "stepwise")),
                    spread(faster),
                    spread(ratios(ms["stepwise"], ours)),
                    verdict,
                )
            )
    return Table(
        "A delta GRU against PyTorch",
        ABOUT.format(hidden=size.hidden, inputs=INPUTS, steps=steps_of(size), repeats=size.repeats),
        "python -m benchmarks delta-gru",
        (
            "chip, numbers, occupancy", "messages a step", "function", "timing", "energy", "ours",
            "PyTorch, whole", "PyTorch, stepwise", "times faster than whole", "than stepwise", "goal 3",
        ),
        tuple(rows),
    )  # fmt: skip


def steps_of(size: Size) -> str:
    """How long the sequence is, and where it is shorter, in words."""
    most = max(size.steps.values())
    fewer = [f"{n} on {chip} in {used}" for (chip, used), n in size.steps.items() if n < most]
    return ", ".join([f"{most} steps", *fewer])


def at_occupancy(network: Network, sequence: Floats, occupancy: float) -> Network:
    """The network with the one threshold at which nearest to this share of all elements is sent.

    Bisection on the logarithm of the threshold; occupancy 1 is threshold 0.
    """
    low, high, found = 1e-6, 10.0, {0.0: 0.0 if occupancy == 1 else np.inf}
    for _ in range(0 if occupancy == 1 else 14):
        theta = float(np.sqrt(low * high))
        tried = network.with_thresholds(theta)
        trace, _ = execute(tried, [sequence])
        share = len(trace.messages) / trace.scanned(tried).sum()
        found[theta] = abs(share - occupancy)
        low, high = (theta, high) if share > occupancy else (low, theta)
    return network.with_thresholds(min(found, key=found.__getitem__))
