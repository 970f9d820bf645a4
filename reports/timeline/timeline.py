"""A sequence as a Perfetto trace: tracks of units, queues and DRAM banks, arrows from message to column."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deltasim.reports.timeline import perfetto
from deltasim.reports.timeline.dram import Drawn, Row, drawn, issued_by
from deltasim.simulator.components.order import (
    COLUMN_KIND,
    MESSAGE_KIND,
    REQUEST_KIND,
    RESPONSE_KIND,
    SCAN_KIND,
    UPDATE_KIND,
)
from deltasim.simulator.engines.services import Service, Services
from deltasim.simulator.memories import kinds as memories
from deltasim.simulator.plan.plan import ABSENT, SCAN, SEND, Plan

MOST_SLICES = 200_000
"""In one file: the viewer takes about a second for so many."""

FIRST_UNIT, FIRST_QUEUE, FIRST_ROW, FIRST_GROUP = 1, 1 << 20, 1 << 30, 1 << 40  # numbers of tracks
Message = tuple[int, int, int]


class Timeline(NamedTuple):
    """A trace and what is in it; ``of`` slices lie in the steps asked for, the first ``slices`` are there.

    Of these, ``services`` are of units and ``commands`` of the banks of DRAMs; the others are data on a bus
    of a DRAM, and states of its ranks.
    """

    content: bytes
    slices: int
    of: int
    services: int
    commands: int
    flows: int
    start_ps: int
    end_ps: int


def timeline(plan: Plan, found: Services, steps: range) -> Timeline:
    """The services of some steps of a sequence. A picosecond on the chip is a nanosecond in the viewer."""
    start_ps, end_ps = window(found, steps)
    served = [one for one in found.served if start_ps <= one.start_ps < end_ps]
    rows = [
        one._replace(start_ps=max(start_ps, one.start_ps))  # a rank may stand in a state since long before
        for unit, issued in issued_by(plan, found).items()
        for one in drawn(unit, issued)
        if start_ps < one.end_ps and one.start_ps < end_ps
    ]
    total = len(served) + len(rows)
    if total > MOST_SLICES:
        end_ps = sorted([one.start_ps for one in served] + [one.start_ps for one in rows])[MOST_SLICES]
        served = [one for one in served if one.start_ps < end_ps]
        rows = [one for one in rows if one.start_ps < end_ps]
    waiting = [one for one in found.waiting if start_ps <= one.time_ps < end_ps]
    flows = flows_of(plan, served)
    units = sorted({one.unit for one in served} | {one.unit for one in waiting})
    parts = tracks(plan, units, {one.unit for one in waiting})
    for place, one in enumerate(served):
        uuid = FIRST_UNIT + one.unit
        parts.append(
            perfetto.slice_of(uuid, one.start_ps, one.end_ps, name_of(plan, one), flows.get(place, ()))
        )
    parts += [perfetto.counted(FIRST_QUEUE + one.unit, one.time_ps, one.length) for one in waiting]
    parts += row_slices(plan, rows)
    arrows = len({flow for ids in flows.values() for flow in ids})
    commands = sum(one.row.name.startswith("bank") for one in rows)
    slices = len(served) + len(rows)
    return Timeline(b"".join(parts), slices, total, len(served), commands, arrows, start_ps, end_ps)


def row_slices(plan: Plan, rows: list[Drawn]) -> list[bytes]:
    """The rows of DRAMs, a group for each, and their slices."""
    parts, groups, numbers = [], dict[int, int](), dict[Row, int]()
    for one in rows:
        if one.row.unit not in groups:
            groups[one.row.unit] = FIRST_GROUP - 1 - len(groups)
            name = f"{plan.units[one.row.unit].name}: commands"
            parts.append(perfetto.track(groups[one.row.unit], name))
        if one.row not in numbers:
            numbers[one.row] = FIRST_ROW + len(numbers)
            parts.append(perfetto.track(numbers[one.row], one.row.name, groups[one.row.unit]))
        parts.append(perfetto.slice_of(numbers[one.row], one.start_ps, one.end_ps, one.name))
    return parts


def window(found: Services, steps: range) -> tuple[int, int]:
    """From the first service of the steps to the end of their last."""
    mine = [one for one in found.served if one.job is not None and one.job.step in steps]
    if not mine:
        return 0, 0
    return min(one.start_ps for one in mine), max(one.end_ps for one in mine)


def tracks(plan: Plan, units: list[int], queues: set[int]) -> list[bytes]:
    """A group for each core, one for links and one for memories that cores share, and a track a unit."""
    shared = ("link", "bus", *memories.SHARED)
    parts, groups = [], dict[str, int]()
    for unit in units:
        kind, node = plan.units[unit].kind, plan.units[unit].node
        group = {"link": "network", "bus": "network"}.get(kind, "shared memories")
        group = group if kind in shared else f"core {node}"
        if group not in groups:
            groups[group] = FIRST_GROUP + len(groups)
            parts.append(perfetto.track(groups[group], group))
        parts.append(perfetto.track(FIRST_UNIT + unit, plan.units[unit].name, groups[group]))
        if unit in queues:
            name = f"{plan.units[unit].name}: waiting"
            parts.append(perfetto.track(FIRST_QUEUE + unit, name, groups[group], counter=True))
    return parts


def name_of(plan: Plan, service: Service) -> str:
    """What a unit does, in a few words."""
    if service.job is None:
        return "waits for credits" if plan.units[service.unit].kind in ("link", "bus") else "in use"
    kind, step, number, source, _ = service.job
    if kind == UPDATE_KIND:
        return f"update {plan.layers[number]}, step {step}"
    projection = plan.network.projections[number].name
    if kind == SCAN_KIND:
        return f"scan {projection}, step {step}"
    words = {MESSAGE_KIND: "message", REQUEST_KIND: "read", RESPONSE_KIND: "data", COLUMN_KIND: "column"}
    return f"{words[kind]} {source} of {projection}, step {step}"


def flows_of(plan: Plan, served: list[Service]) -> dict[int, list[int]]:
    """Arrows from a message's sending (its scan, on a core that has no such stage) to each of its columns.

    By the place of a slice the numbers of its arrows; every arrow has both ends.
    """
    sent: dict[Message, int] = {}
    scans: dict[tuple[int, int, int], int] = {}
    columns: dict[tuple[Message, int], int] = {}
    for place, one in enumerate(served):
        if one.job is None:
            continue
        kind, step, number, source, core = one.job
        message = step, number, source
        if kind == SCAN_KIND and one.unit == plan.stages.unit[core, SCAN]:
            scans[step, number, core] = place
        elif kind == MESSAGE_KIND and one.unit == plan.stages.unit[core, SEND]:
            if message not in sent or one.start_ps < served[sent[message]].start_ps:
                sent[message] = place
        elif kind == COLUMN_KIND:
            columns.setdefault((message, core), place)
    starts = [np.array([part.start for part in plan.partitions[p]]) for p in plan.source.tolist()]
    found: dict[int, list[int]] = {}
    for number, ((message, _), place) in enumerate(columns.items(), start=1):
        step, projection, source = message
        part = int(np.searchsorted(starts[projection], source, side="right")) - 1
        core = plan.partitions[int(plan.source[projection])][part].core
        absent = plan.stages.unit[core, SEND] == ABSENT
        begin = scans.get((step, projection, core)) if absent else sent.get(message)
        if begin is not None:
            found.setdefault(begin, []).append(number)
            found.setdefault(place, []).append(number)
    return found
