"""A run under the names of NeuroBench's metrics (version 2.3): its algorithm track, and its system track."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deltasim.networks.connections import Connection
from deltasim.runtime.arrays import Integers
from deltasim.simulator.chip.area import idle_power

if TYPE_CHECKING:
    from deltasim.networks.graph import Network, Projection
    from deltasim.reports.measured import Measured


def neurobench(result: Measured) -> dict[str, Any]:
    """Static and workload metrics of the network, and time and power of the chip.

    Deltas are graded, so what they cause are ``Effective_MACs``; what spikes cause are ``Effective_ACs``.
    Both count weights that are not 0, ``Dense`` all of them at every step; each per sample, which is a
    sequence. ``ActivationSparsity`` is the share of neurons' values that were not sent. ``ExecutionTime`` is
    of one sequence at batch 1, with the standard error over sequences; what comes before the network
    (features) is not in it.
    """
    network, trace, runs = result.network, result.trace, result.sequences
    sent, scanned, arrived = trace.sent(network), trace.scanned(network), trace.arrived
    inner = [
        n for n, p in enumerate(network.projections) if network.population(p.source).cell.kind != "input"
    ]
    fired = []
    for number, projection in enumerate(network.projections):
        own = arrived["source"][arrived["projection"] == number]
        fired.append(np.bincount(own, minlength=projection.connection.source_size))
    words = [effective_words(projection, network) for projection in network.projections]
    spiking = [network.population(p.source).cell.spiking for p in network.projections]
    macs = sum(int((f * w).sum()) for f, w, s in zip(fired, words, spiking, strict=True) if not s)
    acs = sum(int((f * w).sum()) for f, w, s in zip(fired, words, spiking, strict=True) if s)
    frames = trace.steps // network.passes
    dense = frames * sum(int(p.connection.fan_out.sum()) for p in network.projections)
    members = sum(population.size for population in network.populations if population.cell.spiking)
    times = np.array(result.ledger.sequence_latency_ps.tolist(), np.float64) * 1e-12
    elapsed = float(times.sum()) or 1.0
    idle = sum(line.static_w for line in idle_power(result.chip))
    active = result.energy.total_j / elapsed
    stored = sum(nonzero(p.connection) for p in network.projections)
    places = sum(all_places(p) for p in network.projections)
    biases = sum(p.bias.size for p in network.populations if p.bias is not None)
    found: dict[str, Any] = {
        "Footprint": footprint(network, biases),
        "ConnectionSparsity": 1 - stored / places if places else 0.0,
        "ParameterCount": network.weight_words + biases,
        "ActivationSparsity": 1 - float(sent[inner].sum() / max(1, scanned[inner].sum())),
        "SynapticOperations": {
            "Effective_MACs": macs / runs,
            "Effective_ACs": acs / runs,
            "Dense": dense / runs,
        },
        "MembraneUpdates": members * frames / runs,
        "System": {
            "Platform": result.chip.name,
            "BatchSize": 1,
            "ExecutionTime": float(times.mean()),
            "ExecutionTimeStandardError": float(times.std(ddof=1) / np.sqrt(runs)) if runs > 1 else None,
            "IdlePower": idle,
            "ActivePower": active,
            "DynamicPower": active - idle,
            "EnergyPerInference": result.energy.total_j / runs,
        },
    }
    if result.score.value is not None and "accuracy" in result.score.name:
        found["ClassificationAccuracy"] = float(result.score.value)
    if result.deviation is not None:
        found["MSEFromDense"] = result.deviation.rms**2
    return found


def footprint(network: Network, biases: int) -> int:
    """Bytes of weights and biases, each at the width the network gives it."""
    bits = sum(p.connection.weight_words * network.weight_bits(n) for n, p in enumerate(network.projections))
    return -(-(bits + biases * network.arithmetic.accumulator_bits) // 8)


def nonzero(connection: Connection) -> int:
    """Weights that are stored and not 0."""
    return int(np.count_nonzero(connection.weights))


def all_places(projection: Projection) -> int:
    """Weights there would be without sparsity: of a convolution, its kernel."""
    connection = projection.connection
    if hasattr(connection, "kernel"):
        return int(connection.weight_words)
    return connection.source_size * connection.target_size * connection.gates


def effective_words(projection: Projection, network: Network) -> Integers:
    """Weights that are not 0 and that a message of each source meets. Shape (sources,)."""
    connection = projection.connection
    if nonzero(connection) == connection.weight_words:
        return np.asarray(connection.fan_out, np.int64)
    arithmetic, target = projection.arithmetic(network.arithmetic), network.population(projection.target)
    marked = connection.with_weights((connection.weights != 0).astype(connection.weights.dtype))
    integrate = marked.integrator(projection.fed(target.cell), arithmetic)
    found = np.empty(connection.source_size, np.int64)
    for source in range(len(found)):
        sums = np.zeros((target.cell.accumulators, target.size), arithmetic.accumulator_dtype)
        integrate(sums, np.array([source], np.int32), np.ones(1, arithmetic.dtype))
        found[source] = np.count_nonzero(sums)
    return found
