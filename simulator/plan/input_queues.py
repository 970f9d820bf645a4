"""Compile the finite input buffers of a chip: in which queue a packet waits for each link of its way."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.virtual_channels import (
    MESSAGES,
    REQUESTS,
    RESPONSES,
    RINGS,
    classes_of,
    leg_after,
    legs_along,
    legs_of,
)
from deltasim.simulator.components.service_times import rounds
from deltasim.simulator.plan.expanded_columns import column_segments_of
from deltasim.simulator.plan.multicast_trees import MulticastTrees, multicast_trees_of
from deltasim.simulator.plan.plan import ABSENT, CACHE, InputBuffers, Plan
from deltasim.simulator.topology import Topology


def compile_buffers(plan: Plan) -> InputBuffers | None:
    """The queues of all trees and ways; None where the chip has buffers without limit.

    Errors: InputError when a response would not fit in a buffer.
    """
    chip, links = plan.chip, plan.links
    buffer, channels = chip.network.buffer_flits, chip.network.virtual_channels
    if buffer is None or channels is None:
        return None
    topology, legs = chip.topology, legs_of(chip)
    refuse_large_responses(plan, buffer)

    def queue(kind: int, leg: Integers) -> Integers:
        return kind * legs + np.minimum(leg, legs - 1)

    return InputBuffers(
        channels=channels,
        flits=buffer,
        queues=classes_of(chip) * legs,
        tree_queue=queue(MESSAGES, tree_legs(topology, multicast_trees_of(plan))),
        path_queue=queue(REQUESTS, way_legs(topology, links.path_start, links.path_link)),
        back_queue=queue(RESPONSES, way_legs(topology, links.back_start, links.back_link)),
    )


def refuse_large_responses(plan: Plan, buffer: int) -> None:
    """A response comes back as one packet and must fit in a buffer."""
    chip, links, memories, segments = plan.chip, plan.links, plan.memories, column_segments_of(plan)
    cached = memories.kind[segments.memory] == CACHE
    memory = np.where(cached, memories.next_level[segments.memory], segments.memory)
    path = segments.core * len(memories.component) + memory
    travels = memories.shared[memory] & (np.diff(links.back_start)[path] > 0)
    line = memories.line_bytes[segments.memory]  # 1 where there is no cache
    first, last = segments.address // line, (segments.address + segments.bytes - 1) // line
    whole = int(((last - first + 1) * line)[travels].max(initial=0))
    largest = min(whole, chip.cores.dma.burst_bytes) if chip.cores.dma else whole
    flits = int(rounds(largest, links.flit_bytes))
    if flits > buffer:
        raise InputError(
            chip.place("network.buffer"),
            f"{buffer} flits",
            f"a packet fits in a buffer; one fetch brings {largest:,} B in a packet of {flits} flits",
            f"Use {flits} flits, wider links, or smaller bursts of a DMA.",
        )


def tree_legs(topology: Topology, multicast: MulticastTrees) -> Integers:
    """The leg on every entry of every tree; it depends on what lies between the source and the entry only."""
    legs = np.zeros(len(multicast.link), np.int64)
    if topology.kind not in RINGS:
        return legs
    link, parent = multicast.link.tolist(), multicast.parent.tolist()
    for first, end in pairwise(multicast.start.tolist()):
        for entry in range(first, end):
            above = first + parent[entry] if parent[entry] != ABSENT else ABSENT
            before, leg = (link[above], int(legs[above])) if above != ABSENT else (-1, 0)
            legs[entry] = leg_after(topology, link[entry], before, leg)
    return legs


def way_legs(topology: Topology, starts: Integers, links: Integers) -> Integers:
    """The leg on every link of ways laid out one after another."""
    if topology.kind not in RINGS:
        return np.zeros(len(links), np.int64)
    legs = [
        leg
        for first, end in pairwise(starts.tolist())
        for leg in legs_along(topology, links[first:end].tolist())
    ]
    return np.array(legs, np.int64)
