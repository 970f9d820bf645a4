"""Compile network, chip and mapping into a plan: flat integers, picoseconds, unit numbers."""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from networks.errors import InputError
from networks.graph import Network
from simulator.actions import chip_actions
from simulator.chip import Chip
from simulator.chip.parts import Dram
from simulator.columns import compile_columns
from simulator.ledger import Unit
from simulator.mapping import Mapping
from simulator.plan import ABSENT, STAGES, Integers, Plan, Share, Stages, Stores, Wires
from simulator.rules.dram import DramTiming
from simulator.rules.pieces import WHOLE
from simulator.rules.service import rounds
from simulator.topology import Topology


def compile_plan(network: Network, chip: Chip, mapping: Mapping) -> Plan:
    """Everything an engine needs besides the messages.

    Units are ordered: core stages, scratchpads and DRAM channels, links, then one counting unit a core and
    one for the whole chip.

    Errors: InputError for a computed population that no projection ends in.

    >>> from simulator.chip import load_chip
    >>> from networks.build import random_stack
    >>> from simulator.mapping import map_network
    >>> import numpy as np
    >>> network = random_stack("gru", 4, (8,), np.random.default_rng(0))
    >>> chip = load_chip("edgedrnn")
    >>> [unit.name for unit in compile_plan(network, chip, map_network(network, chip)).units][:3]
    ['core0.scan', 'core0.fetch', 'core0.mac']
    """
    topology = chip.topology
    units: list[Unit] = []
    stages = compile_stages(chip, units)
    stores = compile_stores(chip, units)
    number = {population.name: index for index, population in enumerate(network.populations)}
    source = [number[projection.source] for projection in network.projections]
    target = [number[projection.target] for projection in network.projections]
    for index in (index for sweep in network.order for index in sweep):
        if index not in target:
            raise InputError(
                f"network {network.name}: population {network.populations[index].name}",
                "no projection ends in it",
                "on a chip a population moves when messages have been scanned for it",
                "Connect it, or add what it gives to the biases of its targets.",
            )
    columns, trees = compile_columns(network, mapping, stores, source, target)
    wires = compile_wires(chip, topology, stores, trees, units)
    units += [Unit(f"core{core}", "core", core) for core in range(chip.cores.count)]
    units.append(Unit("chip", "chip", 0))
    populations = range(len(network.populations))
    return Plan(
        network=network,
        chip=chip,
        mapping=mapping,
        units=tuple(units),
        actions=tuple(action.name for action in chip_actions(chip)),
        layers=(*(population.name for population in network.populations), "shared"),
        policy=chip.synchronisation.policy,
        meeting_ps=chip.synchronisation.cost_cycles * chip.cores.period_ps,
        cores=chip.cores.count,
        shares=tuple(tuple(Share(*part) for part in parts) for parts in mapping.slices),
        into=tuple(tuple(p for p, end in enumerate(target) if end == index) for index in populations),
        out_of=tuple(tuple(p for p, start in enumerate(source) if start == index) for index in populations),
        source=integers(source),
        target=integers(target),
        delay=integers([projection.delay for projection in network.projections]),
        sweep=integers([population.sweep for population in network.populations]),
        order=network.order,
        stages=stages,
        wires=wires,
        stores=stores,
        columns=columns,
    )


def integers(values: list[int]) -> Integers:
    return np.array(values, np.int64)


def ragged(rows: list[list[int]]) -> tuple[Integers, Integers]:
    """Rows of different length as (bounds, values)."""
    bounds = list(accumulate((len(row) for row in rows), initial=0))
    return integers(bounds), integers([value for row in rows for value in row])


def compile_stages(chip: Chip, units: list[Unit]) -> Stages:
    """Core stages and their units: a stage without time is absent, stages of one unit share its number."""
    cores, period = chip.cores, chip.cores.period_ps
    shared: dict[str, tuple[str, ...]] = {stage: group for group in cores.shared_units for stage in group}
    arrays = cores.mac.arrays
    absent = {stage for stage in ("send", "receive") if getattr(cores, stage).cycles == 0}
    table = np.full((cores.count, len(STAGES)), ABSENT, np.int64)
    for core in range(cores.count):
        taken: dict[tuple[str, ...], int] = {}
        for column, stage in enumerate(STAGES):
            if stage in absent:
                continue
            group = shared.get(stage, (stage,))
            if group not in taken:
                taken[group] = len(units)
                names = numbered(f"core{core}.{'+'.join(group)}", arrays if stage in ("fetch", "mac") else 1)
                units += [Unit(name, group[-1], core) for name in names]
            table[core, column] = taken[group]
    return Stages(
        unit=table,
        cycle_ps=period,
        scan_per_cycle=cores.scan.elements_per_cycle,
        scan_pad_to=cores.scan.pad_to,
        send_ps=cores.send.cycles * period,
        receive_ps=cores.receive.cycles * period,
        fetch_slots=cores.outstanding_fetches,
        arrays=arrays,
        burst_bytes=cores.dma.burst_bytes if cores.dma else WHOLE,
        pieces_at_once=cores.dma.outstanding if cores.dma else 1,
        mac_lanes=cores.mac.lanes,
        update_lanes=cores.update.lanes,
        update_group_ps=cores.update.cycles * period,
        update_fixed_ps=cores.update.fixed * period,
    )


