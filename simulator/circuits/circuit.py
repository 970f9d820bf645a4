"""What one use of a circuit costs, and the room the circuit takes."""

from __future__ import annotations

from typing import NamedTuple

from deltasim.simulator.circuits.scaling import area_scale, capacitance_scale, circuit_scale, transistor_scale


class Circuit(NamedTuple):
    """Joules for one use, with the lowest and highest that published scalings give; area; its sources."""

    energy_j: float
    low_j: float
    high_j: float
    area_mm2: float
    why: str

    def times(self, energy: float, area: float | None = None) -> Circuit:
        """So many uses of so many such circuits; as many circuits as uses where ``area`` is None."""
        mean, low, high = (value * energy for value in (self.energy_j, self.low_j, self.high_j))
        return Circuit(mean, low, high, self.area_mm2 * (energy if area is None else area), self.why)

    def plus(self, other: Circuit) -> Circuit:
        """Both together."""
        mean, low, high, area = (one + two for one, two in zip(self[:4], other[:4], strict=True))
        why = self.why if other.why in self.why else f"{self.why}; {other.why}"
        return Circuit(mean, low, high, area, why)


def at_node(
    node_nm: float, energy_45_pj: float, area_45_um2: float, why: str, at_7_nm: float | None = None
) -> Circuit:
    """A circuit known at 45 nm, at another node; its energy at 7 nm against 45 nm where that is known too.

    >>> one = at_node(22, 0.2, 282.0, "a multiplier", at_7_nm=0.35)
    >>> f"{one.energy_j * 1e12:.3f} pJ, {one.low_j * 1e12:.3f} to {one.high_j * 1e12:.3f}"
    '0.134 pJ, 0.055 to 0.134'
    """
    published = circuit_scale(node_nm) if at_7_nm is None else circuit_scale(node_nm, at_7_nm)
    scales = (published, transistor_scale(node_nm), capacitance_scale(node_nm))
    mean, low, high = (energy_45_pj * 1e-12 * scale for scale in (published, min(scales), max(scales)))
    return Circuit(mean, low, high, area_45_um2 * 1e-6 * area_scale(node_nm), why)
