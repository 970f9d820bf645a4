"""What neurons remember, into memories: last sent values, accumulators and states, before any weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deltasim.networks.connections import Sparse
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.actions import state_homes
from deltasim.simulator.mapping.capacity import Allocator, listed
from deltasim.simulator.mapping.partition import Partition
from deltasim.simulator.schema.quantities import size_text

if TYPE_CHECKING:
    from deltasim.networks.cells import Cell
    from deltasim.networks.graph import Network
    from deltasim.simulator.chip import Chip

Partitions = tuple[tuple[Partition, ...], ...]


class Home(NamedTuple):
    """Where the state of a population lies, and what it takes there.

    ``memory`` is "" on a chip that does not say, where state is counted in words. ``value_bits`` and
    ``sum_bits`` are what an access moves for an activation and for an accumulator; ``bytes`` is the room on
    the core that holds most of the population.
    """

    memory: str = ""
    value_bits: int = 1
    sum_bits: int = 1
    bytes: int = 0

    @property
    def read(self) -> str:
        """The action that counts what is read of it."""
        return f"{self.memory}.state_read" if self.memory else "core.state_read"

    @property
    def write(self) -> str:
        return f"{self.memory}.state_write" if self.memory else "core.state_write"

    def state_bits(self, cell: Cell) -> int:
        """What an access of all states of one neuron moves."""
        wide = summed_states(cell)
        return (len(cell.states) - wide) * self.value_bits + wide * self.sum_bits


def moved_bits(bits: int, width: int) -> int:
    """What an access moves for a word of so many bits: words lie side by side and across no two accesses.

    >>> moved_bits(16, 64), moved_bits(24, 32), moved_bits(24, 256), moved_bits(32, 8)
    (16, 32, 26, 32)
    """
    if bits > width:
        return -(-bits // width) * width
    return -(-width // (width // bits))


def room_bytes(words: int, bits: int, width: int) -> int:
    """Whole accesses that hold so many words.

    >>> room_bytes(48, 24, 256), room_bytes(3, 16, 32), room_bytes(3, 32, 16)
    (160, 8, 12)
    """
    accesses = words * -(-bits // width) if bits > width else -(-words // (width // bits))
    return accesses * width // 8


WIDE_STATES = ("v", "i", "a")
"""Potential, synaptic current and adaptation of a spiking neuron."""


def summed_states(cell: Cell) -> int:
    """How many states of a cell are as wide as an accumulator: those of a spiking neuron but for the spike.

    >>> from deltasim.networks.cells import GLIF, GRU, LIF
    >>> summed_states(GRU(4)), summed_states(LIF(4)), summed_states(GLIF(4, synapse=0.5))
    (0, 1, 2)
    """
    return sum(state in WIDE_STATES for state in cell.states) if cell.spiking else 0


def remembered_bytes(network: Network, population: int, neurons: int, width: int) -> int:
    """The room that so many neurons of a population take in a memory of this width.

    Every accumulator and state, a value sent last for every projection that sends deltas, and a copy of the
    value for every step of the longest delay with which a projection reads it.
    """
    cell, name = network.populations[population].cell, network.populations[population].name
    arithmetic = network.arithmetic
    out_of = [number for number, projection in enumerate(network.projections) if projection.source == name]
    sums = cell.accumulators + summed_states(cell)
    values = len(cell.states) - summed_states(cell)
    values += max((network.projections[number].delay for number in out_of), default=0)
    values += sum(not network.sends_events(number) for number in out_of)
    return values * room_bytes(neurons, arithmetic.activation_bits, width) + sums * room_bytes(
        neurons, arithmetic.accumulator_bits, width
    )


def place_state(
    chip: Chip, network: Network, partitions: Partitions, reach: list[list[Allocator]]
) -> tuple[Home, ...]:
    """The home of every population: the first memory that still holds it on each of its cores.

    ``reach`` are the memories of each core that weights can lie in as well. Errors: InputError where none
    holds it.
    """
    homes = state_homes(chip)
    if not homes:
        return tuple(Home(sum_bits=network.arithmetic.accumulator_words) for _ in network.populations)
    room = {home: core_allocators(chip, home, reach) for home in homes}
    return tuple(
        home_of(chip, network, population, parts, room) for population, parts in enumerate(partitions)
    )


def core_allocators(chip: Chip, home: str, reach: list[list[Allocator]]) -> list[Allocator]:
    """A memory of every core, by its core."""
    memory = chip.memory(home)
    position = chip.memories.index(memory)
    if not memory.holds_weights:
        return [Allocator(home, position, 0, memory.size_bytes, memory.access_bytes) for _ in reach]
    return [next(found for found in core if found.memory == home) for core in reach]


def home_of(
    chip: Chip,
    network: Network,
    population: int,
    parts: tuple[Partition, ...],
    room: dict[str, list[Allocator]],
) -> Home:
    """Take room for a population. Errors: InputError where no memory holds it."""
    needs: dict[str, list[int]] = {}
    for home, allocators in room.items():
        memory = chip.memory(home)
        width = memory.access_bytes * 8
        of_size = {
            size: remembered_bytes(network, population, size, width) for size in {part.size for part in parts}
        }
        needs[home] = [of_size[part.size] for part in parts]
        if all(allocators[part.core].fits(need) for part, need in zip(parts, needs[home], strict=True)):
            for part, need in zip(parts, needs[home], strict=True):
                allocators[part.core].reserve(need)
            return Home(home, *moved(network, population, width), max(needs[home]))
    name, last = network.populations[population].name, next(reversed(room))
    failing = [
        (part.core, need)
        for part, need in zip(parts, needs[last], strict=True)
        if not room[last][part.core].fits(need)
    ]
    raise no_room(chip, name, room, last, *failing[0])


def moved(network: Network, population: int, width: int) -> tuple[int, int]:
    """Bits that an access moves for a value and for an accumulator of a population.

    The targets of a sparse column do not follow each other: each of its sums is an access of its own.
    """
    arithmetic, name = network.arithmetic, network.populations[population].name
    sums = moved_bits(arithmetic.accumulator_bits, width)
    if any(
        isinstance(projection.connection, Sparse)
        for projection in network.projections
        if projection.target == name
    ):
        sums = max(sums, width)
    return moved_bits(arithmetic.activation_bits, width), sums


def no_room(
    chip: Chip, population: str, room: dict[str, list[Allocator]], home: str, core: int, need: int
) -> InputError:
    """The sentence for state that no memory of its core holds; ``home`` is the last one tried."""
    last = room[home][core]
    where = f" on core {core}" if chip.cores.count > 1 else ""
    rule = (
        f"layer {population} remembers {size_text(need)}{where} (accumulators, states, last sent values), "
        f"and {size_text(last.size_bytes - last.next_address)} of {home} are free"
    )
    size = -(-(last.next_address + need) // 1024) * 1024
    choices = [f"at least {size_text(size)}", "more cores"]
    others = [m.name for m in chip.memories if m.holds_state and m.holds_weights and m.name not in room]
    choices += [f"{name} for state as well (placement.state)" for name in others[:1]]
    place = chip.place(f"memories.{last.position}.size")
    return InputError(place, size_text(last.size_bytes), rule, f"Use {listed(choices)}.")
