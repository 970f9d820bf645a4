"""Links that end in finite input buffers: a packet takes a link when the buffer has credits for it."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import simpy
from simpy.events import Event

from deltasim.simulator.components.input_buffers import FULL, channel_with_credits, first_channel
from deltasim.simulator.engines.reference.server import Key, Server
from deltasim.simulator.plan.plan import InputBuffers


class LinkServer(Server):
    """A link that grants a packet of a queue only when one of that queue's channels has credits for it.

    Packets of a queue go in the order of their keys: one without credits holds up those behind it in its own
    queue, and none in another. The packet's turn brings the channel, and whether the link was stalled for
    want of credits. Time in which the link is free and somebody waits, but nobody may go, is stalled.
    """

    def __init__(self, env: simpy.Environment, limits: InputBuffers) -> None:
        super().__init__(env)
        self.limits = limits
        self.credits = np.full(limits.channels, limits.flits, np.int64)
        self.buffers = [InputBuffer(self, channel) for channel in range(limits.channels)]
        self.asking: dict[Event, tuple[int, int]] = {}  # queue and flits of those that wait
        self.stalled_since_ps: int | None = None

    def ask(self, key: Key, queue: int, flits: int) -> Event:
        """Queue up for credits and the link; the event brings the channel and whether it was short."""
        granted = self.turn(key)
        self.asking[granted] = queue, flits
        return granted

    @property
    def missing(self) -> int:
        """Flits of credit that have not returned."""
        return int((self.limits.flits - self.credits).sum())

    def give_back(self, channel: int, flits: int) -> None:
        """A packet has left a buffer: those that waited for credits may ask again."""
        self.credits[channel] += flits
        self._decide_later()

    def _decide(self, _: Any) -> None:
        self.deciding = False
        self._count_queue()
        held_up: set[int] = set()
        for entry in sorted(self.waiting):
            queue, flits = self.asking[entry[2]]
            if queue in held_up:
                continue
            first, end = (
                first_channel(q, self.limits.queues, self.limits.channels) for q in (queue, queue + 1)
            )
            channel = int(channel_with_credits(self.credits, first, end, flits))
            if channel != FULL:
                self.waiting.remove(entry)
                self._grant(entry[2], channel, entry[1])
                self.serving = entry[0]
                self._tell_queue()
                return
            held_up.add(queue)
        if self.stalled_since_ps is None:
            self.stalled_since_ps = self.now

    def _grant(self, granted: Event, channel: int, asked_ps: int) -> None:
        _, flits = self.asking.pop(granted)
        self.credits[channel] -= flits
        self.free_slots -= 1
        self.queue_wait_ps += self.now - asked_ps
        stalled = self.stalled_since_ps is not None
        self.serving = None
        if self.stalled_since_ps is not None:
            self.record_busy(self.stalled_since_ps, self.now, 0)
            self.stalled_since_ps = None
        granted.succeed((channel, stalled))


class InputBuffer:
    """One virtual channel behind a link: packets leave it in the order in which they came."""

    def __init__(self, link: LinkServer, channel: int) -> None:
        self.link, self.channel = link, channel
        self.packets: deque[Packet] = deque()

    def enter(self, flits: int) -> Packet:
        """A packet's head comes in; its credits have been taken already."""
        packet = Packet(self, flits)
        self.packets.append(packet)
        if len(self.packets) == 1:
            packet.at_front.succeed()
        return packet

    def leave(self, _: Any = None) -> None:
        """The first packet's tail has left: its credits return and the next packet moves up."""
        self.link.give_back(self.channel, self.packets.popleft().flits)
        if self.packets:
            self.packets[0].at_front.succeed()


class Packet:
    """A packet in an input buffer, where it holds its flits until its tail has left by every branch."""

    def __init__(self, buffer: InputBuffer, flits: int) -> None:
        self.buffer, self.flits = buffer, flits
        self.at_front = Event(buffer.link.env)
        self.branches = 1
        self.left_ps = 0

    def leaves(self, tail_ps: int) -> None:
        """One branch has its way: the tail will have left by it at ``tail_ps``."""
        self.branches -= 1
        self.left_ps = max(self.left_ps, tail_ps)
        if self.branches == 0:
            env = self.buffer.link.env
            gone = env.timeout(self.left_ps - int(env.now))
            gone.callbacks.append(self.buffer.leave)
