"""A spatially distributed echo state network as a delta network: states and alarms of every node.

Source: Obst 2009 (arXiv 0906.4154) learns correlations between neighbouring sensors with an echo state
network whose nodes talk to neighbours only. Its equations could not be read; those below are ours, after the
same idea, and node by node they are local:

    x_i[t] = tanh(W_in,i u_i[t] + s_i * x_i[t-1] + sum over neighbours j of W_ij x_j[t-1])
    v_i[t] = c_i + sum over neighbours j of w_ij x_j[t-1]          what node i expects to read
    m_i[t] = m_i[t-1] + rate (|u_i[t] - v_i[t]| - m_i[t-1])        how wrong it has been of late
    z_i[t] = (m_i[t] - mean_i) / deviation_i                       its alarm level

A node's own reading has no way into what it expects, or a fault would explain itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.networks.cells import Formula, Input
from deltasim.networks.connections import Sparse
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.loss import Loss
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.networks.numbers.quantise import quantised

Reals = NDArray[np.float64]
ARITHMETIC = FixedPoint(activation=Q(6, 10), weight=Q(2, 6), accumulator=Q(12, 20), lookup=Q(2, 14))
STATES = "x = a2 * tanh(a0 + a1 * x) + (1 - a2) * a0"  # a1: of its own state; a2: 1 of states, else 0
RADIO = "nodes->nodes"  # the projection that goes over the air
LEAST_DEVIATION = 1 / 256  # of an alarm, so that its level is finite where nothing was ever wrong


@dataclass(frozen=True, eq=False)
class Reservoir:
    """What is drawn and never trained. ``inputs`` and ``own`` (N, r): from the reading, and of the own state;
    ``between`` (N r, N r): from neighbours' states, blocks of r by r.
    """

    neighbours: tuple[tuple[int, ...], ...]
    inputs: Reals
    own: Reals
    between: Reals

    @property
    def units(self) -> int:
        """States of a node."""
        return int(self.inputs.shape[1])


def drawn(
    neighbours: tuple[tuple[int, ...], ...], units: int, radius: float, gain: float, seed: int
) -> Reservoir:
    """Uniform weights; those between states scaled together to a spectral radius.

    >>> found = drawn(((1,), (0, 2), (1,)), 2, 0.5, 0.1, 0)
    >>> whole = found.between + np.diag(found.own.ravel())
    >>> round(float(np.abs(np.linalg.eigvals(whole)).max()), 6), np.any(found.between[:2, 4:])
    (0.5, np.False_)
    """
    rng, nodes = np.random.default_rng(seed), len(neighbours)
    inputs, own = rng.uniform(-gain, gain, (nodes, units)), rng.uniform(-1, 1, (nodes, units))
    between = np.zeros((nodes, units, nodes, units))
    for node, near in enumerate(neighbours):
        for other in near:
            between[node, :, other] = rng.uniform(-1, 1, (units, units))
    flat = between.reshape(nodes * units, nodes * units)
    scale = radius / float(np.abs(np.linalg.eigvals(flat + np.diag(own.ravel()))).max())
    return Reservoir(neighbours, inputs, own * scale, flat * scale)


class Readout(NamedTuple):
    """What is trained: ``weights`` (N, N r) from the states of neighbours, ``constant`` (N,)."""

    weights: Reals
    constant: Reals


class Alarm(NamedTuple):
    """How a node judges its residual: ``mean``, ``deviation`` (N,) without faults, ``rate`` of averaging."""

    mean: Reals
    deviation: Reals
    rate: float


class Thresholds(NamedTuple):
    """Of what goes over the air, and of what stays on a node: its reading, and its estimate."""

    radio: float = 0.0
    local: float = 0.0


EVERY_CHANGE = Thresholds()


def sodesn(
    reservoir: Reservoir, readout: Readout, alarm: Alarm, thresholds: Thresholds = EVERY_CHANGE
) -> Network:
    """The whole network, in fixed point; outputs are the alarm levels, (N,).

    A node's states and its estimate lie side by side, so a chip of N cores has one node a core.

    >>> reservoir = drawn(((1,), (0,)), 3, 0.5, 0.1, 0)
    >>> none = Readout(np.zeros((2, 6)), np.zeros(2))
    >>> network = sodesn(reservoir, none, Alarm(np.zeros(2), np.ones(2), 0.1))
    >>> [(p.name, p.size) for p in network.populations]
    [('sensors', 2), ('nodes', 8), ('alarms', 2)]
    """
    nodes, units = reservoir.inputs.shape
    wide = units + 1
    is_state = np.arange(nodes * wide) % wide < units
    own, constant = np.zeros(nodes * wide), np.zeros(nodes * wide)
    own[is_state], constant[~is_state] = reservoir.own.ravel(), readout.constant
    read = np.zeros((nodes * wide, nodes))
    read[np.flatnonzero(is_state), np.repeat(np.arange(nodes), units)] = reservoir.inputs.ravel()
    air, linked = np.zeros((nodes * wide, nodes * wide)), np.zeros((nodes * wide, nodes * wide), bool)
    air[np.ix_(is_state, is_state)] = reservoir.between
    air[np.ix_(~is_state, is_state)] = readout.weights
    for node, near in enumerate(reservoir.neighbours):
        for other in near:
            linked[node * wide : (node + 1) * wide, other * wide : other * wide + units] = True
    expected = np.zeros((nodes, nodes * wide))
    expected[np.arange(nodes), np.flatnonzero(~is_state)] = 1.0
    alarms = f"m = m + {alarm.rate} * (abs(a0 - a1) - m); z = (m - a2) * a3"
    slope = 1 / np.maximum(alarm.deviation, LEAST_DEVIATION)
    on_air = np.where(is_state, thresholds.radio, np.inf)  # an estimate is nobody else's
    judged = np.where(is_state, np.inf, thresholds.local)
    own_reading, local = sparse(np.eye(nodes), np.eye(nodes) > 0), thresholds.local
    states, estimates = sparse(air, linked), sparse(expected, expected > 0)
    network = Network(
        "sodesn",
        (
            Population("sensors", Input(nodes)),
            Population("nodes", Formula(nodes * wide, STATES), rows(constant, own, is_state)),
            Population("alarms", Formula(nodes, alarms), rows(*np.zeros((2, nodes)), alarm.mean, slope)),
        ),
        (
            Projection("sensors", "nodes", sparse(read, read != 0), theta=local, accumulators=(0,)),
            Projection("nodes", "nodes", states, "recurrent", 1, on_air, accumulators=(0,)),
            Projection("sensors", "alarms", own_reading, theta=local, accumulators=(0,)),
            Projection("nodes", "alarms", estimates, theta=judged, accumulators=(1,)),
        ),
        ("alarms",),
    )
    return quantised(network, ARITHMETIC)


def rows(*values: Reals) -> NDArray[np.float32]:
    return np.stack(values).astype(np.float32)


def sparse(matrix: Reals, linked: NDArray[np.bool_]) -> Sparse:
    """A word for every place that is linked, be it 0."""
    return Sparse.from_matrices(linked).with_weights(matrix.T[linked.T].astype(np.float32))


def over_the_air(network: Network, loss: Loss | None) -> Network:
    """The same network with another channel between its nodes."""
    return replace(
        network,
        projections=tuple(replace(p, loss=loss) if p.name == RADIO else p for p in network.projections),
    )
