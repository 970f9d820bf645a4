"""What a chip reaches at most: multiply-accumulates a second, and bytes a second from each memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip
    from deltasim.simulator.memories.kinds import Memory


def peak_rate(chip: Chip) -> float:
    """Multiply-accumulates per second with every lane of every array busy.

    >>> from deltasim.simulator.chip import load_chip
    >>> peak_rate(load_chip("edgedrnn"))         # 8 lanes at 125 MHz
    1000000000.0
    """
    cores = chip.cores
    return cores.count * cores.mac.arrays * cores.mac.lanes * cores.clock_hz / (cores.mac.cycles or 1)


def instances(chip: Chip, memory: Memory) -> int:
    """How many of a memory the chip has: one at each port, or one for each core."""
    return len(memory.ports) if memory.shared else chip.cores.count


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
    return instances(chip, memory) * memory.bytes_per_ps(chip) * 1e12
