"""S-PSP: what the spikes of one neuron did to another at the times it fired, from running traces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deltasim.networks.training.spike_trains.layer import Neuron, Spikes
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.compiling import kernel


def traces(neuron: Neuron, sources: Spikes, count: int, kind: type = np.float64) -> Numbers:
    """What each source alone would bring v to with a weight of 1 and no reset, (steps, count).

    ``c = synapse c + s[t-1]``, ``p = leak p + c / tau_s``.

    >>> one = Spikes(np.zeros(1, np.int32), np.array([0, 1, 1, 1, 1]))
    >>> traces(Neuron(), one, 1)[:, 0].round(6).tolist()
    [0.0, 0.125, 0.232422, 0.324493]
    """
    own: Numbers = np.array([neuron.leak, neuron.synapse, 1.0 / neuron.tau_s], kind)
    found: Numbers = np.zeros((sources.steps, count), kind)
    run_traces(own, *sources, found)
    return found


@kernel
def run_traces(own: Numbers, sources: NDArray[np.int32], bounds: Integers, found: Numbers) -> None:
    """The traces of all sources, step by step."""
    leak, synapse, share = own[0], own[1], own[2]
    count = found.shape[1]
    c = np.zeros_like(found[0])
    for step in range(1, len(found)):
        for n in range(count):
            c[n] *= synapse
        for place in range(bounds[step - 1], bounds[step]):
            c[sources[place]] += 1
        for n in range(count):
            found[step, n] = leak * found[step - 1, n] + c[n] * share


def effects(neuron: Neuron, fired: Spikes, size: int, trace: Numbers) -> Numbers:
    """e_{i|j}, (neurons, sources): what source j alone, with a weight of 1, added to v since v was last 0,
    summed over the spikes of neuron i.

    A reset takes from the trace what is left of it: a spike at T after one at S adds
    ``p_j[T] - leak^(T - S - refractory) p_j[S + refractory]``. So ``sum_j W_ij e_{i|j} + sum_l R_il e_{i|l}``
    is the sum of v before all resets: a test holds it to 1e-12. A neuron that is silent has 0.
    Source: arXiv 1908.06378; the closed form is exact, since the filters are linear.
    """
    found = np.zeros((size, trace.shape[1]), trace.dtype)
    powers = (neuron.leak ** np.arange(fired.steps + 1)).astype(trace.dtype)
    add_effects(neuron.refractory, powers, *fired, trace, found)
    return found


@kernel
def add_effects(
    refractory: int,
    powers: Numbers,
    neurons: NDArray[np.int32],
    bounds: Integers,
    trace: Numbers,
    found: Numbers,
) -> None:
    """One row operation a spike."""
    last = np.full(len(found), -1, np.int64)
    count = trace.shape[1]
    for step in range(len(bounds) - 1):
        now = trace[step]
        for place in range(bounds[step], bounds[step + 1]):
            i = neurons[place]
            row = found[i]
            if last[i] < 0:
                for j in range(count):
                    row[j] += now[j]
            else:
                reset = last[i] + refractory
                left, before = powers[step - reset], trace[reset]
                for j in range(count):
                    row[j] += now[j] - left * before[j]
            last[i] = step
