"""Columns and their copies: what every source neuron's message fetches, on which core, from where."""

from __future__ import annotations

import numpy as np

from networks.graph import Network
from simulator.mapping import Mapping
from simulator.plan import Columns, Integers, Stores

Tree = tuple[int, tuple[int, ...]]


def compile_columns(
    network: Network, mapping: Mapping, stores: Stores, source: list[int], target: list[int]
) -> tuple[Columns, list[Tree]]:
    """Flatten the blocks of a mapping.

    Also returns the distinct (source core, target cores) that messages travel between.
    """
    blocks = {(block.projection, block.core): block for block in mapping.blocks}
    bits = network.arithmetic.weight_bits
    trees: dict[Tree, int] = {}
    parts: dict[str, list[Integers]] = {name: [] for name in ("core", "position", "tree", "copies")}
    copies: dict[str, list[Integers]] = {name: [] for name in ("core", "words", "bytes", "address", "store")}
    offset = [0]
    for number, projection in enumerate(network.projections):
        shares = mapping.slices[target[number]]
        bounds = np.array([share.start for share in shares] + [shares[-1].stop], np.int64)
        words = projection.connection.column_words(bounds)
        sources = words.shape[0]
        offset.append(offset[-1] + sources)
        cores = np.array([share.core for share in shares], np.int64)
        for share in mapping.slices[source[number]]:
            rows = np.arange(share.start, share.stop)
            parts["core"].append(np.full(rows.size, share.core, np.int64))
            parts["position"].append(rows - share.start)
            reached, which = np.unique(words[rows] > 0, axis=0, return_inverse=True)
            known = [
                trees.setdefault((share.core, tuple(cores[row].tolist())), len(trees)) for row in reached
            ]
            parts["tree"].append(np.array(known, np.int64)[which.reshape(-1)])
        present = words > 0
        parts["copies"].append(present.sum(axis=1))
        column, part = np.nonzero(present)
        owned = [blocks[number, int(core)] for core in cores]
        address = np.stack([block.addresses(sources) for block in owned], axis=1)
        store = np.array([store_of(stores, block.memory, block.channel, block.core) for block in owned])
        copies["core"].append(cores[part])
        copies["words"].append(words[column, part])
        copies["bytes"].append(-(-words[column, part] * bits // 8))
        copies["address"].append(address[column, part])
        copies["store"].append(store[part])

    def chained(rows: list[Integers]) -> Integers:
        return np.concatenate(rows).astype(np.int64)

    columns = Columns(
        offset=np.array(offset, np.int64),
        core=chained(parts["core"]),
        position=chained(parts["position"]),
        tree=chained(parts["tree"]),
        copy_start=np.concatenate([[0], np.cumsum(chained(parts["copies"]))]).astype(np.int64),
        copy_core=chained(copies["core"]),
        copy_words=chained(copies["words"]),
        copy_bytes=chained(copies["bytes"]),
        copy_address=chained(copies["address"]),
        copy_store=chained(copies["store"]),
    )
    return columns, list(trees)


def store_of(stores: Stores, memory: str, channel: int, core: int) -> int:
    """The number of a memory: a DRAM's by channel, a scratchpad's by core."""
    first = stores.component.index(memory)
    return first + (channel if stores.dram[first] else core)
