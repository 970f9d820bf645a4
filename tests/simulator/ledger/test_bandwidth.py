"""Bytes over time of a shared memory: those of its ports together, in the widest of their bins."""

from __future__ import annotations

import numpy as np

from deltasim.simulator.ledger.bandwidth import by_memory, shared_memories
from deltasim.simulator.ledger.timeline import BINS, WIDTH, empty_timelines, enter
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.plan import MemoryInstances
from tests.simulator.builders import DRAM, SCRATCHPAD, chain, chip


def memories() -> MemoryInstances:
    """Two cores with a scratchpad each, a DRAM of two ports, another of one."""
    far = DRAM | {"name": "far", "ports": [1]}
    described = chip(
        {
            "cores.count": 2,
            "network.topology": "mesh:1x2",
            "memories": [SCRATCHPAD, DRAM | {"ports": [0, 1]}, far],
        }
    )
    network = chain(2, 2)
    return compile_plan(network, described, map_network(network, described)).memories


def test_only_shared_memories_are_numbered() -> None:
    assert shared_memories(memories()) == ("dram", "far")
    numbers = memories().records["shared"]
    assert numbers[~memories().shared].tolist() == [-1, -1]
    assert numbers[memories().shared].tolist() == [0, 1, 2]  # a timeline a port


def test_ports_of_a_memory_are_added_up() -> None:
    """One port is busy early, one so late that its bins are four times as wide; the third is another's."""
    rows = empty_timelines(3)
    enter(rows[0], 0, 4096, 4)
    late = (BINS << 12) - 1
    enter(rows[1], late - 8191, late + 1, 16)
    enter(rows[2], 0, 1024, 7)
    kept = rows.copy()
    ((dram, far),) = by_memory(memories(), rows)
    assert (rows == kept).all(), "what is added up stays as it was"
    assert dram[WIDTH] == 12 and far[WIDTH] == 10
    assert dram[1:].nonzero()[0].tolist() == [0, BINS - 2, BINS - 1]
    assert dram[[1, BINS - 1, BINS]].tolist() == [4, 8, 8]
    assert far[1] == 7 and far[1:].sum() == 7


def test_a_memory_that_moved_nothing_has_empty_bins() -> None:
    total = by_memory(memories(), empty_timelines(3))
    assert total.shape == (1, 2, 1 + BINS)
    assert (total[..., WIDTH] == 10).all() and not np.any(total[..., 1:])
