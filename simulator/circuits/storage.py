"""Registers of flip-flops, and small tables that a value is looked up in."""

from __future__ import annotations

from deltasim.simulator.circuits.circuit import Circuit, at_node
from deltasim.simulator.circuits.scaling import area_scale, circuit_scale
from deltasim.simulator.sram.model import sram

# A bit of a register in a commercial 40 nm process (Aladdin, Shao et al., ISCA 2014): energy of a clocked
# cycle and area.
REGISTER_PJ, REGISTER_UM2, REGISTER_NM = 0.00900, 5.98, 40


def register(bits: int, node_nm: float) -> Circuit:
    """Write so many flip-flops once. Errors: InputError for a node outside 7 to 90 nm.

    >>> f"{register(32, 40).energy_j * 1e12:.3f} pJ, {register(32, 40).area_mm2 * 1e6:.0f} um2"
    '0.288 pJ, 191 um2'
    """
    energy, area = (bits * value for value in (REGISTER_PJ, REGISTER_UM2))
    why = "Aladdin, Shao et al., ISCA 2014 (40 nm registers)"
    return at_node(node_nm, energy / circuit_scale(REGISTER_NM), area / area_scale(REGISTER_NM), why)


def lookup_table(words: int, word_bits: int, node_nm: float) -> Circuit:
    """Look a value up in a table of so many words: a read of an SRAM of that size.

    Errors: InputError for what the CACTI table does not hold.

    >>> f"{lookup_table(256, 16, 45).energy_j * 1e12:.2f} pJ"
    '0.72 pJ'
    """
    array = sram(-(-words * word_bits // 8), word_bits, node_nm)
    return Circuit(array.read_j, array.read_j, array.read_j, array.area_mm2, array.why)
