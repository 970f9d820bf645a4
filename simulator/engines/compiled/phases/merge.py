"""Bring what comes to an arrival list over all its input edges into one order."""

from __future__ import annotations

from typing import Any

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import inlined, part
from deltasim.simulator.engines.compiled.counting import pass_router
from deltasim.simulator.engines.compiled.phases.arrival_lists import Arrivals, count_by_layer, set_sentinels
from deltasim.simulator.engines.compiled.phases.fifo import ONE
from deltasim.simulator.engines.compiled.records import State, Tables
from deltasim.simulator.plan.records import NONE


@part
def gather(state: State, tables: Tables, arrivals: Arrivals, number: int, group: int) -> int:
    """Merge what comes over a list's input edges, always the two shortest sorted parts first.

    Returns the number of the part that holds them all (``arrivals.parts`` say where in ``arrivals.keys`` each
    lies). NONE where nothing comes.
    """
    keys, found = arrivals.keys, arrivals.parts
    arrival_list = tables.arrival_lists[number]
    parts, free = 0, state.run[0].spare + 1  # behind a sentinel
    for edge in range(arrival_list.inputs, arrival_list.inputs_end):
        origin = tables.input_edges[edge].origin
        at, length = arrivals.bounds[origin], arrivals.filled[origin] - arrivals.bounds[origin]
        if length > 0 and tables.input_edges[edge].pass_through == 0:
            at, length = free, pass_wanted(state, tables, arrivals, edge, free)
            set_sentinels(arrivals, free, free + length)
            free += length + 2
            if number >= tables.links.size:
                leave_router(state, tables, arrivals, origin, group, at, length)
        if length == 0:
            continue
        place = parts
        while place > 0 and found[place - 1].length > length:
            found[place].length, found[place].begin = found[place - 1].length, found[place - 1].begin
            place -= 1
        found[place].length, found[place].begin = length, at
        parts += 1
    if parts == 0:
        return NONE
    shortest, merged, end = 0, parts, parts
    for _ in range(parts - 1):
        pair = 0, 0
        for _ in range(2):
            if shortest < parts and (merged == end or found[shortest].length <= found[merged].length):
                pair = pair[1], shortest
                shortest += 1
            else:
                pair = pair[1], merged
                merged += 1
        one, other = pair
        merge(keys, found[one].begin, found[one].length, found[other].begin, found[other].length, free)
        found[end].begin, found[end].length = free, found[one].length + found[other].length
        set_sentinels(arrivals, free, free + found[end].length)
        free += found[end].length + 2
        end += 1
    return end - 1


@part
def fill_shared_merge(state: State, tables: Tables, arrivals: Arrivals, number: int) -> None:
    """Merge the two lists of a shared merge; where one of them is empty it is the other one."""
    run, first = state.run[0], tables.arrival_lists[number].inputs
    one, other = tables.input_edges[first].origin, tables.input_edges[first + 1].origin
    length = arrivals.filled[one] - arrivals.bounds[one]
    other_length = arrivals.filled[other] - arrivals.bounds[other]
    if length == 0 or other_length == 0:
        own = other if length == 0 else one
        arrivals.bounds[number], arrivals.filled[number] = arrivals.bounds[own], arrivals.filled[own]
        return
    begin, end = run.keys, run.keys + length + other_length
    merge(arrivals.keys, arrivals.bounds[one], length, arrivals.bounds[other], other_length, begin)
    set_sentinels(arrivals, begin, end)
    arrivals.bounds[number], arrivals.filled[number] = begin, end
    run.keys = end + 2


@part
def leave_router(
    state: State, tables: Tables, arrivals: Arrivals, link: int, group: int, at: int, messages: int
) -> None:
    """Some messages of a list come into a core: a router at the end of their link is passed."""
    if link >= tables.links.size or tables.links[link].leave == 0:
        return
    chip = tables.chip[0]
    count_by_layer(state, tables, arrivals, group, at, messages)
    for place in range(tables.groups[group].first, tables.groups[group].end):
        layer = tables.lists[place]
        flits = arrivals.layers[layer].tally * chip.message_flits
        pass_router(state, tables, chip.first_link + link, layer, flits)


