"""What the parts of a chip may not be to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from networks.errors import InputError, nearest
from simulator.actions import chip_actions
from simulator.chip.parts import Dram, Scratchpad
from simulator.topology import parse_topology
from simulator.virtual_channels import classes_of, legs_of, named, rings_of, waiting_circle

if TYPE_CHECKING:
    from simulator.chip.description import Chip

LEAST_BURST = 8  # bytes: two words of the widest weights


class Fault(NamedTuple):
    """One thing wrong with a description: the path of the field, its value, the rule and the remedy."""

    path: str
    value: str
    rule: str
    remedy: str


class Faults(ValueError):
    """All that is wrong between the parts of one chip."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(fault.rule for fault in faults))
        self.faults = faults


def faults(chip: Chip) -> tuple[Fault, ...]:
    """Everything between the parts that does not agree."""
    found = [*network_faults(chip)]
    found += [] if found else [*buffer_faults(chip)]
    nodes = None if found else chip.topology.nodes
    found += [*core_faults(chip), *memory_faults(chip, nodes), *placement_faults(chip)]
    # actions depend on the names of the memories: prices are looked at once those are sound
    return tuple(found) if found else tuple(price_faults(chip))


def network_faults(chip: Chip) -> Iterator[Fault]:
    try:
        parse_topology(chip.network.topology, chip.cores.count)
    except InputError as error:
        yield Fault("network.topology", error.value, error.rule, error.remedy)
    if chip.network.link_width_bits % 8:
        yield Fault(
            "network.link_width",
            f"{chip.network.link_width_bits} bit",
            "a width is a whole number of bytes",
            "Use 8, 16, 32, 64 ... bit.",
        )


