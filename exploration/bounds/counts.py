"""Counts that timing cannot change, exactly, and the least that the others can come to.

The table in ``docs/exploring.md`` says which are which.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from deltasim.exploration.bounds.work import Work
from deltasim.runtime.arrays import Integers
from deltasim.simulator.ledger.arithmetic_prices import MAC
from deltasim.simulator.ledger.background import preset
from deltasim.simulator.memories.dram import DramTiming
from deltasim.simulator.memories.instance import (
    BUFFER,
    CACHE,
    CONTROLLER,
    DRAM,
    REGISTERS,
    SCRATCHPAD,
    SERIAL,
)
from deltasim.simulator.memories.serial import SerialTiming
from deltasim.simulator.plan.active_neurons import active_neurons
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.updaters import updaters_of

Counts = Counter[str]


def least_counts(work: Work) -> Counts:
    """The least of every action over the whole trace, without what grows with time alone."""
    found: Counts = Counter()
    count_steps(work, found)
    count_active(work, found)
    count_messages(work, found)
    count_fetches(work, found)
    return found


def count_steps(work: Work, found: Counts) -> None:
    """What happens at every step whatever is sent: scans and updates, and the start of a sequence. Exact."""
    plan, trace = work.plan, work.trace
    frames = trace.steps // plan.network.passes
    for entry in preset(plan):
        found[entry.action] += entry.amount * trace.sequences
    sent = np.bincount(trace.messages["projection"], minlength=len(plan.source))
    for projection, source in enumerate(plan.source.tolist()):
        size = sum(partition.size for partition in plan.partitions[source])
        home, encoded = plan.homes[source], int(plan.delta_encoded[projection])
        scanned = size * frames * int(plan.scan_passes[projection])
        found["core.scan"] += scanned
        if plan.unicast and plan.into[source]:
            found["core.emit"] += int(sent[projection])
        found[home.read] += scanned * (1 + encoded) * home.value_bits
        found[home.write] += int(sent[projection]) * encoded * home.value_bits
    updaters = updaters_of(plan)
    for population in (index for one_pass in plan.order for index in one_pass):
        home = plan.homes[population]
        own = updaters[updaters["population"] == population]
        found["core.access" if plan.stages.tells_rest else "core.update"] += int(own["size"].sum()) * frames
        found[home.read] += int(own["reads"].sum()) * frames
        found[home.write] += int(own["writes"].sum()) * frames


def count_active(work: Work, found: Counts) -> None:
    """Updates, where the chip tells neurons at rest from those that move. Exact."""
    plan, trace = work.plan, work.trace
    updated = updaters_of(plan)["population"]
    for sequence in range(trace.sequences):
        active = active_neurons(plan, trace.sequence(sequence))
        if active is None:
            return
        for own, order in zip(np.array_split(active, len(plan.order)), plan.order, strict=True):
            found["core.update"] += int(own[:, np.isin(updated, order)].sum())


def count_messages(work: Work, found: Counts) -> None:
    """Messages on their way, and what their columns come to. Exact."""
    plan, segments, links = work.plan, work.segments, work.plan.links
    issued = work.sent * work.is_sent
    copies = work.parts if plan.unicast else np.ones(work.columns, np.int64)
    found["core.send"] += int((issued * copies).sum())
    found["core.receive"] += int(work.fetched.sum())
    words = np.bincount(work.column_of, work.fetched * segments["words"], work.columns)
    for projection, target in enumerate(plan.target.tolist()):
        total = int(words[work.projection_of == projection].sum())
        found[MAC] += total
        found[f"{MAC}@{plan.layers[target]}"] += total
        for action in (plan.homes[target].read, plan.homes[target].write):
            found[action] += total * plan.homes[target].sum_bits
    trees, entries, flits = work.multicast.trees, work.multicast.entries, links.message_flits
    taken = np.bincount(plan.columns.tree, issued, len(trees)).astype(np.int64)
    owner = np.repeat(np.arange(len(trees)), trees["links"])
    link = entries["link"]
    count_links(plan, np.bincount(link, taken[owner], links.count) * flits, found)
    roots = work.multicast.roots
    if not plan.unicast:  # by all that begin at once, a message enters once
        roots = trees["first"][trees["links"] > 0]
    entered = taken[owner[roots]] * links.records["router"][link[roots]]
    count_buffer_writes(plan, int(entered.sum()) * flits, found)
    left = taken[owner] * (entries["drops_end"] - entries["drops"]) * links.records["leave"][link]
    count_crossings(plan, int(left.sum()) * flits, found)


def count_links(plan: Plan, flits: Integers, found: Counts) -> None:
    """So many flits over each link, and through the routers at its ends."""
    links = plan.links
    for action in np.unique(links.records["action"]).tolist():
        found[plan.actions[action]] += int(flits[links.records["action"] == action].sum())
    if plan.in_parts:
        found["link.flit_um"] += int((flits * links.records["length_um"]).sum())
    count_buffer_writes(plan, int((flits * links.records["leave"]).sum()), found)
    count_crossings(plan, int((flits * links.records["router"]).sum()), found)


def count_buffer_writes(plan: Plan, flits: int, found: Counts) -> None:
    """Flits into a router, as `Machine.write_buffer` counts them."""
    if plan.in_parts:
        found["router.buffer_write"] += flits


def count_crossings(plan: Plan, flits: int, found: Counts) -> None:
    """Flits through a router, as `Machine.pass_router` counts them."""
    if not plan.in_parts:
        found["router.flit"] += flits
        return
    found["router.buffer_read"] += flits
    found["router.crossbar"] += flits


def count_fetches(work: Work, found: Counts) -> None:
    """Columns out of their memories. Exact, but for what a cache finds and which rows of a DRAM are open."""
    memories, bursts = work.plan.memories, work.bursts
    memory = work.segments["memory"][bursts.segment]
    often = work.fetched[bursts.segment]
    kinds = memories.records["kind"].tolist()
    words = np.bincount(memory, often * bursts.words, len(kinds)).astype(np.int64)
    width = memories.records["width_bytes"][memory]
    accesses = -(-bursts.bytes // width)
    spanned = (bursts.address + bursts.bytes - 1) // width - bursts.address // width + 1
    straight = np.bincount(memory, often * accesses, len(kinds)).astype(np.int64)
    aligned = np.bincount(memory, often * spanned, len(kinds)).astype(np.int64)
    line = memories.records["line_bytes"][memory]
    lines = (bursts.address + bursts.bytes - 1) // line - bursts.address // line + 1
    looked_up = np.bincount(memory, often * lines, len(kinds)).astype(np.int64)
    registers = next(
        (name for name, kind in zip(memories.component, kinds, strict=True) if kind == REGISTERS), ""
    )
    for number, kind in enumerate(kinds):
        name = memories.component[number]
        if words[number]:
            found[f"{name}.words"] += int(words[number])
            if registers:
                found[f"{registers}.write"] += int(words[number])
                found[f"{registers}.read"] += int(words[number])
        if kind == SCRATCHPAD:
            found[f"{name}.read"] += int(straight[number])
        elif kind == CACHE:
            distinct = work.distinct_bytes[:, number]
            count_cache(work, number, int(looked_up[number]), int(straight[number]), distinct, found)
        elif kind == SERIAL:
            count_shared(work, number, int(aligned[number]), found)
            mine = memory == number
            found[f"{name}.transaction"] += int((often * transactions(work, number))[mine].sum())
        elif kind in (BUFFER, DRAM, CONTROLLER):
            least = int(aligned[number])
            if kind == CONTROLLER:
                mine, own = work.own_bursts(number)
                least = int((work.fetched[mine] * own).sum())
            count_shared(work, number, least, found)
            if kind != BUFFER:
                found[f"{name}.activate"] += least_rows(work, number, work.distinct_bytes[:, number])
    count_ways(work, memory, often, found)


def least_rows(work: Work, memory: int, distinct: Integers) -> int:
    """Rows that must be opened: each sequence starts with all closed, and a row holds only so many bytes."""
    memories = work.plan.memories
    timing, controlled = memories.timing[memory], memories.controlled[memory]
    if isinstance(timing, DramTiming):
        size = timing.row_bytes
    elif controlled is not None:
        size = controlled_row(work.plan, memories.component[memory])
    else:
        return 0
    return int((-(-distinct // size)).sum())


def controlled_row(plan: Plan, name: str) -> int:
    """Bytes of a row of a DRAM of a standard."""
    memory = plan.chip.memory(name)
    return int(memory.standard.organisation.row)


def count_shared(work: Work, memory: int, accesses: int, found: Counts) -> None:
    """Accesses of a shared memory, or bursts of a DRAM."""
    memories = work.plan.memories
    name, moved = memories.component[memory], accesses * int(memories.records["width_bytes"][memory])
    found[f"{name}.bytes"] += moved
    if memories.records["kind"][memory] == SERIAL:
        return
    found[f"{name}.read"] += accesses
    if memories.records["kind"][memory] != BUFFER:
        found[f"{name}.io"] += 8 * moved


def transactions(work: Work, memory: int) -> Integers:
    """How many transactions of a serial memory every burst would take."""
    memories, bursts = work.plan.memories, work.bursts
    timing, width = memories.timing[memory], int(memories.records["width_bytes"][memory])
    assert isinstance(timing, SerialTiming)
    boundary = timing.boundary_bytes
    if not boundary:
        return np.ones(len(bursts.address), np.int64)
    end = -(-(bursts.address + bursts.bytes) // width) * width
    found: Integers = (end - 1) // boundary - bursts.address // width * width // boundary + 1
    return found


def count_cache(work: Work, cache: int, lookups: int, reads: int, distinct: Integers, found: Counts) -> None:
    """A cache: look-ups and reads exactly; of misses the compulsory ones, for it starts a sequence empty."""
    memories = work.plan.memories
    name, line = memories.component[cache], int(memories.records["line_bytes"][cache])
    missed = int((-(-distinct // line)).sum())
    found[f"{name}.lookup"] += lookups
    found[f"{name}.read"] += reads
    found[f"{name}.miss"] += missed
    found[f"{name}.fetched"] += missed * line
    found[f"{name}.fill"] += missed * -(-line // int(memories.records["width_bytes"][cache]))
    behind = int(memories.records["next_level"][cache])
    count_shared(work, behind, missed * line // int(memories.records["width_bytes"][behind]), found)
    if (
        memories.records["kind"][behind] == SERIAL
    ):  # of a sequence that misses at all at least one, or what boundaries ask
        timing = memories.timing[behind]
        assert isinstance(timing, SerialTiming)
        each = timing.boundary_bytes
        lines = -(-distinct // line) * line
        least = -(-lines // each) if each else (lines > 0).astype(np.int64)
        found[f"{memories.component[behind]}.transaction"] += int(least.sum())
    back, along = work.plan.links.back
    core = int(work.plan.units[int(memories.records["unit"][cache])].node)
    path = core * len(memories.component) + behind
    links = along[back[path] : back[path + 1]]
    flits = np.bincount(links, minlength=work.plan.links.count) * (
        missed * line // work.plan.links.flit_bytes
    )
    count_links(work.plan, flits.astype(np.int64), found)


def count_ways(work: Work, memory: Integers, often: Integers, found: Counts) -> None:
    """Requests to shared memories and their responses, over every link of their way. Exact."""
    plan, links, bursts = work.plan, work.plan.links, work.bursts
    shared = plan.memories.shared[memory]
    if not shared.any():
        return
    path = work.segments["core"][bursts.segment] * len(plan.memories.component) + memory
    flits = -(-bursts.bytes // links.flit_bytes)
    pairs = len(links.paths)
    asked = np.bincount(path[shared], often[shared] * links.request_flits, pairs).astype(np.int64)
    answered = np.bincount(path[shared], (often * flits)[shared], pairs).astype(np.int64)
    for start, link, amount in (
        (*links.there, asked),
        (*links.back, answered),
    ):
        lengths = np.diff(start)
        count_links(plan, np.bincount(link, np.repeat(amount, lengths), links.count).astype(np.int64), found)
        used = np.flatnonzero(lengths)
        first, last = link[start[:-1][used]], link[start[1:][used] - 1]
        count_buffer_writes(plan, int((amount[used] * links.records["router"][first]).sum()), found)
        count_crossings(plan, int((amount[used] * links.records["leave"][last]).sum()), found)
