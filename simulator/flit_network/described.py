"""What a chip's description says of its network, for those who measure it flit by flit."""

from __future__ import annotations

from typing import NamedTuple

from deltasim.simulator.flit_network.fabric import HOP_CYCLES, chip_called

CHANNELS, BUFFER = 8, 8  # of a network that states none


class Described(NamedTuple):
    """The routers, packets and links of a network: of a chip what it states, else these."""

    virtual_channels: int = CHANNELS
    buffer: int = BUFFER
    hop_cycles: int = HOP_CYCLES
    flits: int = 1
    flit_bits: int = 64
    pitch_mm: float = 1.0


def described(topology: str) -> Described:
    """What the chip called ``topology`` states of virtual channels, buffers, hops, width, pitch and messages.

    A packet is a message of the chip. A chip without ``buffer`` or ``pitch`` has the 8 channels of 8 flits or
    the 1 mm of a network that is not a chip's. Errors: InputError for a description with faults.

    >>> described("mesh16")
    Described(virtual_channels=8, buffer=8, hop_cycles=2, flits=1, flit_bits=64, pitch_mm=0.74)
    >>> described("mesh:4x4").hop_cycles
    4
    """
    chip = chip_called(topology)
    if chip is None:
        return Described()
    network = chip.network
    return Described(
        network.virtual_channels or CHANNELS,
        network.buffer_flits or BUFFER,
        network.hop_cycles,
        -(-network.message_bits // network.link_width_bits),
        network.link_width_bits,
        Described().pitch_mm if network.pitch_m is None else round(network.pitch_m * 1e3, 9),
    )
