"""The least time a trace takes on a chip: a unit serves one job at a time, and a step waits for the last.

All work for population P at step t lies between the end of P's step t - 1 and the end of its step t: its
encoders are let go by the first, and its updates wait for all its messages. So that time is at least the
service of the busiest unit for it, and on every core at least its service before the update, and the update.
Under ``layer`` these times follow one another for all populations; under ``barrier`` for all steps; under
``dataflow`` for the steps of each population.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.exploration.bounds.counts import transactions
from deltasim.exploration.bounds.work import Work
from deltasim.runtime.arrays import Flags, Integers
from deltasim.simulator.memories.dram import DramTiming
from deltasim.simulator.memories.instance import BUFFER, CACHE, CONTROLLER, DRAM, SCRATCHPAD, SERIAL
from deltasim.simulator.memories.serial import SerialTiming
from deltasim.simulator.plan.encoders import encoders_of
from deltasim.simulator.plan.expanded_columns import column_segments_of
from deltasim.simulator.plan.plan import ABSENT, FETCH, MAC, RECEIVE, SEND, UPDATE, Plan
from deltasim.simulator.plan.updaters import updaters_of

Reals = npt.NDArray[np.float64]

LARGEST = 1 << 24
"""Entries of a table of columns and units: beyond, a bound would take as long as the simulation."""


def least_times_ps(work: Work) -> Integers:
    """Picoseconds that no run of each sequence goes below. Shape (sequences,)."""
    plan, trace = work.plan, work.trace
    units = len(plan.units)
    sequences = trace.sequences
    if work.columns * units > LARGEST:
        return np.zeros(sequences, np.int64)
    at_once = plan.policy == "barrier"
    together = np.zeros((trace.steps if at_once else 1, units))
    spans = np.zeros((len(plan.partitions), trace.steps))
    for population, service in services(work):
        spans[population] = span(plan, population, service) * service.active
        if at_once:
            together += service.of_units
            together[service.active] += service.updates
    return by_policy(plan, work, spans, np.maximum(together - slack_of(plan), 0))


class Service(NamedTuple):
    """What a population has units do at each step before its update. Units that do the same are one group.

    ``group`` is that of each unit. ``total``: shape (groups, steps). ``scans``, of which it holds those of
    active steps, and ``slack``: shape (groups,). ``updates``: shape (units,). ``active``: shape (steps,),
    the steps at which the population is due.
    """

    group: Integers
    total: Reals
    scans: Reals
    slack: Reals
    updates: Reals
    active: Flags

    @property
    def of_units(self) -> Reals:
        """What every unit has to do. Shape (steps, units)."""
        return self.total[self.group].T


def services(work: Work) -> Iterator[tuple[int, Service]]:
    """For each population the service of its messages, scans and updates."""
    plan, trace = work.plan, work.trace
    slack, passes = slack_of(plan), pass_of_steps(work)
    kinds, target, kind_of = kinds_of_columns(work)
    came = work.arrived  # a message that is lost keeps fewer units busy: none is counted here
    key = kind_of[work.column[came]] * trace.steps + trace.messages["step"][came]
    sent = np.bincount(key, minlength=trace.steps * len(kinds)).reshape(len(kinds), trace.steps)
    for population in (index for one_pass in plan.order for index in one_pass):
        own = target == population
        scans, updates = step_service(plan, population)
        rows, group = distinct_rows(np.column_stack([kinds[own].T, scans, slack]))
        total: Reals = rows[:, :-2] @ sent[own].astype(np.float64)
        active = passes == plan.pass_number[population]
        total[:, active] += rows[:, -2:-1]
        yield population, Service(group, total, rows[:, -2], rows[:, -1], updates, active)


def by_policy(plan: Plan, work: Work, spans: Reals, together: Reals) -> Integers:
    """Put the times of populations and steps together as the chip's policy lets them overlap."""
    trace = work.trace
    first, last = trace.sequence_bounds[:-1], trace.sequence_bounds[1:]
    steps = last - first
    cost = plan.barrier_cost_ps

    def summed(values: Reals) -> Reals:
        ends: Reals = np.concatenate([[0.0], np.cumsum(values)])
        total: Reals = ends[last] - ends[first]
        return total

    if plan.policy == "layer":
        barriers = sum(len(one_pass) for one_pass in plan.order) * (steps // len(plan.order)) - 1
        return whole(summed(np.floor(spans).sum(axis=0))) + barriers * cost
    if plan.policy == "barrier":
        longest = np.floor(np.maximum(spans.max(axis=0, initial=0), together.max(axis=1, initial=0)))
        return whole(summed(longest)) + (steps - 1) * cost
    total = np.zeros(trace.sequences)
    for one_pass in plan.order:
        total += np.max([summed(np.floor(spans[population])) for population in one_pass], axis=0)
    return whole(total) + (len(plan.order) - 1) * cost


def whole(times: Reals) -> Integers:
    found: Integers = np.maximum(times, 0).astype(np.int64)
    return found


def pass_of_steps(work: Work) -> Integers:
    """The pass that each step of the trace is in."""
    trace, passes = work.trace, work.plan.network.passes
    steps = np.diff(trace.sequence_bounds)
    place = np.arange(trace.steps) - np.repeat(trace.sequence_bounds[:-1], steps)
    found: Integers = place // np.repeat(np.maximum(1, steps // passes), steps)
    return found


def step_service(plan: Plan, population: int) -> tuple[Reals, Reals]:
    """Service of every unit for the scans into a population at a step, and its updates. Shape (units,)."""
    scans, updates = np.zeros(len(plan.units)), np.zeros(len(plan.units))
    encoders, updaters = encoders_of(plan), updaters_of(plan)
    into, own = encoders[encoders["target"] == population], updaters[updaters["population"] == population]
    np.add.at(scans, into["unit"], into["duration"])
    # what passes in a later scan, or neurons at rest may leave out, is not counted
    uncertain = own["carried"] == 1 if not plan.stages.tells_rest else True
    np.add.at(updates, own["unit"], np.where(uncertain, 1, own["duration"]))
    return scans, updates


def span(plan: Plan, population: int, service: Service) -> Reals:
    """The least time from the end of one step of a population to the end of its next. Shape (steps,)."""
    total = np.maximum(service.total - service.slack[:, np.newaxis], 0.0)
    scans = service.scans.max(initial=0.0)
    longest: Reals = total.max(axis=0, initial=0.0)
    ways: dict[tuple[int, ...], float] = {}  # groups on the way to an update, and the longest such update
    for partition in plan.partitions[population]:
        own = service.group[units_before_update(plan, partition.core)]
        update = service.updates[plan.stages.unit[partition.core, UPDATE]]
        way = tuple(np.unique(own).tolist())
        ways[way] = max(update, ways.get(way, 0.0))
    for way, update in ways.items():
        before = np.maximum(total[list(way)].max(axis=0, initial=0.0), scans)
        longest = np.maximum(longest, before + update)
    return longest


def units_before_update(plan: Plan, core: int) -> list[int]:
    """Units of a core whose work for a population is over before its update: its columns' way."""
    stages, memories = plan.stages, plan.memories
    found = [int(stages.unit[core, RECEIVE])] if stages.unit[core, RECEIVE] != ABSENT else []
    for array in range(stages.arrays):
        found += [int(stages.unit[core, FETCH]) + array, int(stages.unit[core, MAC]) + array]
    for memory, kind in enumerate(memories.records["kind"].tolist()):
        unit = int(memories.records["unit"][memory])
        if plan.units[unit].node == core:
            if kind == SCRATCHPAD:
                found += [unit + array for array in range(stages.arrays)]
            elif kind == CACHE:
                found += [unit, unit + 1]
    return found


def slack_of(plan: Plan) -> Reals:
    """How much of a unit's service may lie beyond the step: a memory is busy until after its last word."""
    found = np.zeros(len(plan.units))
    memories = plan.memories
    for memory, kind in enumerate(memories.records["kind"].tolist()):
        unit, period = int(memories.records["unit"][memory]), int(memories.records["period_ps"][memory])
        if kind == SCRATCHPAD:
            found[unit : unit + plan.stages.arrays] = period
        elif kind == CACHE:
            found[unit + 1] = period
        elif kind in (BUFFER, DRAM, CONTROLLER, SERIAL):
            found[unit] = period + plan.links.period_ps
    return found


def kinds_of_columns(work: Work) -> tuple[Reals, Integers, Integers]:
    """Service of every unit for one message, by kind of column; the population that the kind goes to; the
    kind of each column. Shapes (kinds, units), (kinds,), (columns,)."""
    plan, segments, stages = work.plan, work.segments, work.plan.stages
    senders = column_segments_of(plan).columns
    links, memories, bursts = plan.links, plan.memories, work.bursts
    table = np.zeros((work.columns, len(plan.units)))
    column, core = work.column_of, segments["core"]
    sender = stages.unit[senders["core"], SEND]
    has = work.is_sent == 1
    if stages.send_ps:
        np.add.at(table, (np.flatnonzero(has), sender[has]), stages.send_ps)
    if stages.receive_ps:
        np.add.at(table, (column, stages.unit[core, RECEIVE]), stages.receive_ps)
    trees = work.multicast.trees[plan.columns.tree]
    entries = trees["links"] * has
    owner = np.repeat(np.arange(work.columns), entries)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(entries) - entries, entries)
    link = work.multicast.entries["link"][trees["first"][owner] + place]
    np.add.at(table, (owner, links.first_unit + link), links.message_flits * links.records["period_ps"][link])
    array = senders["position"][column] % stages.arrays
    mac = stages.unit[core, MAC] + array
    lanes = np.maximum(1, -(-bursts.words // stages.mac_lanes) * stages.mac_cycle_ps)
    np.add.at(table, (column[bursts.segment], mac[bursts.segment]), lanes)
    held = np.bincount(bursts.segment, lanes, len(core))
    fetch = stages.unit[core, FETCH] + array
    at = segments["memory"][bursts.segment]
    np.add.at(table, (column, fetch), (held + stages.cycle_ps) / stages.fetch_slots)
    for memory, kind in enumerate(memories.records["kind"].tolist()):
        mine = np.flatnonzero(at == memory)
        if len(mine):
            add_memory(work, table, memory, kind, mine, array)
    target = plan.target[work.projection_of]
    rows, kind = distinct_rows(np.column_stack([table, target]))
    return rows[:, :-1], rows[:, -1].astype(np.int64), kind


def add_memory(work: Work, table: Reals, memory: int, kind: int, mine: Integers, array: Integers) -> None:
    """Service of a memory, and of the links to it, for the bursts that come from it."""
    plan, memories, bursts = work.plan, work.plan.memories, work.bursts
    segment, size = bursts.segment[mine], bursts.bytes[mine]
    column, address = work.column_of[segment], bursts.address[mine]
    unit, width = int(memories.records["unit"][memory]), int(memories.records["width_bytes"][memory])
    period = int(memories.records["period_ps"][memory])
    straight = -(-size // width)
    spanned = (address + size - 1) // width - address // width + 1
    if kind == SCRATCHPAD:
        np.add.at(table, (column, unit + array[segment]), straight * period)
    elif kind == CACHE:
        line = int(memories.records["line_bytes"][memory])
        lines = (address + size - 1) // line - address // line + 1
        np.add.at(table, (column, np.full(len(mine), unit)), lines * period)
        np.add.at(table, (column, np.full(len(mine), unit + 1)), straight * period)
    else:
        if kind == SERIAL:
            timing = memories.timing[memory]
            assert isinstance(timing, SerialTiming)
            number = transactions(work, memory)[mine]
            taken = spanned * timing.access_ps + number * timing.preamble_ps + (number - 1) * timing.gap_ps
            np.add.at(table, (column, np.full(len(mine), unit)), taken)
        elif kind == CONTROLLER:
            own, number = work.own_bursts(memory)
            np.add.at(
                table, (work.column_of[own], np.full(len(own), unit)), number * access_ps(plan, memory, kind)
            )
        else:
            service = spanned * access_ps(plan, memory, kind)
            np.add.at(table, (column, np.full(len(mine), unit)), service)
        add_way(work, table, memory, segment, column, size)


def access_ps(plan: Plan, memory: int, kind: int) -> float:
    """The least time between two accesses of a shared memory, all its channels and streams together."""
    memories = plan.memories
    timing, controlled = memories.timing[memory], memories.controlled[memory]
    if kind == BUFFER:
        return int(memories.records["period_ps"][memory]) / int(memories.records["slots"][memory])
    if isinstance(timing, DramTiming):
        return float(timing.burst_ps)
    assert controlled is not None
    of = controlled.timing
    buses = of.channels * max(1, of.ranks // max(1, of.ranks_on_bus))
    apart = min(of.burst, *(of.wait(f"{level} read read") for level in ("rank", "group", "bus")))
    return of.tick_ps * apart / buses


def add_way(
    work: Work, table: Reals, memory: int, segment: Integers, column: Integers, size: Integers
) -> None:
    """Links that requests and responses cross."""
    plan, links = work.plan, work.plan.links
    path = work.segments["core"][segment] * len(plan.memories.component) + memory
    flits = -(-size // links.flit_bytes)
    requests = np.full(len(size), links.request_flits)
    for start, link_of, amount in (
        (*links.there, requests),
        (*links.back, flits),
    ):
        length = start[path + 1] - start[path]
        owner = np.repeat(np.arange(len(path)), length)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(length) - length, length)
        link = link_of[start[path][owner] + place]
        service = amount[owner] * links.records["period_ps"][link]
        np.add.at(table, (column[owner], links.first_unit + link), service)


def distinct_rows(table: Reals) -> tuple[Reals, Integers]:
    """The distinct rows of a table, and which of them each row is.

    >>> rows, which = distinct_rows(np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]]))
    >>> rows.tolist(), which.tolist()
    ([[1.0, 2.0], [3.0, 4.0]], [0, 1, 0])
    """
    known: dict[bytes, int] = {}
    which = np.array([known.setdefault(row.tobytes(), len(known)) for row in table], np.int64)
    first = np.unique(which, return_index=True)[1] if len(which) else which
    return table[first], which
