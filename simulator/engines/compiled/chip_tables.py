"""The numbers of a chip and of its memories, laid out as records."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.engines.compiled.events.dram_calls import Addresses
from deltasim.simulator.engines.compiled.records import ACTIONS, CHIP, ENTRIES, MEMORY_TABLE, POLICIES
from deltasim.simulator.memories.instance import BUFFER, CACHE, REGISTERS
from deltasim.simulator.memories.kinds import TIMINGS
from deltasim.simulator.plan.plan import STAGE_NUMBERS, Plan
from deltasim.simulator.plan.records import NONE, Records, records, widened
from deltasim.simulator.plan.updaters import updaters_of


def chip_record(plan: Plan, rule: Addresses, order: int, width: int) -> Records:
    links, limits = plan.links, plan.buffers
    action = {name: number for number, name in enumerate(plan.actions)}
    return records(
        CHIP,
        policy=[POLICIES.index(plan.policy)],
        barrier_cost_ps=[plan.barrier_cost_ps],
        cores=[plan.cores],
        populations=[len(plan.partitions)],
        projections=[len(plan.source)],
        passes=[len(plan.order)],
        core_unit=[plan.core_unit(0)],
        memories=[len(plan.memories.component)],
        order=[order],
        width=[width],
        updaters=[len(updaters_of(plan))],
        unicast=[int(plan.unicast)],
        parts=[most_bursts(plan) * most_line_requests(plan)],
        line_requests=[most_line_requests(plan)],
        registers=[next(iter(np.flatnonzero(plan.memories.records["kind"] == REGISTERS).tolist()), NONE)],
        first_link=[links.first_unit],
        link_period_ps=[links.period_ps],
        flit_bytes=[links.flit_bytes],
        message_flits=[links.message_flits],
        request_flits=[links.request_flits],
        masks=[plan.trees.wanted.shape[1]],
        size_bytes=[plan.columns.size.itemsize],
        links=[links.count],
        channels=[limits.channels if limits else 0],
        queues=[links.queues],
        first_queue=[len(plan.units)],
        **{field: [getattr(plan.stages, field)] for field in STAGE_NUMBERS},
        **{field: [action.get(name, NONE)] for field, name in ACTIONS.items()},
        **{name: [address] for name, address in rule._asdict().items()},
    )


def most_bursts(plan: Plan) -> int:
    """No column has more bursts than this."""
    longest = plan.columns.longest
    return 2 + (longest - 1) // plan.stages.burst_bytes


def most_line_requests(plan: Plan) -> int:
    """No burst makes more requests of missing lines in a cache than this; 1 where there is none."""
    caches = plan.memories.records[plan.memories.records["kind"] == CACHE]
    if not len(caches):
        return 1
    longest = min(plan.columns.longest, plan.stages.burst_bytes)
    return 2 + longest // int(caches["line_bytes"].min())


def held_by(plan: Plan) -> Integers:
    """Where what each cache and buffer holds begins, and at last where all of it ends."""
    sizes = [
        ENTRIES + int(one["sets"] * one["ways"])
        if one["kind"] == CACHE
        else 2 * plan.buffer_window(memory) * (one["kind"] == BUFFER)
        for memory, one in enumerate(plan.memories.records)
    ]
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def memory_records(plan: Plan) -> Records:
    """The plan's memories, with their own figures and where what they hold begins."""
    memories = plan.memories
    windows = [
        plan.buffer_window(memory) if kind == BUFFER else 0
        for memory, kind in enumerate(memories.records["kind"].tolist())
    ]
    timing = {
        field: [getattr(own, field) if isinstance(own, kind) else 0 for own in memories.timing]
        for kind in TIMINGS
        for field in kind._fields
    }
    return widened(memories.records, MEMORY_TABLE, held=held_by(plan)[:-1], window=windows, **timing)
