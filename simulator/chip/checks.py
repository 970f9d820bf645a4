"""What the parts of a chip may not be to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from quantiphy import Quantity

from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.chip.actions import Action, chip_actions
from deltasim.simulator.chip.memories import Cache, Registers, Shared
from deltasim.simulator.chip.memory_checks import memory_faults
from deltasim.simulator.chip.virtual_channels import classes_of, legs_of, named, rings_of, waiting_circle
from deltasim.simulator.chip.wiring import described_topology
from deltasim.simulator.chip.prices.conditions import depends_on, own_values
from deltasim.simulator.chip.prices.price import Price
from deltasim.simulator.chip.prices.resolve import changed_texts
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.quantities import QuantityError

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip

LEAST_BURST = 8  # bytes: two words of the widest weights
NEEDED = {  # policy -> kinds of memory, of each of which a chip needs one
    "streamed": (("dram",),),
    "cached": (("cache",),),
    "pinned": (("scratchpad", "buffer"), ("dram",)),
}


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
        described_topology(chip.network, chip.cores.count)
    except InputError as error:
        yield Fault(error.place, error.value, error.rule, error.remedy)
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
    shared = [memory for memory in chip.memories if isinstance(memory, Shared)]
    ports = tuple(port for memory in shared for port in memory.ports if port < topology.nodes)
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
        if not isinstance(memory, Registers) and burst % max(1, memory.access_bytes):
            what = "lines" if isinstance(memory, Cache) else "accesses"
            yield Fault(
                "cores.dma.burst",
                f"{burst:,} B",
                f"a burst is whole {what} of {memory.name}, {memory.access_bytes:,} B each",
                f"Use {-(-burst // memory.access_bytes) * memory.access_bytes:,} B.",
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
    wanted = {"placement.policy": chip.placement.policy}
    wanted |= {f"placement.layers.{name}": policy for name, policy in (chip.placement.layers or {}).items()}
    kinds = [memory.kind for memory in chip.memories]
    for place, policy in wanted.items():
        for suiting in NEEDED.get(policy or "", ()):
            if not set(suiting) & set(kinds):
                what = " or ".join(suiting).replace("dram", "DRAM")
                yield Fault(place, str(policy), f"this chip has no {what}", f"Add a {what} or use nearest.")
    names = [memory.name for memory in chip.memories if not isinstance(memory, Registers)]
    for projection, name in explicit.memory.items():
        if name not in names:
            yield Fault(f"{path}.memory.{projection}", name, "there is no such memory", nearest(name, names))


def price_faults(chip: Chip) -> Iterator[Fault]:
    actions = {action.name: action for action in chip_actions(chip) if action.priced}
    wrong = False
    for name, price in chip.prices.items():
        if name not in actions:
            wrong = True
            rule = "this chip has no such action"
            yield Fault(f"prices.{name}", "priced", rule, nearest(name, actions))
            continue
        for fault in stated_faults(chip, actions[name], price):
            wrong = True
            yield fault
    if wrong:  # what a price holds for has to be sound before the others can be made
        return
    for name, found in chip.resolved.items():
        unit = "power: 0 W" if actions[name].static else "energy: 0 pJ"
        remedy = f"Give one, or {unit} and why as its source."
        if found.by == "missing":
            rule = f"every action has a price, and none can be derived: {found.reason}"
            yield Fault(f"prices.{name}", "missing", rule, remedy)
        if found.by == "refused":
            price = chip.prices[name]
            changes = " and ".join(changed_texts(chip, name, price))
            yield Fault(
                f"prices.{name}",
                str(Quantity(price.value, price.unit).render(prec=3)),
                f"it was given for {changes}, and none can be derived: {found.reason}",
                "Give one that holds now, or name what it does not depend on under holds_for as any.",
            )


def stated_faults(chip: Chip, action: Action, price: Price) -> Iterator[Fault]:
    """A price has the value that its action is counted for, and holds for what it can depend on."""
    path = f"prices.{action.name}"
    values = {"energy": price.energy_j, "power": price.power_w}
    given = [key for key, value in values.items() if value is not None]
    due = "power" if action.static else "energy"
    if given != [due]:
        rule = f"an action counted in {action.counts} has exactly one value, its {due}"
        yield Fault(path, " and ".join(given) or "no value", rule, f"Give {due} only.")
    known = depends_on(chip, action.name)
    for name, text in (price.holds_for or {}).items():
        if name not in known:
            rule = "the price does not depend on this"
            yield Fault(f"{path}.holds_for.{name}", str(text), rule, nearest(name, known))
            continue
        try:
            own_values({name: text})
        except QuantityError as error:
            yield Fault(f"{path}.holds_for.{name}", str(text), error.rule, error.remedy)
