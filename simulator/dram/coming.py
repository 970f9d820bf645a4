"""The next command of every channel, remembered until the channel changes.

``coming`` is (channels, 4) int64: whether it is known, then tick, kind and target (`simulator.dram.packing`).
"""

from __future__ import annotations

from deltasim.runtime.compiling import inlined, part
from deltasim.simulator.dram import fields as at
from deltasim.simulator.dram.packing import KIND, KNOWN, TARGET, TICK
from deltasim.simulator.dram.scheduler import first_command
from deltasim.simulator.dram.state import Integers, Memory
from deltasim.simulator.dram.timing import Timing


@inlined
def first_coming(memory: Memory, timing: Timing, coming: Integers) -> int:
    """Give the channel whose next command comes first, the lowest at one tick."""
    best = 0
    for channel in range(timing.channels):
        if coming[channel, KNOWN] == 0:
            tick, kind, target = first_command(memory, timing, channel)
            coming[channel, KNOWN] = 1
            coming[channel, TICK] = tick
            coming[channel, KIND] = kind
            coming[channel, TARGET] = target
        if coming[channel, TICK] < coming[best, TICK]:
            best = channel
    return best


@part
def before_others(timing: Timing, coming: Integers, channel: int) -> int:
    """Give the last tick before any other channel's next command; `first_coming` has found them."""
    until = at.NEVER
    for other in range(timing.channels):
        if other != channel:
            until = min(until, coming[other, TICK] - 1)
    return until
