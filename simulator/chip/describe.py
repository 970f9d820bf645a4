"""A chip as tables: its parts, what they reach at most, and every price with its source."""

from __future__ import annotations

from deltasim.simulator.chip.actions import chip_actions, state_homes
from deltasim.simulator.chip.area import NOT_MODELLED, idle_power
from deltasim.simulator.chip.description import Chip
from deltasim.simulator.chip.peaks import instances, peak_bandwidth, peak_rate
from deltasim.simulator.chip.text_table import Table
from deltasim.simulator.memories.kinds import Memory
from deltasim.simulator.schema.quantities import size_text
from deltasim.simulator.schema.rendered import counted, cycles, scaled


def describe(chip: Chip) -> tuple[Table, ...]:
    """Everything a description says, and the peaks that follow from it.

    >>> from deltasim.simulator.chip import load_chip
    >>> [table.heading for table in describe(load_chip("edgedrnn"))]
    ['Chip', 'Cores', 'Memory dram', 'Network', 'Placement', 'Peaks', 'Area and power at rest', 'Prices']
    """
    memories = tuple(memory_table(chip, memory) for memory in chip.memories)
    return (
        chip_table(chip),
        core_table(chip),
        *memories,
        network_table(chip),
        placement_table(chip),
        peak_table(chip),
        area_table(chip),
        price_table(chip),
    )


def fields(heading: str, **rows: object) -> Table:
    """A table of names and values; an underscore in a name is a space."""
    return Table(
        heading, ("field", "value"), tuple((name.replace("_", " "), str(row)) for name, row in rows.items())
    )


def chip_table(chip: Chip) -> Table:
    overview = fields(
        "Chip", name=chip.name, about=chip.about, status=chip.status, node=chip.node, digest=chip.digest
    )
    return overview._replace(rows=overview.rows + tuple(("source", source) for source in chip.sources))


def core_table(chip: Chip) -> Table:
    cores, scan, update = chip.cores, chip.cores.scan, chip.cores.update
    numbers = {}
    if cores.arithmetic:
        of = cores.arithmetic
        numbers = {"arithmetic": f"{of.weight} x {of.activation}, added in {of.accumulator}"}
    dma = {}
    if cores.dma:
        burst, at_once = size_text(cores.dma.burst_bytes), cores.dma.outstanding
        dma = {"columns_fetched": f"in bursts of {burst}, {at_once} of a column at once"}
    return fields(
        "Cores",
        count=cores.count,
        clock=f"{scaled(cores.clock_hz, 'Hz')} ({cores.period_ps:,} ps)",
        scan=f"{counted(scan.elements_per_cycle, 'element')} {each_time(scan.cycles)}, "
        f"partitions padded to {scan.pad_to}{pauses(chip)}",
        send=f"{cycles(cores.send.cycles)} a message" if cores.send.cycles else "no such stage",
        receive=f"{cycles(cores.receive.cycles)} a message" if cores.receive.cycles else "no such stage",
        multiply_accumulate=counted(cores.mac.lanes, "lane")
        + (f" in each of {cores.mac.arrays} arrays" if cores.mac.arrays > 1 else "")
        + (f", {cycles(cores.mac.cycles)} each" if cores.mac.cycles else ""),
        **numbers,
        update=f"{cycles(update.fixed)}, and {cycles(update.cycles)} for {counted(update.lanes, 'neuron')}"
        + ("" if update.access_cycles is None else f" not at rest, {cycles(update.access_cycles)} for any")
        + (", during the scan of the next step" if update.during else ""),
        outstanding_fetches=cores.outstanding_fetches,
        **dma,
        shared_units="; ".join(", ".join(unit) for unit in cores.shared_units) or "each stage by itself",
    )


def each_time(count: int | None) -> str:
    """How often a stage that takes so many cycles begins anew.

    >>> each_time(None), each_time(6)
    ('a cycle', 'in 6 cycles')
    """
    return f"in {cycles(count)}" if count else "a cycle"


def pauses(chip: Chip) -> str:
    """How long a scan pauses for what it finds.

    >>> from deltasim.simulator.chip import load_chip
    >>> pauses(load_chip("mesh16").changed({"cores.scan.copy_cycles": 3}))
    '; pauses 3 cycles a copy'
    """
    scan = chip.cores.scan
    for_each = {"message": scan.message_cycles, "copy": scan.copy_cycles}
    said = [f"{cycles(number)} a {what}" for what, number in for_each.items() if number]
    return f"; pauses {', '.join(said)}" if said else ""


