"""The compiled engine beside the SimPy engine: one plan, one trace, one process, equal ledgers, a ratio."""

from __future__ import annotations

import numpy as np

from benchmarks.tables import Table, against, ratios, side_by_side, spread
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.networks.numbers.quantise import quantised
from deltasim.networks.trace import random_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.engines.compiled.engine import made_ready
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import run_plan

# Frames: SimPy takes one to five seconds for each chip.
CHIPS = {"edgedrnn": 200, "deltarnn": 200, "spartus": 200, "mesh16": 15, "mesh64-hbm": 6}
GOAL = 100.0
OCCUPANCY = 0.1
ABOUT = """\
One sequence through a quantised GRU of 2 x {hidden} units, {occupancy:.0f} % of all elements sent at
random, replayed by both engines in turn on the same plan; ledgers are held equal in every number. The
laws are checked in both. Mapping and plan, which both share, and the tables that the compiled engine makes of
a plan serve any number of sequences and are timed apart; the last ratio counts them in. Goal: 100 times."""


def measure(quick: bool = False) -> Table:
    """Measure every chip."""
    hidden, repeats = (24, 2) if quick else (128, 3)
    rng = np.random.default_rng(0)
    network = quantised(random_stack("gru", 40, (hidden, hidden), rng), FixedPoint())
    rows = []
    for name, frames in {"edgedrnn": 3}.items() if quick else CHIPS.items():
        trace = random_trace(network, [frames], OCCUPANCY, rng)
        chip = load_chip(name)
        plan = compile_plan(network, chip, map_network(network, chip))
        require_equal(run_plan(plan, trace, engine="simpy"), run_plan(plan, trace))
        taken = side_by_side(
            {
                "simpy": lambda plan=plan, trace=trace: run_plan(plan, trace, engine="simpy"),
                "compiled": lambda plan=plan, trace=trace: run_plan(plan, trace),
                "plan": lambda chip=chip: compile_plan(network, chip, map_network(network, chip)),
                "ready": lambda chip=chip: made_ready(
                    compile_plan(network, chip, map_network(network, chip))
                ),
            },
            repeats,
        )
        faster = ratios(taken["simpy"], taken["compiled"])
        slow, fast = (
            [a + b for a, b in zip(taken[before], taken[engine], strict=True)]
            for before, engine in (("plan", "simpy"), ("ready", "compiled"))
        )
        rows.append(
            (
                name,
                f"{frames}",
                f"{len(trace.messages):,}",
                spread([1e3 * one for one in taken["simpy"]], 0),
                spread([1e3 * one for one in taken["compiled"]], 1),
                spread(faster, 0),
                spread([1e3 * one for one in taken["ready"]], 1),
                spread(ratios(slow, fast), 0),
                against(faster, GOAL),
            )
        )
    return Table(
        "Compiled against SimPy",
        ABOUT.format(hidden=hidden, occupancy=100 * OCCUPANCY),
        "python -m benchmarks engines",
        (
            "chip",
            "frames",
            "messages",
            "SimPy, ms",
            "compiled, ms",
            "times faster",
            "mapping, plan, tables, ms",
            "times faster, these included",
            "goal 100",
        ),
        tuple(rows),
    )


def require_equal(one: Ledger, other: Ledger) -> None:
    """A ratio between different results would say nothing."""
    for field, value in vars(one).items():
        if not np.array_equal(value, getattr(other, field)):
            raise RuntimeError(f"the engines disagree on {field}: there is nothing to compare")