def buffer_faults(chip: Chip) -> Iterator[Fault]:
    """Finite buffers hold every packet, and no packets can wait for each other in a circle."""
    network, topology = chip.network, chip.topology
    buffer, channels = network.buffer_flits, network.virtual_channels
    if buffer is None and channels is None:
        return
    if buffer is None or channels is None:
        missing = "buffer" if buffer is None else "virtual_channels"
        rule = "buffer and virtual_channels are given together"
        yield Fault(f"network.{missing}", "missing", rule, "Give both, or neither for buffers without limit.")
        return
    if topology.is_bus:
        yield Fault("network.buffer", str(buffer), "a bus has no routers and no buffers", "Leave it out.")
        return
    for name, bits in (("message_bits", network.message_bits), ("request_bits", network.request_bits)):
        flits = -(-bits // network.link_width_bits)
        if flits > buffer:
            rule = f"a packet fits in a buffer, which holds {buffer} flits; this one has {flits}"
            yield Fault(f"network.{name}", str(bits), rule, f"Use a buffer of {flits} or wider links.")
    classes = classes_of(chip)
    drams = [memory for memory in chip.memories if isinstance(memory, Dram)]
    ports = tuple(port for memory in drams for port in memory.ports if port < topology.nodes)
    if channels < classes:
        rule = "messages, requests and responses must not wait for each other: each has a virtual channel"
        yield Fault("network.virtual_channels", str(channels), rule, f"Use {classes} or more.")
    elif legs_of(chip) == 1 and (circle := waiting_circle(topology, ports)):
        rule = f"packets can wait for each other around the links {named(topology, circle)}"
        remedy = f"Use {2 * classes}." if rings_of(topology) else "Remove a link of the circle."
        yield Fault("network.virtual_channels", str(channels), rule, remedy)


def core_faults(chip: Chip) -> Iterator[Fault]:
    path = "cores.shared_units"
    for stage, times in Counter(stage for unit in chip.cores.shared_units for stage in unit).items():
        if times > 1:
            yield Fault(path, stage, "a stage belongs to one unit", "Name it once.")
    for position, unit in enumerate(chip.cores.shared_units):
        if "mac" in unit and chip.cores.mac.arrays > 1:
            yield Fault(
                f"{path}.{position}",
                f"[{', '.join(unit)}]",
                f"{chip.cores.mac.arrays} multiply arrays work side by side and share nothing",
                "Leave mac out, or use 1 array.",
            )
        if len(unit) < 2:
            yield Fault(
                f"{path}.{position}",
                f"[{', '.join(unit)}]",
                "a shared unit has at least 2 stages",
                "Name another stage or leave it out.",
            )

    if chip.cores.dma is None:
        return
    burst = chip.cores.dma.burst_bytes
    if burst < LEAST_BURST:
        rule = f"a burst moves at least {LEAST_BURST} B"
        yield Fault("cores.dma.burst", f"{burst} B", rule, "Use for example 64 B.")
        return
    for memory in chip.memories:
        if burst % memory.access_bytes:
            yield Fault(
                "cores.dma.burst",
                f"{burst:,} B",
                f"a burst is whole accesses of {memory.name}, {memory.access_bytes:,} B each",
                f"Use {-(-burst // memory.access_bytes) * memory.access_bytes:,} B.",
            )


def memory_faults(chip: Chip, nodes: int | None) -> Iterator[Fault]:
    if not chip.memories:
        yield Fault("memories", "[]", "a chip has at least 1 memory", "Add a scratchpad or a DRAM.")
    names = Counter(memory.name for memory in chip.memories)
    for position, memory in enumerate(chip.memories):
        path = f"memories.{position}"
        if names[memory.name] > 1:
            yield Fault(f"{path}.name", memory.name, "names of memories differ", "Rename one.")
        if memory.name in ("core", "link", "router", "network") or "." in memory.name:
            yield Fault(
                f"{path}.name",
                memory.name,
                "the name would collide with that of another action",
                "Name it like scratchpad or dram.",
            )
        if isinstance(memory, Scratchpad):
            yield from scratchpad_faults(path, memory)
        else:
            yield from dram_faults(path, memory, nodes)


def scratchpad_faults(path: str, memory: Scratchpad) -> Iterator[Fault]:
    if memory.width_bits % 8:
        yield Fault(
            f"{path}.width",
            f"{memory.width_bits} bit",
            "a width is a whole number of bytes",
            "Use 8, 16, 32, 64 ... bit.",
        )
    elif memory.size_bytes % memory.access_bytes:
        yield Fault(
            f"{path}.size",
            f"{memory.size_bytes:,} B",
            f"a size is a multiple of the width, {memory.access_bytes} B",
            "Round it.",
        )
    if memory.latency_cycles < 1:
        yield Fault(
            f"{path}.latency",
            f"{memory.latency_cycles} cycles",
            "a word comes at least 1 cycle after it was asked for",
            "Use 1 cycle or more.",
        )


def dram_faults(path: str, memory: Dram, nodes: int | None) -> Iterator[Fault]:
    timing = memory.timing
    for position, port in enumerate(memory.ports):
        if nodes is not None and port >= nodes:
            yield Fault(
                f"{path}.ports.{position}",
                str(port),
                f"nodes of the topology run from 0 to {nodes - 1}",
                "Name one of these.",
            )
    if len(set(memory.ports)) < len(memory.ports):
        yield Fault(
            f"{path}.ports", str(list(memory.ports)), "a node has at most 1 port of a memory", "Name it once."
        )
    if timing.row_bytes % timing.burst_bytes:
        yield Fault(
            f"{path}.timing.row",
            f"{timing.row_bytes:,} B",
            f"a row is a multiple of the burst, {timing.burst_bytes} B",
            "Correct row or burst.",
        )
    if memory.size_bytes % (timing.row_bytes * timing.banks):
        yield Fault(
            f"{path}.size",
            f"{memory.size_bytes:,} B",
            f"a channel is whole rows in all {timing.banks} banks, {timing.row_bytes * timing.banks:,} B",
            "Correct size, row or banks.",
        )
    if timing.RAS < timing.RCD:
        yield Fault(
            f"{path}.timing.RAS",
            str(timing.RAS),
            f"a row stays open at least RCD, {timing.RCD} cycles",
            "Correct RAS or RCD.",
        )
    busy = timing.RFC + timing.RP + timing.RAS
    if busy >= timing.REFI:
        yield Fault(
            f"{path}.timing.REFI",
            str(timing.REFI),
            f"a refresh interval leaves time to work: more than RFC + RP + RAS = {busy} cycles",
            "Correct REFI or RFC.",
        )


def placement_faults(chip: Chip) -> Iterator[Fault]:
    explicit, path = chip.placement.explicit, "placement.explicit"
    for population, cores in explicit.cores.items():
        for position, core in enumerate(cores):
            if core >= chip.cores.count:
                yield Fault(
                    f"{path}.cores.{population}.{position}",
                    str(core),
                    f"cores run from 0 to {chip.cores.count - 1}",
                    "Name one of these.",
                )
        if len(set(cores)) < len(cores):
            yield Fault(
                f"{path}.cores.{population}",
                str(list(cores)),
                "a core holds one slice of a population",
                "Name it once.",
            )
    names = [memory.name for memory in chip.memories]
    for projection, name in explicit.memory.items():
        if name not in names:
            yield Fault(f"{path}.memory.{projection}", name, "there is no such memory", nearest(name, names))


def price_faults(chip: Chip) -> Iterator[Fault]:
    actions = {action.name: action for action in chip_actions(chip) if action.priced}
    for name in (name for name in actions if name not in chip.prices):
        unit = "power: 0 W" if actions[name].static else "energy: 0 pJ"
        yield Fault(
            f"prices.{name}",
            "missing",
            "every action has a price",
            f"Give one, or {unit} and why as its source.",
        )
    for name, price in chip.prices.items():
        path = f"prices.{name}"
        if name not in actions:
            yield Fault(path, "priced", "this chip has no such action", nearest(name, actions))
            continue
        values = {"energy": price.energy_j, "power": price.power_w}
        given = [key for key, value in values.items() if value is not None]
        due = "power" if actions[name].static else "energy"
        if given != [due]:
            counted = actions[name].counts
            yield Fault(
                path,
                " and ".join(given) or "no value",
                f"an action counted in {counted} has exactly one value, its {due}",
                f"Give {due} only.",
            )
