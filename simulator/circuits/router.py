"""A router: a buffer behind every port, and a crossbar between them."""

from __future__ import annotations

from typing import NamedTuple

from deltasim.simulator.circuits.circuit import Circuit
from deltasim.simulator.circuits.storage import register
from deltasim.simulator.circuits.wires import crossbar
from deltasim.simulator.sram.model import LEAST_WORDS, sram


class Router(NamedTuple):
    """A flit into a buffer, out of it, and through the crossbar; the area of all ports together.

    ``leakage_w`` is that of the buffers; None where they are flip-flops, whose leakage is not known.
    """

    buffer_write: Circuit
    buffer_read: Circuit
    crossbar: Circuit
    area_mm2: float
    leakage_w: float | None


def router(ports: int, flit_bits: int, buffer_flits: int, node_nm: float) -> Router:
    """A router of so many ports in and out, with so many flits (of all virtual channels) behind each.

    A buffer is a memory of that size; of fewer than 32 flits it is made of flip-flops, of which a flit is
    written into one row and read into an output register. Allocators and control are left out. Errors:
    InputError for what the CACTI table does not hold.

    >>> of = router(5, 64, 32, 45)
    >>> f"{of.buffer_write.energy_j * 1e12:.2f} pJ in, {of.buffer_read.energy_j * 1e12:.2f} pJ out"
    '1.71 pJ in, 1.32 pJ out'
    >>> f"{of.area_mm2:.3f} mm2"
    '0.010 mm2'
    """
    switch = crossbar(flit_bits, ports, node_nm)
    if buffer_flits < LEAST_WORDS:
        row = register(flit_bits, node_nm)
        area = ports * (buffer_flits + 1) * row.area_mm2 + switch.area_mm2
        return Router(row, row, switch, area, None)
    array = sram(buffer_flits * flit_bits // 8, flit_bits, node_nm)
    write, read = (
        Circuit(energy, energy, energy, array.area_mm2, array.why) for energy in (array.write_j, array.read_j)
    )
    return Router(write, read, switch, ports * array.area_mm2 + switch.area_mm2, ports * array.leakage_w)
