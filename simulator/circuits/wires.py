"""Wires between blocks, and the crossbar that is made of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.simulator.circuits.circuit import Circuit

CHARGED = (
    0.25  # of the bits of a flit: one in two differs from that before it, and every second of these rises
)
NOT_STATED = "Give the price in the description."


class Wire(NamedTuple):
    """A wire with repeaters: pJ to charge a millimetre once, pitch and repeaters in um and um2 a millimetre,
    leakage in nW a millimetre."""

    charge_pj: float
    pitch_um: float
    repeaters_um2: float
    leakage_nw: float


# CACTI 7: semi-global wires whose repeaters are sized for 30 % more than the least delay, low-standby-power
# transistors at 300 K, conservative projection.
WIRES = {
    22: Wire(0.187003, 0.088, 3.03983, 0.00326963),
    28: Wire(0.246725, 0.112, 4.13199, 0.0018825),
    32: Wire(0.293202, 0.128, 4.80939, 0.000542388),
    40: Wire(0.34921, 0.160, 4.63527, 0.000306449),
    45: Wire(0.375659, 0.180, 5.4278, 0.000179305),
    65: Wire(0.497548, 0.260, 9.204, 0.00117514),
    90: Wire(0.624804, 0.360, 10.7993, 0.000406209),
}
WHY = "CACTI 7, repeated full-swing wires, a quarter of the bits charged"


def wire_at(node_nm: float) -> Wire:
    """The wire of a node, log-log between CACTI's. Errors: InputError outside 22 to 90 nm."""
    if not min(WIRES) <= node_nm <= max(WIRES):
        rule = f"CACTI 7 knows wires of {min(WIRES)} to {max(WIRES)} nm"
        raise InputError("node", f"{node_nm:g} nm", rule, NOT_STATED)
    table = np.log(np.array([*WIRES.values()]))
    return Wire(*(float(np.exp(np.interp(np.log(node_nm), np.log([*WIRES]), row))) for row in table.T))


def link(bits: int, length_m: float, node_nm: float) -> Circuit:
    """A flit of so many bits over a link. The area is that of its repeaters; its metal lies above others.

    >>> f"{link(1, 1e-3, 45).energy_j * 1e12:.3f} pJ"          # 0.1 to 0.2 pJ a bit and mm are published
    '0.094 pJ'
    """
    wire, millimetres = wire_at(node_nm), length_m * 1e3
    energy = bits * millimetres * CHARGED * wire.charge_pj * 1e-12
    return Circuit(energy, energy, energy, bits * millimetres * wire.repeaters_um2 * 1e-6, WHY)


def crossbar(bits: int, ports: int, node_nm: float) -> Circuit:
    """A flit through a matrix crossbar: over a row and a column of wires, each as long as all ports are wide.

    The rule is that of CACTI's crossbar without its drivers, which are a tenth of it.

    >>> f"{crossbar(64, 5, 45).energy_j * 1e12:.2f} pJ, {crossbar(64, 5, 45).area_mm2:.4f} mm2"
    '0.69 pJ, 0.0033 mm2'
    """
    side_m = bits * ports * wire_at(node_nm).pitch_um * 1e-6
    energy = link(bits, 2 * side_m, node_nm).energy_j
    return Circuit(energy, energy, energy, (side_m * 1e3) ** 2, WHY)
