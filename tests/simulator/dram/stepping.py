"""The DRAM rule driven one command at a time from Python, as an engine would, for tests to look into."""

from __future__ import annotations

from typing import NamedTuple

from deltasim.simulator.dram.mapping import AddressBits, decode
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.commands import issue
from deltasim.simulator.dram.scheduling.queue import enqueue, has_free_slot, next_sharing
from deltasim.simulator.dram.scheduling.scheduler import next_command
from deltasim.simulator.dram.scheduling.state import Memory, empty_memory
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
    sharing: tuple[tuple[int, int], ...] = ()  # (tag, arrival) of the reads that came with its burst


class Channel:
    """One channel of a memory, driven by hand. Bursts that are not named are all different."""

    def __init__(self, timing: Timing) -> None:
        self.timing, self.memory = timing, empty_memory(timing)
        self.bursts = 1 << 40
        self.issued: list[Command] = []

    def ask(
        self, bank: int, row: int, *, tick: int = 0, write: bool = False, tag: int = 0, burst: int = -1
    ) -> None:
        """Hand in a request."""
        self.ask_channel(0, bank, row, tick=tick, write=write, tag=tag, burst=burst)

    def ask_channel(
        self, channel: int, bank: int, row: int, *, tick: int, write: bool, tag: int, burst: int = -1
    ) -> None:
        """Hand in a request for one of several channels."""
        self.bursts += 2
        burst = self.bursts if burst < 0 else burst
        assert enqueue(self.memory, self.timing, channel, tick, bank, row, burst, int(write), tag)

    def peek(self, channel: int = 0) -> tuple[int, int, int]:
        """What comes next: tick, kind, target."""
        return next_command(self.memory, self.timing, channel)

    def has_free_slot(self) -> bool:
        """Whether the queue takes one more request."""
        return has_free_slot(self.memory, self.timing, 0)

    def step(self, channel: int = 0) -> Command:
        """Issue the next command."""
        self.issued.append(self.stepped(channel))
        return self.issued[-1]

    def stepped(self, channel: int) -> Command:
        """The next command, issued."""
        tick, kind, target = next_command(self.memory, self.timing, channel)
        sharing = []
        if kind in (at.COLUMN, at.COLUMN_ACTIVATED_FOR):
            hit = int(self.memory.bank[target, at.HIT])
            while (read := next_sharing(self.memory, channel, hit))[0] != at.NOBODY:
                sharing.append(read)
        slot = issue(self.memory, self.timing, channel, tick, kind, target)
        if slot == at.NOBODY:
            row = self.memory.bank[target, at.OPEN_ROW] if kind == at.ACTIVATE else -1
            return Command(tick, kind, target, int(row))
        row, following, _, is_write, tag = (int(value) for value in self.memory.slot[slot, :5])
        arrival = following - int(self.memory.slot[slot, at.STEP])
        return Command(tick, kind, target, row, is_write, tag, arrival, tuple(sharing))

    def serve(self, requests: int) -> list[Command]:
        """Issue commands until so many requests are served."""
        commands: list[Command] = []
        while requests:
            commands.append(self.step())
            requests -= commands[-1].kind in (at.COLUMN, at.COLUMN_ACTIVATED_FOR)
        return commands


def drive_slowly(
    timing: Timing, bits: AddressBits, records: list[tuple[int, int, int, int]], window: int
) -> tuple[list[list[Command]], Memory]:
    """Do what `drive.advance` does, with lists instead of rings: commands of each
    channel. A record is (write, address, bytes, tick).
    """
    memory = empty_memory(timing)
    driver = Channel(timing)
    driver.memory = memory
    burst = 1 << bits.burst_bits
    waiting = [
        (place, is_write, start)
        for is_write, address, size, start in records
        for place in range(address // burst * burst, address + size, burst)
    ]
    commands: list[list[Command]] = [[] for _ in range(timing.channels)]
    now, flying, landings = 0, 0, list[int]()
    while waiting or memory.rank[:, at.PENDING].any():
        coming = [(next_command(memory, timing, channel)[0], channel) for channel in range(timing.channels)]
        tick, best = min(coming)
        if waiting:
            place, is_write, start = waiting[0]
            if start > now:  # it has not come yet
                if start <= tick:
                    now = start
                    continue
            else:
                channel, bank, row = decode(bits, place)
                room = has_free_slot(memory, timing, channel)
                enters = room and (window == 0 or flying < window)
                if enters and tick >= now:  # no channel issues a command before
                    number, tag = place // burst, len(waiting)
                    assert enqueue(memory, timing, channel, now, bank, row, number, is_write, tag)
                    waiting.pop(0)
                    flying += 1
                    continue
                if room and not enters and landings and min(landings) < tick:
                    now = max(now, min(landings) + 1)
                    landings.remove(min(landings))
                    flying -= 1
                    continue
        commands[best].append(command := driver.step(best))
        now = max(now, command.tick + 1)
        if command.kind in (at.COLUMN, at.COLUMN_ACTIVATED_FOR):
            served = 1 + len(command.sharing)
            if window == 0:
                flying -= served
            else:
                done = command.tick + (timing.write_latency if command.is_write else timing.read_latency)
                landings += [done] * served
    return commands, memory
