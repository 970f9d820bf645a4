"""Weights into memories: which memories a policy allows, and the first of them that still holds a block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from deltasim.runtime.arrays import Flags, Integers
from deltasim.runtime.errors import InputError
from deltasim.simulator.mapping.capacity import Allocator, Need, does_not_fit
from deltasim.simulator.mapping.pinned import Heat, heat_of, near_columns, take_near
from deltasim.simulator.mapping.send_counts import SendCounts, check_send_counts
from deltasim.simulator.mapping.weight_block import Block

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.simulator.chip import Chip


class PlacementConstraint(NamedTuple):
    """The memories that a projection's weights may lie in, and the cache they are fetched through, or "".

    ``near`` is the memory that hot columns are taken out to, or "".
    """

    memories: tuple[str, ...]
    through: str = ""
    near: str = ""


def constraint(chip: Chip, need: Need) -> PlacementConstraint:
    """What is placed by hand lies there; else the policy of the projection, of its target, or of the chip."""
    caches = {memory.name: memory.fetches_from for memory in chip.memories if memory.fetches_from}
    placement = chip.placement
    named = placement.explicit.memory.get(need.name)
    layers = placement.layers or {}
    policy = layers.get(need.name, layers.get(need.target, placement.policy))
    if named is None and policy == "cached":
        named = next(iter(caches))
    if named in caches:
        return PlacementConstraint((caches[named],), through=named)
    if named is not None:
        return PlacementConstraint((named,))
    holding = [memory for memory in chip.memories if memory.holds_weights]
    far = tuple(memory.name for memory in holding if memory.off_chip)
    if policy == "pinned":
        return PlacementConstraint(far, near=next(m.name for m in holding if not m.off_chip))
    if policy == "streamed":
        return PlacementConstraint(far)
    return PlacementConstraint(tuple(memory.name for memory in holding))


class Placing:
    """The allocators of a chip while blocks are put into its memories, one after another."""

    def __init__(self, chip: Chip, needs: Sequence[Need], reach: list[list[Allocator]]) -> None:
        self.chip = chip
        self.needs = needs
        self.reach = reach  # the memories of each core
        named = {
            need.name: need for need in needs
        }  # a projection has a need for each core, and one constraint
        self.constraints = {name: constraint(chip, need) for name, need in named.items()}
        self.homes: dict[int, Allocator] = {}  # by the need's place in the list

    def constraint(self, place: int) -> PlacementConstraint:
        return self.constraints[self.needs[place].name]

    def allowed(self, place: int) -> list[Allocator]:
        """Where all of a need, or of a pinned one what is not kept near, may lie."""
        return [
            allocator
            for allocator in self.reach[self.needs[place].core]
            if allocator.memory in self.constraint(place).memories
        ]

    def near(self, place: int) -> Allocator:
        """Where the hot columns of a pinned need go."""
        reach, name = self.reach[self.needs[place].core], self.constraint(place).near
        return next(allocator for allocator in reach if allocator.memory == name)

    def put(self, place: int, size: int, columns: Flags | None = None) -> Block:
        """Into the first memory that still holds so many bytes, or InputError."""
        allowed = self.allowed(place)
        home = next((allocator for allocator in allowed if allocator.fits(size)), None)
        if home is None:
            last = allowed[-1]
            here = [self.needs[other] for other, allocator in self.homes.items() if allocator is last]
            waiting = (other for other in range(len(self.needs)) if other not in self.homes)
            here += [
                self.needs[other]
                for other in waiting
                if any(allocator is last for allocator in self.allowed(other))
            ]
            raise does_not_fit(self.chip, here, self.needs[place], last)
        self.homes[place] = home
        return self.block(place, home, home.allocate(size), size, columns)

    def block(self, place: int, home: Allocator, base: int, size: int, columns: Flags | None = None) -> Block:
        need = self.needs[place]
        return Block(
            need.projection,
            need.core,
            home.memory,
            home.channel,
            base,
            need.column_format.stride(need.bits),
            size,
            need.column_format.sources_per_column,
            need.column_format.index_bits,
            through=self.constraint(place).through,
            columns=None if columns is None else columns.tobytes(),
        )


def place_weights(
    chip: Chip,
    network: Network,
    needs: tuple[Need, ...],
    send_counts: SendCounts | None,
    reach: list[list[Allocator]],
) -> tuple[Block, ...]:
    """Put the blocks one after another, each into the first memory of its core that still holds it.

    ``reach`` are the memories of each core that weights can lie in, nearest first.

    Pinned ones come last: their hot columns take what room is left near the core.
    """
    placing = Placing(chip, needs, reach)
    pinned = [place for place in range(len(needs)) if placing.constraint(place).near]
    blocks = {
        place: [placing.put(place, need.bytes)]
        for place, need in enumerate(needs)
        if not placing.constraint(place).near
    }
    if pinned:
        if send_counts is None:
            raise InputError(
                chip.place("placement"),
                "pinned",
                "hot columns are found by send counts, and none were given",
                "Give map_network some, as deltasim.simulator.mapping.send_counts makes them of a trace.",
            )
        check_send_counts(send_counts, network)
        blocks |= place_pinned(placing, network, pinned, send_counts)
    return tuple(block for place in range(len(needs)) for block in blocks[place])


def place_pinned(
    placing: Placing, network: Network, pinned: list[int], send_counts: SendCounts
) -> dict[int, list[Block]]:
    """Fill the near memories with hot columns, then put what is left over into the far ones."""
    sharing: dict[int, tuple[Allocator, list[int]]] = {}  # cores at a port share its buffer
    for place in pinned:
        allocator = placing.near(place)
        sharing.setdefault(id(allocator), (allocator, []))[1].append(place)
    heats = heats_of(placing.needs, network, pinned, send_counts)
    blocks: dict[int, list[Block]] = {}
    kept: dict[int, Flags] = {}
    for allocator, places in sharing.values():
        needs, own = [placing.needs[place] for place in places], [heats[place] for place in places]
        flags = near_columns(needs, own, max(0, allocator.size_bytes - allocator.next_address))
        sizes = [int(heat.bytes[near].sum()) for heat, near in zip(own, flags, strict=True)]
        bases = take_near(allocator, sizes)
        for place, near, size, base in zip(places, flags, sizes, bases, strict=True):
            kept[place] = near
            columns = None if near.all() else near
            blocks[place] = [placing.block(place, allocator, base, size, columns)] if near.any() else []
    for place in pinned:
        far = ~kept[place]
        if far.any():
            size = int(heats[place].bytes[far].sum())
            blocks[place].append(placing.put(place, size, None if far.all() else far))
    return blocks


def heats_of(
    needs: Sequence[Need], network: Network, pinned: list[int], send_counts: SendCounts
) -> dict[int, Heat]:
    """The heat of every pinned block; the words of a projection's columns are counted once for all cores."""
    words: dict[int, Integers] = {}
    heats = {}
    for place in pinned:
        need = needs[place]
        if need.projection not in words:
            words[need.projection] = network.projections[need.projection].connection.column_words(need.bounds)
        heats[place] = heat_of(
            need, words[need.projection][:, need.part], send_counts.counts[need.projection]
        )
    return heats
