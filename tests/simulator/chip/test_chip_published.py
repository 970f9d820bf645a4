"""The chips in the box against what was published of them, simulated."""

from __future__ import annotations

import numpy as np
import pytest

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.networks.trace import Trace, dense_trace, random_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.simulate import simulate

STEPS = 2


def traced(network: Network, occupancy: float) -> Trace:
    if occupancy == 1.0:
        return dense_trace(network, [STEPS])
    return random_trace(network, [STEPS], occupancy, np.random.default_rng(1))


@pytest.mark.parametrize("occupancy", [1.0, 0.5, 0.2, 0.1, 0.05])
def test_edgedrnn_takes_the_cycles_of_its_design_and_the_power_at_the_wall(occupancy: float) -> None:
    """2 layers of 768: within 5 % of 1 + max(I + H, nnz 3H / 8) + 3 + 5 (H / 8 + 1) + 1, and of 2.42 W."""
    network = random_stack("gru", 40, (768, 768), np.random.default_rng(0), arithmetic=FixedPoint())
    chip, trace = load_chip("edgedrnn"), traced(network, occupancy)
    expected = 0
    for step in range(STEPS):
        messages = trace.messages[trace.messages["step"] == step]
        for inputs, projections in ((40, (0, 1)), (768, (2, 3))):
            columns = int(np.isin(messages["projection"], projections).sum())
            expected += 1 + max(inputs + 768, columns * 288) + 3 + 5 * (768 // 8 + 1) + 1
    ledger = simulate(network, trace, chip)
    assert ledger.step_latency_ps.sum() / chip.cores.period_ps == pytest.approx(expected, rel=0.05)
    watts = price(ledger, chip).total_j / (ledger.elapsed_ps * 1e-12)
    assert watts == pytest.approx(2.42, rel=0.02)


@pytest.mark.parametrize("occupancy", [1.0, 0.5, 0.13])
def test_deltakws_takes_the_published_time_and_energy(occupancy: float) -> None:
    """T = 5.5 + 11.1 o ms within 5 % (fitted), E = 23 + 99 o nJ within 10 % (idle power measured)."""
    network = random_stack(
        "gru", 16, (64,), np.random.default_rng(0), readout=12, arithmetic=FixedPoint(), name="keywords"
    )
    chip = load_chip("deltakws")
    ledger = simulate(network, traced(network, occupancy), chip)
    assert ledger.elapsed_ps / STEPS * 1e-9 == pytest.approx(5.5 + 11.1 * occupancy, rel=0.05)
    assert price(ledger, chip).total_j / STEPS * 1e9 == pytest.approx(23 + 99 * occupancy, rel=0.10)
