"""Compile the finite input buffers of a chip: in which queue a packet waits for each link of its path."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.virtual_channels import (
    REQUESTS,
    RESPONSES,
    RINGS,
    classes_of,
    dateline_classes_along,
    dateline_classes_of,
)
from deltasim.simulator.components.service_times import rounds
from deltasim.simulator.memories.instance import CACHE
from deltasim.simulator.plan.expanded_columns import column_segments_of
from deltasim.simulator.plan.plan import InputBuffers, Plan
from deltasim.simulator.topology import Topology


def compile_buffers(plan: Plan) -> InputBuffers | None:
    """The queues of all paths; None where the chip has buffers without limit.

    Errors: InputError when a response would not fit in a buffer.
    """
    chip, links = plan.chip, plan.links
    buffer, channels = chip.network.buffer_flits, chip.network.virtual_channels
    if buffer is None or channels is None:
        return None
    topology, dateline_classes = chip.topology, dateline_classes_of(chip)
    refuse_large_responses(plan, buffer)

    def queue(kind: int, dateline_class: Integers) -> Integers:
        return kind * dateline_classes + np.minimum(dateline_class, dateline_classes - 1)

    return InputBuffers(
        channels=channels,
        flits=buffer,
        queues=classes_of(chip) * dateline_classes,
        dateline_classes=dateline_classes,
        path_queue=queue(REQUESTS, path_dateline_classes(topology, links.path_start, links.path_link)),
        back_queue=queue(RESPONSES, path_dateline_classes(topology, links.back_start, links.back_link)),
    )


def refuse_large_responses(plan: Plan, buffer: int) -> None:
    """A response comes back as one packet and must fit in a buffer."""
    chip, links, memories = plan.chip, plan.links, plan.memories
    segments = column_segments_of(plan).segments
    asked = segments["memory"]
    memory = np.where(memories.kind[asked] == CACHE, memories.next_level[asked], asked)
    path = segments["core"] * len(memories.component) + memory
    travels = memories.shared[memory] & (np.diff(links.back_start)[path] > 0)
    line = memories.line_bytes[asked]  # 1 where there is no cache
    address = segments["address"]
    first, last = address // line, (address + segments["bytes"] - 1) // line
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


def path_dateline_classes(topology: Topology, starts: Integers, links: Integers) -> Integers:
    """The dateline class on every link of paths laid out one after another."""
    if topology.kind not in RINGS:
        return np.zeros(len(links), np.int64)
    dateline_classes = [
        dateline_class
        for first, end in pairwise(starts.tolist())
        for dateline_class in dateline_classes_along(topology, links[first:end].tolist())
    ]
    return np.array(dateline_classes, np.int64)
