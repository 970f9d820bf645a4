"""Lay a plan out as the records that kernels read, and those that every sequence starts from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.views import layouts
from deltasim.simulator.components.service_times import mac_work
from deltasim.simulator.engines.compiled.chip_tables import chip_record, held_by, memory_records
from deltasim.simulator.engines.compiled.events.ahead import scratchpads, segment_work, served_ahead
from deltasim.simulator.engines.compiled.events.dram_calls import Addresses, rule_addresses
from deltasim.simulator.engines.compiled.phases.eligible import IN_LINE, PhasePlan
from deltasim.simulator.engines.compiled.records import (
    CORE,
    COST,
    ENCODER_STATE,
    GROUP,
    POPULATION,
    QUEUE,
    UNIT,
    UPDATER_STATE,
    Lists,
    Tables,
)
from deltasim.simulator.memories.instance import CONTROLLER
from deltasim.simulator.plan.encoders import encoders_of
from deltasim.simulator.plan.expanded_columns import column_segments_of
from deltasim.simulator.plan.multicast_trees import multicast_trees_of
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.records import NONE, Records, records, widened
from deltasim.simulator.plan.stages import FETCH, MAC, RECEIVE, SEND
from deltasim.simulator.plan.updaters import updaters_of

Arrays = dict[str, Any]


class Start(NamedTuple):
    """Records as they are at the start of every sequence, but for the steps."""

    units: Records
    buffers: Records
    encoders: Records
    updaters: Records
    populations: Records
    channels: Integers  # a row for each shared memory: the state of its rule, where it is a DRAM
    contents: Integers  # of caches and buffers: empty lines, nothing reserved


def tables_of(plan: Plan, forward: PhasePlan | None) -> tuple[Tables, Start]:
    """All that the kernels read, and what every sequence starts from.

    A plan that runs in phases (``forward``) has its routes, one that runs with events its segments and
    the entries of its trees one by one.
    """
    lists = Lists()
    width = max(len(populations) for populations in plan.order)
    order = lists.add([[*populations, *[NONE] * (width - len(populations))] for populations in plan.order])
    start = start_of(plan, lists)
    arrays: Arrays = {
        "cores": records(
            CORE,
            send=plan.stages.unit[:, SEND],
            receive=plan.stages.unit[:, RECEIVE],
            fetch=plan.stages.unit[:, FETCH],
            mac=plan.stages.unit[:, MAC],
            router=routers_of(plan),
        ),
        "links": plan.links.records,
        "memories": memory_records(plan),
    }
    rule = Addresses()
    if forward is None:
        multicast = multicast_trees_of(plan)
        arrays |= columns_and_segments(plan)
        arrays |= {
            "trees": multicast.trees,
            "entries": multicast.entries,
            "tree_lists": multicast.lists,
        }
        alone = scratchpads(plan)
        arrays["cores"]["scratchpad"] = alone
        arrays["segment_work"] = segment_work(plan, arrays["segments"])
        start.units["ahead"][: len(plan.units)] = served_ahead(plan, alone)
        rule = rule_addresses() if any(plan.memories.controlled) else rule
    else:
        arrays |= route_arrays(plan, forward) | group_records(forward, start, lists)
        arrays["memories"]["costs"], arrays["costs"] = costs_of(plan)
        if (forward.fetching != IN_LINE).any():
            arrays |= columns_and_segments(plan)
    chip = chip_record(plan, rule, int(order[0]), width)
    for field in ("groups_at", "widest", "duplicates"):
        chip[field] = arrays.pop(field, 0)
    # what a plan that runs so has no use for stays empty
    empty = {layout.field: np.zeros((0,) * layout.ndim, layout.dtype) for layout in layouts(Tables)}
    return Tables(**(empty | arrays | {"chip": chip, "lists": lists.values()})), start


def routers_of(plan: Plan) -> Integers:
    """For every core 1 where its links begin at a router; a bus is entered by all in the same way."""
    routed = np.zeros(plan.cores, np.int64)
    for link, (begin, _) in enumerate(plan.chip.topology.pairs):
        if plan.chip.topology.is_bus:
            routed[:] = plan.links.records["router"][link]
        elif begin < plan.cores:
            routed[begin] = plan.links.records["router"][link]
    return routed


def columns_and_segments(plan: Plan) -> Arrays:
    """Every column and every segment, and the paths to the memories where they lie."""
    return column_segments_of(plan)._asdict() | {"paths": plan.links.paths, "ways": plan.links.ways}


def route_arrays(plan: Plan, forward: PhasePlan) -> Arrays:
    """Arrival lists and input edges, and what each column needs of them; most of it is the plan's own."""
    routes, columns, trees = forward.routes, plan.columns, plan.trees
    return {
        "arrival_lists": routes.arrival_lists,
        "input_edges": routes.input_edges,
        "through": routes.through,
        "busy": routes.busy,
        "tree": columns.tree,
        "column_words": columns.words,
        "tree_links": trees.links,
        "tree_cores": np.bitwise_count(trees.wanted).sum(axis=1).astype(np.int32),
        "wanted": trees.wanted.reshape(-1),
        "size": columns.size.view(np.uint8),
    }


