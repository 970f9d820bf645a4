"""The life of a message: through the network to its target cores, to the memory for its column, to the sums."""

from __future__ import annotations

from networks.kernels import kernel
from simulator.compiled_engine.jobs import (
    ACCUMULATING,
    ASKED,
    BRANCHING,
    COLUMN_KIND,
    FETCHING,
    MESSAGE_KIND,
    READING,
    RECEIVING,
    REQUEST_KIND,
    REQUESTING,
    RESPONDING,
    RESPONSE_KIND,
    SENDING,
    SERVED,
    code,
    end_job,
    new_job,
)
from simulator.compiled_engine.pace import count, try_update
from simulator.compiled_engine.queues import cover, enqueue, leave, occupy, schedule
from simulator.compiled_engine.state import (
    AT,
    COLUMN_WORDS,
    COPIES,
    COPY,
    CORE,
    DELIVERED,
    FREE_AT,
    MESSAGE_OF,
    NONE,
    SPAN,
    STAGE,
    TAIL_PS,
    TRAVERSED,
    TREE_LINKS,
    State,
)
from simulator.compiled_engine.tables import (
    A_MAC,
    A_RECEIVE,
    A_SEND,
    A_STATE_READ,
    A_STATE_WRITE,
    FETCH,
    MAC,
    RECEIVE,
    S_ACTIVATE,
    S_BYTES,
    S_CONFLICT,
    S_HIT,
    S_IO,
    S_MISS,
    S_READ,
    S_WORDS,
    SEND,
    Tables,
)
from simulator.rules.dram import DramTiming, fetch
from simulator.rules.service import consumed, link_span, rounds


@kernel
def inject(state: State, tables: Tables, now: int, message: int) -> None:
    """A message sets out: from here on the chip owes its target cores a delivery each."""
    column = state.message_column[message]
    layer, core = state.message_layer[message], tables.column_core[column]
    for copy in range(tables.copy_start[column], tables.copy_start[column + 1]):
        state.open_copies[tables.updater_at[layer, tables.copy_core[copy]]] += 1
        state.scalars[COPIES] += 1
        state.scalars[COLUMN_WORDS] += tables.copy_words[copy]
    unit = tables.stage_unit[core, SEND]
    if unit == NONE:
        depart(state, tables, now, message)
        return
    job = new_job(state, SENDING)
    state.jobs[job, MESSAGE_OF] = message
    enqueue(state, tables, now, unit, job, code(MESSAGE_KIND, message, core, tables.cores))


@kernel
def depart(state: State, tables: Tables, now: int, message: int) -> None:
    """To the source core itself where it is a target, and onto the first links of the tree."""
    column = state.message_column[message]
    core, layer = tables.column_core[column], state.message_layer[message]
    unit = tables.stage_unit[core, SEND]
    count(state, tables.core_unit + core if unit == NONE else unit, layer, tables.core_action[A_SEND], 1)
    deliver(state, tables, now, message, core)
    tree = tables.column_tree[column]
    state.scalars[TREE_LINKS] += tables.tree_start[tree + 1] - tables.tree_start[tree]
    branch(state, tables, now, message, NONE)


@kernel
def branch(state: State, tables: Tables, now: int, message: int, parent: int) -> None:
    """Queue up for every link of the tree that follows ``parent`` (an entry within the tree, or NONE)."""
    column = state.message_column[message]
    core, tree = tables.column_core[column], tables.column_tree[column]
    for entry in range(tables.tree_start[tree], tables.tree_start[tree + 1]):
        if tables.tree_parent[entry] == parent:
            job = new_job(state, BRANCHING)
            state.jobs[job, MESSAGE_OF], state.jobs[job, AT] = message, entry
            key = code(MESSAGE_KIND, message, core, tables.cores)
            enqueue(state, tables, now, tables.first_link + tables.tree_link[entry], job, key)


@kernel
def cross(state: State, tables: Tables, now: int, job: int, link: int, flits: int, layer: int) -> None:
    """Take a packet over a link; its span behind the link is kept in the job."""
    unit = tables.first_link + link
    span = link_span(flits, tables.link_period_ps, state.jobs[job, SPAN])
    state.jobs[job, SPAN] = span
    occupy(state, unit, now, span, flits * tables.link_period_ps)
    count(state, unit, layer, tables.link_flit, flits)
    if tables.router_flit != NONE:
        count(state, unit, layer, tables.router_flit, flits)
    schedule(state, now + tables.hop_ps, job)


@kernel
def arrive(state: State, tables: Tables, link: int, flits: int, layer: int) -> None:
    """A packet leaves the network through the router behind ``link``."""
    if tables.router_flit != NONE:
        count(state, tables.first_link + link, layer, tables.router_flit, flits)


