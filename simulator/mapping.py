"""Where a network lies on a chip: neurons on cores, weights in memories.

Every population is cut into contiguous slices, one for each core it is spread over, whose sizes differ by at
most one. Every projection has a block of weights for each core that holds a slice of its target: column by
column, in the first memory of the chip that still holds it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from networks.errors import InputError, nearest
from simulator.capacity import Need, Store, does_not_fit, stores
from simulator.layout import fullest, layouts
from simulator.tables import Table

if TYPE_CHECKING:
    from networks.graph import Network
    from simulator.chip import Chip


class Slice(NamedTuple):
    """Neurons ``start`` to ``stop - 1`` of a population, on one core."""

    core: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Block:
    """The weights of one projection that one core needs, and where they lie.

    Columns lie one after another from ``base_address``, ``stride_bytes`` apart. An all-to-all projection has
    a column for each source neuron; a convolution has one for each input plane (``sources_per_column``
    neurons), with the kernels of this plane for the output planes on the core. A sparse projection's columns
    are packed (``stride_bytes`` 0): each is as long as its words, and beside every word lie ``index_bits``.
    ``channel`` is that of a DRAM; a scratchpad's is 0.

    >>> Block(0, 2, "dram", 0, base_address=64, stride_bytes=48, bytes=480).address(3)
    208
    """

    projection: int
    core: int
    memory: str
    channel: int
    base_address: int
    stride_bytes: int
    bytes: int
    sources_per_column: int = 1
    index_bits: int = 0
    through: str = ""  # the cache in front of the memory, where there is one

    def address(self, source: int) -> int:
        """Where the column of a source neuron begins, if it is not packed."""
        return self.base_address + source // self.sources_per_column * self.stride_bytes

    def addresses(self, column_bytes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Where the columns of all sources begin; ``column_bytes`` is what each fetches. Shape (sources,).

        >>> packed = Block(0, 0, "dram", 0, base_address=64, stride_bytes=0, bytes=9, index_bits=4)
        >>> packed.addresses(np.array([4, 0, 5])).tolist()
        [64, 68, 68]
        """
        if self.stride_bytes == 0:
            return self.base_address + np.cumsum(column_bytes) - column_bytes
        columns = np.arange(column_bytes.size, dtype=np.int64) // self.sources_per_column
        return self.base_address + columns * self.stride_bytes


