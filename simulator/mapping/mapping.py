"""Where a network lies on a chip: neurons on cores, weights in memories.

Every population is cut into contiguous partitions, one for each core it is spread over, whose sizes differ by
at most one. Every projection has a block of weights for each core that holds a partition of its target,
column by column, in the first memory of the chip that still holds it, or where its policy says
(``placement``). A pinned one may have two: hot columns near the core, the others in the DRAM.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.chip.text_table import Table
from deltasim.simulator.mapping.capacity import Need, allocators
from deltasim.simulator.mapping.column_format import column_formats, fullest
from deltasim.simulator.mapping.partition import Partition
from deltasim.simulator.mapping.policies import place_weights
from deltasim.simulator.mapping.send_counts import SendCounts
from deltasim.simulator.mapping.state import Home, place_state
from deltasim.simulator.mapping.weight_block import Block

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.simulator.chip import Chip


@dataclass(frozen=True)
class Mapping:
    """Partitions of every population (in the order of ``network.populations``) and blocks of weights.

    ``blocks`` are ordered by projection, then core; of one that is split, the hot columns come first.
    ``homes`` say for every population where its state lies.
    """

    populations: tuple[str, ...]
    projections: tuple[str, ...]
    partitions: tuple[tuple[Partition, ...], ...]
    blocks: tuple[Block, ...]
    homes: tuple[Home, ...]

    @property
    def digest(self) -> str:
        """sha256 over all of it."""
        fields: dict[str, Any] = {
            "populations": self.populations,
            "projections": self.projections,
            "slices": self.partitions,  # its first name, so that digests stay what they were
            "blocks": [vars(block) for block in self.blocks],
        }
        if any(home.memory for home in self.homes):
            fields["homes"] = self.homes
        content = json.dumps(fields, sort_keys=True, default=bytes.hex)
        return hashlib.sha256(content.encode()).hexdigest()

    def table(self) -> tuple[Table, ...]:
        """Where neurons, weights and (if the chip says) state lie: a row for each partition, block, layer."""
        neurons = [
            (name, str(part.core), f"{part.start}-{part.stop - 1}", f"{part.size:,}")
            for name, parts in zip(self.populations, self.partitions, strict=True)
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
                block.held,
            )
            for block in self.blocks
        ]
        columns = ("projection", "core", "memory", "channel", "address", "bytes a column", "bytes", "columns")
        tables = (
            Table("Neurons", ("population", "core", "range", "neurons"), tuple(neurons)),
            Table("Weights", columns, tuple(weights)),
        )
        state = [
            (name, home.memory, f"{home.bytes:,}", f"{home.value_bits} bit", f"{home.sum_bits} bit")
            for name, home in zip(self.populations, self.homes, strict=True)
            if home.memory
        ]
        heads = ("population", "memory", "bytes on its fullest core", "a value moves", "a sum moves")
        return (*tables, Table("State", heads, tuple(state))) if state else tables


def map_network(network: Network, chip: Chip, send_counts: SendCounts | None = None) -> Mapping:
    """Spread a network over a chip; ``send_counts`` says which columns are hot where the chip pins them.

    Errors: InputError where the weights do not fit, the description places what the network does not have,
    or it pins and no send counts of this network are given.
    """
    explicit = chip.placement.explicit
    populations = tuple(population.name for population in network.populations)
    projections = tuple(projection.name for projection in network.projections)
    placed: dict[str, tuple[Iterable[str], tuple[str, ...]]] = {
        "cores": (explicit.cores, populations),
        "neurons": (explicit.neurons or {}, populations),
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
    partitions = partitions_of(network, chip)
    reach = allocators(chip)
    homes = place_state(chip, network, partitions, reach)
    blocks = place_weights(chip, network, needed(network, partitions), send_counts, reach)
    return Mapping(populations, projections, partitions, blocks, homes)


def partitions_of(network: Network, chip: Chip) -> tuple[tuple[Partition, ...], ...]:
    """The partitions of every population, as the chip places them by hand, else even ones on all cores.

    Errors: InputError where the numbers of neurons on the cores are not those of the population.
    """
    explicit, everywhere = chip.placement.explicit, tuple(range(chip.cores.count))
    found = []
    for population in network.populations:
        name, cores = population.name, explicit.cores.get(population.name, everywhere)
        counts = (explicit.neurons or {}).get(name)
        if counts is None:
            found.append(spread(population.size, cores))
            continue
        if sum(counts) != population.size:
            place, rule = chip.place(f"placement.explicit.neurons.{name}"), f"{name} has {population.size:,}"
            raise InputError(place, f"{sum(counts):,} neurons", rule, "Let the numbers add up to that.")
        bounds = pairwise(accumulate(counts, initial=0))
        found.append(tuple(Partition(core, *ends) for core, ends in zip(cores, bounds, strict=True)))
    return tuple(found)


def spread(neurons: int, cores: tuple[int, ...]) -> tuple[Partition, ...]:
    """Contiguous partitions, as even as they can be; cores left without a neuron are left out.

    >>> spread(5, (0, 3))
    (Partition(core=0, start=0, stop=3), Partition(core=3, start=3, stop=5))
    """
    bounds = [-(-neurons * part // len(cores)) for part in range(len(cores) + 1)]
    parts = zip(cores, pairwise(bounds), strict=True)
    return tuple(Partition(core, start, stop) for core, (start, stop) in parts if stop > start)


def needed(network: Network, partitions: tuple[tuple[Partition, ...], ...]) -> tuple[Need, ...]:
    """The weights each core has to store, by projection, then in the order of the target's partitions."""
    parts_of = {
        population.name: parts for population, parts in zip(network.populations, partitions, strict=True)
    }
    found: list[Need] = []
    for number, projection in enumerate(network.projections):
        connection, target = projection.connection, projection.target
        parts = parts_of[target]
        resized = partial(fullest, connection, network.population(target).size)
        stored = column_formats(connection, [(part.start, part.stop) for part in parts])
        bounds = (parts[0].start, *(part.stop for part in parts))
        bits = network.weight_bits(number)
        for place, (part, column_format) in enumerate(zip(parts, stored, strict=True)):
            found.append(
                Need(number, projection.name, target, part.core, column_format, resized, bits, bounds, place)
            )
    return tuple(found)
