"""Whether a sequence ends before picoseconds run out, asked before it starts.

Times are 64 bits of picoseconds, which end after 106.7 days. A bound (`most_ps`) that does as if nothing on
the chip worked at the same time settles nearly all runs. What could last longer by that bound is run once in
coarser ticks (`coarser`), and refused if it would come close to the end.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from deltasim.networks.trace import Trace
from deltasim.runtime.errors import InputError
from deltasim.simulator.memories.dram import DramTiming
from deltasim.simulator.memories.instance import BUFFER, CACHE, CONTROLLER
from deltasim.simulator.plan.encoders import encoders_of
from deltasim.simulator.plan.memo import memoised
from deltasim.simulator.plan.plan import MemoryInstances, Plan
from deltasim.simulator.plan.records import altered
from deltasim.simulator.plan.updaters import updaters_of

LARGEST_PS = 2**63 - 1
LONGEST_PS = LARGEST_PS - (LARGEST_PS >> 10)
"""Of a sequence: so much is left for what rounding to coarser ticks hides."""

DAY_PS = 86_400 * 10**12


def require_time(plan: Plan, trace: Trace, index: int) -> None:
    """Raise InputError if sequence ``index`` of a trace would last longer than times can say."""
    sequence = trace.sequence(index)
    bound = most_ps(plan, sequence.steps, len(sequence.messages))
    if bound <= LARGEST_PS:
        return
    from deltasim.simulator.engines.compiled.engine import CompiledEngine

    tick_ps = 1 << max(1, (bound >> 61).bit_length())
    estimate = CompiledEngine(coarser(plan, tick_ps)).run_sequence(sequence).elapsed_ps * tick_ps
    if estimate > LONGEST_PS:
        rule = (
            f"one sequence lasts at most {LONGEST_PS / DAY_PS:.1f} days on the chip: times are counted in "
            "64 bits of picoseconds"
        )
        raise InputError(
            plan.chip.place("cores.clock"),
            f"sequence {index} takes {estimate / DAY_PS:,.0f} days",
            rule,
            "Use faster clocks, fewer cycles or a shorter sequence.",
        )


def most_ps(plan: Plan, steps: int, messages: int) -> int:
    """No run of so many steps and messages takes longer than this.

    At every moment something is at work; so the time is at most the sum of all services, each as long as the
    longest of its kind.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> from deltasim.simulator.plan.compile import compile_plan
    >>> network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> plan = compile_plan(network, chip, map_network(network, chip))
    >>> one_step = most_ps(plan, 1, 24)
    >>> 10**8 < one_step < 10**10, most_ps(plan, 100, 2400) == 100 * one_step
    (True, True)
    """
    return steps * step_ps(plan) + messages * message_ps(plan)


@memoised
def step_ps(plan: Plan) -> int:
    """All scans and updates of a step, and a barrier before and behind each population."""
    total = int(encoders_of(plan)["duration"].sum() + updaters_of(plan)["duration"].sum())
    return total + (2 + len(plan.partitions)) * max(1, plan.barrier_cost_ps)


@memoised
def message_ps(plan: Plan) -> int:
    """A message's way to all cores, and there the fetch of its column burst by burst, and the sums."""
    stages, links, columns = plan.stages, plan.links, plan.columns
    longest, words = columns.longest, int(columns.size_words.max(initial=1))
    segments = max(map(len, plan.partitions))
    bursts = 2 + longest // stages.burst_bytes
    burst = min(longest, stages.burst_bytes)
    ways = (int(np.diff(start).max(initial=0)) for start, _ in (links.there, links.back))
    there_and_back = sum(ways)
    response = there_and_back * link_ps(plan, 2 + burst // links.flit_bytes + links.request_flits)
    memory = max(memory_ps(plan.memories, m, burst, response) for m in range(len(plan.memories.component)))
    sums = -(-words // stages.mac_lanes) * stages.mac_cycle_ps + 1
    tree = int(plan.trees.links.max(initial=0)) * link_ps(plan, links.message_flits)
    fetched = bursts * (response + memory + 1)
    sent = stages.message_ps + segments * (stages.copy_ps + stages.send_ps)
    return sent + tree + segments * (stages.receive_ps + fetched + sums + bursts)


def link_ps(plan: Plan, flits: int) -> int:
    """A packet over the slowest link."""
    hop, period = plan.links.records["hop_ps"].max(initial=0), plan.links.records["period_ps"].max(initial=0)
    return int(hop) + flits * int(period)


def memory_ps(memories: MemoryInstances, memory: int, size: int, response: int) -> int:
    """``size`` bytes from a memory; of a cache, every line fetched over a way that takes ``response``."""
    one = memories.records[memory]
    kind, period, latency = (int(one[field]) for field in ("kind", "period_ps", "latency_ps"))
    width = max(1, int(one["width_bytes"]))
    if kind == CACHE:
        line = int(one["line_bytes"])
        behind = memory_ps(memories, int(one["next_level"]), line, response)
        fetched = (2 + size // line) * (period + response + behind)
        return fetched + latency + (2 + size // width) * period
    if (timing := memories.timing[memory]) is not None:
        return timing.longest_ps(size)
    if kind == CONTROLLER and (of := memories.controlled[memory]) is not None:
        busy, interval = of.timing.longest, of.timing.refresh_interval
        stretched = (
            1 if interval == 0 else 2 + interval // max(1, interval - of.timing.wait("bank refresh activate"))
        )
        return (2 + (size >> of.bits.burst_bits)) * 4 * stretched * busy * of.timing.tick_ps
    conflicts = int(one["slots"]) if kind == BUFFER else 1
    return latency + conflicts * (2 + size // width) * period


def coarser(plan: Plan, tick_ps: int) -> Plan:
    """The plan with every time in ticks of ``tick_ps``, rounded up."""

    def ticks(time_ps: Any) -> Any:
        return -(-time_ps // tick_ps)

    def own(timing: Any) -> Any:
        if timing is None:
            return None
        times = {name: ticks(value) for name, value in timing._asdict().items() if name.endswith("_ps")}
        if isinstance(timing, DramTiming):
            busy = times["refresh_ps"] + times["precharge_ps"] + times["open_ps"]
            times["interval_ps"] = max(times["interval_ps"], 2 * busy)
        return timing._replace(**times)

    def controlled(of: Any) -> Any:
        return of and of._replace(timing=of.timing._replace(tick_ps=ticks(of.timing.tick_ps)))

    def changed(part: Any, *names: str) -> Any:
        return replace(part, **{name: ticks(getattr(part, name)) for name in names})

    return replace(
        plan,
        barrier_cost_ps=ticks(plan.barrier_cost_ps),
        stages=changed(
            plan.stages,
            "cycle_ps",
            "scan_cycle_ps",
            "mac_cycle_ps",
            "send_ps",
            "receive_ps",
            "update_group_ps",
            "update_fixed_ps",
            "message_ps",
            "copy_ps",
            "access_ps",
        ),
        links=replace(
            changed(plan.links, "period_ps"),
            records=altered(plan.links.records, ticks, "period_ps", "hop_ps"),
        ),
        memories=replace(
            plan.memories,
            records=altered(plan.memories.records, ticks, "period_ps", "latency_ps"),
            timing=tuple(map(own, plan.memories.timing)),
            controlled=tuple(map(controlled, plan.memories.controlled)),
        ),
    )
