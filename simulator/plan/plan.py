"""The plan: network, chip and mapping flattened into integer arrays that every engine reads and none changes.

Vocabulary. A *column* is what one source neuron of one projection sends into: column number =
``offset[projection] + source``. A *segment* is the part of a column that lies on one target core, a *tree*
the set of links that carries a message from its source core to all its target cores, a *partition* the
neurons of a population that sit on one core. A plan holds segments and trees by a number for each; whoever
needs them one by one lays them out (``simulator.plan.expanded_columns``, ``simulator.plan.multicast_trees``).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from deltasim.networks.graph import Network
from deltasim.runtime.arrays import Integers
from deltasim.simulator.chip import Chip
from deltasim.simulator.dram.scheduling.packing import pack
from deltasim.simulator.mapping.mapping import Mapping
from deltasim.simulator.mapping.partition import Partition
from deltasim.simulator.mapping.state import Home
from deltasim.simulator.mapping.weight_block import Block
from deltasim.simulator.memories.buffer import window_of
from deltasim.simulator.memories.dram import DramTiming, channel_at_rest
from deltasim.simulator.memories.serial import SerialTiming
from deltasim.simulator.memories.standard_dram import Controlled
from deltasim.simulator.plan.records import NONE, Records

STAGES = ("scan", "send", "receive", "fetch", "mac", "update")
SCAN, SEND, RECEIVE, FETCH, MAC, UPDATE = range(6)
ABSENT = NONE


@dataclass(frozen=True)
class Unit:
    """One piece of hardware that serves one job after another.

    ``kind`` is scan, send, receive, fetch, mac, update, scratchpad, dram, state, link or bus (or ``core`` and
    ``chip``, which only count); ``node`` is the topology node it sits at, for a link the node it leaves.

    >>> Unit("core3.mac", "mac", 3).name
    'core3.mac'
    """

    name: str
    kind: str
    node: int


@dataclass(frozen=True, eq=False)
class Stages:
    """Times of the core stages, in picoseconds, and their units: ``unit`` is (cores, stages), -1 = absent.

    With several multiply arrays ``unit`` names the fetch and mac units of array 0; those of the other arrays
    follow it one by one.
    """

    unit: Integers
    cycle_ps: int  # of the cores' clock: an address is formed in one
    scan_cycle_ps: int  # as long as cycle_ps, but where a scan takes several cycles or is asked to be faster
    mac_cycle_ps: int
    scan_per_cycle: int
    scan_pad_to: int
    send_ps: int
    receive_ps: int
    fetch_slots: int
    arrays: int
    burst_bytes: int  # a column is fetched in bursts that end at multiples of it
    bursts_at_once: int  # of one column
    mac_lanes: int
    update_lanes: int
    update_group_ps: int
    update_fixed_ps: int
    message_ps: int  # for which a scan pauses for each message, and for each copy of it
    copy_ps: int
    access_ps: int  # of a group of neurons, at rest or not; 0 where these are not told apart
    tells_rest: bool
    update_during_scan: bool

    @property
    def fetch_units(self) -> Integers:
        """The fetch units of every array of every core. Shape (cores, arrays)."""
        units: Integers = self.unit[:, FETCH, np.newaxis] + np.arange(self.arrays)
        return units


STAGE_NUMBERS = tuple(field.name for field in fields(Stages) if field.name != "unit")


@dataclass(frozen=True)
class InputBuffers:
    """The finite buffers behind the links: ``channels`` virtual channels of ``flits`` flits behind each.

    Packets that wait for a link stand in one of ``queues`` queues, by class and dateline class
    (``deltasim.simulator.chip.virtual_channels``); messages in the first. Queue *q* has the channels from
    ``components.input_buffers.first_channel(q, queues, channels)`` on.
    """

    channels: int
    flits: int
    queues: int
    dateline_classes: int  # queues of messages


@dataclass(frozen=True, eq=False)
class Links:
    """The network on chip: link ``l`` is unit ``first_unit + l``.

    Path (core, memory) has number ``core * memories + memory``; it is a range of ``ways``, which are links
    times ``queues`` plus the queue in which a packet waits there.
    """

    first_unit: int
    period_ps: int  # of the network's own clock: a flit over a link as wide as a flit
    flit_bytes: int
    message_flits: int
    request_flits: int
    queues: int
    records: Records
    paths: Records
    ways: Integers

    @property
    def count(self) -> int:
        return len(self.records)

    @cached_property
    def there(self) -> tuple[Integers, Integers]:
        """Bounds of the paths to the memories, one for each path and the end, and the links along them."""
        return self.along("there")

    @cached_property
    def back(self) -> tuple[Integers, Integers]:
        """The same of the paths back."""
        return self.along("back")

    def along(self, direction: str) -> tuple[Integers, Integers]:
        begins, ends = self.paths[direction], self.paths[f"{direction}_end"]
        first, end = int(begins[0]), int(ends[-1])
        return np.append(begins, end) - first, self.ways[first:end] // self.queues


@dataclass(frozen=True, eq=False)
class MemoryInstances:
    """The memories, one for each core or for each port."""

    component: tuple[str, ...]  # the chip's name for each: the prefix of its actions
    records: Records
    timing: tuple[DramTiming | SerialTiming | None, ...]  # of one known by its own figures
    controlled: tuple[Controlled | None, ...]

    @cached_property
    def shared(self) -> npt.NDArray[np.bool_]:
        """Which of them are reached over the network."""
        found: npt.NDArray[np.bool_] = self.records["shared"] != NONE
        return found

    def holding(self, block: Block) -> int:
        """The memory that a block's columns are asked of: where they lie, or the cache in front of it."""
        first = self.component.index(block.through or block.memory)
        return first + (block.channel if self.shared[first] else block.core)

    def drams_at_rest(self) -> dict[int, Integers]:
        """The state of every DRAM before a sequence, as its rule keeps it, by memory."""
        resting = {
            m: channel_at_rest(timing)
            for m, timing in enumerate(self.timing)
            if isinstance(timing, DramTiming)
        }
        for m, of in enumerate(self.controlled):
            if of:
                resting[m] = pack(of.timing, of.bits, int(self.records["slots"][m]))
        return resting


