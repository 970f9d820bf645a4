"""What a model says an action costs, and how a model reads what the price depends on."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.prices.conditions import Conditions
from deltasim.simulator.circuits.arithmetic import Number
from deltasim.simulator.circuits.circuit import Circuit
from deltasim.simulator.schema.quantities import nanometres
from deltasim.simulator.sram.model import sram

LEAKING_BYTES, LEAKING_BITS = 64 * 1024, 64  # the memory whose leakage for its area logic is taken to have
LEAKAGE_WHY = "at the leakage per area of CACTI's low-standby-power SRAM; idle clocks not included"


class Figure(NamedTuple):
    """Joules for each count, or watts; how that is known; its spread, where the model has one."""

    value: float
    kind: str
    why: str
    low: float | None = None
    high: float | None = None


Model = Callable[[Conditions], Figure]
Scale = Callable[[Conditions], float]


def count_of(conditions: Conditions, name: str) -> int:
    value = conditions[name]
    assert isinstance(value, int)
    return value


def node_of(conditions: Conditions) -> float:
    """Errors: InputError where the description states none."""
    return nanometres(str(conditions["node"]))


def number_of(conditions: Conditions, name: str) -> Number:
    """Errors: InputError where the description does not say what numbers a core works on."""
    if name not in conditions:
        rule = "arithmetic is priced by the numbers it works on"
        raise InputError("cores.arithmetic", "not stated", rule, "State it, or the price.")
    return Number.read(str(conditions[name]))


def of_circuit(circuit: Circuit, what: str) -> Figure:
    """A use of a circuit as a figure."""
    spread = (circuit.low_j, circuit.high_j) if circuit.low_j < circuit.high_j else ()
    return Figure(circuit.energy_j, "estimated", f"{circuit.why}: {what}", *spread)


def leakage_per_mm2(conditions: Conditions) -> float:
    """Watts for a square millimetre of CACTI's low-standby-power memory."""
    array = sram(LEAKING_BYTES, LEAKING_BITS, node_of(conditions))
    return array.leakage_w / array.area_mm2


def leakage_scale(conditions: Conditions) -> float:
    """What the same transistors leak at a node, in watts of a memory."""
    return sram(LEAKING_BYTES, LEAKING_BITS, node_of(conditions)).leakage_w
