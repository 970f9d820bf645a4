"""Neurons by the names that the field gives them: which cell each is, with which fields."""

from __future__ import annotations

from typing import NamedTuple


class Called(NamedTuple):
    """The kind of a cell, the fields that make it so, and a word about it."""

    kind: str
    fields: str
    about: str


CALLED = {
    "if": Called("glif", "leak=1", "integrate-and-fire: nothing leaks"),
    "lif_subtract": Called(
        "glif", 'resets="by_subtraction"', "leaky integrate-and-fire, reset by subtraction"
    ),
    "lif_refractory": Called("glif", "refractory=2", "leaky integrate-and-fire that rests after a spike"),
    "cuba_lif": Called("glif", "synapse=0.5", "current-based: a synaptic current that decays"),
    "alif": Called("glif", "adaptation=0.5, adaptation_leak=0.95", "a threshold that rises with every spike"),
    "cuba_li": Called("li", "synapse=0.5", "leaky integrator of a synaptic current, no spikes"),
    "integrator": Called("li", "leak=1", "integrator without leak or spikes"),
    "sigma_delta": Called(
        "dense", 'activation="relu"', "sigma is the accumulator, delta a projection's theta"
    ),
}
"""Names of the field that are no kind of cell of their own."""

SEVERAL = {
    "gru-reset-before": "GRU whose reset gate comes before the product: g = r h is a population of its own",
    "sgu": "simple gated unit: the product u = x_g h is a population of its own, the states another",
    "dsgu": "deep simple gated unit: the products u = x_g h and g = z_g h are populations, and the states",
}
"""Cells that are several populations, which matrices lie between."""