@dataclass(frozen=True, eq=False)
class Trees:
    """The K distinct routes of messages: from a core to a set of cores. Sorted by their source core."""

    source: npt.NDArray[np.int32]  # (K,)
    wanted: npt.NDArray[np.uint64]  # (K, words): bit c % 64 of word c // 64 is 1 where core c has a segment
    links: npt.NDArray[np.int32]  # (K,) how many links the message takes


@dataclass(frozen=True, eq=False)
class Columns:
    """What each message fetches. Part *n* of a column lies with partition *n* of the population it goes into.

    Few parts are of different size. The number of a part's size is ``size[first[population] + n *
    rows[population] + row]``, and ``size_words`` and ``size_bytes`` say what that is. The row of a source is
    ``row[projection] + source``; where all sources of a projection send alike (``stride`` 0) it has one row.
    What one core has to read lies together.
    """

    offset: Integers  # (projections + 1,)
    tree: npt.NDArray[np.int32]  # of each column
    words: npt.NDArray[np.int32]  # of each column, in all its segments
    size: npt.NDArray[np.unsignedinteger[Any]]
    first: Integers  # (populations,)
    rows: Integers  # (populations,)
    row: Integers  # (projections,)
    stride: Integers  # (projections,) 0 or 1
    size_words: Integers
    size_bytes: Integers

    @property
    def longest(self) -> int:
        """Bytes of the longest segment; 1 where there is none."""
        return int(self.size_bytes.max(initial=1))

    def of(self, messages: npt.NDArray[Any]) -> Integers:
        """The number of the column that each message of a trace fetches."""
        found: Integers = self.offset[messages["projection"]] + messages["source"]
        return found


@dataclass(frozen=True, eq=False)
class Plan:
    """All an engine needs besides the messages. Built by :func:`simulator.plan.compile.compile_plan`."""

    network: Network
    chip: Chip
    mapping: Mapping
    units: tuple[Unit, ...]
    actions: tuple[str, ...]
    layers: tuple[str, ...]
    policy: str
    barrier_cost_ps: int
    cores: int
    partitions: tuple[tuple[Partition, ...], ...]  # per population
    into: tuple[tuple[int, ...], ...]  # per population: projections that end in it
    out_of: tuple[tuple[int, ...], ...]  # per population: projections that start from it
    source: Integers  # population each projection starts from
    target: Integers
    delay: Integers
    scan_passes: Integers  # how often the encoder of each projection goes over its elements in a step
    delta_encoded: Integers  # 1 where a projection sends deltas and keeps what it last sent, 0 for events
    pass_number: Integers  # pass of each population
    homes: tuple[Home, ...]  # per population: where its state lies
    order: tuple[tuple[int, ...], ...]  # per pass: populations in computing order
    stages: Stages
    unicast: bool  # a copy for each core, in the place of one along a tree
    links: Links
    buffers: InputBuffers | None  # None: without limit
    in_parts: bool  # a packet's way through routers and over links is counted in parts
    memories: MemoryInstances
    trees: Trees
    columns: Columns

    @property
    def chip_unit(self) -> int:
        """The unit that carries what belongs to the whole chip; the last one."""
        return len(self.units) - 1

    def buffer_window(self, memory: int) -> int:
        """How many cycles ahead the streams of a shared buffer can reserve its banks."""
        one = self.memories.records[memory]
        return window_of(int(one["slots"]), self.longest_transfer(), int(one["width_bytes"]))

    def longest_transfer(self) -> int:
        """No memory is asked for more bytes than this at one time: a burst, in whole lines of a cache."""
        longest = min(self.columns.longest, self.stages.burst_bytes)
        return longest + 2 * int(self.memories.records["line_bytes"].max(initial=1))

    def core_unit(self, core: int) -> int:
        """The unit that carries what belongs to a core but to none of its stages."""
        return len(self.units) - 1 - self.cores + core

    def carrier(self, population: int) -> int:
        """The projection whose scan takes the time of the population's update; -1 where none does."""
        if self.stages.update_during_scan:
            for projection in self.out_of[population]:
                if not self.crosses_passes(projection):
                    return projection
        return ABSENT

    def crosses_passes(self, projection: int) -> bool:
        """True when the projection reads what an earlier pass recorded."""
        return bool(
            self.pass_number[self.source[projection]] != self.pass_number[self.target[projection]]
            and self.into[int(self.source[projection])]
        )
