"""The numbers of a chip and of its memories, laid out as records."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.engines.compiled.events.dram_calls import Addresses
from deltasim.simulator.engines.compiled.records import CHIP, ENTRIES, MEMORY, POLICIES
from deltasim.simulator.ledger.bandwidth import shared_number
from deltasim.simulator.memories.instance import BUFFER, CACHE, REGISTERS
from deltasim.simulator.memories.kinds import COUNTED, TIMINGS
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.records import NONE, Records, records
from deltasim.simulator.plan.updaters import updaters_of


def chip_record(plan: Plan, rule: Addresses, order: int, width: int, lengths: int) -> Records:
    stages, links, limits = plan.stages, plan.links, plan.buffers
    action = {name: number for number, name in enumerate(plan.actions)}
    return records(
        CHIP,
        policy=[POLICIES.index(plan.policy)],
        barrier_cost=[plan.barrier_cost_ps],
        cores=[plan.cores],
        populations=[len(plan.partitions)],
        projections=[len(plan.source)],
        passes=[len(plan.order)],
        core_unit=[plan.core_unit(0)],
        memories=[len(plan.memories.component)],
        order=[order],
        width=[width],
        cycle=[stages.cycle_ps],
        scan_cycle=[stages.scan_cycle_ps],
        mac_cycle=[stages.mac_cycle_ps],
        per_cycle=[stages.scan_per_cycle],
        send=[stages.send_ps],
        receive=[stages.receive_ps],
        arrays=[stages.arrays],
        mac_lanes=[stages.mac_lanes],
        lanes=[stages.update_lanes],
        message=[stages.message_ps],
        copy=[stages.copy_ps],
        access=[stages.access_ps],
        group=[stages.update_group_ps],
        fixed=[stages.update_fixed_ps],
        updaters=[len(updaters_of(plan))],
        unicast=[int(plan.unicast)],
        burst_bytes=[stages.burst_bytes],
        at_once=[stages.bursts_at_once],
        parts=[most_bursts(plan) * most_line_requests(plan)],
        line_requests=[most_line_requests(plan)],
        registers=[next(iter(np.flatnonzero(plan.memories.kind == REGISTERS).tolist()), NONE)],
        first_link=[links.first_unit],
        link_period=[links.period_ps],
        flit_bytes=[links.flit_bytes],
        message_flits=[links.message_flits],
        request_flits=[links.request_flits],
        masks=[plan.trees.wanted.shape[1]],
        size_bytes=[plan.columns.size.itemsize],
        links=[links.count],
        channels=[limits.channels if limits else 0],
        queues=[limits.queues if limits else 1],
        first_queue=[len(plan.units)],
        scan_action=[action["core.scan"]],
        send_action=[action["core.send"]],
        receive_action=[action["core.receive"]],
        mac_action=[action["core.mac"]],
        update_action=[action["core.update"]],
        emit_action=[action.get("core.emit", NONE)],
        access_action=[action.get("core.access", NONE)],
        router_action=[action.get("router.flit", NONE)],
        lengths=[lengths],
        length_action=[action.get("link.flit_um", NONE)],
        write_buffer=[action.get("router.buffer_write", NONE)],
        read_buffer=[action.get("router.buffer_read", NONE)],
        crossbar=[action.get("router.crossbar", NONE)],
        stall_action=[action.get("link.credit_stall", NONE)],
        **{name: [address] for name, address in rule._asdict().items()},
    )


def most_bursts(plan: Plan) -> int:
    """No column has more bursts than this."""
    longest = plan.columns.longest
    return 2 + (longest - 1) // plan.stages.burst_bytes


def most_line_requests(plan: Plan) -> int:
    """No burst makes more requests of missing lines in a cache than this; 1 where there is none."""
    if not (plan.memories.kind == CACHE).any():
        return 1
    longest = min(plan.columns.longest, plan.stages.burst_bytes)
    return 2 + longest // int(plan.memories.line_bytes[plan.memories.kind == CACHE].min())


def held_by(plan: Plan) -> Integers:
    """Where what each cache and buffer holds begins, and at last where all of it ends."""
    memories = plan.memories
    sizes = [
        ENTRIES + int(memories.sets[memory] * memories.ways[memory])
        if kind == CACHE
        else 2 * plan.buffer_window(memory) * (kind == BUFFER)
        for memory, kind in enumerate(memories.kind.tolist())
    ]
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def memory_records(plan: Plan) -> Records:
    memories, action = plan.memories, {name: number for number, name in enumerate(plan.actions)}
    windows = [plan.buffer_window(s) if k == BUFFER else 0 for s, k in enumerate(memories.kind.tolist())]
    actions = {
        name: [action.get(f"{component}.{name}", NONE) for component in memories.component]
        for name in COUNTED
    }
    timing = {
        field: [getattr(own, field) if isinstance(own, kind) else 0 for own in memories.timing]
        for kind in TIMINGS
        for field in kind._fields
    }
    return records(
        MEMORY,
        unit=memories.unit,
        kind=memories.kind,
        period=memories.period_ps,
        width=memories.width_bytes,
        latency=memories.latency_ps,
        shared=shared_number(memories),
        next_level=memories.next_level,
        line=memories.line_bytes,
        sets=memories.sets,
        ways=memories.ways,
        buffer_banks=memories.banks,
        interleave=memories.interleave,
        held=held_by(plan)[:-1],
        window=windows,
        **actions,
        **timing,
    )
