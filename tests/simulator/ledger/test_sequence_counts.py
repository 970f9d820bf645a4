"""What each sequence of a run counted: as if it had run alone, and in all as the whole."""

from __future__ import annotations

import numpy as np
import pytest

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.trace import random_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.engines.parallel import RUNS
from deltasim.simulator.simulate import simulate


@pytest.mark.parametrize("engine", list(RUNS))
@pytest.mark.parametrize("chip", ["edgedrnn", "mesh16-cached"])
def test_each_sequence_counts_as_it_does_alone(engine: str, chip: str) -> None:
    network = random_stack("gru", 8, (16,), np.random.default_rng(0), theta_x=0.1)
    trace = random_trace(network, [3, 5, 1], 0.3, np.random.default_rng(1))
    held = load_chip(chip)
    whole = simulate(network, trace, held, engine=engine)
    assert whole.of_sequences.shape == (3, len(whole.actions))
    assert np.array_equal(whole.of_sequences.sum(axis=0), whole.counts.sum(axis=0))
    for number in range(3):
        alone = simulate(network, trace.sequence(number), held, engine=engine)
        assert np.array_equal(alone.of_sequences[0], whole.of_sequences[number])
