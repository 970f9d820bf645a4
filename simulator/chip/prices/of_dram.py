"""Prices of a DRAM of a standard, by the currents of its datasheet, with the spread of parts."""

from __future__ import annotations

from deltasim.simulator.chip.prices.price import Price
from deltasim.simulator.dram.energy import WHY, prices
from deltasim.simulator.dram.part_spread import shares
from deltasim.simulator.memories.standard_dram import StandardDram


def standard_prices(memory: StandardDram) -> dict[str, Price]:
    """Price every action of a DRAM by the currents of its standard; pins without a source count nothing."""
    of, power = prices(memory.standard, memory.refresh), memory.standard.power
    assert power is not None  # or it had no prices
    parts = memory.standard.refresh_parts(memory.refresh)
    kind = "estimated" if power.status == "datasheet" else power.status  # a worst case, not a measurement

    def priced(unit: str, value: float, why: str) -> Price:
        text = {unit: f"{value!r} {'W' if unit == 'power' else 'J'}", "node": "not stated", "kind": kind}
        return Price.model_validate(text | {"source": f"{why}; {power.source}"})

    def between(action: str, price: Price) -> Price:
        if power.status != "datasheet" or action not in shares():
            return price
        low, high = shares()[action]
        return price.model_copy(update={"low": low * price.value, "high": high * price.value})

    found = {
        "activate": priced("energy", of.activate_j, WHY["activate"]),
        "read": priced("energy", of.read_j, WHY["read"]),
        "refresh": priced(
            "energy", of.refresh_j, f"{WHY['refresh']} / {parts}" if parts > 1 else WHY["refresh"]
        ),
        "background_active": priced("power", of.active_w, "VDD IDD3N"),
        "background_precharged": priced("power", of.precharged_w, "VDD IDD2N"),
        "background_active_down": priced("power", of.active_down_w, "VDD IDD3P"),
        "background_precharged_down": priced("power", of.precharged_down_w, "VDD IDD2P"),
    }
    pins, why = power.interface, "energy of the data pins for a bit"
    found["io"] = (
        priced("energy", pins.read, why) if pins else priced("energy", 0.0, f"not counted: no {why}")
    )
    return {f"{memory.name}.{action}": between(action, price) for action, price in found.items()}
