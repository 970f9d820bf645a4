"""What the shared memories of a chip moved over time: one timeline for each, over all its ports."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.ledger.timeline import WIDTH, empty_timelines, fold
from deltasim.simulator.plan.memo import memoised
from deltasim.simulator.plan.plan import MemoryInstances


@memoised
def shared_memories(memories: MemoryInstances) -> tuple[str, ...]:
    """The names of the memories that are reached over the network, in the order of the chip."""
    return tuple(dict.fromkeys(memories.component[m] for m in np.flatnonzero(memories.shared).tolist()))


def by_memory(memories: MemoryInstances, timelines: Integers) -> Integers:
    """Add up the timelines of the ports of each memory. Shape (1, shared memories, 1 + BINS)."""
    names, owner = shared_memories(memories), memories.records["shared"]
    total = empty_timelines(len(names))
    for number, name in enumerate(names):
        ports = [timelines[owner[m]].copy() for m, own in enumerate(memories.component) if own == name]
        width = max(int(port[WIDTH]) for port in ports)
        for port in ports:
            while port[WIDTH] < width:
                fold(port)
        total[number] = np.sum(ports, axis=0)
        total[number, WIDTH] = width
    return total[np.newaxis]
