"""Columns and their copies: what every source neuron's message fetches, on which core, from where."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from networks.graph import Network
from simulator.blocks import Block
from simulator.mapping import Mapping
from simulator.plan import Columns, Integers, Stores

Flags = npt.NDArray[np.bool_]


class Targets(NamedTuple):
    """Where messages travel: for each of K trees the source core, and the cores of the column's copies in
    their order, tree k's at ``start[k]`` to ``start[k + 1]``. Trees are sorted by source core.
    """

    source: Integers
    start: Integers
    core: Integers


def compile_columns(
    network: Network, mapping: Mapping, stores: Stores, source: list[int], target: list[int]
) -> tuple[Columns, Targets]:
    """Flatten the blocks of a mapping; also returns the distinct trees that messages travel along."""
    blocks: dict[tuple[int, int], list[Block]] = {}
    for block in mapping.blocks:
        blocks.setdefault((block.projection, block.core), []).append(block)
    first_store = {name: stores.component.index(name) for name in dict.fromkeys(stores.component)}

    def store_of(block: Block) -> int:
        first = first_store[block.through or block.memory]
        return first + (block.channel if stores.shared[first] else block.core)

    trees: dict[tuple[int, bytes], int] = {}
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
        owned = [blocks[number, share.core] for share in shares]
        word_bits = network.weight_bits(number) + np.array([own[0].index_bits for own in owned], np.int64)
        size = (words * word_bits + 7) // 8
        address = np.stack([own[0].addresses(size[:, n]) for n, own in enumerate(owned)], axis=1)
        store = np.array([store_of(own[0]) for own in owned], np.int64)
        if any(len(own) > 1 for own in owned):  # some columns lie elsewhere
            store = np.tile(store, (sources, 1))
            for n, own in enumerate(owned):
                for block in own[1:]:
                    here = block.holds(sources)
                    address[here, n] = block.addresses(size[:, n])[here]
                    store[here, n] = store_of(block)
        reached, which = kinds_of(words > 0)
        origins = mapping.slices[source[number]]
        sizes = np.array([share.stop - share.start for share in origins])
        origin = np.repeat(np.arange(len(origins)), sizes)
        parts["core"].append(np.array([share.core for share in origins], np.int64)[origin])
        parts["position"].append(np.arange(sources) - np.array([share.start for share in origins])[origin])
        found, tree = np.unique(origin * len(reached) + which, return_inverse=True)
        groups = [cores[row].tobytes() for row in reached]
        known = [
            trees.setdefault((origins[key // len(reached)].core, groups[key % len(reached)]), len(trees))
            for key in found.tolist()
        ]
        parts["tree"].append(np.array(known, np.int64)[tree])
        parts["copies"].append(reached.sum(axis=1)[which])
        if len(reached) == 1 and reached.all():  # all targets of every source: no search for what is there
            copies["core"].append(np.tile(cores, sources))
            copies["store"].append(np.tile(store, sources) if store.ndim == 1 else store.reshape(-1))
            copies["words"].append(words.reshape(-1))
            copies["bytes"].append(size.reshape(-1))
            copies["address"].append(address.reshape(-1))
        else:
            column, part = np.nonzero(words)
            copies["core"].append(cores[part])
            copies["store"].append(store[part] if store.ndim == 1 else store[column, part])
            copies["words"].append(words[column, part])
            copies["bytes"].append(size[column, part])
            copies["address"].append(address[column, part])

    def chained(rows: list[Integers]) -> Integers:
        return np.concatenate(rows).astype(np.int64, copy=False)

    numbers, targets = by_source(trees)
    columns = Columns(
        offset=np.array(offset, np.int64),
        core=chained(parts["core"]),
        position=chained(parts["position"]),
        tree=numbers[chained(parts["tree"])],
        copy_start=np.concatenate([[0], np.cumsum(chained(parts["copies"]))]).astype(np.int64),
        copy_core=chained(copies["core"]),
        copy_words=chained(copies["words"]),
        copy_bytes=chained(copies["bytes"]),
        copy_address=chained(copies["address"]),
        copy_store=chained(copies["store"]),
    )
    return columns, targets


def kinds_of(present: Flags) -> tuple[Flags, Integers]:
    """The distinct rows of a table of flags, and which of them each row is.

    Rows are compared as the bytes of their bits: numpy's unique over rows sorts records of flags, 30 times
    slower.

    >>> kinds, which = kinds_of(np.array([[True, False], [True, True], [True, False]]))
    >>> kinds[which].tolist()
    [[True, False], [True, True], [True, False]]
    """
    if present.all():
        return present[:1], np.zeros(len(present), np.int64)
    bits = np.packbits(present, axis=1)
    words = np.zeros((len(bits), -(-bits.shape[1] // 8) * 8), np.uint8)
    words[:, : bits.shape[1]] = bits
    keys = words.view(np.uint64)
    key = keys[:, 0] if keys.shape[1] == 1 else words.view(f"V{words.shape[1]}")[:, 0]
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    return present[first], which


def by_source(trees: dict[tuple[int, bytes], int]) -> tuple[Integers, Targets]:
    """The trees sorted by source core, and the new number of each."""
    source = np.array([core for core, _ in trees], np.int64)
    order = np.argsort(source, kind="stable")
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.arange(len(order))
    groups = [group for _, group in trees]
    cores = np.frombuffer(b"".join(groups[tree] for tree in order.tolist()), np.int64)
    sizes = np.array([len(group) for group in groups], np.int64)[order] // cores.itemsize
    return numbers, Targets(source[order], np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), cores)