@kernel
def drop(state: State, tables: Tables, now: int, job: int) -> None:
    """The whole message has come over the tree's link: deliver it to the cores there."""
    message, entry = state.jobs[job, MESSAGE_OF], state.jobs[job, AT]
    for place in range(tables.drop_start[entry], tables.drop_start[entry + 1]):
        arrive(state, tables, tables.tree_link[entry], tables.message_flits, state.message_layer[message])
        deliver(state, tables, now, message, tables.drop_core[place])
    end_job(state, job)


@kernel
def deliver(state: State, tables: Tables, now: int, message: int, core: int) -> None:
    """Start the message's copy for a core, if it has one: receive, then fetch."""
    column, layer = state.message_column[message], state.message_layer[message]
    copy = NONE
    for candidate in range(tables.copy_start[column], tables.copy_start[column + 1]):
        if tables.copy_core[candidate] == core:
            copy = candidate
    if copy == NONE:
        return
    job = new_job(state, RECEIVING)
    jobs = state.jobs
    jobs[job, MESSAGE_OF], jobs[job, COPY], jobs[job, CORE] = message, copy, core
    unit = tables.stage_unit[core, RECEIVE]
    if unit != NONE:
        enqueue(state, tables, now, unit, job, code(MESSAGE_KIND, message, core, tables.cores))
        return
    count(state, tables.core_unit + core, layer, tables.core_action[A_RECEIVE], 1)
    want_column(state, tables, now, job)


@kernel
def received(state: State, tables: Tables, now: int, job: int) -> None:
    core, layer = state.jobs[job, CORE], state.message_layer[state.jobs[job, MESSAGE_OF]]
    count(state, tables.stage_unit[core, RECEIVE], layer, tables.core_action[A_RECEIVE], 1)
    want_column(state, tables, now, job)


@kernel
def want_column(state: State, tables: Tables, now: int, job: int) -> None:
    """Wait for one of the core's fetch slots."""
    core, message = state.jobs[job, CORE], state.jobs[job, MESSAGE_OF]
    state.jobs[job, STAGE] = FETCHING
    key = code(COLUMN_KIND, message, core, tables.cores)
    enqueue(state, tables, now, tables.stage_unit[core, FETCH], job, key)


@kernel
def ask_memory(state: State, tables: Tables, now: int, job: int) -> None:
    """The address is formed: to the scratchpad, or on the way to the DRAM channel."""
    jobs = state.jobs
    core, message, copy = jobs[job, CORE], jobs[job, MESSAGE_OF], jobs[job, COPY]
    store = tables.copy_store[copy]
    action = tables.store_action[store, S_WORDS]
    count(state, tables.store_unit[store], state.message_layer[message], action, tables.copy_words[copy])
    if tables.store_dram[store]:
        path = core * tables.store_unit.size + store
        jobs[job, AT], jobs[job, SPAN] = tables.path_start[path], 0
        request(state, tables, now, job)
        return
    jobs[job, STAGE] = READING
    key = code(REQUEST_KIND, message, core, tables.cores)
    enqueue(state, tables, now, tables.store_unit[store], job, key)


@kernel
def read_scratchpad(state: State, tables: Tables, now: int, unit: int, job: int) -> None:
    copy = state.jobs[job, COPY]
    store, layer = tables.copy_store[copy], state.message_layer[state.jobs[job, MESSAGE_OF]]
    accesses, period = rounds(tables.copy_bytes[copy], tables.store_width[store]), tables.store_period[store]
    occupy(state, unit, now, accesses * period, accesses * period)
    count(state, unit, layer, tables.store_action[store, S_READ], accesses)
    state.jobs[job, TAIL_PS] = now + tables.store_latency[store] + (accesses - 1) * period
    schedule(state, now + tables.store_latency[store], job)


@kernel
def request(state: State, tables: Tables, now: int, job: int) -> None:
    """The request packet's next link, or, with its last flit, the channel."""
    jobs = state.jobs
    core, message = jobs[job, CORE], jobs[job, MESSAGE_OF]
    path = core * tables.store_unit.size + tables.copy_store[jobs[job, COPY]]
    key = code(REQUEST_KIND, message, core, tables.cores)
    if jobs[job, AT] < tables.path_start[path + 1]:
        jobs[job, STAGE] = REQUESTING
        enqueue(state, tables, now, tables.first_link + tables.path_link[jobs[job, AT]], job, key)
        return
    if tables.path_start[path + 1] > tables.path_start[path]:
        last = tables.path_link[tables.path_start[path + 1] - 1]
        arrive(state, tables, last, tables.request_flits, state.message_layer[message])
        wait = (tables.request_flits - 1) * tables.link_period_ps
        if wait > 0:
            jobs[job, STAGE] = ASKED
            schedule(state, now + wait, job)
            return
    ask_channel(state, tables, now, job)


