"""Commands noted for a timeline, where a memory has room for notes; elsewhere a comparison and no more."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.state import Memory


@part
def note(memory: Memory, tick: int, kind: int, target: int, count: int, apart: int, place: int) -> None:
    """Note a command or a power-down; what finds no more room is counted only."""
    if memory.notes.shape[0] == 0:
        return
    number = memory.notes[0, 0] + 1
    memory.notes[0, 0] = number
    if number < memory.notes.shape[0]:
        memory.notes[number, at.NOTED_TICK] = tick
        memory.notes[number, at.NOTED_KIND] = kind
        memory.notes[number, at.NOTED_TARGET] = target
        memory.notes[number, at.NOTED_COUNT] = count
        memory.notes[number, at.NOTED_APART] = apart
        memory.notes[number, at.NOTED_PLACE] = place
