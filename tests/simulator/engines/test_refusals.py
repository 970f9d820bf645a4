"""What would break an engine is refused before it runs, with a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from deltasim.networks.cells import Conv2d, Dense, Input
from deltasim.networks.connections import Convolution
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import FLOAT32
from deltasim.networks.trace import dense_trace
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.loading import ChipErrors
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import chain, chip, ones, trace_of


def test_a_scratchpad_answers_after_a_cycle_at_least() -> None:
    with pytest.raises(
        ChipErrors, match=r"memories.0.latency: 0 cycles: a word comes at least 1 cycle after"
    ):
        chip({"memories.0.latency": "0 cycles"})


def test_a_link_is_whole_bytes_wide() -> None:
    with pytest.raises(ChipErrors, match=r"network.link_width: 12 bit: a width is a whole number of bytes"):
        chip({"network.link_width": "12 bit"})


def test_a_population_that_nothing_reaches_is_refused(engine: str) -> None:
    """``execute`` can compute a constant; on a chip no message would ever move it."""
    bias = np.ones((1, 3), np.float32)
    network = Network(
        "constant",
        (
            Population("input", Input(2)),
            Population("constant", Dense(3), bias),
            Population("sum", Dense(3), bias),
        ),
        (Projection("input", "sum", ones(2, 3)), Projection("constant", "sum", ones(3, 3))),
        ("sum",),
        FLOAT32,
    )
    trace, _ = execute(network, [np.ones((2, 2), np.float32)])
    with pytest.raises(InputError, match="population constant: no projection ends in it"):
        simulate(network, trace, chip(), engine=engine)


def test_unknown_engine_and_foreign_trace() -> None:
    network, other = chain(2, 3), chain(3, 2)
    with pytest.raises(InputError, match="Did you mean simpy"):
        simulate(network, dense_trace(network, [1]), chip(), engine="simpi")
    with pytest.raises(InputError, match="the trace was not made by network chain"):
        simulate(network, dense_trace(other, [1]), chip())
    frames = [np.ones((1, 2), np.float32)]
    with pytest.raises(InputError, match="this engine replays the trace"):
        simulate(network, dense_trace(network, [1]), chip(), inputs=frames, engine="compiled")


def test_a_message_that_reaches_nobody_stays_at_home(engine: str) -> None:
    """A 1 x 1 kernel with stride 2 reads only the even pixels of 3 x 3: the change of pixel 7 concerns
    nobody, so the step is the scan (9) and the update (1), and the send stage, whose 90 cycles would
    outlast it, is idle.
    """
    kernel = Convolution(np.ones((1, 1, 1, 1), np.float32), in_shape=(1, 3, 3), stride=(2, 2))
    network = Network(
        "sparse",
        (Population("image", Input(9)), Population("conv", Conv2d((1, 2, 2)), np.zeros((1, 4), np.float32))),
        (Projection("image", "conv", kernel),),
        ("conv",),
        FLOAT32,
    )
    ledger = simulate(network, trace_of(network, [[(0, 7)]]), chip({"cores.send.cycles": 90}), engine=engine)
    assert ledger.elapsed_ps == 10_000
    assert ledger.total("core.send") == ledger.total("core.mac") == 0
