"""The copies of a plan, one by one: how much of a column lies on which core, and where in its memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.mapping.weight_block import Block
from deltasim.simulator.plan.memo import kept
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.weight_columns import parts_of


@dataclass(frozen=True, eq=False)
class Copies:
    """The copies of column *c* are ``start[c]`` to ``start[c + 1]``, in ascending order of their cores.

    ``source_core`` and ``position`` are those of the column: its source neuron's core, and place in the
    slice that lies there.
    """

    source_core: Integers
    position: Integers
    start: Integers
    core: Integers
    words: Integers
    bytes: Integers
    address: Integers
    store: Integers


@kept
def copies_of(plan: Plan) -> Copies:
    """Lay out all copies of a plan."""
    network, mapping, stores = plan.network, plan.mapping, plan.stores
    blocks: dict[tuple[int, int], list[Block]] = {}
    for block in mapping.blocks:
        blocks.setdefault((block.projection, block.core), []).append(block)
    found: dict[str, list[Integers]] = {
        name: []
        for name in ("source_core", "position", "copies", "core", "words", "bytes", "address", "store")
    }
    for number in range(len(network.projections)):
        parts = parts_of(network, mapping, number)
        owned = [blocks[number, core] for core in parts.cores.tolist()]
        held = parts.bytes
        address = np.stack([own[0].addresses(held[:, n]) for n, own in enumerate(owned)], axis=1)
        store = np.tile(np.array([stores.holding(own[0]) for own in owned], np.int64), (len(address), 1))
        for n, own in enumerate(owned):  # some columns may lie elsewhere
            for block in own[1:]:
                here = block.holds(len(address))
                address[here, n] = block.addresses(held[:, n])[here]
                store[here, n] = stores.holding(block)
        order = np.argsort(parts.cores)
        column, place = np.nonzero(parts.words[:, order])
        part = order[place]
        found["core"].append(parts.cores[part])
        found["words"].append(parts.words[column, part])
        found["bytes"].append(held[column, part])
        found["address"].append(address[column, part])
        found["store"].append(store[column, part])
        found["copies"].append(np.bincount(column, minlength=len(address)))
        origins = mapping.slices[int(plan.source[number])]
        sizes = [share.size for share in origins]
        found["source_core"].append(np.repeat([share.core for share in origins], sizes))
        starts = np.repeat([share.start for share in origins], sizes)
        found["position"].append(np.arange(len(starts)) - starts)
    chained = {name: np.concatenate(rows).astype(np.int64, copy=False) for name, rows in found.items()}
    start = np.concatenate([[0], np.cumsum(chained.pop("copies"))]).astype(np.int64)
    return Copies(start=start, **chained)
