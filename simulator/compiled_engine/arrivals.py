"""What comes to every link and core within one phase, in lanes that lie one behind the other."""

from __future__ import annotations

from typing import Annotated, NamedTuple, cast

import numpy as np

from networks.kernels import part
from simulator.compiled_engine.feed_forward import STREAMED, FeedForward
from simulator.compiled_engine.pace import first_message
from simulator.compiled_engine.records import NONE, Records, State, Tables, record
from simulator.compiled_engine.views import viewer
from simulator.plan import Integers

# A message at a link (``place`` is the entry of its tree) or at a core (the copy there); and its first copy.
PACKET = record("time", "message", "place", "span", "copies")
# How many messages of the phase take a tree, and the column of one of them.
USE = record("messages", "column")
# A fetch slot whose column comes by turns with others (``turns``).
SLOT = record("stage", "packet", "number", "copy", "at", "unit", "arrival", "flits", "span", "tail")


AT_ONCE = cast("int", np.int64(0))  # no Python integer, for which kernels would be compiled once more


class Arrivals(NamedTuple):
    """Lanes of packets, a lane for each link and behind them one for each core; and room to work in."""

    packets: Annotated[Records, PACKET]
    spare: Annotated[Records, PACKET]  # for sorting
    bounds: Annotated[Integers, np.int64]  # where each lane begins
    filled: Annotated[Integers, np.int64]  # where its next packet goes
    uses: Annotated[Records, USE]
    used: Annotated[Integers, np.int64]  # the trees that the messages of the phase take
    links: Annotated[Integers, np.int64]
    fetching: Annotated[Integers, np.int64]  # how each core fetches: a stage of `stages`
    slots: Annotated[Records, SLOT]
    stages: Annotated[Integers, np.int64]  # the addresses of `stages.STAGES`
    # of one lane, packet by packet: when it asked for a unit or a slot, when that was granted, when it was
    # read, when it came to the sums and when it had gone through them
    asked: Annotated[Integers, np.int64]
    granted: Annotated[Integers, np.int64]
    read: Annotated[Integers, np.int64]
    summed: Annotated[Integers, np.int64]
    ended: Annotated[Integers, np.int64]
    # and of columns that come over a link: when they were asked of the memory, when they came to the link and
    # then to the sums, with what span, and when requests and responses asked for the link and had it
    sought: Annotated[Integers, np.int64]
    came: Annotated[Integers, np.int64]
    span: Annotated[Integers, np.int64]
    crossing: Annotated[Integers, np.int64]
    crossed: Annotated[Integers, np.int64]


view_state, view_tables, view_arrivals = viewer(State), viewer(Tables), viewer(Arrivals)


def empty_arrivals(tables: Tables, forward: FeedForward, stages: Integers, slots: int, room: int) -> Arrivals:
    """Lanes for ``room`` packets in all, and ``slots`` fetch slots of a core."""
    lanes, trees = len(tables.links) + len(tables.cores), len(tables.trees)
    asked, granted, read, summed, ended = np.empty((5, room), np.int64)
    streamed = room if (forward.fetching == STREAMED).any() else 0
    sought, came, span = np.empty((3, streamed), np.int64)
    crossing, crossed = np.empty((2, 2 * streamed), np.int64)
    return Arrivals(
        packets=np.empty(room, PACKET),
        spare=np.empty(room, PACKET),
        bounds=np.zeros(lanes + 1, np.int64),
        filled=np.zeros(lanes + 1, np.int64),
        uses=np.zeros(trees, USE),
        used=np.empty(trees, np.int64),
        links=forward.links,
        fetching=forward.fetching,
        slots=np.zeros(slots, SLOT),
        stages=stages,
        asked=asked,
        granted=granted,
        read=read,
        summed=summed,
        ended=ended,
        sought=sought,
        came=came,
        span=span,
        crossing=crossing,
        crossed=crossed,
    )


