"""How much of a chip's memories a network's weights take, whether they fit or not."""

from __future__ import annotations

from typing import NamedTuple

from deltasim.networks.graph import Network
from deltasim.simulator.chip import Chip
from deltasim.simulator.mapping.capacity import allocators
from deltasim.simulator.mapping.mapping import needed, partitions_of


class Room(NamedTuple):
    """Bytes of weights on the core that needs most, and what its memories hold, those behind it included."""

    needed_bytes: int
    held_bytes: int

    @property
    def share(self) -> float:
        """Above 1: so many times too large."""
        return self.needed_bytes / self.held_bytes


def room(network: Network, chip: Chip) -> Room:
    """The core, or shared memory, that is fullest in proportion.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.simulator.chip import load_chip
    >>> network = random_stack("gru", 64, (256,), np.random.default_rng(0))
    >>> found = room(network, load_chip("deltakws"))
    >>> found.needed_bytes == (64 + 256) * 3 * 256 * 4, found.held_bytes, found.share > 1
    (True, 24000, True)
    """
    everywhere = range(chip.cores.count)
    reach = allocators(chip)
    bytes_on = [0] * chip.cores.count
    for need in needed(network, partitions_of(network, chip)):
        bytes_on[need.core] += need.bytes
    shared = {id(one): one.size_bytes for found in reach for one in found if sum(one in o for o in reach) > 1}
    own = [sum(one.size_bytes for one in found if id(one) not in shared) for found in reach]
    if not shared:
        worst = max(everywhere, key=lambda core: bytes_on[core] / max(own[core], 1))
        return Room(bytes_on[worst], own[worst])
    return Room(sum(bytes_on), sum(own) + sum(shared.values()))