@kernel
def ask_channel(state: State, tables: Tables, now: int, job: int) -> None:
    jobs = state.jobs
    jobs[job, STAGE] = SERVED
    key = code(REQUEST_KIND, jobs[job, MESSAGE_OF], jobs[job, CORE], tables.cores)
    enqueue(state, tables, now, tables.store_unit[tables.copy_store[jobs[job, COPY]]], job, key)


@kernel
def serve_dram(state: State, tables: Tables, now: int, unit: int, job: int) -> None:
    """The channel takes a column; the job goes on when the first data flow."""
    copy = state.jobs[job, COPY]
    store, layer = tables.copy_store[copy], state.message_layer[state.jobs[job, MESSAGE_OF]]
    t = tables.dram_timing[store]
    timing = DramTiming(
        t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12], t[13]
    )
    service = fetch(state.channels[store], timing, now, tables.copy_address[copy], tables.copy_bytes[copy])
    cover(state, unit, now, service.last_ps, service.bursts * timing.burst_ps)
    state.units[unit, FREE_AT] = service.free_ps
    action, moved = tables.store_action[store], service.bursts * timing.burst_bytes
    count(state, unit, layer, action[S_READ], service.bursts)
    count(state, unit, layer, action[S_ACTIVATE], service.activates)
    count(state, unit, layer, action[S_HIT], service.hits)
    count(state, unit, layer, action[S_MISS], service.misses)
    count(state, unit, layer, action[S_CONFLICT], service.conflicts)
    count(state, unit, layer, action[S_BYTES], moved)
    count(state, unit, layer, action[S_IO], moved * 8)
    state.jobs[job, SPAN] = service.last_ps - service.first_ps
    state.jobs[job, TAIL_PS] = service.last_ps
    schedule(state, service.first_ps, job)


@kernel
def respond(state: State, tables: Tables, now: int, job: int) -> None:
    """The response packet's next link, or the core."""
    jobs = state.jobs
    core, message = jobs[job, CORE], jobs[job, MESSAGE_OF]
    path = core * tables.store_unit.size + tables.copy_store[jobs[job, COPY]]
    if jobs[job, AT] < tables.back_start[path + 1]:
        jobs[job, STAGE] = RESPONDING
        key = code(RESPONSE_KIND, message, core, tables.cores)
        enqueue(state, tables, now, tables.first_link + tables.back_link[jobs[job, AT]], job, key)
        return
    if tables.back_start[path + 1] > tables.back_start[path]:
        flits = rounds(tables.copy_bytes[jobs[job, COPY]], tables.flit_bytes)
        last = tables.back_link[tables.back_start[path + 1] - 1]
        arrive(state, tables, last, flits, state.message_layer[message])
    multiply(state, tables, now, job)


@kernel
def multiply(state: State, tables: Tables, now: int, job: int) -> None:
    """The first word has come: wait for the multiply-accumulators."""
    core, message = state.jobs[job, CORE], state.jobs[job, MESSAGE_OF]
    state.jobs[job, STAGE] = ACCUMULATING
    key = code(COLUMN_KIND, message, core, tables.cores)
    enqueue(state, tables, now, tables.stage_unit[core, MAC], job, key)


@kernel
def accumulate(state: State, tables: Tables, now: int, unit: int, job: int) -> None:
    words = tables.copy_words[state.jobs[job, COPY]]
    layer = state.message_layer[state.jobs[job, MESSAGE_OF]]
    work = rounds(words, tables.mac_lanes) * tables.cycle_ps
    end = consumed(now, work, state.jobs[job, TAIL_PS])
    occupy(state, unit, now, end - now, work)
    count(state, unit, layer, tables.core_action[A_MAC], words)
    count(state, unit, layer, tables.core_action[A_STATE_READ], words)
    count(state, unit, layer, tables.core_action[A_STATE_WRITE], words)
    schedule(state, end, job)


@kernel
def consume(state: State, tables: Tables, now: int, job: int) -> None:
    """The column is in the sums: the slot is free, the delivery done."""
    core, layer = state.jobs[job, CORE], state.message_layer[state.jobs[job, MESSAGE_OF]]
    leave(state, tables, tables.stage_unit[core, FETCH], now)
    state.scalars[DELIVERED] += 1
    updater = tables.updater_at[layer, core]
    state.open_copies[updater] -= 1
    end_job(state, job)
    if state.open_copies[updater] == 0:
        try_update(state, tables, now, updater)


@kernel
def pass_link(state: State, tables: Tables, now: int, job: int) -> None:
    """A tree's packet has its head over a link: on to the branches behind it."""
    state.scalars[TRAVERSED] += 1
    message, entry = state.jobs[job, MESSAGE_OF], state.jobs[job, AT]
    first = tables.tree_start[tables.column_tree[state.message_column[message]]]
    branch(state, tables, now, message, entry - first)
