"""The plan as the tuple of integer arrays that the kernels read, with encoders and updaters numbered."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.plan import FETCH, MAC, RECEIVE, SCAN, SEND, UPDATE, Integers, Plan, share_updates
from simulator.rules.dram import DramTiming
from simulator.rules.service import scan_duration

CORE_ACTIONS = ("scan", "send", "receive", "mac", "update", "state_read", "state_write", "leakage")
STORE_ACTIONS = ("words", "read", "activate", "row_hit", "row_miss", "row_conflict", "bytes", "io")
A_SCAN, A_SEND, A_RECEIVE, A_MAC, A_UPDATE, A_STATE_READ, A_STATE_WRITE, A_LEAKAGE = range(8)
S_WORDS, S_READ, S_ACTIVATE, S_HIT, S_MISS, S_CONFLICT, S_BYTES, S_IO = range(8)
POLICIES = ("layer", "barrier", "dataflow")
LAYER, BARRIER, DATAFLOW = range(3)


class Tables(NamedTuple):
    """Everything the kernels read of a plan and never change.

    An *encoder* is one (projection, share of its source), an *updater* one (population, share). Ragged lists are
    (start, values) pairs.
    """

    policy: int
    meeting_ps: int
    cores: int
    populations: int
    projections: int
    core_unit: int  # unit of core 0's own counts
    # encoders
    encoder_projection: Integers
    encoder_core: Integers
    encoder_size: Integers
    encoder_source: Integers
    encoder_target: Integers
    encoder_delay: Integers
    encoder_computed: Integers
    encoder_updater: Integers  # the updater of the source on this core, or -1
    encoder_low: Integers  # first column
    encoder_high: Integers
    encoder_duration: Integers
    # updaters
    updater_population: Integers
    updater_core: Integers
    updater_size: Integers
    updater_duration: Integers
    updater_reads: Integers
    updater_writes: Integers
    updater_at: Integers  # (populations, cores)
    readers_start: Integers  # encoders that must have read an updater's last value
    readers: Integers
    into_start: Integers  # encoders that end in a population
    into: Integers
    shares_start: Integers  # updaters of a population
    shares: Integers
    sweep: Integers
    order_start: Integers
    order: Integers
    # stages
    stage_unit: Integers
    places: Integers  # fetch slots of a unit, 0 for a unit that serves one job at a time
    cycle_ps: int
    per_cycle: int
    send_ps: int
    receive_ps: int
    mac_lanes: int
    # wires
    first_link: int
    link_period_ps: int
    hop_ps: int
    flit_bytes: int
    message_flits: int
    request_flits: int
    tree_start: Integers
    tree_link: Integers
    tree_parent: Integers
    drop_start: Integers
    drop_core: Integers
    path_start: Integers
    path_link: Integers
    back_start: Integers
    back_link: Integers
    # stores
    store_unit: Integers
    store_dram: Integers
    store_period: Integers
    store_width: Integers
    store_latency: Integers
    dram_timing: Integers  # (stores, fields of DramTiming)
    # columns
    column_core: Integers
    column_position: Integers
    column_tree: Integers
    copy_start: Integers
    copy_core: Integers
    copy_words: Integers
    copy_bytes: Integers
    copy_address: Integers
    copy_store: Integers
    # actions
    core_action: Integers
    store_action: Integers  # (stores, STORE_ACTIONS), -1 where there is none
    link_flit: int
    router_flit: int  # -1 on a bus


def tables_of(plan: Plan) -> Tables:
    """Number the encoders and updaters of a plan and lay everything out."""
    stages, wires, stores, columns = plan.stages, plan.wires, plan.stores, plan.columns
    updaters = [(p, n) for p, shares in enumerate(plan.shares) if plan.into[p] for n in range(len(shares))]
    updater_at = np.full((len(plan.shares), plan.cores), -1, np.int64)
    for number, (population, share) in enumerate(updaters):
        updater_at[population, plan.shares[population][share].core] = number
    encoders = [(p, n) for p, s in enumerate(plan.source.tolist()) for n in range(len(plan.shares[s]))]
    where = [plan.shares[int(plan.source[p])][n] for p, n in encoders]
    computed = [bool(plan.into[int(plan.source[p])]) and not plan.crosses_sweeps(p) for p, _ in encoders]
    own = [int(updater_at[plan.source[p], w.core]) for (p, _), w in zip(encoders, where, strict=True)]
    readers = [
        [e for e in range(len(encoders)) if computed[e] and own[e] == u] for u in range(len(updaters))
    ]
    into = [[e for e, (p, _) in enumerate(encoders) if plan.target[p] == t] for t in range(len(plan.shares))]
    shares = [[u for u, (p, _) in enumerate(updaters) if p == t] for t in range(len(plan.shares))]
    work = [share_updates(plan, population, share) for population, share in updaters]
    place = [plan.shares[population][share] for population, share in updaters]
    action = {name: column for column, name in enumerate(plan.actions)}
    places = np.zeros(len(plan.units), np.int64)
    places[stages.unit[:, FETCH]] = stages.fetch_slots
    no_timing = DramTiming(*[0] * len(DramTiming._fields))
    readers_start, readers_flat = ragged(readers)
    into_start, into_flat = ragged(into)
    shares_start, shares_flat = ragged(shares)
    order_start, order_flat = ragged([list(populations) for populations in plan.order])
    return Tables(
        policy=POLICIES.index(plan.policy),
        meeting_ps=plan.meeting_ps,
        cores=plan.cores,
        populations=len(plan.shares),
        projections=len(plan.source),
        core_unit=plan.core_unit(0),
        encoder_projection=integers([p for p, _ in encoders]),
        encoder_core=integers([w.core for w in where]),
        encoder_size=integers([w.stop - w.start for w in where]),
        encoder_source=integers([int(plan.source[p]) for p, _ in encoders]),
        encoder_target=integers([int(plan.target[p]) for p, _ in encoders]),
        encoder_delay=integers([int(plan.delay[p]) for p, _ in encoders]),
        encoder_computed=integers([int(c) for c in computed]),
        encoder_updater=integers([u if c else -1 for u, c in zip(own, computed, strict=True)]),
        encoder_low=integers([int(columns.offset[p]) + w.start for (p, _), w in zip(encoders, where, strict=True)]),
        encoder_high=integers([int(columns.offset[p]) + w.stop for (p, _), w in zip(encoders, where, strict=True)]),
        encoder_duration=integers(
            [
                int(scan_duration(w.stop - w.start, stages.scan_per_cycle, stages.scan_pad_to, stages.cycle_ps))
                for w in where
            ]
        ),
        updater_population=integers([p for p, _ in updaters]),
        updater_core=integers([w.core for w in place]),
        updater_size=integers([w.stop - w.start for w in place]),
        updater_duration=integers([w.duration_ps for w in work]),
        updater_reads=integers([w.reads for w in work]),
        updater_writes=integers([w.writes for w in work]),
        updater_at=updater_at,
        readers_start=readers_start,
        readers=readers_flat,
        into_start=into_start,
        into=into_flat,
        shares_start=shares_start,
        shares=shares_flat,
        sweep=plan.sweep,
        order_start=order_start,
        order=order_flat,
        stage_unit=stages.unit,
        places=places,
        cycle_ps=stages.cycle_ps,
        per_cycle=stages.scan_per_cycle,
        send_ps=stages.send_ps,
        receive_ps=stages.receive_ps,
        mac_lanes=stages.mac_lanes,
        first_link=wires.first_unit,
        link_period_ps=wires.period_ps,
        hop_ps=wires.hop_ps,
        flit_bytes=wires.flit_bytes,
        message_flits=wires.message_flits,
        request_flits=wires.request_flits,
        tree_start=wires.tree_start,
        tree_link=wires.tree_link,
        tree_parent=wires.tree_parent,
        drop_start=wires.drop_start,
        drop_core=wires.drop_core,
        path_start=wires.path_start,
        path_link=wires.path_link,
        back_start=wires.back_start,
        back_link=wires.back_link,
        store_unit=stores.unit,
        store_dram=stores.dram,
        store_period=stores.period_ps,
        store_width=stores.width_bytes,
        store_latency=stores.latency_ps,
        dram_timing=np.array([tuple(t or no_timing) for t in stores.timing], np.int64),
        column_core=columns.core,
        column_position=columns.position,
        column_tree=columns.tree,
        copy_start=columns.copy_start,
        copy_core=columns.copy_core,
        copy_words=columns.copy_words,
        copy_bytes=columns.copy_bytes,
        copy_address=columns.copy_address,
        copy_store=columns.copy_store,
        core_action=integers([action[f"core.{name}"] for name in CORE_ACTIONS]),
        store_action=np.array(
            [[action.get(f"{name}.{a}", -1) for a in STORE_ACTIONS] for name in stores.component], np.int64
        ),
        link_flit=action["link.flit"],
        router_flit=action.get("router.flit", -1),
    )


def integers(values: list[int]) -> Integers:
    return np.array(values, np.int64)


def ragged(rows: list[list[int]]) -> tuple[Integers, Integers]:
    """Rows of different length as (bounds, values)."""
    bounds = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return bounds, integers([value for row in rows for value in row])


__all__ = ["FETCH", "MAC", "RECEIVE", "SCAN", "SEND", "UPDATE", "Tables", "tables_of"]