def group_records(forward: PhasePlan, start: Start, lists: Lists) -> Arrays:
    """The phases of a step of every pass, with their encoders (numbered by columns) and partitions."""
    encoders, updaters = start.encoders, start.updaters
    groups = [group for one_pass in forward.groups for group in one_pass]
    scans = np.lexsort((encoders["projection"], encoders["core"]))  # on each core in the order of their scans
    partitions = np.lexsort((updaters["population"], updaters["core"]))
    first = lists.add([list(group) for group in groups])
    into = lists.add([scans[np.isin(encoders["target"][scans], group)].tolist() for group in groups])
    by_column = lists.add([np.flatnonzero(np.isin(encoders["target"], group)).tolist() for group in groups])
    own = lists.add(
        [partitions[np.isin(updaters["population"][partitions], group)].tolist() for group in groups]
    )
    bounds = np.concatenate([[0], np.cumsum([len(one_pass) for one_pass in forward.groups])])
    return {
        "groups": records(
            GROUP,
            first=first[:-1],
            end=first[1:],
            into=into[:-1],
            into_end=into[1:],
            by_column=by_column[:-1],
            partitions=own[:-1],
            partitions_end=own[1:],
        ),
        "widest": int(
            (forward.routes.arrival_lists["inputs_end"] - forward.routes.arrival_lists["inputs"]).max(
                initial=1
            )
        ),
        "duplicates": forward.routes.duplicates,
        "groups_at": lists.add([bounds.tolist()])[0],
    }


def costs_of(plan: Plan) -> tuple[Integers, Records]:
    """For each memory where its row begins; a row for each width, of what each size takes."""
    columns, stages, widths = plan.columns, plan.stages, plan.memories.records["width_bytes"]
    works = [mac_work(words, stages.mac_lanes, stages.mac_cycle_ps) for words in columns.size_words.tolist()]
    rows = {width: row for row, width in enumerate(dict.fromkeys(widths.tolist()))}
    begins = np.array([rows[width] for width in widths.tolist()], np.int64) * len(works)
    costs = [
        records(COST, accesses=-(-columns.size_bytes // width), words=columns.size_words, work=works)
        for width in rows
    ]
    return begins, np.concatenate([np.zeros(0, COST), *costs])


def start_of(plan: Plan, lists: Lists) -> Start:
    """Number the encoders and updaters, and lay out what they change."""
    stages, links, limits, memories = plan.stages, plan.links, plan.buffers, plan.memories.records
    encoders, updaters = encoders_of(plan), updaters_of(plan)
    action = {name: column for column, name in enumerate(plan.actions)}
    readers = [np.flatnonzero(encoders["updater"] == updater).tolist() for updater in range(len(updaters))]
    into = [np.flatnonzero(encoders["target"] == p).tolist() for p in range(len(plan.partitions))]
    partitions = [np.flatnonzero(updaters["population"] == p).tolist() for p in range(len(plan.partitions))]
    readers_at, into_at, partitions_at = lists.add(readers), lists.add(into), lists.add(partitions)
    # behind the plan's units: where packets wait for a link, a list for each of its queues
    units = np.zeros(len(plan.units) + (links.count * limits.queues if limits else 0), UNIT)
    units["slots"][memories["unit"]] = memories["slots"]
    units["slots"][stages.fetch_units] = stages.fetch_slots
    units["free_slots"] = units["slots"]
    for field in ("head", "tail", "wake", "stalled_since", "controls"):
        units[field] = NONE
    controllers = memories[memories["kind"] == CONTROLLER]
    units["controls"][controllers["unit"]] = controllers["shared"]
    buffers = np.zeros(links.count * limits.channels if limits else 0, QUEUE)
    for field in ("front", "head", "tail"):
        buffers[field] = NONE
    return Start(
        units=units,
        buffers=buffers,
        encoders=widened(encoders, ENCODER_STATE),
        updaters=widened(updaters, UPDATER_STATE, readers=readers_at[:-1], readers_end=readers_at[1:]),
        populations=records(
            POPULATION,
            into=into_at[:-1],
            into_end=into_at[1:],
            partitions=partitions_at[:-1],
            partitions_end=partitions_at[1:],
            sizes=plan.columns.first,
            rows=plan.columns.rows,
            state_read=[action[home.read] for home in plan.homes],
            state_write=[action[home.write] for home in plan.homes],
            value_bits=[home.value_bits for home in plan.homes],
            sum_bits=[home.sum_bits for home in plan.homes],
        ),
        channels=channels_at_rest(plan),
        contents=np.full(int(held_by(plan)[-1]) or 1, NONE, np.int64),
    )


def channels_at_rest(plan: Plan) -> Integers:
    """The states of all DRAMs in one table, a row for each shared memory, filled up with zeros."""
    resting, number = plan.memories.drams_at_rest(), plan.memories.records["shared"]
    longest = max((len(state) for state in resting.values()), default=1)
    channels = np.zeros((int(plan.memories.shared.sum()), longest), np.int64)
    for memory, state in resting.items():
        channels[number[memory], : len(state)] = state
    return channels
