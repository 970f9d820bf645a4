"""Lay a plan out as the records that kernels read, and those that every sequence starts from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.views import layouts
from deltasim.simulator.components.service_times import mac_work, scan_duration
from deltasim.simulator.engines.compiled.chip_tables import chip_record, held_by, memory_records
from deltasim.simulator.engines.compiled.events.ahead import scratchpads, served_ahead
from deltasim.simulator.engines.compiled.events.dram_calls import Addresses, rule_addresses
from deltasim.simulator.engines.compiled.phases.eligible import IN_LINE, PhasePlan
from deltasim.simulator.engines.compiled.records import (
    COLUMN,
    CORE,
    COST,
    ENCODER,
    ENTRY,
    GROUP,
    LINK,
    NONE,
    PATH,
    POPULATION,
    QUEUE,
    SEGMENT,
    TREE,
    UNIT,
    UPDATER,
    Lists,
    Records,
    Tables,
    offsets_of,
    records,
)
from deltasim.simulator.ledger.bandwidth import shared_number
from deltasim.simulator.memories.instance import CONTROLLER
from deltasim.simulator.plan.expanded_columns import column_segments_of
from deltasim.simulator.plan.multicast_trees import multicast_trees_of
from deltasim.simulator.plan.plan import FETCH, MAC, RECEIVE, SCAN, SEND, UPDATE, Plan, update_work, updating

Ragged = tuple[Integers, Integers]
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
    links, lists = plan.links, Lists()
    lengths = NONE if plan.link_um is None else int(lists.add([plan.link_um.tolist()])[0])
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
            scratchpad=scratchpads(plan),
        ),
        "links": records(
            LINK,
            period=links.link_period_ps,
            hop=links.link_hop_ps,
            action=[plan.actions.index(name) for name in links.link_action],
            router=links.routed[:, 0],
            leave=links.routed[:, 1],
        ),
        "memories": memory_records(plan),
    }
    rule = Addresses()
    if forward is None:
        arrays |= routes(plan, lists)
        rule = rule_addresses() if any(plan.memories.controlled) else rule
    else:
        arrays |= route_arrays(plan, forward) | group_records(forward, start, lists)
        arrays["memories"]["costs"], arrays["costs"] = costs_of(plan)
        if (forward.fetching != IN_LINE).any():
            arrays |= columns_and_segments(plan, lists)
    chip = chip_record(plan, rule, int(order[0]), width, lengths)
    for field in ("drop_cores", "groups_at", "widest", "duplicates"):
        chip[field] = arrays.pop(field, 0)
    # what a plan that runs so has no use for stays empty
    empty = {layout.field: np.zeros((0,) * layout.ndim, layout.dtype) for layout in layouts(Tables)}
    return Tables(**(empty | arrays | {"chip": chip, "lists": lists.values()})), start


def routers_of(plan: Plan) -> Integers:
    """For every core 1 where its links begin at a router; a bus is entered by all in the same way."""
    routed = np.zeros(plan.cores, np.int64)
    for link, (begin, _) in enumerate(plan.chip.topology.pairs):
        if plan.chip.topology.is_bus:
            routed[:] = plan.links.routed[link, 0]
        elif begin < plan.cores:
            routed[begin] = plan.links.routed[link, 0]
    return routed


def routes(plan: Plan, lists: Lists) -> Arrays:
    """Columns, segments, trees and their entries one by one, for a run with events."""
    multicast, limits = multicast_trees_of(plan), plan.buffers
    drops_at = lists.add_ragged(multicast.drop_start, multicast.drop_place)
    drop_cores = lists.add_ragged(multicast.drop_start, multicast.drop_core) - drops_at
    first = np.repeat(multicast.start[:-1], np.diff(multicast.start))
    tree = np.repeat(np.arange(len(multicast.start) - 1), np.diff(multicast.start))
    is_root = multicast.parent == NONE
    roots, others = np.flatnonzero(is_root), np.flatnonzero(~is_root)
    before = (first + multicast.parent)[others]
    roots_at = lists.add_ragged(offsets_of(tree[roots], len(multicast.start) - 1), roots)
    following = others[np.argsort(before, kind="stable")]
    following_at = lists.add_ragged(offsets_of(before, len(first)), following)
    along = multicast.link * (limits.queues if limits else 1) + (limits.tree_queue if limits else 0)
    return columns_and_segments(plan, lists) | {
        "trees": records(
            TREE,
            first=multicast.start[:-1],
            links=np.diff(multicast.start),
            local=multicast.local,
            roots=roots_at[:-1],
            roots_end=roots_at[1:],
        ),
        "entries": records(
            ENTRY,
            link=multicast.link,
            link_queue=along,
            following=following_at[:-1],
            following_end=following_at[1:],
            drops=drops_at[:-1],
            drops_end=drops_at[1:],
        ),
        "drop_cores": drop_cores[0],
    }


def columns_and_segments(plan: Plan, lists: Lists) -> Arrays:
    """Every column and every segment, and the paths to the memories where they lie."""
    links, limits = plan.links, plan.buffers
    queues = limits.queues if limits else 1
    there, back = (link * queues for link in (links.path_link, links.back_link))
    if limits:
        there, back = there + limits.path_queue, back + limits.back_queue
    there_at, back_at = lists.add_ragged(links.path_start, there), lists.add_ragged(links.back_start, back)
    segments, layer_of_column = column_segments_of(plan), np.repeat(plan.target, np.diff(plan.columns.offset))
    layer_of_segment = np.repeat(layer_of_column, np.diff(segments.start))
    return {
        "columns": records(
            COLUMN,
            core=segments.source_core,
            position=segments.position,
            tree=plan.columns.tree,
            segments=segments.start[:-1],
            segments_end=segments.start[1:],
        ),
        "segments": records(
            SEGMENT,
            core=segments.core,
            words=segments.words,
            bytes=segments.bytes,
            accesses=-(-segments.bytes // np.maximum(plan.memories.width_bytes, 1)[segments.memory]),
            work=np.maximum(1, -(-segments.words // plan.stages.mac_lanes) * plan.stages.mac_cycle_ps),
            address=segments.address,
            memory=segments.memory,
            updater=updaters_at(plan)[layer_of_segment, segments.core],
        ),
        "paths": records(
            PATH,
            there=there_at[:-1],
            there_end=there_at[1:],
            back=back_at[:-1],
            back_end=back_at[1:],
        ),
    }


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
    columns, stages, widths = plan.columns, plan.stages, plan.memories.width_bytes
    works = [mac_work(words, stages.mac_lanes, stages.mac_cycle_ps) for words in columns.size_words.tolist()]
    rows = {width: row for row, width in enumerate(dict.fromkeys(widths.tolist()))}
    begins = np.array([rows[width] for width in widths.tolist()], np.int64) * len(works)
    costs = [
        records(COST, accesses=-(-columns.size_bytes // width), words=columns.size_words, work=works)
        for width in rows
    ]
    return begins, np.concatenate([np.zeros(0, COST), *costs])


def updaters_at(plan: Plan) -> Integers:
    """The number of the updater of every population on every core. Shape (populations, cores)."""
    numbers = np.full((len(plan.partitions), plan.cores), NONE, np.int64)
    for number, (population, partition) in enumerate(updating(plan)):
        numbers[population, plan.partitions[population][partition].core] = number
    return numbers


def start_of(plan: Plan, lists: Lists) -> Start:
    """Number the encoders and updaters, and lay out what they change."""
    stages, links, limits, updaters = plan.stages, plan.links, plan.buffers, updating(plan)
    encoders, action = encoder_records(plan), {name: column for column, name in enumerate(plan.actions)}
    readers = [np.flatnonzero(encoders["updater"] == updater).tolist() for updater in range(len(updaters))]
    into = [np.flatnonzero(encoders["target"] == p).tolist() for p in range(len(plan.partitions))]
    partitions = [
        [u for u, (p, _) in enumerate(updaters) if p == target] for target in range(len(plan.partitions))
    ]
    readers_at, into_at, partitions_at = lists.add(readers), lists.add(into), lists.add(partitions)
    # behind the plan's units: where packets wait for a link, a list for each of its queues
    units = np.zeros(len(plan.units) + (links.count * limits.queues if limits else 0), UNIT)
    units["slots"][plan.memories.unit] = plan.memories.slots
    units["slots"][stages.fetch_units] = stages.fetch_slots
    units["free_slots"] = units["slots"]
    units["ahead"][: len(plan.units)] = served_ahead(plan)
    for field in ("head", "tail", "wake", "stalled_since", "controls"):
        units[field] = NONE
    controllers = np.flatnonzero(plan.memories.kind == CONTROLLER)
    units["controls"][plan.memories.unit[controllers]] = shared_number(plan.memories)[controllers]
    work = [update_work(plan, population, partition) for population, partition in updaters]
    place = [plan.partitions[population][partition] for population, partition in updaters]
    buffers = np.zeros(links.count * limits.channels if limits else 0, QUEUE)
    for field in ("front", "head", "tail"):
        buffers[field] = NONE
    return Start(
        units=units,
        buffers=buffers,
        encoders=encoders,
        updaters=records(
            UPDATER,
            population=[p for p, _ in updaters],
            partition=[n for _, n in updaters],
            core=[w.core for w in place],
            unit=[int(stages.unit[w.core, UPDATE]) for w in place],
            size=[w.stop - w.start for w in place],
            duration=[w.duration_ps for w in work],
            reads=[w.reads for w in work],
            writes=[w.writes for w in work],
            carried=[int(plan.carrier(p) != NONE) for p, _ in updaters],
            last=[int(plan.carrier(p) != NONE and plan.delay[plan.carrier(p)] == 0) for p, _ in updaters],
            readers=readers_at[:-1],
            readers_end=readers_at[1:],
        ),
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
    resting, number = plan.memories.drams_at_rest(), shared_number(plan.memories)
    longest = max((len(state) for state in resting.values()), default=1)
    channels = np.zeros((int(plan.memories.shared.sum()), longest), np.int64)
    for memory, state in resting.items():
        channels[number[memory], : len(state)] = state
    return channels


def encoder_records(plan: Plan) -> Records:
    """One encoder for each projection and partition of its source."""
    stages, columns, updater_at = plan.stages, plan.columns, updaters_at(plan)
    pairs = [(p, n) for p, s in enumerate(plan.source.tolist()) for n in range(len(plan.partitions[s]))]
    projection = [p for p, _ in pairs]
    place = [plan.partitions[int(plan.source[p])][n] for p, n in pairs]
    computed = [bool(plan.into[int(plan.source[p])]) and not plan.crosses_passes(p) for p in projection]
    begins = np.array([w.start for w in place], np.int64)
    size = np.array([w.stop - w.start for w in place], np.int64)
    speed = stages.scan_per_cycle, stages.scan_pad_to, stages.scan_cycle_ps
    once = np.array([scan_duration(w.stop - w.start, *speed) for w in place], np.int64)
    return records(
        ENCODER,
        projection=projection,
        core=[w.core for w in place],
        unit=[int(stages.unit[w.core, SCAN]) for w in place],
        size=size,
        scanned_size=plan.scan_passes[projection] * size,
        source=plan.source[projection],
        target=plan.target[projection],
        delay=plan.delay[projection],
        delta_encoded=plan.delta_encoded[projection],
        made=[int(bool(plan.into[int(plan.source[p])])) for p in projection],
        carries=[
            int(c and plan.carrier(int(plan.source[p])) == p)
            for p, c in zip(projection, computed, strict=True)
        ],
        updater=[
            int(updater_at[plan.source[p], w.core]) if c else NONE
            for p, w, c in zip(projection, place, computed, strict=True)
        ],
        low=columns.offset[projection] + begins,
        high=[int(columns.offset[p]) + w.stop for p, w in zip(projection, place, strict=True)],
        row=columns.row[projection] + columns.stride[projection] * begins,
        stride=columns.stride[projection],
        duration=plan.scan_passes[projection] * once,
        selecting=(plan.scan_passes[projection] - 1) * once,
    )
