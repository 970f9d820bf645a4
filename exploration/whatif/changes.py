"""What is asked of a chip: each kind of unit a little faster, each width doubled, and the ideals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from deltasim.exploration.whatif.faster import BARRIER, NETWORK
from deltasim.simulator.chip import Chip
from deltasim.simulator.mapping.mapping import Mapping as Placement

FASTER, FASTER_BY, WIDER = 1.1, "10 % faster", "twice as wide"
IDEAL = 1000.0
"""Of an ideal memory: a thousandth of the time hardly shows."""

PARTS = {
    "scan": "threshold scan",
    "send": "sending",
    "receive": "receiving",
    "mac": "multiply-accumulate",
    "update": "neuron update",
    "fetch": "fetches under way",
    "dma": "bursts under way",
    BARRIER: "barrier",
    "balance": "balance of cores",
    "memory": "all memories",
}


class Change(NamedTuple):
    """One thing that is better: ``fields`` of the description, or all ``units`` of some kinds by ``factor``.

    ``key`` names it in JSON, ``part`` and ``what`` are for a reader. With neither fields nor units the
    messages come from evenly spread neurons.
    """

    key: str
    part: str
    what: str
    units: tuple[str, ...] = ()
    factor: float = 1.0
    fields: Mapping[str, object] = {}


def changes_of(chip: Chip, mapping: Placement) -> list[Change]:
    """All that is asked of a chip. A memory that holds no weights of the network is left out.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("deltakws")
    >>> found = changes_of(chip, map_network(network, chip))
    >>> [change.key for change in found if change.what == FASTER_BY]
    ['scan.faster', 'mac.faster', 'update.faster', 'sram.faster', 'network.faster']
    """
    cores, used = chip.cores, memories_in_use(mapping)
    stages = [
        "scan",
        *(name for name in ("send", "receive") if getattr(cores, name).cycles),
        "mac",
        *(["update"] if cores.update.cycles or cores.update.fixed else []),
    ]
    cost = chip.synchronisation.cost_cycles
    kinds = [*stages, *used, NETWORK, *([BARRIER] if cost else [])]
    found = [Change(f"{kind}.faster", part_of(chip, kind), FASTER_BY, (kind,), FASTER) for kind in kinds]
    found += [
        Change("scan.wider", PARTS["scan"], WIDER, ("scan",),
               fields={"cores.scan.elements_per_cycle": 2 * cores.scan.elements_per_cycle}),
        Change("mac.wider", PARTS["mac"], WIDER, ("mac",), fields={"cores.mac.lanes": 2 * cores.mac.lanes}),
        Change("update.wider", PARTS["update"], WIDER, ("update",),
               fields={"cores.update.lanes": 2 * cores.update.lanes}),
        Change("fetch.wider", PARTS["fetch"], "twice as many",
               fields={"cores.outstanding_fetches": 2 * cores.outstanding_fetches}),
    ]  # fmt: skip
    if cores.dma:
        more = {"cores.dma.outstanding": 2 * cores.dma.outstanding}
        found.append(Change("dma.wider", PARTS["dma"], "twice as many", fields=more))
    for place, memory in enumerate(chip.memories):
        if memory.name in used and (wider := memory.wider()):
            fields = {f"memories.{place}.{name}": value for name, value in wider.items()}
            found.append(Change(f"{memory.name}.wider", memory.name, WIDER, (memory.name,), fields=fields))
    width = {"network.link_width": f"{2 * chip.network.link_width_bits} bit"}
    found.append(Change("network.wider", part_of(chip, NETWORK), WIDER, (NETWORK,), fields=width))
    if cost:
        free = {"synchronisation.cost": "0 cycles"}
        found.append(Change("barrier.free", PARTS[BARRIER], "at no cost", fields=free))
    if chip.synchronisation.policy != "dataflow":
        none = {"synchronisation.policy": "dataflow", "synchronisation.cost": "0 cycles"}
        found.append(Change("barrier.none", PARTS[BARRIER], "none (dataflow)", fields=none))
    if cores.count > 1 or cores.mac.arrays > 1:
        found.append(Change("balance.ideal", PARTS["balance"], "ideal"))
    found.append(Change("memory.ideal", PARTS["memory"], "ideal", used, IDEAL))
    return found


def memories_in_use(mapping: Placement) -> tuple[str, ...]:
    """Memories that hold weights, and caches in front of them, in the order of the blocks."""
    named = [name for block in mapping.blocks for name in (block.through, block.memory) if name]
    return tuple(dict.fromkeys(named))


def part_of(chip: Chip, kind: str) -> str:
    """What a reader calls a kind of unit."""
    if kind == NETWORK:
        return "bus" if chip.network.is_bus else "network links"
    return PARTS.get(kind, kind)
