"""What flits cost: buffers, crossbars and millimetres of link, counted first and priced afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deltasim.simulator.flit_network.fabric import Fabric
from deltasim.simulator.flit_network.state import Longs

SWITCH_PORTS = 5  # of the priced router


@dataclass(frozen=True)
class FlitPrices:
    """Joules for a flit of ``flit_bits`` bits, in proportion to its width; a link per millimetre.

    From a published set for 64-bit flits and five-port routers: buffer push 1.5 pJ, pop 1.0 pJ, crossbar 0.4
    pJ, link 3.1 pJ/mm. Kind: published, taken as given; the node is not stated with it. A crossbar of more
    than five ports costs in proportion to its ports, because its wires are that much longer: estimated.

    >>> FlitPrices.of_width(32).buffer_write
    7.5e-13
    """

    buffer_write: float
    buffer_read: float
    crossbar: float
    link_mm: float

    @staticmethod
    def of_width(flit_bits: int) -> FlitPrices:
        return FlitPrices(*(price * flit_bits / 64 for price in (1.5e-12, 1.0e-12, 0.4e-12, 3.1e-12)))


@dataclass(frozen=True)
class FlitCounts:
    """What the flits of a run did; ``crossbar_ports`` sums the switch's ports, at least 5, per crossing."""

    buffer_writes: int
    buffer_reads: int
    crossbar_ports: int
    link_flits: int
    link_pitches: float

    def energy(self, prices: FlitPrices, pitch_mm: float) -> dict[str, float]:
        """Joules by part, and their sum.

        >>> counts = FlitCounts(10, 10, 50, 5, 5.0)
        >>> {part: f"{joules:.3g}" for part, joules in counts.energy(FlitPrices.of_width(64), 1.0).items()}
        {'buffer_j': '2.5e-11', 'crossbar_j': '4e-12', 'link_j': '1.55e-11', 'total_j': '4.45e-11'}
        """
        parts = {
            "buffer_j": self.buffer_writes * prices.buffer_write + self.buffer_reads * prices.buffer_read,
            "crossbar_j": self.crossbar_ports / SWITCH_PORTS * prices.crossbar,
            "link_j": self.link_pitches * pitch_mm * prices.link_mm,
        }
        return parts | {"total_j": sum(parts.values())}


def count_flits(fabric: Fabric, link_flits: Longs, entered: Longs, left: Longs) -> FlitCounts:
    """Counts from the flits carried by each link (L,), sent by and received by each terminal (N,)."""
    ports_out = np.bincount([link.start for link in fabric.links], minlength=fabric.routers)
    ports_out = ports_out + np.bincount(fabric.home, minlength=fabric.routers)
    ports = np.maximum(ports_out, SWITCH_PORTS)
    starts = np.array([link.start for link in fabric.links], np.int64)
    lengths = np.array([link.length for link in fabric.links])
    reads = int(link_flits.sum() + left.sum())
    return FlitCounts(
        buffer_writes=int(link_flits.sum() + entered.sum()),
        buffer_reads=reads,
        crossbar_ports=int((link_flits * ports[starts]).sum() + (left * ports[list(fabric.home)]).sum()),
        link_flits=int(link_flits.sum()),
        link_pitches=float(link_flits @ lengths + fabric.reach * (entered.sum() + left.sum())),
    )
