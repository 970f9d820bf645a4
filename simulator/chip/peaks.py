"""What a chip reaches at most: multiply-accumulates a second, and bytes a second from each memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltasim.simulator.chip.memories import Buffer, Dram, Memory, Scratchpad, Shared, StandardDram

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip


def peak_rate(chip: Chip) -> float:
    """Multiply-accumulates per second with every lane of every array busy.

    >>> from deltasim.simulator.chip import load_chip
    >>> peak_rate(load_chip("edgedrnn"))         # 8 lanes at 125 MHz
    1000000000.0
    """
    cores = chip.cores
    return cores.count * cores.mac.arrays * cores.mac.lanes * cores.clock_hz


def instances(chip: Chip, memory: Memory) -> int:
    """How many of a memory the chip has: one at each port, or one for each core."""
    return len(memory.ports) if isinstance(memory, Shared) else chip.cores.count


def peak_bandwidth(chip: Chip, memory: Memory) -> float:
    """Bytes per second that all instances together can move at most.

    A DRAM channel moves a burst in its cycles, a DRAM of a standard one on every data bus; a scratchpad an
    access a cycle from the bank of each multiply array, a buffer one for each stream, as far as it has banks;
    any other memory one access a cycle.

    >>> from deltasim.simulator.chip import load_chip
    >>> chip = load_chip("edgedrnn")
    >>> round(peak_bandwidth(chip, chip.memories[0]) / 1e9, 2)        # 16 bits at 1066 Mbit/s a pin
    2.13
    """
    period = chip.memory_period_ps(memory)
    if isinstance(memory, Dram):
        rate = memory.access_bytes / (memory.timing.burst_cycles * period)
    elif isinstance(memory, StandardDram):
        rate = memory.standard.peak_bandwidth * 1e-12
    else:
        banks = chip.cores.mac.arrays if isinstance(memory, Scratchpad) else 1
        at_once = min(memory.places, memory.banks) if isinstance(memory, Buffer) else banks
        rate = at_once * memory.width_bits / 8 / period
    return instances(chip, memory) * rate * 1e12
