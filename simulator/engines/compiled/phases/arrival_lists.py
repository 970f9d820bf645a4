"""What comes to every link and core within one phase, in lists that lie one behind the other.

A message in an arrival list is one number, its *key*: when it comes there, in picoseconds of the phase, and
in the low ``shift`` bits its number among the messages of the step. So keys sort by time, and ties by
content.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import inlined, part
from deltasim.runtime.views import viewer
from deltasim.simulator.engines.compiled.counting import count
from deltasim.simulator.engines.compiled.phases.eligible import STREAMED, PhasePlan
from deltasim.simulator.engines.compiled.records import State, Tables
from deltasim.simulator.plan.records import Record, Records, record, records

BEFORE_ALL, AFTER_ALL = np.int64(-1), np.int64((1 << 63) - 1)
AT_ONCE = cast("int", np.int64(0))  # no Python integer, for which kernels would be compiled once more


# A sorted part of a list: where it begins, how many keys it has.
SORTED = record("begin", "length")
# A message of the step: its row in the list of sizes, its source core and array, the population it goes into.
MESSAGE_OF_STEP = record("row", "source", "array", "layer")
# A population: when all scans into it have ended, when its last message on a core is in the sums, where the
# sizes of its parts there are listed, how many messages of a list go into it, and their words and accesses.
LAYER = record("scanned", "drained", "sizes", "tally", "words", "accesses")
# A core: how it fetches, a stage of `stages`, and what from.
FETCHING = record("stage", "memory")
# A column that comes over a link: its segment, and with what serialisation it comes.
STREAM = record("segment", "serialisation")


class Arrivals(NamedTuple):
    """Lists of keys, one for each link, core and sender (``routes``); and room to work in."""

    keys: Annotated[Integers, np.int64]  # of all lists, and behind them of sorted parts to be merged into one
    bounds: Annotated[Integers, np.int64]  # where each list begins
    filled: Annotated[Integers, np.int64]  # and where it ends
    parts: Annotated[Records, SORTED]
    wanted: Annotated[npt.NDArray[np.uint64], np.uint64]  # the cores that each message of the step wants
    messages: Annotated[Records, MESSAGE_OF_STEP]
    filling_order: Annotated[Integers, np.int64]  # of the lists of links and shared merges
    cores: Annotated[Records, FETCHING]
    layers: Annotated[Records, LAYER]
    # of the partitions on a core: who is ready when, and is updated when
    order: Annotated[Integers, np.int64]
    ready: Annotated[Integers, np.int64]
    updated: Annotated[Integers, np.int64]
    peak: Annotated[npt.NDArray[np.uintp], np.uintp]  # how long a queue has been at most
    stages: Annotated[Integers, np.int64]  # the addresses of `stages.PHASE_STAGES`
    kind: Annotated[npt.NDArray[np.uintp], np.uintp]  # the number of the size of each message's part
    # of one list, message by message: when it asked for a unit or a slot, when that was granted, when it was
    # read, when it came to the sums and when it had gone through them
    asked: Annotated[Integers, np.int64]
    granted: Annotated[Integers, np.int64]
    read: Annotated[Integers, np.int64]
    summed: Annotated[Integers, np.int64]
    ended: Annotated[Integers, np.int64]
    # and of columns that come over a link: when they were asked of the memory, when they came to the link and
    # then to the sums, and when requests and responses asked for the link and had it
    sought: Annotated[Integers, np.int64]
    came: Annotated[Integers, np.int64]
    streams: Annotated[Records, STREAM]
    crossing: Annotated[Integers, np.int64]
    crossed: Annotated[Integers, np.int64]


view_arrivals = viewer(Arrivals)


def empty_arrivals(
    tables: Tables, forward: PhasePlan, stages: Integers, keys: int, messages: int
) -> Arrivals:
    """Room for so many keys in all and messages in a step."""
    count, populations = len(tables.arrival_lists), int(tables.chip["populations"][0])
    widest = int(tables.chip["widest"][0])
    asked, granted, read, summed, ended = np.empty((5, messages), np.int64)
    order, ready, updated = np.zeros((3, populations), np.int64)
    streamed = messages if (forward.fetching == STREAMED).any() else 0
    sought, came = np.empty((2, streamed), np.int64)
    crossing, crossed = np.empty((2, 2 * streamed), np.int64)
    cores = records(FETCHING, stage=forward.fetching, memory=forward.memory)
    return Arrivals(
        keys=np.empty(keys, np.int64),
        bounds=np.zeros(count, np.int64),
        filled=np.zeros(count, np.int64),
        parts=np.zeros(2 * widest, SORTED),
        wanted=np.empty(messages * int(tables.chip["masks"][0]), np.uint64),
        messages=np.zeros(messages, MESSAGE_OF_STEP),
        filling_order=forward.routes.order,
        cores=cores,
        layers=np.zeros(populations, LAYER),
        order=order,
        ready=ready,
        updated=updated,
        peak=np.zeros(1, np.uintp),
        stages=stages,
        kind=np.empty(messages, np.uintp),
        asked=asked,
        granted=granted,
        read=read,
        summed=summed,
        ended=ended,
        sought=sought,
        came=came,
        streams=np.zeros(streamed, STREAM),
        crossing=crossing,
        crossed=crossed,
    )


@part
def begin_step(state: State, tables: Tables, number: int, step: int) -> None:
    """Find the messages of every scan of a phase; say how their keys are made, and how many at most it needs.

    A key for each message at its source and, one core after the other, at its cores; one for each link; as
    many again for each shared merge; and on its way into a list one for each time it may be merged. Every
    list and every sorted part has a sentinel at both ends.
    """
    run, times, group = state.run[0], state.steps[step], tables.groups[number]
    run.first, run.messages, run.shift = times.messages, times.messages_end - times.messages, 0
    while run.messages >> run.shift > 0:
        run.shift += 1
    run.needed, widest = run.messages, tables.chip[0].widest
    message, end = times.messages, times.messages_end
    for place in range(group.by_column, group.by_column + group.into_end - group.into):
        encoder = state.encoders[tables.lists[place]]
        while message < end and state.messages[message].column < encoder.low:
            message += 1
        encoder.next = message
        while message < end and state.messages[message].column < encoder.high:
            run.needed += tables.tree_links[tables.tree[state.messages[message].column]]
            message += 1
        encoder.last = message
    run.needed += run.needed * tables.chip[0].duplicates + run.messages + 2 * tables.arrival_lists.size
    run.spare, levels = run.needed, 2
    while widest >> (levels - 2) > 0:
        levels += 1
    run.needed += levels * run.messages + 4 * widest


@inlined
def time_of(run: Record, key: int) -> int:
    """The time of a key."""
    return int(run.opened + (key >> run.shift))


@inlined
def message_of(run: Record, key: int) -> int:
    """The message of a key."""
    return int(run.first + (key & ((1 << run.shift) - 1)))


@part
def set_sentinels(arrivals: Arrivals, first: int, end: int) -> None:
    """Put sentinels around keys, so that merging need not ask where they end."""
    arrivals.keys[first - 1], arrivals.keys[end] = BEFORE_ALL, AFTER_ALL


@part
def count_by_layer(
    state: State, tables: Tables, arrivals: Arrivals, number: int, at: int, messages: int
) -> None:
    """Count the messages whose keys lie from ``at`` on by the population they go into."""
    group, low = tables.groups[number], (1 << state.run[0].shift) - 1
    if group.first + 1 == group.end:
        arrivals.layers[tables.lists[group.first]].tally = messages
        return
    for place in range(group.first, group.end):
        arrivals.layers[tables.lists[place]].tally = 0
    for place in range(at, at + messages):
        arrivals.layers[arrivals.messages[arrivals.keys[place] & low].layer].tally += 1


@part
def count_messages(
    state: State,
    tables: Tables,
    arrivals: Arrivals,
    number: int,
    unit: int,
    action: int,
    at: int,
    messages: int,
) -> None:
    """Enter one of an action for every message whose key lies from ``at`` on."""
    count_by_layer(state, tables, arrivals, number, at, messages)
    group = tables.groups[number]
    for place in range(group.first, group.end):
        layer = tables.lists[place]
        count(state, unit, layer, action, arrivals.layers[layer].tally)
