"""The DRAM rule driven one command at a time from Python, as an engine would, for tests to look into."""

from __future__ import annotations

from typing import NamedTuple

from deltasim.simulator.dram import fields as at
from deltasim.simulator.dram.commands import issue
from deltasim.simulator.dram.mapping import AddressBits, decode
from deltasim.simulator.dram.queue import enqueue, has_room
from deltasim.simulator.dram.scheduler import next_command
from deltasim.simulator.dram.state import Memory, empty_memory
from deltasim.simulator.dram.timing import Timing


class Command(NamedTuple):
    """One issued command; ``is_write`` and ``done`` are of the request it served, if any."""

    tick: int
    kind: int
    target: int
    row: int = -1
    is_write: int = 0
    tag: int = -1
    arrival: int = -1


class Channel:
    """One channel of a memory, driven by hand."""

    def __init__(self, timing: Timing) -> None:
        self.timing, self.memory = timing, empty_memory(timing)

    def ask(self, bank: int, row: int, *, tick: int = 0, write: bool = False, tag: int = 0) -> None:
        """Hand in a request."""
        self.ask_channel(0, bank, row, tick=tick, write=write, tag=tag)

    def ask_channel(self, channel: int, bank: int, row: int, *, tick: int, write: bool, tag: int) -> None:
        """Hand in a request for one of several channels."""
        assert enqueue(self.memory, self.timing, channel, tick, bank, row, int(write), tag) >= 0

    def peek(self, channel: int = 0) -> tuple[int, int, int]:
        """What comes next: tick, kind, target."""
        return next_command(self.memory, self.timing, channel)

    def has_room(self) -> bool:
        """Whether the queue takes one more request."""
        return has_room(self.memory, self.timing, 0)

    def step(self, channel: int = 0) -> Command:
        """Issue the next command."""
        tick, kind, target = next_command(self.memory, self.timing, channel)
        slot = issue(self.memory, self.timing, channel, tick, kind, target)
        if slot == at.NOBODY:
            row = self.memory.bank[target, at.OPEN_ROW] if kind == at.ACTIVATE else -1
            return Command(tick, kind, target, int(row))
        row, following, _, is_write, tag = (int(value) for value in self.memory.slot[slot, :5])
        return Command(
            tick, kind, target, row, is_write, tag, following - int(self.memory.slot[slot, at.STEP])
        )

    def serve(self, requests: int) -> list[Command]:
        """Issue commands until so many requests are served."""
        commands: list[Command] = []
        while requests:
            commands.append(self.step())
            requests -= commands[-1].kind in (at.COLUMN, at.COLUMN_OWNED)
        return commands


def drive_slowly(
    timing: Timing, bits: AddressBits, records: list[tuple[int, int, int]], window: int
) -> tuple[list[list[Command]], Memory]:
    """Do what `simulator.dram.drive.advance` does, with lists instead of rings: commands of each channel."""
    memory = empty_memory(timing)
    driver = Channel(timing)
    driver.memory = memory
    burst = 1 << bits.burst_bits
    waiting = [
        (decode(bits, place), is_write)
        for is_write, address, size in records
        for place in range(address // burst * burst, address + size, burst)
    ]
    commands: list[list[Command]] = [[] for _ in range(timing.channels)]
    now, flying, landings = 0, 0, list[int]()
    while waiting or memory.rank[:, at.PENDING].any():
        if waiting:
            (channel, bank, row), is_write = waiting[0]
            room = has_room(memory, timing, channel)
            if room and (window == 0 or flying < window):
                enqueue(memory, timing, channel, now, bank, row, is_write, len(waiting))
                waiting.pop(0)
                flying += 1
                continue
        coming = [(next_command(memory, timing, channel)[0], channel) for channel in range(timing.channels)]
        tick, best = min(coming)
        if waiting and room and landings and min(landings) < tick:
            now = max(now, min(landings) + 1)
            landings.remove(min(landings))
            flying -= 1
            continue
        commands[best].append(command := driver.step(best))
        now = max(now, tick)
        if command.kind in (at.COLUMN, at.COLUMN_OWNED):
            if window == 0:
                flying -= 1
            else:
                landings.append(tick + (timing.write_latency if command.is_write else timing.read_latency))
    return commands, memory
