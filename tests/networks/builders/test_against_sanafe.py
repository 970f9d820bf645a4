"""Spike for spike against SANA-FE, where it is installed (the extra ``benchmark``)."""

import numpy as np
import pytest

from deltasim.networks.builders.spiking import random_spiking
from deltasim.networks.execute import execute

pytest.importorskip("sanafe")


@pytest.mark.parametrize("leak", [0.5, 0.9375, 1.0])
def test_the_same_neurons_fire_in_the_same_steps(leak):
    from benchmarks.sanafe_peer import loaded, spikes

    network = random_spiking(256, 32, 0.18, np.random.default_rng(3), leak=leak)
    _, (output,) = execute(network, [np.zeros((40, 1), np.float32)])
    fired = spikes(loaded(network), 40, 256)
    assert output.sum() > 500
    assert (fired == output).all()
