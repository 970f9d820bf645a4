"""From the node a figure is known at to another one: three published scalings of energy, one of area.

The spread of the three is kept with every figure, because it is wide: from 45 to 7 nm published circuits save
a factor of 2 to 4, transistor models one of 15.
"""

from __future__ import annotations

import numpy as np

from deltasim.runtime.errors import InputError

SMALLEST_NM, LARGEST_NM = 7, 90
HOROWITZ_NM, JOUPPI_NM = 45, 7  # where published tables of operations stand

# Nominal supply in volts: 45 nm is Horowitz's, the others are what the nodes are usually run at.
SUPPLY_V = {7: 0.7, 10: 0.75, 14: 0.8, 16: 0.8, 20: 0.8, 32: 0.9, 45: 0.9, 65: 1.1, 90: 1.2}

# Stillmaker and Baas, Integration 58 (2017): energy of a node at V volts ~ a V^2 + b V + c, their
# high-performance transistors where there are two kinds; the same paper's area, against 45 nm.
ENERGY = {
    7: (0.1776, -0.09097, 0.02447),
    10: (0.2068, -0.09311, 0.02375),
    14: (0.2363, -0.09675, 0.02239),
    16: (0.2958, -0.1241, 0.03024),
    20: (0.373, -0.1582, 0.04104),
    32: (0.8367, -0.4341, 0.1701),
    45: (1.018, -0.3107, 0.1539),
    65: (3.755, -4.398, 1.975),
    90: (4.762, -4.781, 2.092),
}
AREA = {7: 0.059, 10: 0.1, 14: 0.17, 16: 0.19, 20: 0.21, 32: 0.46, 45: 1.0, 65: 1.5, 90: 2.8}

# What eight operations need at 7 nm against 45 nm (Jouppi et al., ISCA 2021, table 2): geometric mean.
JOUPPI_MEAN = float(np.prod([4.3, 3.3, 2.9, 2.1, 2.5, 2.4, 3.2, 2.8]) ** (-1 / 8))


def check_node(node_nm: float) -> None:
    """Errors: InputError for a node beyond the tables."""
    if not SMALLEST_NM <= node_nm <= LARGEST_NM:
        rule = f"circuits are known from {SMALLEST_NM} to {LARGEST_NM} nm"
        raise InputError("node", f"{node_nm:g} nm", rule, "Give the price in the description.")


def log_log(known: dict[int, float], node_nm: float) -> float:
    """Straight lines between known nodes on logarithmic axes.

    >>> round(log_log({10: 1.0, 40: 4.0}, 20), 6)
    2.0
    """
    return float(np.exp(np.interp(np.log(node_nm), np.log(list(known)), np.log(list(known.values())))))


def transistor_scale(node_nm: float) -> float:
    """Energy against 45 nm at 0.9 V by the polynomials of Stillmaker and Baas, each node at its supply.

    >>> round(transistor_scale(65), 2), round(transistor_scale(7), 3)
    (2.41, 0.068)
    """
    check_node(node_nm)
    factors = {node: a * SUPPLY_V[node] ** 2 + b * SUPPLY_V[node] + c for node, (a, b, c) in ENERGY.items()}
    return log_log(factors, node_nm) / factors[HOROWITZ_NM]


def capacitance_scale(node_nm: float) -> float:
    """Energy against 45 nm at 0.9 V by the rule C V^2, capacitance in proportion to the node.

    >>> round(capacitance_scale(22), 3)           # 22/45, (0.82 V / 0.9 V)^2
    0.405
    """
    check_node(node_nm)
    supply = log_log(SUPPLY_V, node_nm)
    return node_nm / HOROWITZ_NM * (supply / SUPPLY_V[HOROWITZ_NM]) ** 2


def circuit_scale(node_nm: float, at_7_nm: float = JOUPPI_MEAN) -> float:
    """Energy against 45 nm as published circuits show it: log-log to 7 nm; above 45 nm as transistors.

    ``at_7_nm`` is what a circuit needs at 7 nm against 45 nm.

    >>> round(circuit_scale(7, at_7_nm=0.35), 2), circuit_scale(45), round(circuit_scale(22), 2)
    (0.35, 1.0, 0.67)
    """
    if node_nm > HOROWITZ_NM:
        return transistor_scale(node_nm)
    check_node(node_nm)
    return log_log({JOUPPI_NM: at_7_nm, HOROWITZ_NM: 1.0}, node_nm)


def area_scale(node_nm: float) -> float:
    """Area against 45 nm by the table of Stillmaker and Baas, log-log between its nodes.

    >>> area_scale(65), round(area_scale(22), 2)
    (1.5, 0.25)
    """
    check_node(node_nm)
    return log_log(AREA, node_nm)
