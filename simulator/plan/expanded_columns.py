"""The per-core segments of all columns, one by one: how many words lie on which core, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.mapping.weight_block import Block
from deltasim.simulator.plan.memo import memoised
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.weight_columns import parts_of


@dataclass(frozen=True, eq=False)
class ColumnSegments:
    """The segments of column *c* are ``start[c]`` to ``start[c + 1]``, in ascending order of their cores.

    ``source_core`` and ``position`` are those of the column: its source neuron's core, and place in the
    partition that lies there.
    """

    source_core: Integers
    position: Integers
    start: Integers
    core: Integers
    words: Integers
    bytes: Integers
    address: Integers
    memory: Integers


@memoised
def column_segments_of(plan: Plan) -> ColumnSegments:
    """Lay out all column segments of a plan."""
    network, mapping, memories = plan.network, plan.mapping, plan.memories
    blocks: dict[tuple[int, int], list[Block]] = {}
    for block in mapping.blocks:
        blocks.setdefault((block.projection, block.core), []).append(block)
    found: dict[str, list[Integers]] = {
        name: []
        for name in ("source_core", "position", "segments", "core", "words", "bytes", "address", "memory")
    }
    for number in range(len(network.projections)):
        parts = parts_of(network, mapping, number)
        owned = [blocks[number, core] for core in parts.cores.tolist()]
        held = parts.bytes
        address = np.stack([own[0].addresses(held[:, n]) for n, own in enumerate(owned)], axis=1)
        memory = np.tile(np.array([memories.holding(own[0]) for own in owned], np.int64), (len(address), 1))
        for n, own in enumerate(owned):  # some columns may lie elsewhere
            for block in own[1:]:
                here = block.holds(len(address))
                address[here, n] = block.addresses(held[:, n])[here]
                memory[here, n] = memories.holding(block)
        order = np.argsort(parts.cores)
        column, place = np.nonzero(parts.words[:, order])
        part = order[place]
        found["core"].append(parts.cores[part])
        found["words"].append(parts.words[column, part])
        found["bytes"].append(held[column, part])
        found["address"].append(address[column, part])
        found["memory"].append(memory[column, part])
        found["segments"].append(np.bincount(column, minlength=len(address)))
        origins = mapping.partitions[int(plan.source[number])]
        sizes = [partition.size for partition in origins]
        found["source_core"].append(np.repeat([partition.core for partition in origins], sizes))
        starts = np.repeat([partition.start for partition in origins], sizes)
        found["position"].append(np.arange(len(starts)) - starts)
    chained = {name: np.concatenate(rows).astype(np.int64, copy=False) for name, rows in found.items()}
    start = np.concatenate([[0], np.cumsum(chained.pop("segments"))]).astype(np.int64)
    return ColumnSegments(start=start, **chained)
