"""The per-core segments of all columns, one by one: how many words lie on which core, and where."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.mapping.weight_block import Block
from deltasim.simulator.plan.memo import memoised
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.records import COLUMN, SEGMENT, Records, fields_of, records
from deltasim.simulator.plan.updaters import updaters_at
from deltasim.simulator.plan.weight_columns import parts_of


class ColumnSegments(NamedTuple):
    """The segments of a column stand together, in ascending order of their cores.

    ``core`` and ``position`` of a column are those of its source neuron: its core, and its place in the
    partition that lies there.
    """

    columns: Records
    segments: Records

    @property
    def parts(self) -> Integers:
        """How many segments each column has."""
        found: Integers = self.columns["segments_end"] - self.columns["segments"]
        return found


@memoised
def column_segments_of(plan: Plan) -> ColumnSegments:
    """Lay out all column segments of a plan."""
    network, mapping, memories = plan.network, plan.mapping, plan.memories
    blocks: dict[tuple[int, int], list[Block]] = {}
    for block in mapping.blocks:
        blocks.setdefault((block.projection, block.core), []).append(block)
    updater_at = updaters_at(plan)
    found: dict[str, list[Integers]] = {
        name: [] for name in (*fields_of(SEGMENT), "source_core", "position", "segments")
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
        target = int(plan.target[number])
        found["core"].append(parts.cores[part])
        found["updater"].append(updater_at[target, parts.cores[part]])
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
    source_core, position, often = (chained.pop(name) for name in ("source_core", "position", "segments"))
    ends = np.cumsum(often)
    columns = records(
        COLUMN,
        core=source_core,
        position=position,
        tree=plan.columns.tree,
        segments=ends - often,
        segments_end=ends,
    )
    return ColumnSegments(columns, records(SEGMENT, **chained))
