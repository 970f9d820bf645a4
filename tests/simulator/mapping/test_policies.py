"""Which memory a policy puts weights in, and what comes of it on a chip with all of them."""

from __future__ import annotations

import numpy as np
import pytest

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.networks.trace import dense_trace
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.chip.loading import ChipErrors
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.simulate import simulate


@pytest.fixture(scope="module")
def network() -> Network:
    return random_stack("gru", 16, (32, 32), np.random.default_rng(0), arithmetic=FixedPoint())


def homes(network: Network, chip: Chip) -> set[tuple[str, str, str]]:
    """(projection, memory, cache) of every block."""
    mapping = map_network(network, chip)
    return {(mapping.projections[block.projection], block.memory, block.through) for block in mapping.blocks}


def test_policies(network: Network) -> None:
    """The chip's own policy, another for a population, and one for a projection of it."""
    chip = load_chip("mesh16-cached")
    assert {home[1:] for home in homes(network, chip)} == {("buffer", "cache")}
    names = [projection.name for projection in network.projections if projection.target == "gru_1"]
    mixed = chip.changed({"placement.layers": {"gru_1": "streamed", names[0]: "nearest"}})
    found = {home[0]: home[1:] for home in homes(network, mixed)}
    assert found[names[0]] == ("buffer", "") and found[names[1]] == ("dram", "")
    assert {found[name] for name in found if name not in names} == {("buffer", "cache")}
    by_hand = chip.changed({"placement.explicit.memory": {names[0]: "dram"}})
    assert (names[0], "dram", "") in homes(network, by_hand)


def test_the_second_step_finds_its_weights_in_the_cache(network: Network, engine: str) -> None:
    """Every core's part of the network fits its cache: dense steps after the first only hit."""
    chip = load_chip("mesh16-cached")
    one, three = (simulate(network, dense_trace(network, [n]), chip, engine=engine) for n in (1, 3))
    assert one.total("cache.miss") > 0 and three.total("cache.miss") == one.total("cache.miss")
    assert three.total("cache.lookup") == 3 * one.total("cache.lookup")
    assert three.total("buffer.read") == one.total("buffer.read")
    assert three.total("registers.write") == 3 * one.total("registers.write") == three.total("core.mac")


@pytest.mark.parametrize(
    ("chip", "fields", "sentence"),
    [
        (
            "mesh16",
            {"placement.policy": "cached"},
            "placement.policy: cached: this chip has no cache. Add one",
        ),
        (
            "deltakws",
            {"placement.layers": {"gru_0": "streamed"}},
            "gru_0: streamed: this chip has no DRAM or serial memory",
        ),
        (
            "deltakws",
            {"placement.policy": "pinned"},
            "placement.policy: pinned: this chip has no DRAM or serial memory. Add one or use nearest.",
        ),
        (
            "edgedrnn",
            {"placement.policy": "pinned"},
            "placement.policy: pinned: this chip has no scratchpad or buffer. Add one or use nearest.",
        ),
        (
            "mesh16",
            {"placement.policy": "pined"},
            "placement.policy: pined: expected 'nearest', 'streamed'",
        ),
    ],
)
def test_policies_the_chip_cannot_keep(chip: str, fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(ChipErrors) as caught:
        load_chip(chip).changed(fields)
    assert sentence in str(caught.value)


def test_a_layer_the_network_does_not_have(network: Network) -> None:
    chip = load_chip("mesh16").changed({"placement.layers": {"gru_9": "streamed"}})
    with pytest.raises(InputError, match=r"placement.layers.gru_9: placed: network .* has no such part"):
        map_network(network, chip)
