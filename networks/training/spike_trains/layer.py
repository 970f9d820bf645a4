"""A layer of spiking neurons with a synaptic current: its weights, and its spikes, event by event."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.compiling import kernel
from deltasim.runtime.errors import InputError


@dataclass(frozen=True)
class Neuron:
    """``c = (1 - 1/tau_s) c + W s[t-1] + R o[t-1]``, ``v = (1 - 1/tau_m) v + c / tau_s``; where v > threshold
    the neuron fires, v becomes 0 and stays 0 for ``refractory`` steps. c is not reset.

    Times are in steps. ``tau_s`` is a power of two, so that dividing by it does not round: then
    `deltasim.networks.cells.GLIF` fires at the very same steps (`as_network`).
    Source: the authors' code of arXiv 1908.06378.

    >>> Neuron(tau_m=64).leak, Neuron(tau_s=8).synapse
    (0.984375, 0.875)
    """

    threshold: float = 5.0
    tau_m: float = 64.0
    tau_s: float = 8.0
    refractory: int = 2

    def __post_init__(self) -> None:
        for name in ("threshold", "tau_m", "tau_s"):
            value = getattr(self, name)
            least = 0.0 if name == "threshold" else 1.0
            if not (math.isfinite(value) and value > least):
                rule = f"it is a finite number above {least:g}"
                raise InputError(f"neuron: {name}", value, rule, "Give a larger one.")
        if math.frexp(self.tau_s)[0] != 0.5:
            rule = "a power of two divides without rounding"
            raise InputError("neuron: tau_s", self.tau_s, rule, "Take 4, 8 or 16.")
        if not (isinstance(self.refractory, int) and 0 <= self.refractory <= 127):
            rule = "a refractory period is 0 to 127 steps"
            raise InputError("neuron: refractory", self.refractory, rule, "Give fewer steps.")

    @property
    def leak(self) -> float:
        """The share of v that is kept from step to step."""
        return 1.0 - 1.0 / self.tau_m

    @property
    def synapse(self) -> float:
        """The share of c that is kept from step to step."""
        return 1.0 - 1.0 / self.tau_s


class Weights(NamedTuple):
    """``forward`` (sources, neurons), ``recurrent`` (neurons, neurons) or (0, neurons) where there is none.

    A row holds what the spike of one source adds to the currents: columns of W and R, as a message fetches.
    """

    forward: Numbers
    recurrent: Numbers


class Spikes(NamedTuple):
    """The spikes of many neurons: those of step t are ``neurons[bounds[t] : bounds[t + 1]]``, in order.

    >>> spikes_of(np.array([[0, 1], [0, 0], [1, 1]])).neurons.tolist()
    [1, 0, 1]
    """

    neurons: NDArray[np.int32]
    bounds: Integers

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.bounds) - 1

    def counts(self, size: int) -> Integers:
        """How often each of ``size`` neurons fires."""
        return np.bincount(self.neurons, minlength=size).astype(np.int64)

    def frames(self, size: int) -> NDArray[np.float32]:
        """1 where a neuron fires, (steps, size)."""
        found = np.zeros((self.steps, size), np.float32)
        found[np.repeat(np.arange(self.steps), np.diff(self.bounds)), self.neurons] = 1
        return found


class Fired(NamedTuple):
    """What a layer did: its spikes, and of each neuron the sum of v before its resets, a_i (neurons,)."""

    spikes: Spikes
    potentials: Numbers


def spikes_of(frames: Numbers) -> Spikes:
    """Spikes of frames (steps, neurons), where a value that is not 0 is a spike."""
    steps, neurons = np.nonzero(frames)
    bounds = np.searchsorted(steps, np.arange(len(frames) + 1)).astype(np.int64)
    return Spikes(neurons.astype(np.int32), bounds)


def fire(neuron: Neuron, weights: Weights, sources: Spikes) -> Fired:
    """The spikes of a layer, in the precision of its weights.

    A spike is received one step after it was fired, in order of (W before R, source), as `execute` sums.

    >>> one = Weights(np.array([[16.0]]), np.zeros((0, 1)))
    >>> fired = fire(Neuron(threshold=1.0), one, spikes_of(np.array([[1], [1], [0], [0]])))
    >>> fired.spikes.frames(1)[:, 0].tolist(), fired.potentials.tolist()   # v[1] = 16 / 8
    ([0.0, 1.0, 0.0, 0.0], [2.0])
    """
    kind = weights.forward.dtype.type
    own = np.array([neuron.leak, neuron.synapse, 1.0 / neuron.tau_s, neuron.threshold], kind)
    steps, size = sources.steps, weights.forward.shape[1]
    neurons, bounds = np.empty(steps * size, np.int32), np.zeros(steps + 1, np.int64)
    potentials = np.zeros(size, kind)
    advance_all(own, neuron.refractory, *weights, *sources, neurons, bounds, potentials)
    return Fired(Spikes(neurons[: bounds[-1]].copy(), bounds), potentials)


@kernel
def advance_all(
    own: Numbers,
    refractory: int,
    forward: Numbers,
    recurrent: Numbers,
    sources: NDArray[np.int32],
    source_bounds: Integers,
    neurons: NDArray[np.int32],
    bounds: Integers,
    potentials: Numbers,
) -> None:
    """All steps of a layer: only sources that fired are added up, one rounding for every sum and product."""
    leak, synapse, share, threshold = own[0], own[1], own[2], own[3]
    size = forward.shape[1]
    c, v, added = np.zeros_like(potentials), np.zeros_like(potentials), np.zeros_like(potentials)
    waits = np.zeros(size, np.int64)
    count = 0
    for step in range(1, len(bounds) - 1):
        added[:] = 0
        for place in range(source_bounds[step - 1], source_bounds[step]):
            row = forward[sources[place]]
            for n in range(size):
                added[n] += row[n]
        if len(recurrent):
            for place in range(bounds[step - 1], bounds[step]):
                row = recurrent[neurons[place]]
                for n in range(size):
                    added[n] += row[n]
        for n in range(size):
            c[n] = synapse * c[n] + added[n]
            if waits[n] > 0:
                waits[n] -= 1
                continue
            v[n] = leak * v[n] + c[n] * share
            if v[n] > threshold:
                potentials[n] += v[n]
                v[n] = 0
                waits[n] = refractory
                neurons[count] = n
                count += 1
        bounds[step + 1] = count
