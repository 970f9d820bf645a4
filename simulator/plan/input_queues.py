"""Compile the finite input buffers of a chip: in which queue a packet waits for each link of its path."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip
from deltasim.simulator.chip.virtual_channels import (
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


def input_buffers(chip: Chip) -> InputBuffers | None:
    """What the chip has behind each link; None where buffers are without limit."""
    buffer, channels = chip.network.buffer_flits, chip.network.virtual_channels
    if buffer is None or channels is None:
        return None
    dateline_classes = dateline_classes_of(chip)
    return InputBuffers(channels, buffer, classes_of(chip) * dateline_classes, dateline_classes)


def queues_along(
    topology: Topology, limits: InputBuffers | None, kind: int, starts: Integers, links: Integers
) -> Integers:
    """The queue in which a packet waits for every link of paths laid out one after another."""
    if limits is None:
        return np.zeros(len(links), np.int64)
    classes = path_dateline_classes(topology, starts, links)
    return kind * limits.dateline_classes + np.minimum(classes, limits.dateline_classes - 1)


def refuse_large_responses(plan: Plan) -> None:
    """A response comes back as one packet and must fit in a buffer, or InputError."""
    if plan.buffers is None:
        return
    buffer = plan.buffers.flits
    chip, links, memories = plan.chip, plan.links, plan.memories
    segments = column_segments_of(plan).segments
    asked = segments["memory"]
    memory = np.where(memories.records["kind"][asked] == CACHE, memories.records["next_level"][asked], asked)
    path = segments["core"] * len(memories.component) + memory
    travels = memories.shared[memory] & (np.diff(links.back[0])[path] > 0)
    line = memories.records["line_bytes"][asked]  # 1 where there is no cache
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