def numbered(name: str, count: int) -> list[str]:
    """One name for each of several units; a unit that is alone needs no number."""
    return [name] if count == 1 else [f"{name}{number}" for number in range(count)]


def compile_stores(chip: Chip, units: list[Unit]) -> Stores:
    """One store for each core's scratchpad and each DRAM channel, in the order of the chip's memories."""
    rows: list[tuple[int, str, int, int, int, int, DramTiming | None]] = []
    for memory in chip.memories:
        if isinstance(memory, Dram):
            timing = dram_timing(memory)
            for channel, port in enumerate(memory.ports):
                rows.append((len(units), memory.name, 1, timing.clock_ps, timing.burst_bytes, 0, timing))
                units.append(Unit(f"{memory.name}{channel}", "dram", port))
            continue
        period = chip.memory_period_ps(memory)
        for core in range(chip.cores.count):
            latency = memory.latency_cycles * period
            rows.append((len(units), memory.name, 0, period, memory.access_bytes, latency, None))
            names = numbered(f"core{core}.{memory.name}", chip.cores.mac.arrays)
            units += [Unit(name, "scratchpad", core) for name in names]
    unit, component, dram, period_ps, width_bytes, latency_ps, timings = zip(*rows, strict=True)
    return Stores(
        unit=integers(list(unit)),
        component=tuple(component),
        dram=integers(list(dram)),
        period_ps=integers(list(period_ps)),
        width_bytes=integers(list(width_bytes)),
        latency_ps=integers(list(latency_ps)),
        timing=tuple(timings),
    )


def dram_timing(memory: Dram) -> DramTiming:
    """A description's cycles as picoseconds."""
    timing = memory.timing
    clock = timing.period_ps
    return DramTiming(
        clock_ps=clock,
        read_ps=timing.CL * clock,
        activate_ps=timing.RCD * clock,
        precharge_ps=timing.RP * clock,
        open_ps=timing.RAS * clock,
        read_to_precharge_ps=timing.RTP * clock,
        refresh_ps=timing.RFC * clock,
        interval_ps=timing.REFI * clock,
        burst_ps=timing.burst_cycles * clock,
        burst_bytes=timing.burst_bytes,
        row_bytes=timing.row_bytes,
        banks=timing.banks,
        rows=max(1, memory.size_bytes // (timing.banks * timing.row_bytes)),
        rotate=int(timing.order == "row-bank-column"),
    )


def compile_wires(
    chip: Chip,
    topology: Topology,
    stores: Stores,
    trees: list[tuple[int, tuple[int, ...]]],
    units: list[Unit],
) -> Wires:
    """Links as units, the multicast tree of every (source core, target cores), the way to every memory."""
    first = len(units)
    kind = "bus" if topology.kind == "bus" else "link"
    for start, end in topology.links:
        name = "bus" if kind == "bus" else f"link{start}-{end}"
        units.append(Unit(name, kind, max(0, start)))
    width = chip.network.link_width_bits
    link, parent, drops, tree_bounds = [], [], [], [0]
    places: list[int] = []
    local: list[int] = []
    for source, cores in trees:
        remote = [core for core in cores if core != source]
        tree = topology.multicast_tree(source, remote)
        end_of = {entry[0]: position for position, entry in enumerate(tree)}
        behind: list[list[int]] = [[] for _ in tree]
        for core in remote:
            behind[end_of[topology.route(source, core)[-1]]].append(core)
        local.append(cores.index(source) if source in cores else ABSENT)
        places += [cores.index(core) for cores_there in behind for core in cores_there]
        link += [entry[0] for entry in tree]
        parent += [entry[1] for entry in tree]
        drops += behind
        tree_bounds.append(len(link))
    drop_start, drop_core = ragged(drops)
    ports = [units[unit].node for unit in stores.unit.tolist()]
    ways = [(core, store) for core in range(chip.cores.count) for store in range(len(ports))]
    there = [topology.memory_route(c, ports[s]) if stores.dram[s] else () for c, s in ways]
    back = [topology.memory_return(ports[s], c) if stores.dram[s] else () for c, s in ways]
    path_start, path_link = ragged([list(way) for way in there])
    back_start, back_link = ragged([list(way) for way in back])
    return Wires(
        first_unit=first,
        links=len(topology.links),
        period_ps=chip.network.period_ps,
        hop_ps=chip.network.hop_cycles * chip.network.period_ps,
        flit_bytes=width // 8,
        message_flits=int(rounds(chip.network.message_bits, width)),
        request_flits=int(rounds(chip.network.request_bits, width)),
        bus=topology.kind == "bus",
        tree_start=integers(tree_bounds),
        tree_link=integers(link),
        tree_parent=integers(parent),
        drop_start=drop_start,
        drop_core=drop_core,
        drop_place=integers(places),
        tree_local=integers(local),
        path_start=path_start,
        path_link=path_link,
        back_start=back_start,
        back_link=back_link,
    )
