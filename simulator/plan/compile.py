"""Compile network, chip and mapping into a plan: flat integers, picoseconds, unit numbers."""

from __future__ import annotations

import numpy as np

from deltasim.networks.graph import Network
from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip
from deltasim.simulator.chip.actions import chip_actions
from deltasim.simulator.components.dma_bursts import WHOLE
from deltasim.simulator.mapping.mapping import Mapping
from deltasim.simulator.memories.instance import BUFFER
from deltasim.simulator.plan.encoder_passes import check_parts, encoder_passes
from deltasim.simulator.plan.input_queues import input_buffers, refuse_large_responses
from deltasim.simulator.plan.links import compile_links
from deltasim.simulator.plan.memories import check_registers, compile_memories
from deltasim.simulator.plan.plan import ABSENT, STAGES, Plan, Stages, Unit
from deltasim.simulator.plan.weight_columns import compile_columns
from deltasim.simulator.schema.rendered import suffixes

MOST_RESERVATIONS = 1 << 25  # of the banks of all buffers


def compile_plan(network: Network, chip: Chip, mapping: Mapping) -> Plan:
    """Everything an engine needs besides the messages.

    Units are ordered: core stages, memories, links, then one counting unit a core and
    one for the whole chip.

    Errors: InputError for a computed population that no projection ends in.

    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> import numpy as np
    >>> network = random_stack("gru", 4, (8,), np.random.default_rng(0))
    >>> chip = load_chip("edgedrnn")
    >>> [unit.name for unit in compile_plan(network, chip, map_network(network, chip)).units][:3]
    ['core0.scan', 'core0.fetch', 'core0.mac']
    """
    units: list[Unit] = []
    stages = compile_stages(chip, units)
    actions, limits = tuple(action.name for action in chip_actions(chip)), input_buffers(chip)
    memories = compile_memories(chip, actions, units)
    number = {population.name: index for index, population in enumerate(network.populations)}
    source = [number[projection.source] for projection in network.projections]
    target = [number[projection.target] for projection in network.projections]
    for index in (index for one_pass in network.order for index in one_pass):
        if index not in target:
            raise InputError(
                f"network {network.name}: population {network.populations[index].name}",
                "no projection ends in it",
                "on a chip a population moves when messages have been scanned for it",
                "Connect it, or add what it gives to the biases of its targets.",
            )
    check_parts(network, mapping)
    columns, trees = compile_columns(network, mapping, chip.topology, chip.network.unicast)
    check_registers(chip, stages, columns.longest)
    links = compile_links(chip, actions, memories, limits, units)
    units += [Unit(f"core{core}", "core", core) for core in range(chip.cores.count)]
    units.append(Unit("chip", "chip", 0))
    populations = range(len(network.populations))
    plan = Plan(
        network=network,
        chip=chip,
        mapping=mapping,
        units=tuple(units),
        actions=actions,
        layers=(*(population.name for population in network.populations), "shared"),
        policy=chip.synchronisation.policy,
        barrier_cost_ps=chip.synchronisation.cost_cycles * chip.cores.period_ps,
        cores=chip.cores.count,
        partitions=mapping.partitions,
        into=tuple(tuple(p for p, end in enumerate(target) if end == index) for index in populations),
        out_of=tuple(tuple(p for p, start in enumerate(source) if start == index) for index in populations),
        source=integers(source),
        target=integers(target),
        delay=integers([projection.delay for projection in network.projections]),
        scan_passes=encoder_passes(network, chip),
        delta_encoded=integers([1 - network.sends_events(p) for p in range(len(network.projections))]),
        pass_number=integers([population.pass_number for population in network.populations]),
        homes=mapping.homes,
        order=network.order,
        stages=stages,
        unicast=chip.network.unicast,
        links=links,
        buffers=limits,
        in_parts=chip.network.pitch_m is not None,
        memories=memories,
        trees=trees,
        columns=columns,
    )
    require_windows(plan)
    refuse_large_responses(plan)
    return plan


def require_windows(plan: Plan) -> None:
    """Raise InputError where shared buffers would have to keep too many reservations of their banks."""
    buffers = [m for m, kind in enumerate(plan.memories.records["kind"].tolist()) if kind == BUFFER]
    cycles = sum(plan.buffer_window(m) for m in buffers)
    if cycles > MOST_RESERVATIONS:
        name = plan.memories.component[buffers[0]]
        position = [memory.name for memory in plan.chip.memories].index(name)
        rule = f"its streams can reserve banks {cycles:,} cycles ahead; {MOST_RESERVATIONS:,} is the most"
        remedy = "Serve fewer at once, widen the buffer, or fetch in bursts (cores.dma)."
        place = plan.chip.place(f"memories.{position}.places")
        raise InputError(place, plan.memories.records["slots"][buffers[0]], rule, remedy)


def integers(values: list[int]) -> Integers:
    return np.array(values, np.int64)


def compile_stages(chip: Chip, units: list[Unit]) -> Stages:
    """Core stages and their units: a stage without time is absent, stages of one unit share its number."""
    cores, period = chip.cores, chip.cores.period_ps
    shared: dict[str, tuple[str, ...]] = {stage: group for group in cores.shared_units for stage in group}
    arrays = cores.mac.arrays
    absent = {stage for stage in ("send", "receive") if getattr(cores, stage).cycles == 0}
    table = np.full((cores.count, len(STAGES)), ABSENT, np.int64)
    for core in range(cores.count):
        taken: dict[tuple[str, ...], int] = {}
        for number, stage in enumerate(STAGES):
            if stage in absent:
                continue
            group = shared.get(stage, (stage,))
            if group not in taken:
                taken[group] = len(units)
                name = f"core{core}.{'+'.join(group)}"
                ends = suffixes(arrays if stage in ("fetch", "mac") else 1)
                units += [Unit(f"{name}{end}", group[-1], core) for end in ends]
            table[core, number] = taken[group]
    return Stages(
        unit=table,
        cycle_ps=period,
        scan_cycle_ps=(cores.scan.cycles or 1) * period,
        mac_cycle_ps=(cores.mac.cycles or 1) * period,
        scan_per_cycle=cores.scan.elements_per_cycle,
        scan_pad_to=cores.scan.pad_to,
        send_ps=cores.send.cycles * period,
        receive_ps=cores.receive.cycles * period,
        fetch_slots=cores.outstanding_fetches,
        arrays=arrays,
        burst_bytes=cores.dma.burst_bytes if cores.dma else WHOLE,
        bursts_at_once=cores.dma.outstanding if cores.dma else 1,
        mac_lanes=cores.mac.lanes,
        update_lanes=cores.update.lanes,
        update_group_ps=cores.update.cycles * period,
        update_fixed_ps=cores.update.fixed * period,
        message_ps=(cores.scan.message_cycles or 0) * period,
        copy_ps=(cores.scan.copy_cycles or 0) * period,
        access_ps=(cores.update.access_cycles or 0) * period,
        tells_rest=cores.update.access_cycles is not None,
        update_during_scan=cores.update.during is not None,
    )
