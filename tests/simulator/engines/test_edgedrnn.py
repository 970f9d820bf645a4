"""The EdgeDRNN description against the cycle formula of the released hardware.

For each layer and step, with I inputs padded to a multiple of 8, H units and n messages, 8 multipliers at
125 MHz: ``1 + max(I + H, n * 3 H / 8) + 3 + 5 (H / 8 + 1) + 1`` cycles, layers one after another. It leaves
out what the first fetch of a layer takes and the refreshes; both are in the simulation, so its steps are a
little longer, never shorter.
"""

from __future__ import annotations

import numpy as np
import pytest

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.networks.trace import random_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.simulate import simulate

INPUTS, HIDDEN, LANES, PERIOD_PS = 40, 768, 8, 8000
PUBLISHED_MS = {
    1.0: 5.41,
    0.5: 2.71,
    0.2: 1.088,
    0.1: 0.548,
    0.05: 0.278,
}  # the formula at the mean occupancy


@pytest.fixture(scope="module")
def network() -> Network:
    """2L-768H in 8-bit weights."""
    rng = np.random.default_rng(0)
    return random_stack("gru", INPUTS, (HIDDEN, HIDDEN), rng, arithmetic=FixedPoint())


def layer_cycles(elements: int, messages: int) -> float:
    fetched = messages * 3 * HIDDEN / LANES
    return 1 + max(elements, fetched) + 3 + 5 * (HIDDEN / LANES + 1) + 1


@pytest.mark.parametrize("occupancy", PUBLISHED_MS)
def test_step_times(engine: str, network: Network, occupancy: float) -> None:
    """Every step within 5 % of the formula at its own messages; the mean step near the published time."""
    steps = 1 if occupancy == 1.0 and engine == "simpy" else 3
    trace = random_trace(network, [steps], occupancy, np.random.default_rng(1))
    ledger = simulate(network, trace, load_chip("edgedrnn"), engine=engine)
    expected = []
    for step in range(steps):
        sent = np.bincount(trace.step(step)["projection"], minlength=4)
        lower = layer_cycles(INPUTS + HIDDEN, int(sent[0] + sent[1]))
        upper = layer_cycles(2 * HIDDEN, int(sent[2] + sent[3]))
        expected.append((lower + upper) * PERIOD_PS)
    ratio = ledger.step_latency_ps / np.array(expected)
    assert (ratio >= 1.0).all() and (ratio <= 1.05).all(), ratio
    assert float(ledger.step_latency_ps.mean()) * 1e-9 == pytest.approx(PUBLISHED_MS[occupancy], rel=0.1)


def test_silent_step(engine: str, network: Network) -> None:
    """With nothing to send only scans and updates remain: 26.6 us."""
    trace = random_trace(network, [2], 0.0, np.random.default_rng(1))
    ledger = simulate(network, trace, load_chip("edgedrnn"), engine=engine)
    expected = (layer_cycles(INPUTS + HIDDEN, 0) + layer_cycles(2 * HIDDEN, 0)) * PERIOD_PS
    np.testing.assert_allclose(ledger.step_latency_ps, expected, rtol=0.01)
    assert ledger.total("dram.read") == 0


def test_every_message_fetches_its_burst_of_weights(engine: str, network: Network) -> None:
    """3 H bytes for each message, whole bursts of 16 bytes: nothing is fetched twice or in vain."""
    trace = random_trace(network, [2], 0.1, np.random.default_rng(2))
    ledger = simulate(network, trace, load_chip("edgedrnn"), engine=engine)
    assert ledger.total("dram.bytes") == len(trace.messages) * 3 * HIDDEN
    assert ledger.total("core.mac") == len(trace.messages) * 3 * HIDDEN
