"""Training on readings without faults: ridge regression for every node alone, then how wrong it is."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.loss import Loss
from deltasim.networks.transmit import scan
from deltasim.runtime.arrays import Floats
from deltasim.workloads.sensor_faults.faults import WASHOUT
from deltasim.workloads.sensor_faults.network import (
    RADIO,
    Alarm,
    Readout,
    Reals,
    Reservoir,
    Thresholds,
    drawn,
    over_the_air,
    sodesn,
)
from deltasim.workloads.sensor_faults.recordings import Recording


class Recipe(NamedTuple):
    """What is chosen on the validation part, before the test part is looked at."""

    units: int = 4
    radius: float = 0.5
    gain: float = 0.4
    ridge: float = 30.0
    rate: float = 1 / 16
    radio: float = 0.15
    refresh: int = 8  # steps after which a delta network sends all its states
    local: float = 0.05
    false_alarms: float = 0.01  # share of sound node-steps of the validation part above the threshold


RECIPES = {
    "metr-la": Recipe(),
    "single-hop": Recipe(radio=0.1, refresh=24),
    "multi-hop": Recipe(radio=0.05, refresh=24),
}
"""``radio``: the largest of 0.05, 0.1 and 0.15 that costs at most a point of ROC AUC when validated."""


class Trained(NamedTuple):
    """A network and the level above which its nodes give alarm."""

    network: Network
    level: float


def trained(
    train: Recording, validation: Recording, recipe: Recipe, thresholds: Thresholds, loss: Loss, seed: int
) -> Trained:
    """A network whose readout saw what neighbours would have received, and whose alarms know its losses."""
    nodes = len(train.neighbours)
    reservoir = drawn(train.neighbours, recipe.units, recipe.radius, recipe.gain, seed)
    untrained = Readout(np.zeros((nodes, nodes * recipe.units)), np.zeros(nodes))
    silent = Alarm(np.zeros(nodes), np.ones(nodes), recipe.rate)
    heard = received(sodesn(reservoir, untrained, silent, thresholds), reservoir, train.readings)
    readout = solved(reservoir, heard, train.readings, recipe.ridge)
    judged = over_the_air(sodesn(reservoir, readout, silent, thresholds), loss)
    wrong = execute(judged, validation.sequences())[1]
    settled = np.concatenate([sequence[WASHOUT:] for sequence in wrong]).astype(np.float64)
    alarm = Alarm(settled.mean(axis=0), settled.std(axis=0), recipe.rate)
    network = over_the_air(sodesn(reservoir, readout, alarm, thresholds), loss)
    _, levels = execute(network, validation.sequences())
    sound = np.concatenate([sequence[WASHOUT:].ravel() for sequence in levels])
    return Trained(network, float(np.quantile(sound, 1 - recipe.false_alarms)))


def received(network: Network, reservoir: Reservoir, readings: Floats) -> Reals:
    """The states as neighbours know them one step later, (T, N r): held until a change is sent."""
    _, (values,) = execute(replace(network, outputs=("nodes",)), [readings])
    wide, nodes = reservoir.units + 1, len(reservoir.neighbours)
    states = values.reshape(-1, nodes, wide)[:, :, : reservoir.units].reshape(len(values), -1)
    (radio,) = (p for p in network.projections if p.name == RADIO)
    theta = np.broadcast_to(radio.theta, nodes * wide).reshape(nodes, wide)[:, : reservoir.units]
    held, limits = np.zeros(states.shape[1], np.float32), np.ascontiguousarray(theta.ravel(), np.float32)
    sources, deltas = np.empty(held.size, np.int32), np.empty(held.size, np.float32)
    known = np.zeros(states.shape)
    for step in range(1, len(states)):
        scan(np.ascontiguousarray(states[step - 1], np.float32), held, limits, sources, deltas)
        known[step] = held
    return known


def solved(reservoir: Reservoir, heard: Reals, readings: Floats, ridge: float) -> Readout:
    """For every node ``w = (F'F + ridge I)^-1 F'u`` over what it received of its neighbours, and a constant.

    The constant is not penalised. A node without neighbours expects its mean.
    """
    nodes, units = reservoir.inputs.shape
    weights, constant = np.zeros((nodes, nodes * units)), np.zeros(nodes)
    for node, near in enumerate(reservoir.neighbours):
        places = np.array([other * units + unit for other in near for unit in range(units)], np.int64)
        wanted = readings[WASHOUT:, node].astype(np.float64)
        features = heard[WASHOUT:, places]
        centre, mean = features.mean(axis=0), wanted.mean()
        features = features - centre
        squares = features.T @ features + ridge * np.eye(len(places))
        weights[node, places] = np.linalg.solve(squares, features.T @ (wanted - mean))
        constant[node] = mean - centre @ weights[node, places]
    return Readout(weights, constant)
