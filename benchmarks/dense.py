"""The dense baseline of the recorded digits: every sequence alone, and as the engine shares them."""

from __future__ import annotations

import time

from benchmarks.tables import Table
from deltasim.networks.trace import dense_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.engines.compiled.engine import CompiledEngine
from deltasim.simulator.ledger.ledger import joined
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import run_plan
from deltasim.workloads.registry import benchmark

ABOUT = """\
The dense baseline of `digits` ({data}: {lengths} lengths, {frames:,} frames in one recording of each), which
a run needs beside its own. Sequences of one length are simulated once, and those that are the beginning of a
longer one, which dense ones are, with it. *Alone*: one of each length, from a chip at rest. Seconds of
processor time in one process, one run each; ledgers are held equal."""

CHIPS = ("edgedrnn", "deltarnn", "spartus", "mesh16", "mesh16-cached", "mesh64-hbm")
GOAL_S = 1.0


def measure(quick: bool = False) -> Table:
    """Measure every chip; with ``quick`` ten recordings and two chips."""
    chosen = benchmark("digits").limited(10) if quick else benchmark("digits")
    lengths = [len(frames) for frames in chosen.sequences]
    trace = dense_trace(chosen.network, lengths)
    rows = []
    for name in CHIPS[3:5] if quick else CHIPS:
        chip = load_chip(name)
        plan = compile_plan(chosen.network, chip, map_network(chosen.network, chip))
        run_plan(plan, dense_trace(chosen.network, [2, 3]))
        began = time.process_time()
        ledger = run_plan(plan, trace)
        shared_s = time.process_time() - began
        engine, began = CompiledEngine(plan), time.process_time()
        apart = {
            length: engine.run_sequence(dense_trace(chosen.network, [length]))
            for length in sorted(set(lengths))
        }
        alone_s = time.process_time() - began
        whole = joined([apart[length] for length in lengths])
        if (whole.counts != ledger.counts).any() or whole.elapsed_ps != ledger.elapsed_ps:
            raise AssertionError(f"{name}: the ledgers differ")
        verdict = "reached" if shared_s <= GOAL_S else "missed"
        rows.append((name, f"{alone_s:.2f}", f"{shared_s:.2f}", f"{GOAL_S:.0f} s", verdict))
    about = ABOUT.format(data=chosen.data, lengths=len(set(lengths)), frames=sum(set(lengths)))
    columns = ("chip", "alone, s", "s", "goal", "")
    return Table("Dense baselines", about, "python -m benchmarks dense", columns, tuple(rows))
