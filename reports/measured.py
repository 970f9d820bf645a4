"""What was measured of a run: counts, what they cost, how well it did, and where it came from."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import math
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from deltasim.reports import figures
from deltasim.reports.power import Power, lasted_s, power_at
from deltasim.reports.uncertainty.figures import (
    Intervals,
    Waiting,
    intervals_of,
    joules_of_sequences,
    percentiles_of,
    seconds_of,
)
from deltasim.reports.uncertainty.prices import Doubles, Sure, spreads_of, sure
from deltasim.simulator.ledger.pricing import Energy, price

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.networks.trace import Trace
    from deltasim.simulator.chip import Chip
    from deltasim.simulator.ledger.ledger import Ledger
    from deltasim.simulator.mapping.mapping import Mapping
    from deltasim.workloads.deviation import Deviation

PACKAGES = ("deltasim", "numpy", "numba", "simpy")


def versions() -> dict[str, str]:
    """Versions of the packages that a run's numbers depend on.

    >>> sorted(versions())
    ['deltasim', 'numba', 'numpy', 'simpy']
    """
    return {name: importlib.metadata.version(name) for name in PACKAGES}


def run_digest(network: Network, trace: Trace, chip: Chip, mapping: Mapping) -> str:
    """sha256 over all that decides a run's numbers: network, trace, chip, mapping, version."""
    held = (network.digest, trace.digest, chip.digest, mapping.digest, importlib.metadata.version("deltasim"))
    return hashlib.sha256("\n".join(held).encode()).hexdigest()


@dataclass(frozen=True)
class Provenance:
    """How to make a run again: the command, the seed, the digest of the data, the versions used.

    ``profile`` says on which data hot columns were counted, where the chip pins them.
    """

    command: str
    seed: int
    data_digest: str
    versions: Lookup[str, str] = field(default_factory=versions)
    profile: str | None = None


