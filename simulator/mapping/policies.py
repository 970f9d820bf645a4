"""Weights into memories: which memories a policy allows, and the first of them that still holds a block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from deltasim.runtime.errors import InputError
from deltasim.simulator.mapping.capacity import Allocator, Need, does_not_fit
from deltasim.simulator.mapping.pinned import Heat, heat_of, near_columns, take_near
from deltasim.simulator.mapping.profile import Profile, check_profile
from deltasim.simulator.mapping.weight_block import Block, Flags, Integers

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.simulator.chip import Chip


class Wish(NamedTuple):
    """The memories that a projection's weights may lie in, and the cache they are fetched through, or "".

    ``near`` is the memory that hot columns are taken out to, or "".
    """

    memories: tuple[str, ...]
    through: str = ""
    near: str = ""


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
        return Wish((caches[named],), through=named)
    if named is not None:
        return Wish((named,))
    on_chip, drams = (
        tuple(memory.name for memory in chip.memories if memory.kind in kinds)
        for kinds in (("scratchpad", "buffer"), ("dram",))
    )
    if policy == "pinned":
        return Wish(drams, near=on_chip[0])
    if policy == "streamed":
        return Wish(drams)
    held = ("scratchpad", "buffer", "dram")
    return Wish(tuple(memory.name for memory in chip.memories if memory.kind in held))


class Placing:
    """The allocators of a chip while blocks are put into its memories, one after another."""

    def __init__(self, chip: Chip, needs: Sequence[Need], reach: list[list[Allocator]]) -> None:
        self.chip = chip
        self.needs = needs
        self.reach = reach  # the memories of each core
        self.wishes = {need.name: wish(chip, need) for need in needs}
        self.homes: dict[int, Allocator] = {}  # by the need's place in the list

    def wish(self, place: int) -> Wish:
        return self.wishes[self.needs[place].name]

    def allowed(self, place: int) -> list[Allocator]:
        """Where all of a need, or of a pinned one what is not kept near, may lie."""
        return [
            allocator
            for allocator in self.reach[self.needs[place].core]
            if allocator.memory in self.wish(place).memories
        ]

    def near(self, place: int) -> Allocator:
        """Where the hot columns of a pinned need go."""
        reach, name = self.reach[self.needs[place].core], self.wish(place).near
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
            need.layout.stride(need.bits),
            size,
            need.layout.sources_per_column,
            need.layout.index_bits,
            through=self.wish(place).through,
            columns=None if columns is None else columns.tobytes(),
        )


def place_weights(
    chip: Chip,
    network: Network,
    needs: tuple[Need, ...],
    profile: Profile | None,
    reach: list[list[Allocator]],
) -> tuple[Block, ...]:
    """Put the blocks one after another, each into the first memory of its core that still holds it.

    ``reach`` are the memories of each core that weights can lie in, nearest first.

    Pinned ones come last: their hot columns take what room is left near the core.
    """
    placing = Placing(chip, needs, reach)
    pinned = [place for place in range(len(needs)) if placing.wish(place).near]
    blocks = {
        place: [placing.put(place, need.bytes)]
        for place, need in enumerate(needs)
        if not placing.wish(place).near
    }
    if pinned:
        if profile is None:
            raise InputError(
                chip.place("placement"),
                "pinned",
                "hot columns are told by a profile, and none was given",
                "Give map_network a profile, as deltasim.simulator.mapping.profile makes one of a trace.",
            )
        check_profile(profile, network)
        blocks |= place_pinned(placing, network, pinned, profile)
    return tuple(block for place in range(len(needs)) for block in blocks[place])


def place_pinned(
    placing: Placing, network: Network, pinned: list[int], profile: Profile
) -> dict[int, list[Block]]:
    """Fill the near memories with hot columns, then put what is left over into the far ones."""
    sharing: dict[int, tuple[Allocator, list[int]]] = {}  # cores at a port share its buffer
    for place in pinned:
        allocator = placing.near(place)
        sharing.setdefault(id(allocator), (allocator, []))[1].append(place)
    heats = heats_of(placing.needs, network, pinned, profile)
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


def heats_of(needs: Sequence[Need], network: Network, pinned: list[int], profile: Profile) -> dict[int, Heat]:
    """The heat of every pinned block; the words of a projection's columns are counted once for all cores."""
    words: dict[int, Integers] = {}
    heats = {}
    for place in pinned:
        need = needs[place]
        if need.projection not in words:
            words[need.projection] = network.projections[need.projection].connection.column_words(need.bounds)
        heats[place] = heat_of(need, words[need.projection][:, need.part], profile.counts[need.projection])
    return heats
