"""How parameters, their values and figures are written for people."""

from __future__ import annotations

from typing import Any

from deltasim.exploration.metrics import METRICS
from deltasim.reports.quantities import percent, quantity
from deltasim.simulator.schema.quantities import size_text

ENDED = {
    "done": "simulated",
    "infeasible": "outside the constraints",
    "bounded": "dominated whatever a simulation would say",
    "raced": "dominated with confidence on part of the sequences",
    "failed": "no chip that holds the network",
}
"""How points end, in words."""

SURE = "The front is that of all points with a probability of at least 99 %, and exact with --race no."
"""What is said of a front where points were raced out."""


def short(name: str) -> str:
    """A parameter's name, without where all its like are.

    >>> short("memories.scratchpad.size"), short("theta")
    ('scratchpad.size', 'theta')
    """
    return name.removeprefix("memories.")


def as_text(value: Any) -> str:
    """A parameter's value, bytes in the largest unit that leaves them whole.

    >>> as_text("8192 B"), as_text("trained"), as_text({"cores.count": 16})
    ('8 KiB', 'trained', 'cores.count 16')
    """
    if isinstance(value, dict) and "label" in value:
        return str(value["label"])
    if isinstance(value, dict):
        return ", ".join(f"{name} {as_text(one)}" for name, one in value.items())
    text = "none" if value is None else str(value)
    count, _, unit = text.partition(" ")
    return size_text(int(count)) if unit == "B" and count.isdecimal() else text


def figure(name: str, value: float | None) -> str:
    """A figure with its unit.

    >>> figure("energy", 1.2e-6), figure("score", 0.985), figure("area", 0.4321)
    ('1.20 µJ', '98.5 %', '0.432 mm²')
    """
    if value is None:
        return quantity(None, "")
    if name == "score":
        return percent(value)
    if name == "area":
        return f"{value:.3g} mm²"
    return quantity(value, METRICS[name].unit)


def counted(number: int, noun: str) -> str:
    """A count with its noun.

    >>> counted(1, "point"), counted(2000, "point")
    ('1 point', '2,000 points')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
