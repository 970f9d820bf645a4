"""Columns: what every source neuron's message fetches, and along which tree it travels."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.networks.graph import Network
from deltasim.runtime.arrays import Flags, Integers
from deltasim.simulator.mapping.mapping import Mapping
from deltasim.simulator.plan.memo import memoised_by
from deltasim.simulator.plan.plan import Columns, Trees
from deltasim.simulator.topology import Topology

Words = npt.NDArray[np.uint64]
WORD = 64  # cores to a word of bits


class Parts(NamedTuple):
    """The columns of a projection, part by part: a row for each source, a column for each partition."""

    cores: Integers  # (parts,)
    words: Integers  # (sources, parts)
    bits: Integers  # (parts,) that a word takes, its index with it

    @property
    def bytes(self) -> Integers:
        """Of each part of each column; whole bytes. Shape (sources, parts)."""
        return whole_bytes(self.words, self.bits)


def whole_bytes(words: Integers, bits: Integers) -> Integers:
    """Bytes that so many words of so many bits take."""
    return (words * bits + 7) // 8


def parts_of(network: Network, mapping: Mapping, projection: int) -> Parts:
    """How many words lie on each core of each column of a projection."""
    connection = network.projections[projection].connection
    partitions = mapping.partitions[network.index(network.projections[projection].target)]
    words = connection.column_words([partition.start for partition in partitions] + [partitions[-1].stop])
    index_bits = {block.core: block.index_bits for block in mapping.blocks if block.projection == projection}
    cores = np.array([partition.core for partition in partitions], np.int64)
    bits = network.weight_bits(projection) + np.array(
        [index_bits[partition.core] for partition in partitions], np.int64
    )
    return Parts(cores, words, bits)


def columns_follow_from(network: Network, mapping: Mapping, topology: Topology, unicast: bool) -> Hashable:
    """What columns and trees follow from: no clock, and no size as long as nothing moves."""
    words = tuple((block.projection, block.core, block.index_bits) for block in mapping.blocks)
    return network.digest, mapping.partitions, words, topology, unicast


@memoised_by(columns_follow_from)
def compile_columns(
    network: Network, mapping: Mapping, topology: Topology, unicast: bool
) -> tuple[Columns, Trees]:
    """Number the columns of all projections, the distinct trees they take and the distinct sizes of parts.

    With ``unicast`` a tree is as many paths as it leads to cores.
    """
    trees: dict[tuple[int, bytes], int] = {}
    sizes: dict[tuple[int, int], int] = {}
    rows: list[list[npt.NDArray[np.uint32]]] = [[] for _ in network.populations]
    offset, row, stride = [0], [], []
    tree_of, words_of = [], []
    for number, projection in enumerate(network.projections):
        parts = parts_of(network, mapping, number)
        sources = len(parts.words)
        offset.append(offset[-1] + sources)
        words_of.append(parts.words.sum(axis=1).astype(np.int32))
        tree_of.append(number_trees(parts, mapping, network.index(projection.source), topology.cores, trees))
        alike = bool((parts.words == parts.words[0]).all())
        into = rows[network.index(projection.target)]
        row.append(sum(map(len, into)))
        into.append(number_sizes(parts, slice(1) if alike else slice(sources), sizes))
        stride.append(0 if alike else 1)
    renumbered, distinct = by_source(trees, topology, unicast)
    kinds = np.array(list(sizes), np.int64).reshape(-1, 2)
    by_core = [np.concatenate(found).T.reshape(-1) if found else np.zeros(0, np.uint32) for found in rows]
    columns = Columns(
        offset=np.array(offset, np.int64),
        tree=renumbered[np.concatenate(tree_of)],
        words=np.concatenate(words_of),
        size=np.concatenate(by_core).astype(np.min_scalar_type(max(1, len(kinds) - 1))),
        first=np.cumsum([0, *map(len, by_core[:-1])]),
        rows=np.array([sum(map(len, found)) for found in rows], np.int64),
        row=np.array(row, np.int64),
        stride=np.array(stride, np.int64),
        size_words=kinds[:, 0].copy(),
        size_bytes=kinds[:, 1].copy(),
    )
    return columns, distinct


def number_trees(
    parts: Parts, mapping: Mapping, source: int, cores: int, trees: dict[tuple[int, bytes], int]
) -> Integers:
    """For each column its tree; trees not known yet get the next numbers."""
    reached, which = kinds_of(parts.words > 0)
    wanted = np.zeros((len(reached), -(-cores // WORD) * WORD), np.bool_)
    wanted[:, parts.cores] = reached
    groups = [row.tobytes() for row in np.packbits(wanted, axis=1, bitorder="little")]
    origins = mapping.partitions[source]
    origin = np.repeat(np.arange(len(origins)), [partition.size for partition in origins])
    if len(reached) == 1:  # as where everything is connected to everything
        found, tree = np.arange(len(origins)), origin
    else:
        found, tree = np.unique(origin * len(reached) + which, return_inverse=True)
    known = [
        trees.setdefault((origins[key // len(reached)].core, groups[key % len(reached)]), len(trees))
        for key in found.tolist()
    ]
    return np.array(known, np.int64)[tree]


def number_sizes(parts: Parts, rows: slice, sizes: dict[tuple[int, int], int]) -> npt.NDArray[np.uint32]:
    """For these columns the number of the size of each part; new sizes get the next numbers."""
    words = parts.words[rows]
    if len(words) == 1:
        held = whole_bytes(words[0], parts.bits)
        kinds = zip(words[0].tolist(), held.tolist(), strict=True)
        return np.array([[sizes.setdefault(kind, len(sizes)) for kind in kinds]], np.uint32)
    numbers = np.empty(words.shape, np.uint32)
    for part in range(words.shape[1]):
        counts = np.bincount(words[:, part])
        number, found = np.zeros(len(counts), np.uint32), np.flatnonzero(counts)
        held = whole_bytes(found, parts.bits[part])
        for count, size in zip(found.tolist(), held.tolist(), strict=True):
            number[count] = sizes.setdefault((count, size), len(sizes))
        numbers[:, part] = number[words[:, part]]
    return numbers


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


def by_source(
    trees: dict[tuple[int, bytes], int], topology: Topology, unicast: bool
) -> tuple[npt.NDArray[np.int32], Trees]:
    """The trees sorted by source core with their numbers of links, and the new number of each."""
    source = np.array([core for core, _ in trees], np.int32)
    order = np.argsort(source, kind="stable")
    numbers = np.empty(len(order), np.int32)
    numbers[order] = np.arange(len(order))
    source, groups = source[order], [group for _, group in trees]
    wanted = np.frombuffer(b"".join(groups[tree] for tree in order.tolist()), np.uint64)
    wanted = wanted.reshape(len(order), -(-topology.cores // WORD)).copy()
    links = np.zeros(len(order), np.int32)
    if unicast:
        tree, to = np.nonzero(flags_of(wanted, topology.cores))
        lengths = np.diff(topology.routes(source[tree].astype(np.int64), to)[0])
        return numbers, Trees(source, wanted, np.bincount(tree, lengths, len(order)).astype(np.int32))
    cores, first = np.unique(source, return_index=True)
    ends = [*first[1:].tolist(), len(source)]
    for reach, begin, end in zip(topology.reaches(cores.tolist()), first.tolist(), ends, strict=True):
        links[begin:end] = reach.used(flags_of(wanted[begin:end], topology.cores)).sum(axis=1)
    return numbers, Trees(source, wanted, links)


def flags_of(wanted: Words, cores: int) -> Flags:
    """A flag for each core from words of bits. Shape (sets, cores).

    >>> flags_of(np.array([[5]], np.uint64), 3).tolist()
    [[True, False, True]]
    """
    bits = np.unpackbits(wanted.view(np.uint8), axis=1, bitorder="little", count=cores)
    return bits.astype(np.bool_)


def bits_of(flags: Flags) -> Words:
    """The words of bits of flags, a flag for each core. Shape (sets, words).

    >>> bits_of(np.array([[True, False, True]])).tolist()
    [[5]]
    """
    padded = np.zeros((len(flags), -(-flags.shape[1] // WORD) * WORD), np.bool_)
    padded[:, : flags.shape[1]] = flags
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)