@dataclass(frozen=True)
class Mapping:
    """Slices of every population (in the order of ``network.populations``) and blocks of weights.

    ``blocks`` are ordered by projection, then core.
    """

    populations: tuple[str, ...]
    projections: tuple[str, ...]
    slices: tuple[tuple[Slice, ...], ...]
    blocks: tuple[Block, ...]

    @property
    def digest(self) -> str:
        """sha256 over all of it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def table(self) -> tuple[Table, Table]:
        """Where neurons and weights lie, a row for each slice and each block."""
        neurons = [
            (name, str(part.core), f"{part.start}-{part.stop - 1}", f"{part.size:,}")
            for name, parts in zip(self.populations, self.slices, strict=True)
            for part in parts
        ]
        weights = [
            (
                self.projections[block.projection],
                str(block.core),
                block.memory,
                str(block.channel),
                f"{block.base_address:#x}",
                f"{block.stride_bytes:,}" if block.stride_bytes else "packed",
                f"{block.bytes:,}",
            )
            for block in self.blocks
        ]
        columns = ("projection", "core", "memory", "channel", "address", "bytes a column", "bytes")
        return (
            Table("Neurons", ("population", "core", "range", "neurons"), tuple(neurons)),
            Table("Weights", columns, tuple(weights)),
        )


def map_network(network: Network, chip: Chip) -> Mapping:
    """Spread a network over a chip.

    Errors: InputError where the weights do not fit, or the description places what the network does not have.
    """
    explicit = chip.placement.explicit
    populations = tuple(population.name for population in network.populations)
    projections = tuple(projection.name for projection in network.projections)
    placed: dict[str, tuple[Iterable[str], tuple[str, ...]]] = {
        "cores": (explicit.cores, populations),
        "memory": (explicit.memory, projections),
    }
    placed = {f"explicit.{path}": found for path, found in placed.items()}
    placed["layers"] = (chip.placement.layers or {}, (*populations, *projections))
    for path, (named, there) in placed.items():
        for name in named:
            if name not in there:
                rule = f"network {network.name} has no such part"
                place = chip.place(f"placement.{path}.{name}")
                raise InputError(place, "placed", rule, nearest(name, there))
    slices = tuple(
        spread(population.size, explicit.cores.get(population.name, tuple(range(chip.cores.count))))
        for population in network.populations
    )
    blocks = place_weights(chip, network.arithmetic.weight_bits, needed(network, slices))
    return Mapping(populations, projections, slices, blocks)


def spread(neurons: int, cores: tuple[int, ...]) -> tuple[Slice, ...]:
    """Contiguous slices, as even as they can be; cores left without a neuron are left out.

    >>> spread(5, (0, 3))
    (Slice(core=0, start=0, stop=3), Slice(core=3, start=3, stop=5))
    """
    bounds = [-(-neurons * part // len(cores)) for part in range(len(cores) + 1)]
    parts = zip(cores, pairwise(bounds), strict=True)
    return tuple(Slice(core, start, stop) for core, (start, stop) in parts if stop > start)


def place_weights(chip: Chip, bits: int, needs: tuple[Need, ...]) -> tuple[Block, ...]:
    """Put the blocks one after another, each into the first memory of its core that still holds it."""
    reach = stores(chip)
    wishes = {need.name: wish(chip, need) for need in needs}

    def allowed(need: Need) -> list[Store]:
        return [store for store in reach[need.core] if store.memory in wishes[need.name].memories]

    blocks: list[Block] = []
    homes: list[Store] = []
    for need in needs:
        size = need.bytes(bits)
        home = next((store for store in allowed(need) if store.holds(size)), None)
        if home is None:
            last = allowed(need)[-1]
            here = [other for other, store in zip(needs, homes, strict=False) if store is last]
            here += [other for other in needs[len(homes) :] if any(store is last for store in allowed(other))]
            raise does_not_fit(chip, bits, here, need, last)
        homes.append(home)
        base = home.take(size)
        blocks.append(
            Block(
                need.projection,
                need.core,
                home.memory,
                home.channel,
                base,
                need.layout.stride(bits),
                size,
                need.layout.sources_per_column,
                need.layout.index_bits,
                through=wishes[need.name].through,
            )
        )
    return tuple(blocks)


class Wish(NamedTuple):
    """The memories that a projection's weights may lie in, and the cache they are fetched through, or ""."""

    memories: tuple[str, ...]
    through: str


def wish(chip: Chip, need: Need) -> Wish:
    """What is placed by hand lies there; else the policy of the projection, of its target, or of the chip."""
    caches = {memory.name: memory.behind for memory in chip.memories if memory.kind == "cache"}
    placement = chip.placement
    named = placement.explicit.memory.get(need.name)
    layers = placement.layers or {}
    policy = layers.get(need.name, layers.get(need.target, placement.policy))
    if named is None and policy == "cached":
        named = next(iter(caches))
    if named in caches:
        return Wish((caches[named],), named)
    if named is not None:
        return Wish((named,), "")
    kinds = ("dram",) if policy == "streamed" else ("scratchpad", "buffer", "dram")
    return Wish(tuple(memory.name for memory in chip.memories if memory.kind in kinds), "")


def needed(network: Network, slices: tuple[tuple[Slice, ...], ...]) -> tuple[Need, ...]:
    """The weights each core has to store, by projection, then in the order of the target's slices."""
    parts_of = {population.name: parts for population, parts in zip(network.populations, slices, strict=True)}
    found: list[Need] = []
    for number, projection in enumerate(network.projections):
        connection, target = projection.connection, projection.target
        parts = parts_of[target]
        resized = partial(fullest, connection, network.population(target).size)
        stored = layouts(connection, [(part.start, part.stop) for part in parts])
        for part, layout in zip(parts, stored, strict=True):
            found.append(Need(number, projection.name, target, part.core, layout, resized))
    return tuple(found)
