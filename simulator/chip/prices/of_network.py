"""Prices of the network on chip: wires, buffers, crossbars; and the area of its routers."""

from __future__ import annotations

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.actions import FLITS_BY_DIRECTION
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
    of_circuit,
)
from deltasim.simulator.circuits.router import Router, router
from deltasim.simulator.circuits.scaling import circuit_scale
from deltasim.simulator.circuits.wires import crossbar, link


def router_of(conditions: Conditions) -> Router:
    """Errors: InputError where the description states no buffers, and from the tables."""
    if "buffer" not in conditions:
        rule = "a router's buffers are priced by their size"
        raise InputError(
            "network.buffer", "not stated", rule, "State it with virtual_channels, or the price."
        )
    ports, width, flits = (count_of(conditions, name) for name in ("ports", "width", "buffer"))
    return router(ports, width, flits, node_of(conditions))


def buffer_write(conditions: Conditions) -> Figure:
    return of_circuit(router_of(conditions).buffer_write, f"{conditions['buffer']} flits")


def buffer_read(conditions: Conditions) -> Figure:
    return of_circuit(router_of(conditions).buffer_read, f"{conditions['buffer']} flits")


def switch(conditions: Conditions) -> Figure:
    ports, width = count_of(conditions, "ports"), count_of(conditions, "width")
    return of_circuit(crossbar(width, ports, node_of(conditions)), f"crossbar of {ports} ports, {width} bit")


def flit(conditions: Conditions) -> Figure:
    """Into a router's buffer, out of it and through the crossbar."""
    of = router_of(conditions)
    what = "a buffer of {buffer} flits and a crossbar of {ports} ports".format(**conditions)
    return of_circuit(of.buffer_write.plus(of.buffer_read).plus(of.crossbar), what)


def micrometre(conditions: Conditions) -> Figure:
    width = count_of(conditions, "width")
    return of_circuit(link(width, 1e-6, node_of(conditions)), f"{width} bit over a micrometre")


def no_length(conditions: Conditions) -> Figure:
    raise InputError(
        "network.pitch", "not stated", "a link is priced by its length", "State it, or the price."
    )


def leakage(conditions: Conditions) -> Figure:
    routers = count_of(conditions, "routers")
    if not routers:
        return Figure(0.0, "estimated", "a bus has no routers; repeaters of its wires are not counted")
    of = router_of(conditions)
    if of.leakage_w is None:
        watts = routers * of.area_mm2 * leakage_per_mm2(conditions)
        return Figure(watts, "estimated", f"{routers} routers of {of.area_mm2:.3g} mm2 {LEAKAGE_WHY}")
    return Figure(routers * of.leakage_w, "estimated", f"CACTI 7, the buffers of {routers} routers")


MODELS: dict[str, Model] = {
    "link.flit": no_length,
    **dict.fromkeys(FLITS_BY_DIRECTION, no_length),
    "link.flit_um": micrometre,
    "router.buffer_write": buffer_write,
    "router.buffer_read": buffer_read,
    "router.crossbar": switch,
    "router.flit": flit,
    "network.leakage": leakage,
}


def flit_scale(conditions: Conditions) -> float:
    """A flit into or out of a buffer: where its depth is not stated, in proportion to the flit's bits."""
    if "buffer" in conditions:
        return flit(conditions).value
    return count_of(conditions, "width") * circuit_scale(node_of(conditions))


def link_scale(conditions: Conditions) -> float:
    return micrometre(conditions).value


def routers_scale(conditions: Conditions) -> float:
    if "buffer" in conditions:
        return leakage(conditions).value
    return count_of(conditions, "width") * count_of(conditions, "routers") * leakage_scale(conditions)


SCALES: dict[str, Scale] = {  # how a stated price changes, where that is not as its model does
    "link.flit": link_scale,
    **dict.fromkeys(FLITS_BY_DIRECTION, link_scale),
    "joined.flit": lambda conditions: float(count_of(conditions, "width")),
    "router.flit": flit_scale,
    "router.buffer_write": flit_scale,
    "router.buffer_read": flit_scale,
    "network.leakage": routers_scale,
}
