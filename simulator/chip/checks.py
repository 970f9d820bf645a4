"""What the parts of a chip may not be to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from quantiphy import Quantity

from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.chip.actions import Action, chip_actions
from deltasim.simulator.chip.memory_checks import kind_faults, memory_rules, name_faults
from deltasim.simulator.chip.prices.conditions import depends_on, own_values
from deltasim.simulator.chip.prices.price import DEFAULT, Price
from deltasim.simulator.chip.prices.resolve import changed_texts
from deltasim.simulator.chip.virtual_channels import (
    classes_of,
    dateline_classes_of,
    named,
    rings_of,
    waiting_cycle,
)
from deltasim.simulator.chip.wiring import described_topology
from deltasim.simulator.memories.kinds import Memory
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.quantities import QuantityError

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip
    from deltasim.simulator.topology import Topology

LEAST_BURST = 8  # bytes: two words of the widest weights
NEEDED: dict[str, tuple[tuple[str, Callable[[Memory], bool]], ...]] = {  # by policy, what a chip has of each
    "streamed": (("DRAM or serial memory", lambda memory: memory.off_chip),),
    "cached": (("cache", lambda memory: memory.fetches_from is not None),),
    "pinned": (
        ("scratchpad or buffer", lambda memory: memory.holds_weights and not memory.off_chip),
        ("DRAM or serial memory", lambda memory: memory.off_chip),
    ),
}
MESHES = ("mesh", "cmesh")  # whose links have directions
LONGEST_LINK_M = 10
MOST_ARRAYS = 1 << 16  # of all cores together: each has units of its own


def rules() -> tuple[Callable[[Chip], Iterator[Fault]], ...]:
    """All rules between the parts of a chip."""
    return (
        topology_faults,
        link_faults,
        length_faults,
        direction_faults,
        during_faults,
        buffer_faults,
        packet_faults,
        channel_faults,
        array_faults,
        unit_faults,
        burst_faults,
        *memory_rules(),
        core_placement_faults,
        policy_faults,
        memory_placement_faults,
        state_placement_faults,
        missing_price_faults,
        price_faults,
    )


def faults(chip: Chip) -> tuple[Fault, ...]:
    """Everything between the parts that does not agree."""
    return tuple(fault for rule in rules() for fault in rule(chip))


def topology_faults(chip: Chip) -> Iterator[Fault]:
    """The network is one that can be built, for these cores."""
    try:
        described_topology(chip.network, chip.cores.count)
    except InputError as error:
        yield Fault(error.place, error.value, error.rule, error.remedy)


def link_faults(chip: Chip) -> Iterator[Fault]:
    """Links carry whole bytes."""
    if chip.network.link_width_bits % 8:
        yield Fault(
            "network.link_width",
            f"{chip.network.link_width_bits} bit",
            "a width is a whole number of bytes",
            "Use 8, 16, 32, 64 ... bit.",
        )


def length_faults(chip: Chip) -> Iterator[Fault]:
    """Links are short enough to count the micrometres that flits travel."""
    pitch_m, topology = chip.network.pitch_m, sound_topology(chip)
    if pitch_m is None or topology is None:
        return
    pitches = topology.cores if topology.is_bus else max((link.length for link in topology.links), default=0)
    if pitch_m * pitches > LONGEST_LINK_M:
        length = f"the longest link, {pitches:,.0f} tiles, has {pitch_m * pitches:,.0f} m"
        rule = f"{length}; {LONGEST_LINK_M} m is the most"
        yield Fault("network.pitch", f"{pitch_m:g} m", rule, "Use a shorter pitch.")


def direction_faults(chip: Chip) -> Iterator[Fault]:
    """Directions are those of a mesh whose links are priced by the hop."""
    network, path = chip.network, "network.directions"
    if network.directions is None:
        return
    if network.topology.partition(":")[0] not in MESHES:
        rule = "links have directions on a mesh"
        yield Fault(path, network.topology, rule, "Use mesh:RxC or cmesh:RxCxK, or leave directions out.")
    for name, given in (("joined", network.joined), ("pitch", network.pitch_m)):
        if given is not None:
            rule = f"directions are not given together with {name}"
            yield Fault(path, "given", rule, f"Leave it or {name} out.")


def during_faults(chip: Chip) -> Iterator[Fault]:
    """Neurons are updated as they are scanned where all begin a step together."""
    policy = chip.synchronisation.policy
    if chip.cores.update.during is not None and policy != "barrier":
        rule = f"neurons are updated during the scan of the next step, which policy {policy} may begin before"
        yield Fault("cores.update.during", "scan", rule, "Use policy barrier or leave it out.")


def buffer_faults(chip: Chip) -> Iterator[Fault]:
    """Finite buffers and their virtual channels belong together."""
    buffer, channels = chip.network.buffer_flits, chip.network.virtual_channels
    if (buffer is None) != (channels is None):
        missing = "buffer" if buffer is None else "virtual_channels"
        rule = "buffer and virtual_channels are given together"
        yield Fault(f"network.{missing}", "missing", rule, "Give both, or neither for buffers without limit.")
    elif buffer is not None and (topology := sound_topology(chip)) and topology.is_bus:
        yield Fault("network.buffer", str(buffer), "a bus has no routers and no buffers", "Leave it out.")


def packet_faults(chip: Chip) -> Iterator[Fault]:
    """Finite buffers hold every packet."""
    network, buffer = chip.network, chip.network.buffer_flits
    for name, bits in (("message_bits", network.message_bits), ("request_bits", network.request_bits)):
        flits = -(-bits // network.link_width_bits)
        if buffer is not None and flits > buffer:
            rule = f"a packet fits in a buffer, which holds {buffer} flits; this one has {flits}"
            yield Fault(f"network.{name}", str(bits), rule, f"Use a buffer of {flits} or wider links.")


def channel_faults(chip: Chip) -> Iterator[Fault]:
    """No packets can wait for each other in a cycle."""
    topology, channels = sound_topology(chip), chip.network.virtual_channels
    if topology is None or topology.is_bus or channels is None or chip.network.buffer_flits is None:
        return
    classes = classes_of(chip)
    shared = [memory for memory in chip.memories if memory.shared]
    ports = tuple(port for memory in shared for port in memory.ports if port < topology.nodes)
    if channels < classes:
        rule = "messages, requests and responses must not wait for each other: each has a virtual channel"
        yield Fault("network.virtual_channels", str(channels), rule, f"Use {classes} or more.")
    elif dateline_classes_of(chip) == 1 and (cycle := waiting_cycle(topology, ports)):
        rule = f"packets can wait for each other around the links {named(topology, cycle)}"
        remedy = f"Use {2 * classes}." if rings_of(topology) else "Remove a link of the cycle."
        yield Fault("network.virtual_channels", str(channels), rule, remedy)


def array_faults(chip: Chip) -> Iterator[Fault]:
    """There are not more multiply arrays than can be held."""
    arrays = chip.cores.count * chip.cores.mac.arrays
    if arrays > MOST_ARRAYS:
        rule = f"the cores have {arrays:,} multiply arrays together; {MOST_ARRAYS:,} is the most"
        yield Fault("cores.mac.arrays", str(chip.cores.mac.arrays), rule, "Use fewer.")


def unit_faults(chip: Chip) -> Iterator[Fault]:
    """Shared units name stages that can exclude each other."""
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


def burst_faults(chip: Chip) -> Iterator[Fault]:
    """Bursts are whole accesses of every memory."""
    if chip.cores.dma is None:
        return
    burst = chip.cores.dma.burst_bytes
    if burst < LEAST_BURST:
        rule = f"a burst moves at least {LEAST_BURST} B"
        yield Fault("cores.dma.burst", f"{burst} B", rule, "Use for example 64 B.")
        return
    for memory in chip.memories:
        if not memory.timeless and burst % max(1, memory.access_bytes):
            what = "lines" if memory.fetches_from else "accesses"
            yield Fault(
                "cores.dma.burst",
                f"{burst:,} B",
                f"a burst is whole {what} of {memory.name}, {memory.access_bytes:,} B each",
                f"Use {-(-burst // memory.access_bytes) * memory.access_bytes:,} B.",
            )


def core_placement_faults(chip: Chip) -> Iterator[Fault]:
    """Placement by hand names cores that there are, each once."""
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
                "a core holds one partition of a population",
                "Name it once.",
            )
    for population, neurons in (explicit.neurons or {}).items():
        found = explicit.cores.get(population, ())
        if len(neurons) != len(found):
            yield Fault(
                f"{path}.neurons.{population}",
                f"{len(neurons)} numbers",
                f"each core of the population has its number of neurons; cores names {len(found)}",
                "Give one for each core.",
            )


def policy_faults(chip: Chip) -> Iterator[Fault]:
    """A policy finds the kinds of memory that it needs."""
    wanted = {"placement.policy": chip.placement.policy}
    wanted |= {f"placement.layers.{name}": policy for name, policy in (chip.placement.layers or {}).items()}
    for place, policy in wanted.items():
        for what, suits in NEEDED.get(policy or "", ()):
            if not any(suits(memory) for memory in chip.memories):
                yield Fault(place, str(policy), f"this chip has no {what}", "Add one or use nearest.")


def memory_placement_faults(chip: Chip) -> Iterator[Fault]:
    """Placement by hand names memories that there are."""
    explicit, path = chip.placement.explicit, "placement.explicit"
    names = [memory.name for memory in chip.memories if not memory.timeless]
    for projection, name in explicit.memory.items():
        if name not in names:
            yield Fault(f"{path}.memory.{projection}", name, "there is no such memory", nearest(name, names))


def state_placement_faults(chip: Chip) -> Iterator[Fault]:
    """State lies in memories that a core has of its own."""
    names = [memory.name for memory in chip.memories if memory.holds_state]
    for position, name in enumerate(chip.placement.state or ()):
        if name not in names:
            rule = "state lies in a scratchpad or a memory of kind state"
            remedy = nearest(name, names) if names else "Add one."
            yield Fault(f"placement.state.{position}", name, rule, remedy)
        if name in (chip.placement.state or ())[:position]:
            yield Fault(f"placement.state.{position}", name, "a memory is named once", "Leave it out.")


def missing_price_faults(chip: Chip) -> Iterator[Fault]:
    """Every action has a price: a given one that holds, or one that a model gives."""
    if not actions_known(chip) or sound_topology(chip) is None:
        return
    actions = {action.name: action for action in chip_actions(chip) if action.priced}
    if any(
        [*stated_faults(chip, actions[name], price)] for name, price in chip.prices.items() if name in actions
    ):
        return  # the given ones have to be sound first
    for name, found in chip.resolved.items():
        if found.by == "missing":
            unit = "power: 0 W" if actions[name].static else "energy: 0 pJ"
            rule = f"every action has a price, and none can be derived: {found.reason}"
            yield Fault(f"prices.{name}", "missing", rule, f"Give one, or {unit} and why as its source.")
        if found.by == "refused":
            price = chip.prices[name]
            changes = " and ".join(changed_texts(chip, name, price))
            yield Fault(
                f"prices.{name}",
                str(Quantity(price.value, price.unit).render(prec=3)),
                f"it was given for {changes}, and none can be derived: {found.reason}",
                "Give one that holds now, or name what it does not depend on under holds_for as any.",
            )


def actions_known(chip: Chip) -> bool:
    """Actions depend on the names of the memories, and on where state lies: whether these are sound."""
    return not [*name_faults(chip), *kind_faults(chip), *state_placement_faults(chip)]


def price_faults(chip: Chip) -> Iterator[Fault]:
    """Every price belongs to an action, has its one value, and holds for what it can depend on."""
    if not actions_known(chip):
        return
    actions = {action.name: action for action in chip_actions(chip) if action.priced}
    for name, price in chip.prices.items():
        if name in actions:
            yield from stated_faults(chip, actions[name], price)
        elif name != DEFAULT:
            yield Fault(f"prices.{name}", "priced", "this chip has no such action", nearest(name, actions))


def stated_faults(chip: Chip, action: Action, price: Price) -> Iterator[Fault]:
    """What is wrong with one price."""
    path = f"prices.{action.name}"
    values = {"energy": price.energy_j, "power": price.power_w}
    given = [key for key, value in values.items() if value is not None]
    due = "power" if action.static else "energy"
    if given != [due]:
        rule = f"an action counted in {action.counts} has exactly one value, its {due}"
        yield Fault(path, " and ".join(given) or "no value", rule, f"Give {due} only.")
    if not price.holds_for or sound_topology(chip) is None:
        return
    known = depends_on(chip, action.name)
    for name, text in price.holds_for.items():
        if name not in known:
            rule = "the price does not depend on this"
            yield Fault(f"{path}.holds_for.{name}", str(text), rule, nearest(name, known))
            continue
        try:
            own_values({name: text})
        except QuantityError as error:
            yield Fault(f"{path}.holds_for.{name}", str(text), error.rule, error.remedy)


def sound_topology(chip: Chip) -> Topology | None:
    """The topology, or None where the description of it is faulty, which is told elsewhere."""
    try:
        return chip.topology
    except InputError:
        return None
