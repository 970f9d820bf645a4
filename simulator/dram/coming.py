"""The next command of every channel, remembered until the channel changes.

``coming`` is (channels, 4) int64: whether it is known, then tick, kind and target (`simulator.dram.packing`).
"""

from __future__ import annotations

from networks.kernels import part
from simulator.dram import fields as at
from simulator.dram.rule import next_command
from simulator.dram.state import Integers, Memory
from simulator.dram.timing import Timing


@part
def first_coming(memory: Memory, timing: Timing, coming: Integers) -> int:
    """Give the channel whose next command comes first, the lowest at one tick."""
    best = 0
    for channel in range(timing.channels):
        if coming[channel, 0] == 0:
            tick, kind, target = next_command(memory, timing, channel)
            coming[channel, 0] = 1
            coming[channel, 1] = tick
            coming[channel, 2] = kind
            coming[channel, 3] = target
        if coming[channel, 1] < coming[best, 1]:
            best = channel
    return best


@part
def before_others(timing: Timing, coming: Integers, channel: int) -> int:
    """Give the last tick before any other channel's next command; `first_coming` has found them."""
    until = at.NEVER
    for other in range(timing.channels):
        if other != channel:
            until = min(until, coming[other, 1] - 1)
    return until
