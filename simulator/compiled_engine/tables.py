"""Number the encoders and updaters of a plan and lay it out as records."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.compiled_engine.dram_rule import Addresses, rule_addresses
from simulator.compiled_engine.records import (
    CHIP,
    COLUMN,
    COPY,
    CORE,
    ENCODER,
    ENTRIES,
    ENTRY,
    LINK,
    NONE,
    PATH,
    POPULATION,
    QUEUE,
    STORE,
    TREE,
    UNIT,
    UPDATER,
    Records,
    Tables,
)
from simulator.plan import (
    BUFFER,
    CACHE,
    CONTROLLER,
    FETCH,
    MAC,
    RECEIVE,
    REGISTERS,
    SCAN,
    SEND,
    UPDATE,
    Integers,
    Plan,
    share_updates,
)
from simulator.rules.dram import DramTiming
from simulator.rules.service import scan_duration
from simulator.traffic import timeline_of

POLICIES = ("layer", "barrier", "dataflow")
LAYER, BARRIER, DATAFLOW = range(3)
Ragged = tuple[Integers, Integers]


class Start(NamedTuple):
    """Records as they are at the start of every sequence, but for the steps."""

    units: Records
    buffers: Records
    encoders: Records
    updaters: Records
    populations: Records
    channels: Integers  # a row for each memory: the state of its rule, where it is a DRAM


def tables_of(plan: Plan) -> tuple[Tables, Start]:
    """All that the kernels read, and what every sequence starts from."""
    stages, wires, columns = plan.stages, plan.wires, plan.columns
    updaters = [(p, n) for p, shares in enumerate(plan.shares) if plan.into[p] for n in range(len(shares))]
    updater_at = np.full((len(plan.shares), plan.cores), NONE, np.int64)
    for number, (population, share) in enumerate(updaters):
        updater_at[population, plan.shares[population][share].core] = number
    encoders = encoder_records(plan, updater_at)
    readers = [np.flatnonzero(encoders["updater"] == updater).tolist() for updater in range(len(updaters))]
    by_core = np.lexsort((encoders["projection"], encoders["core"]))  # as `outgoing` wants them
    into = [by_core[encoders["target"][by_core] == p].tolist() for p in range(len(plan.shares))]
    shares = [[u for u, (p, _) in enumerate(updaters) if p == target] for target in range(len(plan.shares))]
    lists = Lists()
    readers_at, into_at, shares_at = lists.add(readers), lists.add(into), lists.add(shares)
    drops_at = lists.add_ragged(wires.drop_start, wires.drop_place)
    drop_cores = lists.add_ragged(wires.drop_start, wires.drop_core) - drops_at
    roots, following = tree_branches(plan)
    roots_at, following_at = lists.add_ragged(*roots), lists.add_ragged(*following)
    limits = plan.buffers
    queues = limits.queues if limits else 1
    there, back, along = (link * queues for link in (wires.path_link, wires.back_link, wires.tree_link))
    if limits:
        there, back, along = there + limits.path_queue, back + limits.back_queue, along + limits.tree_queue
    lengths = NONE if plan.link_um is None else int(lists.add([plan.link_um.tolist()])[0])
    there_at = lists.add_ragged(wires.path_start, there)
    back_at = lists.add_ragged(wires.back_start, back)
    width = max(len(populations) for populations in plan.order)
    order = [[*populations, *[NONE] * (width - len(populations))] for populations in plan.order]
    order_at = lists.add(order)
    # behind the plan's units: where packets wait for a link, a list for each of its queues
    units = np.zeros(len(plan.units) + (wires.links * queues if limits else 0), UNIT)
    units["places"][plan.stores.unit] = plan.stores.places
    units["places"][stages.fetch_units] = stages.fetch_slots
    units["free_places"] = units["places"]
    for field in ("head", "tail", "wake", "stalled_since", "controls"):
        units[field] = NONE
    controllers = np.flatnonzero(plan.stores.kind == CONTROLLER)
    units["controls"][plan.stores.unit[controllers]] = controllers
    layer_of_column = np.repeat(plan.target, np.diff(columns.offset))
    layer_of_copy = np.repeat(layer_of_column, np.diff(columns.copy_start))
    tables = Tables(
        chip=chip_record(plan, int(order_at[0]), width, lengths, int(drop_cores[0])),
        cores=records(
            CORE,
            send=stages.unit[:, SEND],
            receive=stages.unit[:, RECEIVE],
            fetch=stages.unit[:, FETCH],
            mac=stages.unit[:, MAC],
        ),
        columns=records(
            COLUMN,
            core=columns.core,
            position=columns.position,
            tree=columns.tree,
            copies=columns.copy_start[:-1],
            copies_end=columns.copy_start[1:],
            words=np.diff(np.concatenate([[0], np.cumsum(columns.copy_words)])[columns.copy_start]),
        ),
        copies=records(
            COPY,
            core=columns.copy_core,
            words=columns.copy_words,
            bytes=columns.copy_bytes,
            address=columns.copy_address,
            store=columns.copy_store,
            updater=updater_at[layer_of_copy, columns.copy_core],
        ),
        trees=records(
            TREE,
            links=np.diff(wires.tree_start),
            local=wires.tree_local,
            roots=roots_at[:-1],
            roots_end=roots_at[1:],
            first=wires.tree_start[:-1],
        ),
        entries=records(
            ENTRY,
            link=wires.tree_link,
            way=along,
            following=following_at[:-1],
            following_end=following_at[1:],
            drops=drops_at[:-1],
            drops_end=drops_at[1:],
        ),
        links=records(
            LINK,
            period=wires.link_period_ps,
            hop=wires.link_hop_ps,
            action=[plan.actions.index(name) for name in wires.link_action],
            router=wires.routed[:, 0],
            leave=wires.routed[:, 1],
        ),
        paths=records(
            PATH,
            there=there_at[:-1],
            there_end=there_at[1:],
            back=back_at[:-1],
            back_end=back_at[1:],
        ),
        stores=store_records(plan),
        lists=lists.values(),
    )
    work = [share_updates(plan, population, share) for population, share in updaters]
    place = [plan.shares[population][share] for population, share in updaters]
    buffers = np.zeros(wires.links * limits.channels if limits else 0, QUEUE)
    for field in ("front", "head", "tail"):
        buffers[field] = NONE
    start = Start(
        units=units,
        buffers=buffers,
        encoders=encoders,
        updaters=records(
            UPDATER,
            population=[p for p, _ in updaters],
            core=[w.core for w in place],
            unit=[int(stages.unit[w.core, UPDATE]) for w in place],
            size=[w.stop - w.start for w in place],
            duration=[w.duration_ps for w in work],
            reads=[w.reads for w in work],
            writes=[w.writes for w in work],
            readers=readers_at[:-1],
            readers_end=readers_at[1:],
        ),
        populations=records(
            POPULATION,
            into=into_at[:-1],
            into_end=into_at[1:],
            shares=shares_at[:-1],
            shares_end=shares_at[1:],
        ),
        channels=channels_at_rest(plan),
    )
    return tables, start


def channels_at_rest(plan: Plan) -> Integers:
    """The states of all DRAMs in one table; a row is filled up with zeros."""
    resting = plan.stores.drams_at_rest()
    longest = max((len(state) for state in resting.values()), default=1)
    channels = np.zeros((len(plan.stores.component), longest), np.int64)
    for store, state in resting.items():
        channels[store, : len(state)] = state
    return channels


def tree_branches(plan: Plan) -> tuple[Ragged, Ragged]:
    """The entries that each tree begins with, and those that follow each entry, as (bounds, entries)."""
    wires = plan.wires
    first = np.repeat(wires.tree_start[:-1], np.diff(wires.tree_start))
    tree = np.repeat(np.arange(len(wires.tree_start) - 1), np.diff(wires.tree_start))
    is_root = wires.tree_parent == NONE
    roots, others = np.flatnonzero(is_root), np.flatnonzero(~is_root)
    before = (first + wires.tree_parent)[others]
    return (
        (bounds_of(tree[roots], len(wires.tree_start) - 1), roots),
        (bounds_of(before, len(first)), others[np.argsort(before, kind="stable")]),
    )


def bounds_of(owner: Integers, owners: int) -> Integers:
    """Where the rows of each owner begin, and the last one ends."""
    return np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=owners))]).astype(np.int64)


def encoder_records(plan: Plan, updater_at: Integers) -> Records:
    """One encoder for each projection and share of its source."""
    stages, offset = plan.stages, plan.columns.offset
    pairs = [(p, n) for p, s in enumerate(plan.source.tolist()) for n in range(len(plan.shares[s]))]
    projection = [p for p, _ in pairs]
    place = [plan.shares[int(plan.source[p])][n] for p, n in pairs]
    computed = [bool(plan.into[int(plan.source[p])]) and not plan.crosses_sweeps(p) for p in projection]
    return records(
        ENCODER,
        projection=projection,
        core=[w.core for w in place],
        unit=[int(stages.unit[w.core, SCAN]) for w in place],
        size=[w.stop - w.start for w in place],
        source=plan.source[projection],
        target=plan.target[projection],
        delay=plan.delay[projection],
        remembers=plan.remembers[projection],
        updater=[
            int(updater_at[plan.source[p], w.core]) if c else NONE
            for p, w, c in zip(projection, place, computed, strict=True)
        ],
        low=[int(offset[p]) + w.start for p, w in zip(projection, place, strict=True)],
        high=[int(offset[p]) + w.stop for p, w in zip(projection, place, strict=True)],
        duration=[
            int(scan_duration(w.stop - w.start, stages.scan_per_cycle, stages.scan_pad_to, stages.cycle_ps))
            for w in place
        ],
    )


def chip_record(plan: Plan, order: int, width: int, lengths: int, drop_cores: int) -> Records:
    stages, wires, limits = plan.stages, plan.wires, plan.buffers
    rule = rule_addresses() if any(plan.stores.controlled) else Addresses()
    action = {name: column for column, name in enumerate(plan.actions)}
    return records(
        CHIP,
        policy=[POLICIES.index(plan.policy)],
        meeting=[plan.meeting_ps],
        cores=[plan.cores],
        populations=[len(plan.shares)],
        projections=[len(plan.source)],
        sweeps=[len(plan.order)],
        core_unit=[plan.core_unit(0)],
        stores=[len(plan.stores.component)],
        order=[order],
        width=[width],
        cycle=[stages.cycle_ps],
        per_cycle=[stages.scan_per_cycle],
        send=[stages.send_ps],
        receive=[stages.receive_ps],
        arrays=[stages.arrays],
        mac_lanes=[stages.mac_lanes],
        burst=[stages.burst_bytes],
        at_once=[stages.pieces_at_once],
        parts=[most_pieces(plan) * most_runs(plan)],
        runs=[most_runs(plan)],
        registers=[next(iter(np.flatnonzero(plan.stores.kind == REGISTERS).tolist()), NONE)],
        first_link=[wires.first_unit],
        link_period=[wires.period_ps],
        flit_bytes=[wires.flit_bytes],
        message_flits=[wires.message_flits],
        request_flits=[wires.request_flits],
        links=[wires.links],
        channels=[limits.channels if limits else 0],
        queues=[limits.queues if limits else 1],
        first_queue=[len(plan.units)],
        drop_cores=[drop_cores],
        scan_action=[action["core.scan"]],
        send_action=[action["core.send"]],
        receive_action=[action["core.receive"]],
        mac_action=[action["core.mac"]],
        update_action=[action["core.update"]],
        read_action=[action["core.state_read"]],
        write_action=[action["core.state_write"]],
        router_action=[action.get("router.flit", NONE)],
        lengths=[lengths],
        length_action=[action.get("link.flit_um", NONE)],
        write_buffer=[action.get("router.buffer_write", NONE)],
        read_buffer=[action.get("router.buffer_read", NONE)],
        crossbar=[action.get("router.crossbar", NONE)],
        stall_action=[action.get("link.credit_stall", NONE)],
        **{name: [address] for name, address in rule._asdict().items()},
    )


def most_pieces(plan: Plan) -> int:
    """No column has more pieces than this."""
    longest = int(plan.columns.copy_bytes.max(initial=1))
    return 2 + (longest - 1) // plan.stages.burst_bytes


def most_runs(plan: Plan) -> int:
    """No piece has more rows of missing lines in a cache than this; 1 where there is none."""
    if not (plan.stores.kind == CACHE).any():
        return 1
    longest = min(int(plan.columns.copy_bytes.max(initial=1)), plan.stages.burst_bytes)
    return 2 + longest // int(plan.stores.line_bytes[plan.stores.kind == CACHE].min())


def held_by(plan: Plan) -> Integers:
    """Where what each cache and buffer holds begins, and at last where all of it ends."""
    stores = plan.stores
    sizes = [
        ENTRIES + int(stores.sets[store] * stores.ways[store])
        if kind == CACHE
        else 2 * plan.buffer_window(store) * (kind == BUFFER)
        for store, kind in enumerate(stores.kind.tolist())
    ]
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def store_records(plan: Plan) -> Records:
    stores, action = plan.stores, {name: column for column, name in enumerate(plan.actions)}
    counted = (
        *("words", "read", "activate", "row_hit", "row_miss", "row_conflict", "bytes", "io"),
        *("lookup", "hit", "miss", "eviction", "write_back", "fill", "fetched", "conflict", "write"),
    )
    windows = [plan.buffer_window(s) if k == BUFFER else 0 for s, k in enumerate(stores.kind.tolist())]
    columns = {
        name: [action.get(f"{component}.{name}", NONE) for component in stores.component] for name in counted
    }
    timing = {field: [getattr(t, field) if t else 0 for t in stores.timing] for field in DramTiming._fields}
    return records(
        STORE,
        unit=stores.unit,
        kind=stores.kind,
        period=stores.period_ps,
        width=stores.width_bytes,
        latency=stores.latency_ps,
        timeline=timeline_of(stores),
        behind=stores.behind,
        line=stores.line_bytes,
        sets=stores.sets,
        ways=stores.ways,
        buffer_banks=stores.banks,
        interleave=stores.interleave,
        held=held_by(plan)[:-1],
        window=windows,
        **columns,
        **timing,
    )


def records(dtype: np.dtype[np.void], **fields: object) -> Records:
    """An array of records from one sequence for each field; fields not named are 0."""
    array = np.zeros(len(next(iter(fields.values()))), dtype)  # type: ignore[arg-type]
    for name, values in fields.items():
        array[name] = values
    return array


class Lists:
    """One array of many lists; a record names one by the places where it begins and ends."""

    def __init__(self) -> None:
        self.parts: list[Integers] = []
        self.length = 0

    def add(self, rows: list[list[int]]) -> Integers:
        """Append rows; returns their bounds."""
        bounds = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        return self.add_ragged(bounds, np.array([value for row in rows for value in row], np.int64))

    def add_ragged(self, bounds: Integers, values: Integers) -> Integers:
        """Append rows that are laid out already; returns their bounds here."""
        self.parts.append(values)
        self.length += len(values)
        return bounds + (self.length - len(values))

    def values(self) -> Integers:
        return np.concatenate(self.parts)