def memory_table(chip: Chip, memory: Memory) -> Table:
    rows = dict(memory.rows())
    rows.setdefault("clock", f"{chip.memory_period_ps(memory):,} ps a cycle")
    return fields(f"Memory {memory.name}", **rows)


def network_table(chip: Chip) -> Table:
    network, joined = chip.network, chip.network.joined
    further: dict[str, object] = {}
    if network.buffer_flits is not None:
        further = {"buffer": f"{network.buffer_flits} flits", "virtual_channels": network.virtual_channels}
    if network.directions is not None:
        hops = network.directions.model_dump()
        further["hop_by_direction"] = ", ".join(f"{where} {cycles(hops[where])}" for where in hops)
    if network.delivery is not None:
        copies = {"unicast": "a copy to each core", "multicast": "along a tree"}
        further["messages"] = copies[network.delivery]
    if network.pitch_m is not None:
        further["pitch"] = scaled(network.pitch_m, "m")
    if joined is not None:
        speed = f"{joined.link.width_bits} bit at {scaled(joined.link.clock_hz, 'Hz')}"
        further["chips_joined_as"] = f"{joined.topology}, at node {joined.gateway} of each"
        further["link_between_chips"] = f"{speed}, hop {cycles(joined.link.hop_cycles)}"
    return fields(
        "Network",
        topology=network.topology,
        nodes=chip.topology.nodes,
        links=len(chip.topology.links),
        clock=f"{scaled(network.clock_hz, 'Hz')} ({network.period_ps:,} ps)",
        link_width=f"{network.link_width_bits} bit",
        hop=cycles(network.hop_cycles),
        message=f"{network.message_bits} bit",
        read_request=f"{network.request_bits} bit",
        **further,
    )


def placement_table(chip: Chip) -> Table:
    explicit, barrier = chip.placement.explicit, chip.synchronisation
    homes = [memory.name for memory in chip.memories if memory.holds_weights]
    weights = f"first that holds them: {', '.join(homes)}"
    if chip.placement.policy in ("streamed", "cached", "pinned"):
        weights = chip.placement.policy
    state = f"first that holds it: {', '.join(state_homes(chip))}"
    if not state_homes(chip):
        state = "not said: it costs what the prices say, and its room is not checked"
    rows = [
        ("synchronisation", f"{barrier.policy}, {cycles(barrier.cost_cycles)} a barrier"),
        ("neurons", "balanced over all cores"),
        ("weights", weights),
        ("state", state),
        *((name, policy) for name, policy in (chip.placement.layers or {}).items()),
        *((name, f"cores {', '.join(map(str, cores))}") for name, cores in explicit.cores.items()),
        *(
            (name, f"neurons {', '.join(map(str, counts))}")
            for name, counts in (explicit.neurons or {}).items()
        ),
        *((name, f"memory {memory}") for name, memory in explicit.memory.items()),
    ]
    return Table("Placement", ("what", "where"), tuple(rows))


def peak_table(chip: Chip) -> Table:
    network, rows = chip.network, {"multiply-accumulates": scaled(peak_rate(chip), "/s")}
    for memory in chip.memories:
        rows[f"{memory.name} size"] = size_text(memory.size_bytes * instances(chip, memory))
        if not memory.timeless:
            rows[f"{memory.name} bandwidth"] = scaled(peak_bandwidth(chip, memory), "B/s")
    rows["one link"] = scaled(network.link_width_bits / 8 / network.period_ps * 1e12, "B/s")
    return Table("Peaks", ("what", "at most"), tuple(rows.items()))


def area_table(chip: Chip) -> Table:
    rows = [
        (
            line.part,
            f"{line.instances:,}",
            "-" if line.area_mm2 is None else f"{line.area_mm2:.3g} mm2",
            scaled(line.static_w, "W"),
            line.why,
        )
        for line in idle_power(chip)
    ]
    columns = ("part", "instances", "area", "power at rest", "area known from")
    return Table("Area and power at rest", columns, (*rows, ("all", "", "", "", NOT_MODELLED)))


def price_table(chip: Chip) -> Table:
    rows = []
    for action in chip_actions(chip):
        if action.priced:
            price, by = chip.priced[action.name], chip.resolved[action.name].by
            value = scaled(price.value, price.unit)
            if price.low is not None and price.high is not None:
                value += f" ({scaled(price.low, price.unit)} to {scaled(price.high, price.unit)})"
            per = "" if action.static else action.counts
            rows.append((action.name, action.part, value, per, price.node, price.kind, by, price.source))
    columns = ("action", "part", "price", "for each of", "node", "kind", "given", "source")
    return Table("Prices", columns, tuple(rows))
