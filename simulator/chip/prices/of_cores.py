"""Prices of what a core does, by the numbers it works on; and the area of its logic."""

from __future__ import annotations

from deltasim.simulator.chip.prices.conditions import Conditions
from deltasim.simulator.chip.prices.figure import (
    LEAKAGE_WHY,
    Figure,
    Model,
    Scale,
    count_of,
    leakage_per_mm2,
    leakage_scale,
    node_of,
    number_of,
    of_circuit,
)
from deltasim.simulator.circuits.arithmetic import add, multiply
from deltasim.simulator.circuits.circuit import Circuit
from deltasim.simulator.circuits.scaling import circuit_scale
from deltasim.simulator.circuits.storage import lookup_table, register
from deltasim.simulator.sram.model import sram

LOOKUP_WORDS, LEAST_LOOKUP_BITS = 256, 8  # of the table of an activation function
STATE_BYTES, STATE_BITS = 2048, 32  # of the memory by which a price of state without a home is scaled


def mac_circuit(conditions: Conditions) -> Circuit:
    """A multiplier and an adder."""
    weight, activation, total = (
        number_of(conditions, name) for name in ("weight", "activation", "accumulator")
    )
    node = node_of(conditions)
    return multiply(weight, activation, node).plus(add(total, node))


def update_circuit(conditions: Conditions) -> Circuit:
    """What a GRU neuron needs: 3 products, 4 sums and 3 look-ups of activations."""
    number, node = number_of(conditions, "activation"), node_of(conditions)
    table = lookup_table(LOOKUP_WORDS, max(LEAST_LOOKUP_BITS, number.bits), node)
    return multiply(number, number, node).times(3).plus(add(number, node).times(4)).plus(table.times(3))


def scan_circuit(conditions: Conditions) -> Circuit:
    """A subtraction and a comparison."""
    return add(number_of(conditions, "activation"), node_of(conditions)).times(2)


def mac(conditions: Conditions) -> Figure:
    circuit = mac_circuit(conditions)
    what = "{weight} x {activation} multiplied, added in {accumulator}, {node}".format(**conditions)
    return of_circuit(circuit, what)


def update(conditions: Conditions) -> Figure:
    circuit = update_circuit(conditions)
    return of_circuit(circuit, "3 products, 4 sums, 3 look-ups of {activation}, {node}".format(**conditions))


def scan(conditions: Conditions) -> Figure:
    return of_circuit(scan_circuit(conditions), "2 additions of {activation}, {node}".format(**conditions))


def message(conditions: Conditions) -> Figure:
    """Into a queue, or out of it: its bits in flip-flops."""
    circuit = register(count_of(conditions, "message"), node_of(conditions))
    return of_circuit(circuit, "{message} bit, {node}".format(**conditions))


def logic_mm2(conditions: Conditions) -> float:
    """Multipliers, adders, updates and comparators of a core, with registers for what they work on.

    Errors: InputError where the description does not say what numbers it works on, and from the tables.
    """
    numbers = [number_of(conditions, name) for name in ("weight", "activation", "accumulator")]
    held = register(sum(number.bits for number in numbers), node_of(conditions))
    lane = mac_circuit(conditions).area_mm2 + held.area_mm2
    updates, scans = update_circuit(conditions).area_mm2, scan_circuit(conditions).area_mm2
    counts = (count_of(conditions, name) for name in ("lanes", "updates", "elements"))
    return sum(count * area for count, area in zip(counts, (lane, updates, scans), strict=True))


def leakage(conditions: Conditions) -> Figure:
    area = logic_mm2(conditions)
    return Figure(area * leakage_per_mm2(conditions), "estimated", f"{area:.3g} mm2 of logic {LEAKAGE_WHY}")


MODELS: dict[str, Model] = {
    "core.mac": mac,
    "core.update": update,
    "core.scan": scan,
    "core.send": message,
    "core.receive": message,
    "core.leakage": leakage,
}


def logic_scale(conditions: Conditions) -> float:
    """Of the same circuit at another node, against 45 nm."""
    return circuit_scale(node_of(conditions))


def state_read_scale(conditions: Conditions) -> float:
    return sram(STATE_BYTES, STATE_BITS, node_of(conditions)).read_j


def state_write_scale(conditions: Conditions) -> float:
    return sram(STATE_BYTES, STATE_BITS, node_of(conditions)).write_j


SCALES: dict[str, Scale] = {  # how a stated price changes, where that is not as its model does
    "core.mac": lambda conditions: (
        mac(conditions).value if "weight" in conditions else logic_scale(conditions)
    ),
    "core.update": logic_scale,
    "core.scan": logic_scale,
    "core.emit": logic_scale,
    "core.access": logic_scale,
    "core.state_read": state_read_scale,
    "core.state_write": state_write_scale,
    "core.leakage": lambda conditions: (
        leakage(conditions).value if "weight" in conditions else leakage_scale(conditions)
    ),
}
