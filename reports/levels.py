"""Memory by level: what each weight memory served, how often it had it, how fast, and at what cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deltasim.simulator.chip.peaks import instances, peak_bandwidth

if TYPE_CHECKING:
    from deltasim.simulator.chip import Chip
    from deltasim.simulator.ledger.ledger import Ledger
    from deltasim.simulator.ledger.pricing import Energy
    from deltasim.simulator.memories.kinds import Memory


class Level(NamedTuple):
    """One memory of the chip over a whole run, all its instances together.

    ``served_bytes`` left it towards the multipliers; ``found`` is the share of requests that it could answer
    itself or from an open row (None where it always can); ``peak`` its bandwidth in bytes per second.
    """

    name: str
    kind: str
    instances: int
    served_bytes: int
    accesses: int
    found: float | None
    peak: float
    joules: float


class Flow(NamedTuple):
    """Bytes that went from one place to the next: memories by name, layers as "to LAYER"."""

    source: str
    target: str
    bytes: int


def levels(chip: Chip, ledger: Ledger, energy: Energy) -> tuple[Level, ...]:
    """Every weight memory, nearest to the cores first."""
    weights = [memory for memory in chip.memories if not memory.timeless]
    return tuple(level(chip, memory, ledger, energy) for memory in weights)


def level(chip: Chip, memory: Memory, ledger: Ledger, energy: Energy) -> Level:
    """What a ledger says of one memory."""
    accesses, found = ledger.total(f"{memory.name}.{memory.requests}"), None
    if memory.found is not None:
        had, of = (ledger.total(f"{memory.name}.{action}") for action in memory.found)
        found = had / of if of else None
    served = ledger.total(f"{memory.name}.bytes") if memory.shared else accesses * memory.read_bytes
    return Level(
        memory.name,
        memory.kind,
        instances(chip, memory),
        served,
        accesses,
        found,
        peak_bandwidth(chip, memory),
        energy.by_part.get(memory.name, 0.0),
    )


def flows(chip: Chip, ledger: Ledger) -> tuple[Flow, ...]:
    """Who fetched how many bytes from where: memories to the caches in front of them and to the layers.

    What a cache fetched comes from the memory behind it; all else a memory gave went to the layer that asked.
    """
    caches: list[Flow] = []
    layers: list[Flow] = []
    for memory in (memory for memory in chip.memories if not memory.timeless):
        cached = 0
        in_front = [other for other in chip.memories if other.fetches_from == memory.name]
        for row, layer in enumerate(ledger.layers):
            if memory.shared:
                moved = counted(ledger, row, f"{memory.name}.bytes")
            else:
                moved = counted(ledger, row, f"{memory.name}.read") * memory.read_bytes
            fetched = sum(counted(ledger, row, f"{cache.name}.fetched") for cache in in_front)
            direct = moved - fetched if counted(ledger, row, f"{memory.name}.words") else 0
            cached += moved - direct
            if direct:
                layers.append(Flow(memory.name, layer, direct))
        if cached:
            caches += [Flow(memory.name, cache.name, cached) for cache in in_front]
    return (*caches, *layers)


def counted(ledger: Ledger, row: int, action: str) -> int:
    """How often a layer caused an action."""
    return int(ledger.layer_counts[row, ledger.actions.index(action)])