@part
def lay_out(state: State, tables: Tables, arrivals: Arrivals, target: int, step: int) -> int:
    """Give every lane as much room as the messages into ``target`` need; returns how much that is in all.

    Messages with the same tree go the same ways: a tree is followed once, however many take it.
    """
    population, uses, lanes = state.populations[target], arrivals.uses, arrivals.filled
    trees = 0
    for place in range(population.into, population.into_end):
        encoder = state.encoders[tables.lists[place]]
        first = first_message(state, step, encoder.low)
        for message in range(first, first_message(state, step, encoder.high)):
            number = state.messages[message].column
            column = tables.columns[number]
            if column.copies == column.copies_end:
                continue
            if uses[column.tree].messages == 0:
                arrivals.used[trees] = column.tree
                trees += 1
                uses[column.tree].column = number
            uses[column.tree].messages += 1
    lanes[:] = 0
    for place in range(trees):
        tree, use = tables.trees[arrivals.used[place]], uses[arrivals.used[place]]
        first, messages = tables.columns[use.column].copies, use.messages
        use.messages = 0
        if tree.local != NONE:
            lanes[tables.links.size + tables.copies[first + tree.local].core] += messages
        for number in range(tree.first, tree.first + tree.links):
            entry = tables.entries[number]
            lanes[entry.link] += messages
            for drop in range(entry.drops, entry.drops_end):
                lanes[tables.links.size + tables.lists[drop + tables.chip[0].drop_cores]] += messages
    total = 0
    for lane in range(lanes.size):
        arrivals.bounds[lane] = total
        total += lanes[lane]
        lanes[lane] = arrivals.bounds[lane]
    return int(total)


@part
def append(
    arrivals: Arrivals, lane: int, time_ps: int, message: int, place: int, span: int, copies: int
) -> None:
    """A packet comes to a lane."""
    packet = arrivals.packets[arrivals.filled[lane]]
    packet.time, packet.message, packet.place = time_ps, message, place
    packet.span, packet.copies = span, copies
    arrivals.filled[lane] += 1


@part
def sort_lane(arrivals: Arrivals, first: int, end: int) -> None:
    """Sort packets by (time, message). They come in a few sorted runs, so neighbouring runs are merged."""
    packets, spare = arrivals.packets, arrivals.spare
    while True:
        middle = run_end(arrivals, first, end)
        if middle == end:
            return
        start, filled = first, first
        while start < end:
            middle = run_end(arrivals, start, end)
            stop = run_end(arrivals, middle, end) if middle < end else end
            one, other = start, middle
            while one < middle and other < stop:
                if precedes(arrivals, other, one):
                    spare[filled] = packets[other]
                    other += 1
                else:
                    spare[filled] = packets[one]
                    one += 1
                filled += 1
            while one < middle:
                spare[filled] = packets[one]
                one, filled = one + 1, filled + 1
            while other < stop:
                spare[filled] = packets[other]
                other, filled = other + 1, filled + 1
            start = stop
        for place in range(first, end):
            packets[place] = spare[place]


@part
def run_end(arrivals: Arrivals, first: int, end: int) -> int:
    """Where the packets from ``first`` on cease to be in order."""
    place = first + 1
    while place < end and not precedes(arrivals, place, place - 1):
        place += 1
    return place


@part
def precedes(arrivals: Arrivals, one: int, other: int) -> bool:
    """Which of two packets is served first: the earlier, of equals by content."""
    a, b = arrivals.packets[one], arrivals.packets[other]
    return bool(a.time < b.time or (a.time == b.time and a.message < b.message))


@part
def book_queue(state: State, unit: int, asked: Integers, lag: int, begun: Integers, number: int) -> None:
    """Enter a queue into the books: who asked at ``asked + lag`` was served at ``begun``, both in order.

    Who comes at a tick stands in the queue before anybody is served at it.
    """
    served, changed, wait, area, peak = 0, 0, 0, 0, 0
    for place in range(number):
        time_ps = asked[place] + lag
        while served < place and begun[served] < time_ps:
            area += (place - served) * (begun[served] - changed)
            changed = begun[served]
            served += 1
        area += (place - served) * (time_ps - changed)
        changed = time_ps
        wait += begun[place] - time_ps
        peak = max(peak, place - served + 1)
    while served < number:
        area += (number - served) * (begun[served] - changed)
        changed = begun[served]
        served += 1
    books = state.units[unit]
    books.wait += wait
    books.area += area
    books.peak = max(books.peak, peak)
