"""NIR's neurons, which are differential equations, as cells, which take steps of ``dt`` (forward Euler)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deltasim.networks.cells import GLIF, Cell, LeakyIntegrator
from deltasim.networks.cells.glif import RESETS
from deltasim.networks.importers.nir.graph import FIELDS, Node
from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.errors import InputError, nearest


class Neurons(NamedTuple):
    """A cell, what its input is multiplied by (size,), and the rows of its bias (accumulators, size)."""

    cell: Cell
    gain: Numbers
    bias: Floats


def neurons_of(node: Node, dt: float | None, resets: str) -> Neurons:
    """The population of a node.

    With ``x = dt / tau``: LIF ``v = (1 - x) v + x r I`` above the leak potential, at which it starts; IF
    ``v = v + r I``, whose r is the share of a step; CubaLIF ``i = (1 - x_syn) i + x_syn w_in S``,
    ``v = (1 - x_mem) v + x_mem r i``. The integrators likewise, without spikes. Constants of all neurons that
    are equal are shared, others are each neuron's own. Errors: InputError for what cannot be so.
    """
    if resets not in RESETS:
        raise InputError("reset", resets, "there is no such reset", nearest(resets, RESETS))
    first = "threshold" if node.kind == "Threshold" else "r"
    size = int(node.array(first if node.kind in ("Threshold", "I", "IF") else "v_leak").size)
    for name in FIELDS[node.kind]:
        node.array(name)
    given = {name: one_each(node, name, size) for name in node.fields if name in PER_NEURON}
    given.setdefault("v_reset", np.zeros(size))
    leak, synapse, gain = np.ones(size), np.zeros(size), given.get("r", np.ones(size))
    if node.kind == "Threshold":
        leak = np.zeros(size)
    elif "tau" in given:
        share = share_of(node, "tau", given["tau"], dt)
        leak, gain = 1 - share, gain * share
    elif "tau_mem" in given:
        fast, share = (share_of(node, name, given[name], dt) for name in ("tau_syn", "tau_mem"))
        leak, synapse, gain = 1 - share, 1 - fast, given["w_in"] * fast * gain * share
    at_rest = given.get("v_leak", np.zeros(size))
    parameters = {"leak": leak, "synapse": synapse}
    if node.kind in ("I", "LI", "CubaLI"):
        if node.kind == "CubaLI" and at_rest.any():
            rule = "a current-based integrator rests at 0 here"
            raise InputError(
                f"{node.place}: v_leak", at_rest[at_rest != 0][0], rule, "Export it with v_leak 0."
            )
        return with_own(LeakyIntegrator, size, parameters, gain, (1 - leak) * at_rest, {})
    threshold = given["threshold" if node.kind == "Threshold" else "v_threshold"] - at_rest
    parameters |= {"threshold": threshold, "reset": given["v_reset"] - at_rest}
    if resets == "to_value" and node.kind != "Threshold" and (parameters["reset"] > threshold).any():
        rule = "a reset does not lie above the threshold"
        raise InputError(f"{node.place}: v_reset", given["v_reset"].max(), rule, "Export it again.")
    if node.kind == "Threshold":  # which keeps nothing, so no reset shows
        parameters["reset"] = np.minimum(parameters["reset"], threshold)
    return with_own(GLIF, size, parameters, gain, np.zeros(size), {"resets": resets})


NO_GAIN = 1e-12
"""A quotient of time constants this near to 1 is 1, so that weights are taken over as they are."""

PER_NEURON = ("tau", "tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in", "threshold")


def one_each(node: Node, name: str, size: int) -> Numbers:
    """A field with one value for each neuron, or one for all."""
    values = node.array(name).ravel()
    if values.size not in (1, size):
        rule = f"the node has {size} neurons"
        raise InputError(f"{node.place}: {name}", f"{values.size} values", rule, "Export it again.")
    return np.broadcast_to(values, size)


def share_of(node: Node, name: str, tau: Numbers, dt: float | None) -> Numbers:
    """``dt / tau``, which is at most 1."""
    if dt is None:
        rule = "a time constant needs a time step, which the graph does not say"
        remedy = "Give one: deltasim import GRAPH --dt 0.1ms --out FOLDER."
        raise InputError(f"{node.place}: {name}", f"{tau[0]:g} s", rule, remedy)
    shortest = float(tau.min())
    if shortest < dt * (1 - 1e-9):
        rule = f"a time constant is at least the time step, {dt:g} s"
        raise InputError(f"{node.place}: {name}", f"{shortest:g} s", rule, "Take a shorter step.")
    return np.minimum(dt / tau, 1.0)


def with_own(
    kind: type[GLIF] | type[LeakyIntegrator],
    size: int,
    parameters: dict[str, Numbers],
    gain: Numbers,
    bias: Numbers,
    fields: dict[str, str],
) -> Neurons:
    """A cell whose parameters are shared where all neurons have the same."""
    held = {name: np.asarray(values, np.float32) for name, values in parameters.items()}
    own = tuple(name for name, values in held.items() if (values != values[0]).any())
    shared = {name: float(values[0]) for name, values in held.items() if name not in own}
    cell = kind(size, **shared, **fields, own=own)  # type: ignore[arg-type]
    gain = np.where(np.abs(gain - 1) < NO_GAIN, 1.0, gain)
    rows = [bias, *(held[name] for name in cell.own)]
    return Neurons(cell, gain, np.stack([np.asarray(row, np.float32) for row in rows]))