@dataclass(frozen=True, eq=False)
class Measured:
    """A run of a benchmark on a chip, beside the dense run of the same network on the same chip.

    ``theta`` is "trained" or "given" where the network keeps its own thresholds, else what replaced them.
    ``fallback`` is the sentence to say when stand-in data were used, ``wall_s`` the seconds the engine ran.
    Energies are priced from the ledgers on first use and kept.
    """

    benchmark: str
    data: str
    fallback: str | None
    chip: Chip
    engine: str
    theta: float | str
    network: Network
    trace: Trace
    mapping: Mapping
    ledger: Ledger
    dense_ledger: Ledger
    score: figures.Score
    provenance: Provenance
    wall_s: float
    period_s: float | None = None  # from one step to the next in the real world, where that is known
    deviation: Deviation | None = None  # from the same network with every element sent, without labels
    points: Doubles | None = None  # (sequences, 2): what the score is made of, where it is a ratio of sums

    @functools.cached_property
    def energy(self) -> Energy:
        """Energy of the delta run."""
        return price(self.ledger, self.chip, self.network)

    @functools.cached_property
    def dense_energy(self) -> Energy:
        """Energy of the dense run on the same chip."""
        return price(self.dense_ledger, self.chip, self.network)

    @functools.cached_property
    def sure(self) -> Sure:
        """90 % intervals of the energy of an inference, by the spreads of its prices."""
        return sure(self.energy, self.ledger, self.chip, self.sequences)

    @functools.cached_property
    def sequence_joules(self) -> Doubles:
        """Joules of each sequence by price. Shape (sequences, lines of the energy)."""
        return joules_of_sequences(self.energy, self.ledger)

    @functools.cached_property
    def dense_sequence_joules(self) -> Doubles:
        """Those of the dense run."""
        return joules_of_sequences(self.dense_energy, self.dense_ledger)

    @functools.cached_property
    def intervals(self) -> Intervals:
        """90 % intervals of the main figures, by their place in a record, as prices and sequences vary."""
        spreads = tuple(spreads_of(self.energy, self.chip, self.sequences))
        found = intervals_of(
            spreads,
            (self.sequence_joules, self.dense_sequence_joules),
            (seconds_of(self.ledger), seconds_of(self.dense_ledger)),
            None if self.power is None else self._waiting(),
            None if self.score.value is None else self.points,
        )
        return found | percentiles_of(self.ledger, self.trace.sequence_bounds)

    def _waiting(self) -> Waiting:
        """What each sequence lasts at the period, and the power of each price while the chip waits."""
        assert self.period_s is not None
        lengths = np.diff(self.trace.sequence_bounds).tolist()
        idle = self._idle_watts
        return Waiting(
            lasted_s(self.ledger, lengths, self.period_s),
            np.array([idle.get(line.action, 0.0) for line in self.energy.lines]),
        )

    @functools.cached_property
    def latency(self) -> figures.Latency:
        """Latencies of the delta run."""
        return figures.latency(self.ledger)

    @functools.cached_property
    def dense_latency(self) -> figures.Latency:
        """Latencies of the dense run."""
        return figures.latency(self.dense_ledger)

    @functools.cached_property
    def dram(self) -> figures.DramTraffic | None:
        """DRAM traffic of the delta run; None for a chip without DRAM."""
        return figures.dram_traffic(self.ledger, self.chip)

    @functools.cached_property
    def dense_dram(self) -> figures.DramTraffic | None:
        """DRAM traffic of the dense run; None for a chip without DRAM."""
        return figures.dram_traffic(self.dense_ledger, self.chip)

    @functools.cached_property
    def occupancy(self) -> dict[str, float]:
        """Share of elements sent, of inputs and, in a recurrent network, of hidden state."""
        return {name: float(share) for name, share in self.trace.occupancy(self.network).items()}

    @property
    def sequences(self) -> int:
        """How many sequences ran; one is one inference."""
        return len(self.ledger.sequence_latency_ps)

    @property
    def steps(self) -> int:
        """How many time steps ran, over all sequences."""
        return len(self.ledger.step_latency_ps)

    @functools.cached_property
    def reduction(self) -> dict[str, float | None]:
        """Dense over delta, on the same chip; None where there is nothing to compare."""
        memories = figures.memory_names(self.chip)
        dense, delta = self.dense_ledger, self.ledger
        dram, dense_dram = self.dram, self.dense_dram
        return {
            "weight_fetches": figures.times_fewer(
                figures.total(dense, memories, "words"), figures.total(delta, memories, "words")
            ),
            "macs": figures.times_fewer(dense.total("core.mac"), delta.total("core.mac")),
            "dram_bytes": figures.times_fewer(dense_dram.bytes, dram.bytes) if dram and dense_dram else None,
            "energy": figures.times_fewer(self.dense_energy.total_j, self.energy.total_j),
            "latency": figures.times_fewer(
                self.dense_latency.inference_mean_s, self.latency.inference_mean_s
            ),
        }

    @functools.cached_property
    def idle_w(self) -> float:
        """What the chip draws while it waits."""
        return math.fsum(self._idle_watts.values())

    @functools.cached_property
    def _idle_watts(self) -> dict[str, float]:
        from deltasim.simulator.ledger.idle import idle_watts
        from deltasim.simulator.plan.compile import compile_plan

        return idle_watts(compile_plan(self.network, self.chip, self.mapping), self.chip)

    @functools.cached_property
    def power(self) -> Power | None:
        """Power at the period of steps; None without one, and for a network that needs whole sequences."""
        return self._power(self.ledger, self.energy)

    @functools.cached_property
    def dense_power(self) -> Power | None:
        """Power of the dense run at the same period."""
        return self._power(self.dense_ledger, self.dense_energy)

    def _power(self, ledger: Ledger, energy: Energy) -> Power | None:
        if self.period_s is None or self.network.passes > 1:
            return None
        lengths = np.diff(self.trace.sequence_bounds).tolist()
        return power_at(ledger, lengths, energy.total_j, self.idle_w, self.period_s)

    @functools.cached_property
    def digest(self) -> str:
        """sha256 over all that decides the numbers: network, trace, chip, mapping, version."""
        return run_digest(self.network, self.trace, self.chip, self.mapping)

    @property
    def limits(self) -> str:
        """What limits the chip, in one sentence."""
        return figures.limit(self.ledger)
