"""The compiled engine's data: arrays of records, so that a kernel reads ``units[unit].free_at``."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.arrays import Integers
from deltasim.runtime.views import viewer
from deltasim.simulator.memories.kinds import TIMINGS
from deltasim.simulator.plan.records import (
    COLUMN,
    ENCODER,
    ENTRY,
    LINK,
    MEMORY,
    PATH,
    SEGMENT,
    TREE,
    UPDATER,
    Records,
    fields_of,
    record,
)
from deltasim.simulator.plan.stages import STAGE_NUMBERS

# A unit with places (the fetch slots) counts the free ones; any other is free from ``free_at`` on.
UNIT = record(
    *("free_at", "slots", "free_slots", "head", "tail", "length", "marked", "wake"),
    *("recorded_until", "busy", "occupied", "idle", "peak", "changed", "taken_since"),
    *("stalled_since", "controls"),  # which of the shared memories a DRAM controller is of
    *("serving",),  # of a unit with one place, the code of the job that has it
    *("ahead", "served"),  # 1 where it is served ahead (``events.ahead``), and how many have been
    *("wait", "wait_high", "area", "area_high"),  # sums of which the lower LOW_BITS stand apart
)
LOW_BITS = 31
# The heap of events: what happens at a time, or ~ of the tick under whose number all that does is listed.
EVENT = record("time", "what")
TICK = record("time", "first")
LISTED = record("what", "next")
TICKS = 1 << 8
JOB = record(
    *(
        "stage",
        "message",
        "segment",
        "core",
        "at",
        "serialisation",
        "tail",
        "next",
        "previous",
        "arrival",
        "code",
    ),
    *("column", "burst", "address", "bytes", "words"),  # a burst, and the job that holds its column's slot
    *("left", "to_come"),  # of that job: bursts not consumed, the next burst to issue
    *("flits", "place", "buffer", "upstream", "branches", "gone"),  # a packet among finite buffers
    *("memory", "part"),  # where a transfer comes from, and its number in the column
    *("lines", "waiting", "follower"),  # 1 for lines of a cache (of burst ``column``); what a burst waits for
)
# One virtual channel behind a link: who is at the front, who is behind, what is leaving and when it has left.
QUEUE = record("front", "head", "tail", "leaving", "left")
MESSAGE = record("column", "layer")
STEP = record("messages", "messages_end", "began", "ended")

# What the plan says of encoders and updaters, and how far they have got.
ENCODER_STATE = record(
    *fields_of(ENCODER),
    *("first", "step", "next", "last", "began", "scanned"),
    *("carried", "paused"),  # of this scan the time of an update, and that for which it paused so far
)
UPDATER_STATE = record(
    *fields_of(UPDATER),
    *("readers", "readers_end", "first"),
    *("step", "updated", "queued", "open_segments"),
    *("owed_even", "owed_odd"),  # the time that has still to pass, of even and of odd steps
    *("drained",),  # when the last segment so far is in the sums
)
POPULATION = record(
    *("first", "into", "into_end", "partitions", "partitions_end"),
    *("sizes", "rows"),  # of each partition, so many sizes
    *("released", "finished", "finishing", "all_scanned", "scanning"),
    *("state_read", "state_write", "value_bits", "sum_bits"),  # where its state lies, what a word takes there
)
# One record: how far the run has got, and the tally of the laws.
RUN = record(
    *(
        "units",
        "events",
        "free_job",
        "free_listed",
        "marks",
        "frames",
        "pass_number",
        "step",
        "index",
        "overflow",
    ),
    *("begun",),  # 1 once a run with events has
    *("opened", "needed"),  # of a run in phases: when the present one began, how many keys it needs
    *("first", "messages", "shift", "keys"),  # its step's messages, how keys are made, where the next ones go
    *("notes",),
    *("spare", "left"),  # where there is room to merge; how many keys may be made before Python is asked
    *("injected", "deliveries", "delivered", "tree_links", "traversed", "column_words", "missed_bytes"),
    "lost",
)

# What is noted where there is room for it (``services``): a service from and until, and its job's code; how
# many wait from a time on; a time, address and bytes asked of a DRAM.
NOTE = record("what", "unit", "first", "second", "third")

# What is summed up while a run with events goes on and entered into the counts when it ends: of each link and
# layer flits over it and out of the network behind it, of each array and layer columns that stayed in line.
PASSED = record("crossed", "left")
CONSUMED = record("columns", "words", "accesses")
NOTE_SERVED, NOTE_QUEUED, NOTE_ASKED = range(3)

POLICIES = ("layer", "barrier", "dataflow")
LAYER, BARRIER, DATAFLOW = range(3)

# What is counted of the chip but for its memories, by the field that has the number of each action.
ACTIONS = {
    "scan_action": "core.scan",
    "send_action": "core.send",
    "receive_action": "core.receive",
    "mac_action": "core.mac",
    "update_action": "core.update",
    "emit_action": "core.emit",
    "access_action": "core.access",
    "router_action": "router.flit",
    "stall_action": "link.credit_stall",
    "length_action": "link.flit_um",
    "write_buffer": "router.buffer_write",
    "read_buffer": "router.buffer_read",
    "crossbar": "router.crossbar",
}

# One record: the numbers of the chip.
CHIP = record(
    *("policy", "barrier_cost_ps", "cores", "populations", "projections", "passes", "core_unit", "memories"),
    *("order", "width"),
    *STAGE_NUMBERS,
    *("updaters", "unicast", "parts", "line_requests", "registers"),
    *("first_link", "link_period_ps", "flit_bytes", "message_flits", "request_flits"),
    *("groups_at",),  # where it is listed at which group each pass begins
    *("widest", "duplicates"),  # the most input edges of a list, and shared merges that hold its keys
    *("masks", "size_bytes"),  # words of bits for all cores, bytes that a size's number takes
    *("links", "channels", "queues", "first_queue"),  # channels: 0 where buffers have no limit
    *ACTIONS,
    *("ask", "advance", "take"),  # addresses of the command-level DRAM rule
)
# router: 1 where its links begin at one; scratchpad: the memory of a core whose columns stay in line, or NONE
CORE = record("send", "receive", "fetch", "mac", "router", "scratchpad")
# What a segment takes: accesses of a scratchpad and time of the multiply-accumulators.
SEGMENT_WORK = record("accesses", "work")
# What a plan that runs in phases has instead of segments, trees and entries (``routes``).
# The populations whose steps make up a phase, the encoders into them core by core and by their columns, and
# their partitions core by core.
GROUP = record("first", "end", "into", "into_end", "by_column", "partitions", "partitions_end")
# dropping: so many cores take all that comes; pass_through: all that come go on by it
ARRIVAL_LIST = record("inputs", "inputs_end", "busy", "held", "dropping")
INPUT_EDGE = record("origin", "wanted", "stride", "serialisation_tail", "held", "pass_through")
# What a size takes: accesses of a memory of some width, words and time of the multiply-accumulators.
COST = record("accesses", "words", "work")
# What the plan says of memories, where what each holds begins, and figures of kinds that have their own.
MEMORY_TABLE = record(
    *fields_of(MEMORY),
    *("costs", "held", "window"),
    *(field for timing in TIMINGS for field in timing._fields),
)


class Tables(NamedTuple):
    """What the kernels read of a plan and never change. Kernels see it through one pointer (``views``)."""

    chip: Annotated[Records, CHIP]
    cores: Annotated[Records, CORE]
    columns: Annotated[Records, COLUMN]
    segments: Annotated[Records, SEGMENT]
    trees: Annotated[Records, TREE]
    entries: Annotated[Records, ENTRY]
    links: Annotated[Records, LINK]
    paths: Annotated[Records, PATH]
    memories: Annotated[Records, MEMORY_TABLE]
    tree_lists: Annotated[Integers, np.int64]  # what trees and entries refer to
    ways: Annotated[Integers, np.int64]  # what paths refer to: link * queues + queue
    lists: Annotated[Integers, np.int64]  # what all others do that name a range of places
    groups: Annotated[Records, GROUP]
    arrival_lists: Annotated[Records, ARRIVAL_LIST]
    input_edges: Annotated[Records, INPUT_EDGE]
    through: Annotated[npt.NDArray[np.uint64], np.uint64]
    busy: Annotated[Integers, np.int64]
    tree: Annotated[npt.NDArray[np.int32], np.int32]  # of each column
    column_words: Annotated[npt.NDArray[np.int32], np.int32]
    tree_links: Annotated[npt.NDArray[np.int32], np.int32]
    tree_cores: Annotated[npt.NDArray[np.int32], np.int32]
    wanted: Annotated[npt.NDArray[np.uint64], np.uint64]  # of each tree
    size: Annotated[npt.NDArray[np.uint8], np.uint8]  # of each part, its number
    costs: Annotated[Records, COST]  # from a memory's ``costs`` on, of each size
    segment_work: Annotated[Records, SEGMENT_WORK]  # of each segment, where it lies in a scratchpad


class State(NamedTuple):
    """What the kernels change while a sequence runs; every count of the ledger comes out of it."""

    run: Annotated[Records, RUN]
    events: Annotated[Records, EVENT]
    ticks: Annotated[Records, TICK]
    listed: Annotated[Records, LISTED]
    marks: Annotated[Integers, np.int64]  # the units that decide at the end of this tick
    units: Annotated[Records, UNIT]
    jobs: Annotated[Records, JOB]
    encoders: Annotated[Records, ENCODER_STATE]
    updaters: Annotated[Records, UPDATER_STATE]
    populations: Annotated[Records, POPULATION]
    messages: Annotated[Records, MESSAGE]
    lost: Annotated[Integers, np.int64]  # 1 for each message that is lost; empty where none is
    steps: Annotated[Records, STEP]
    active: Annotated[Integers, np.int64]  # neurons of each updater in each step; empty where all count alike
    channels: Annotated[Integers, np.int64, 2]
    buffers: Annotated[Records, QUEUE]  # of each link, its virtual channels
    credits: Annotated[Integers, np.int64]  # flits free in each
    contents: Annotated[Integers, np.int64]  # of caches and buffers, from a memory's ``held`` on
    timelines: Annotated[Integers, np.int64, 2]  # bytes over time of every shared memory
    counts: Annotated[Integers, np.int64, 2]  # a row for each unit, then one for each layer
    notes: Annotated[Records, NOTE]  # none, but where services are asked for
    starts: Annotated[Integers, np.int64, 2]  # of each unit when it begins the latest that it serves ahead
    ends: Annotated[Integers, np.int64, 2]  # of each array the next slot, and when each of them is free
    passed: Annotated[Records, PASSED]
    consumed: Annotated[Records, CONSUMED]


view_state, view_tables = viewer(State), viewer(Tables)


# What a cache holds, from its place in ``contents`` on: the bursts that wait to be read, in the order of
# their look-ups (the first and the last job), 1 while one is being read, then the entries of its lines.
FIRST_WAITING, LAST_WAITING, BUSY, ENTRIES = range(4)


class Lists:
    """One array of many lists; a record names one by the places where it begins and ends."""

    def __init__(self) -> None:
        self.parts: list[Integers] = []
        self.length = 0

    def add(self, rows: list[list[int]]) -> Integers:
        """Append rows; returns their bounds."""
        bounds = self.length + np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        self.parts.append(np.array([value for row in rows for value in row], np.int64))
        self.length = int(bounds[-1])
        return bounds

    def values(self) -> Integers:
        return np.concatenate(self.parts)
