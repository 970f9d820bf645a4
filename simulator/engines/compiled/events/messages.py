"""A message on its way: through the send stage, over the links of its tree, to the cores it is for."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.components.order import CROSSING, RECEIVING, SENDING
from deltasim.simulator.engines.compiled.counting import (
    count,
    link_busy,
    occupy,
    serialisation_behind,
    write_buffer,
)
from deltasim.simulator.engines.compiled.events.fetches import close_delivery, want_column
from deltasim.simulator.engines.compiled.events.input_buffers import leave_buffer, take_credits, want_link
from deltasim.simulator.engines.compiled.events.jobs import DROPPING, code, end_job, new_job
from deltasim.simulator.engines.compiled.events.queues import enqueue, schedule
from deltasim.simulator.engines.compiled.records import State, Tables
from deltasim.simulator.plan.records import NONE


@part
def inject(state: State, tables: Tables, now: int, message: int) -> None:
    """A message is issued: from here on the chip owes its target cores a delivery each."""
    column, chip = tables.columns[state.messages[message].column], tables.chip[0]
    if column.segments == column.segments_end:  # a stride may skip a pixel: nobody needs its change
        return
    state.run[0].injected += 1
    arrives = not is_lost(state, message)
    for segment in range(column.segments, column.segments_end):
        state.updaters[tables.segments[segment].updater].open_segments += 1
        state.run[0].deliveries += 1
        state.run[0].column_words += tables.segments[segment].words * arrives
    if chip.unicast:
        state.run[0].injected += column.segments_end - column.segments - 1
        for segment in range(column.segments, column.segments_end):
            issue_copy(state, tables, now, message, segment)
    else:
        issue_copy(state, tables, now, message, NONE)


@part
def issue_copy(state: State, tables: Tables, now: int, message: int, segment: int) -> None:
    """Into the send stage: a message for all its cores, or with a segment a copy for the core of that one."""
    column, chip = tables.columns[state.messages[message].column], tables.chip[0]
    unit = tables.cores[column.core].send
    if unit == NONE:
        depart(state, tables, now, message, segment)
        return
    job = new_job(state, SENDING, message)
    state.jobs[job].segment = segment
    core = column.core if segment == NONE else tables.segments[segment].core
    enqueue(state, now, unit, job, code(SENDING, message, core, chip.cores))


@part
def depart(state: State, tables: Tables, now: int, message: int, segment: int) -> None:
    """To the source core itself where it is a target, and onto the first links of the tree; or one copy."""
    if segment != NONE:
        depart_copy(state, tables, now, message, segment)
        return
    chip, column = tables.chip[0], tables.columns[state.messages[message].column]
    unit = tables.cores[column.core].send
    if unit == NONE:
        unit = chip.core_unit + column.core
    count(state, unit, state.messages[message].layer, chip.send_action, 1)
    tree = tables.trees[column.tree]
    if tree.local != NONE:
        deliver(state, tables, now, message, column.segments + tree.local)
    state.run[0].tree_links += tree.links
    if tree.links > 0 and tables.links[tables.entries[tables.tree_lists[tree.roots]].link].router:
        layer = state.messages[message].layer
        write_buffer(state, tables, chip.core_unit + column.core, layer, chip.message_flits)
    branch(state, tables, now, message, NONE, tree.roots, tree.roots_end, NONE, 0)


@part
def depart_copy(state: State, tables: Tables, now: int, message: int, segment: int) -> None:
    """A copy for one core: consumed here, or onto the path to there, which its tree has for each core."""
    chip, column = tables.chip[0], tables.columns[state.messages[message].column]
    unit, layer = tables.cores[column.core].send, state.messages[message].layer
    if unit == NONE:
        unit = chip.core_unit + column.core
    count(state, unit, layer, chip.send_action, 1)
    tree, place = tables.trees[column.tree], segment - column.segments
    if place == tree.local:
        deliver(state, tables, now, message, segment)
        return
    root = tree.roots + place - (tree.local != NONE and place > tree.local)
    end = tree.first + tree.links
    if root + 1 < tree.roots_end:
        end = tables.tree_lists[root + 1]
    state.run[0].tree_links += end - tables.tree_lists[root]
    if tables.links[tables.entries[tables.tree_lists[root]].link].router:
        write_buffer(state, tables, chip.core_unit + column.core, layer, chip.message_flits)
    branch(state, tables, now, message, segment, root, root + 1, NONE, 0)


@part
def branch(
    state: State,
    tables: Tables,
    now: int,
    message: int,
    segment: int,
    first: int,
    end: int,
    upstream: int,
    serialisation: int,
) -> None:
    """Queue up for every link among the listed entries of the message's tree.

    ``segment`` is that of a copy for one core, ``upstream`` the packet in the buffer that these are copies
    of, ``serialisation`` what it takes to pass.
    """
    chip, column = tables.chip[0], tables.columns[state.messages[message].column]
    for place in range(first, end):
        entry = tables.tree_lists[place]
        job = new_job(state, CROSSING, message)
        record = state.jobs[job]
        record.at, record.upstream, record.segment = entry, upstream, segment
        record.flits, record.serialisation = chip.message_flits, serialisation
        core = column.core if segment == NONE else tables.segments[segment].core
        key = code(CROSSING, message, core, chip.cores)
        want_link(state, tables, now, tables.entries[entry].link_queue, job, key)


@part
def cross(state: State, tables: Tables, now: int, job: int, unit: int) -> None:
    """Take a packet over a link; what it takes to pass behind the link is noted in the job.

    Serialisation is counted at the network's own speed: the last flit comes ``serialisation - period`` after
    the head, its tail.
    """
    chip, layer, flits = tables.chip[0], state.messages[state.jobs[job].message].layer, state.jobs[job].flits
    link = unit - chip.first_link
    busy = link_busy(tables, link, flits, state.jobs[job].serialisation)
    state.jobs[job].serialisation = serialisation_behind(tables, link, busy)
    if chip.channels > 0 and take_credits(state, tables, now, unit, job, now + busy):
        count(state, unit, layer, chip.stall_action, 1)
    occupy(state, now, unit, busy, flits * tables.links[link].period_ps)
    state.passed[link * chip.populations + layer].crossed += flits
    schedule(state, now + tables.links[link].hop_ps, job)


@part
def drop(state: State, tables: Tables, now: int, job: int) -> None:
    """The whole message has come over a link of its tree: deliver it, and leave the buffer there."""
    chip = tables.chip[0]
    drop_all(state, tables, now, job)
    if chip.channels == 0 or leave_buffer(state, tables, job, now + chip.link_period_ps):
        end_job(state, job)


@part
def drop_all(state: State, tables: Tables, now: int, job: int) -> None:
    """Deliver a message to the cores behind a link of its tree."""
    chip, message = tables.chip[0], state.jobs[job].message
    entry, column = tables.entries[state.jobs[job].at], tables.columns[state.messages[message].column]
    for place in range(entry.drops, entry.drops_end):
        if tables.links[entry.link].leave:
            layer = state.messages[message].layer
            state.passed[entry.link * chip.populations + layer].left += chip.message_flits
        deliver(state, tables, now, message, column.segments + tables.tree_lists[place])


@part
def pass_link(state: State, tables: Tables, now: int, job: int) -> None:
    """A message has its head over a link of its tree: on to the branches behind it, and the cores there.

    It lies in the buffer behind the link until all of them have taken their copies.
    """
    state.run[0].traversed += 1
    record = state.jobs[job]
    entry = tables.entries[record.at]
    reaches = entry.drops < entry.drops_end
    record.branches = entry.following_end - entry.following + reaches
    first, end = entry.following, entry.following_end
    branch(state, tables, now, record.message, record.segment, first, end, job, record.serialisation)
    if reaches:
        wait_for_tail(state, tables, now, job)


@part
def pass_on(state: State, tables: Tables, now: int, job: int) -> None:
    """The same without limits to buffers: the job goes on by the last branch, if it does not wait."""
    state.run[0].traversed += 1
    chip, record = tables.chip[0], state.jobs[job]
    entry = tables.entries[record.at]
    first, end, waits = entry.following, entry.following_end, False
    if entry.drops < entry.drops_end:
        waits = record.serialisation > chip.link_period_ps
        if not waits:
            drop_all(state, tables, now, job)
    for place in range(first, end):
        goes, following = job, tables.tree_lists[place]
        if waits or place + 1 < end:
            goes = new_job(state, CROSSING, record.message)
            copy = state.jobs[goes]
            copy.upstream, copy.segment = NONE, record.segment
            copy.flits, copy.serialisation = record.flits, record.serialisation
        state.jobs[goes].at = following
        enqueue(state, now, chip.first_link + tables.entries[following].link, goes, record.code)
    if waits:
        wait_for_tail(state, tables, now, job)
    elif first == end:
        end_job(state, job)


@part
def wait_for_tail(state: State, tables: Tables, now: int, job: int) -> None:
    """A message is delivered to the cores behind a link when its last flit has come."""
    chip, record = tables.chip[0], state.jobs[job]
    record.stage = DROPPING
    wait = record.serialisation - chip.link_period_ps
    if wait > 0:
        schedule(state, now + wait, job)
    else:
        drop(state, tables, now, job)


@part
def is_lost(state: State, message: int) -> bool:
    """Whether a message is lost on its way."""
    return bool(state.lost.size > 0 and state.lost[message] == 1)


@part
def deliver(state: State, tables: Tables, now: int, message: int, segment: int) -> None:
    """Start a copy of the message on its core: receive, then fetch. Of a lost one no copy comes there."""
    chip, core = tables.chip[0], tables.segments[segment].core
    if is_lost(state, message):
        state.run[0].lost += 1
        close_delivery(state, tables, now, tables.segments[segment].updater)
        return
    job = new_job(state, RECEIVING, message)
    state.jobs[job].segment, state.jobs[job].core = segment, core
    unit = tables.cores[core].receive
    if unit == NONE:
        received(state, tables, now, job)
    else:
        enqueue(state, now, unit, job, code(RECEIVING, message, core, chip.cores))


@part
def received(state: State, tables: Tables, now: int, job: int) -> None:
    """The receive stage, if there is one, is through with a message."""
    record, chip = state.jobs[job], tables.chip[0]
    core = tables.cores[record.core]
    if not state.units[core.fetch].ahead:  # else it is counted with its column
        unit = chip.core_unit + record.core if core.receive == NONE else core.receive
        count(state, unit, state.messages[record.message].layer, chip.receive_action, 1)
    want_column(state, tables, now, job)