@part
def pass_wanted(state: State, tables: Tables, arrivals: Arrivals, number: int, at: int) -> int:
    """Copy from an input edge's origin what goes on by it to ``keys`` from ``at`` on; returns how many."""
    edge, run = tables.input_edges[number], state.run[0]
    first, end = arrivals.bounds[edge.origin], arrivals.filled[edge.origin]
    keys, wanted = arrivals.keys, arrivals.wanted
    low, tail, filled = np.uintp((1 << run.shift) - 1), edge.serialisation_tail << run.shift, np.uintp(at)
    masks = tables.chip[0].masks
    if masks == 1 and edge.stride == 0 and edge.held == NONE:
        behind = tables.through[edge.wanted]
        for place in range(np.uintp(first), np.uintp(end)):
            key = keys[place]
            keys[filled] = key + tail
            filled += np.uintp(wanted[np.uintp(key) & low] & behind != 0)
        return int(filled) - at
    period = tables.links[edge.origin].period_ps if edge.held != NONE else 0
    for place in range(first, end):
        key = keys[place]
        rank = key & np.int64(low)
        row, some = edge.wanted + edge.stride * arrivals.messages[rank].source, np.uint64(0)
        for mask in range(masks):
            some |= wanted[rank * masks + mask] & tables.through[row + mask]
        if edge.held != NONE:
            tail = (tables.busy[edge.held + arrivals.messages[rank].source] - period) << run.shift
        keys[filled] = key + tail
        filled += np.uintp(some != 0)
    return int(filled) - at


@part
def merge(keys: Integers, one: int, length: int, other: int, other_length: int, into: int) -> None:
    """Merge two sorted parts of different keys, sentinels around them, into ``keys`` from ``into`` on.

    The half of all keys that come first is found by bisection; both halves are merged from both ends, so that
    four chains of steps go on side by side, a quarter of the keys each.
    """
    total = length + other_length
    quarter = total >> 2
    mine = first_of(keys, one, length, other, other_length, 2 * quarter)
    others, middle = 2 * quarter - mine, into + 2 * quarter
    a, b, fill_a = np.uintp(one), np.uintp(other), np.uintp(into)
    c, d, fill_c = np.uintp(one + mine - 1), np.uintp(other + others - 1), np.uintp(middle - 1)
    e, f, fill_e = np.uintp(one + mine), np.uintp(other + others), np.uintp(middle)
    g, h = np.uintp(one + length - 1), np.uintp(other + other_length - 1)
    fill_g = np.uintp(into + total - 1)
    for _ in range(quarter):
        a, b, fill_a = take_lower(keys, a, b, fill_a)
        c, d, fill_c = take_higher(keys, c, d, fill_c)
        e, f, fill_e = take_lower(keys, e, f, fill_e)
        g, h, fill_g = take_higher(keys, g, h, fill_g)
    for _ in range(total & 3):
        e, f, fill_e = take_lower(keys, e, f, fill_e)


@inlined
def take_lower(keys: Integers, one: Any, other: Any, fill: Any) -> tuple[Any, Any, Any]:
    """The lower of two keys goes to ``fill``; no branch, since which it is cannot be foreseen."""
    a, b = keys[one], keys[other]
    mine = np.uintp(a < b)
    keys[fill] = min(a, b)
    return one + mine, other + (ONE - mine), fill + ONE


@inlined
def take_higher(keys: Integers, one: Any, other: Any, fill: Any) -> tuple[Any, Any, Any]:
    """The higher of two keys goes to ``fill``, downwards."""
    a, b = keys[one], keys[other]
    mine = np.uintp(a > b)
    keys[fill] = max(a, b)
    return one - mine, other - (ONE - mine), fill - ONE


@inlined
def first_of(keys: Integers, one: int, length: int, other: int, other_length: int, count: int) -> int:
    """How many of the ``count`` lowest keys of two sorted parts are of the first."""
    low, high = max(0, count - other_length), min(length, count)
    while low < high:
        middle = (low + high) >> 1
        if keys[one + middle] < keys[other + count - middle - 1]:
            low = middle + 1
        else:
            high = middle
    return low
