"""Mappings: every neuron on one core, blocks apart and inside their memory, remedies that work."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.cells import Conv2d, Dense, Input
from deltasim.networks.connections import Convolution, Sparse
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.mapping.mapping import map_network, spread
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.expanded_columns import column_segments_of
from tests.simulator.random_networks import networks as any_network


def gru(inputs: int, *hidden: int) -> Network:
    return random_stack("gru", inputs, hidden, np.random.default_rng(0))


def pruned(inputs: int, *hidden: int) -> Network:
    """A GRU without most of its weights, whose columns are packed."""
    network, rng = gru(inputs, *hidden), np.random.default_rng(1)

    def sparse(projection: Projection) -> Projection:
        matrices = projection.connection.weights.transpose(1, 2, 0)
        words = matrices * (rng.random(matrices.shape) < 0.3)
        return replace(projection, connection=Sparse.from_matrices(words))

    return replace(network, projections=tuple(map(sparse, network.projections)))


def convolution(planes: int, size: int, outputs: int) -> Network:
    kernel = np.ones((outputs, planes, 3, 3), np.float32)
    connection = Convolution(kernel, in_shape=(planes, size, size), padding=(1, 1))
    target = Population(
        "conv", Conv2d((outputs, size, size)), np.zeros((1, outputs * size * size), np.float32)
    )
    return Network(
        "images",
        (Population("input", Input(planes * size * size)), target),
        (Projection("input", "conv", connection),),
        ("conv",),
    )


GUESS = {"node": "22 nm", "kind": "estimated", "source": "for tests"}


def chip_of(cores: int, scratchpad: str) -> Chip:
    """mesh16 with other cores and scratchpads; state has a memory of its own that holds all of it."""
    ports = sorted({0, cores - 1})
    return load_chip("mesh16").changed(
        {
            "cores.count": cores,
            "network.topology": f"mesh:1x{cores}",
            "memories.0.size": scratchpad,
            "memories.2.size": "1 MiB",
            "memories.1.ports": ports,
            "prices.scratchpad.read": {"energy": "1 pJ", **GUESS},  # some are smaller than CACTI's
            "prices.scratchpad.leakage": {"power": "1 uW", **GUESS},
            "prices.scratchpad.state_read": {"energy": "1 pJ", **GUESS},
            "prices.scratchpad.state_write": {"energy": "1 pJ", **GUESS},
        }
    )


@given(st.integers(1, 500), st.integers(1, 40))
def test_partitions_cover_every_neuron_once_and_evenly(neurons: int, cores: int) -> None:
    parts = spread(neurons, tuple(range(cores)))
    assert [neuron for part in parts for neuron in range(part.start, part.stop)] == list(range(neurons))
    assert len({part.core for part in parts}) == len(parts) == min(neurons, cores)
    sizes = [part.size for part in parts]
    assert max(sizes) - min(sizes) <= 1


networks = st.one_of(
    st.builds(gru, st.integers(1, 20), st.integers(1, 40), st.integers(1, 40)),
    st.builds(pruned, st.integers(1, 20), st.integers(1, 40), st.integers(1, 40)),
    st.builds(convolution, st.integers(1, 3), st.integers(1, 6), st.integers(1, 5)),
)


@settings(max_examples=60, deadline=None)
@given(networks, st.integers(1, 9), st.sampled_from(["8 B", "256 B", "1 KiB", "64 KiB"]))
def test_blocks_lie_apart_and_inside_their_memory(network: Network, cores: int, scratchpad: str) -> None:
    chip = chip_of(cores, scratchpad)
    mapping = map_network(network, chip)
    positions = {population.name: index for index, population in enumerate(network.populations)}
    for number, projection in enumerate(network.projections):
        holders = [part.core for part in mapping.partitions[positions[projection.target]]]
        blocks = [block for block in mapping.blocks if block.projection == number]
        assert [block.core for block in blocks] == holders, "one block for each core of the target"
        fan_in = projection.connection
        for block in blocks:
            part = next(p for p in mapping.partitions[positions[projection.target]] if p.core == block.core)
            words = fan_in.restrict(part.start, part.stop).fan_out
            if block.stride_bytes == 0:
                held = [-(-int(w) * (32 + block.index_bits) // 8) for w in words]
                ends = block.addresses(np.array(held)) + held
                assert ends.tolist() == [block.base_address + sum(held[: n + 1]) for n in range(len(held))]
                assert ends[-1] == block.base_address + block.bytes
                continue
            assert np.all(words * 4 <= block.stride_bytes), "a column holds what a message fetches"
            addresses = block.addresses(words * 4)
            assert [block.address(source) for source in range(fan_in.source_size)] == addresses.tolist()
            assert addresses.max() + block.stride_bytes == block.base_address + block.bytes
    for memory in chip.memories:
        stores: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for block in mapping.blocks:
            if block.memory == memory.name:
                store = (block.channel, block.core if memory.kind == "scratchpad" else -1)
                stores.setdefault(store, []).append((block.base_address, block.base_address + block.bytes))
                assert block.base_address % memory.access_bytes == 0
                if memory.kind == "dram":
                    assert block.channel == chip.topology.nearest(block.core, memory.ports)
        for spans in stores.values():
            spans.sort()
            assert all(end <= start for (_, end), (start, _) in pairwise(spans))
            assert spans[-1][1] <= memory.size_bytes


def test_what_fits_lies_in_the_nearest_memory() -> None:
    near = map_network(gru(8, 32), chip_of(4, "64 KiB"))
    assert {block.memory for block in near.blocks} == {"scratchpad"}
    spilt = map_network(gru(8, 32), chip_of(4, "1 KiB"))
    assert [block.memory for block in spilt.blocks] == ["scratchpad"] * 4 + ["dram"] * 4
    assert {(block.core, block.channel) for block in spilt.blocks[4:]} == {(0, 0), (1, 0), (2, 1), (3, 1)}


def test_a_convolution_stores_its_kernel_once() -> None:
    mapping = map_network(convolution(2, 4, 3), load_chip("edgedrnn"))
    (block,) = mapping.blocks
    assert (block.stride_bytes, block.bytes, block.sources_per_column) == (3 * 9 * 4, 2 * 3 * 9 * 4, 16)
    assert [block.address(source) for source in (0, 15, 16, 31)] == [0, 0, 108, 108]


def test_packed_columns_hold_their_words_and_where_they_belong() -> None:
    """Sources of 2, 0 and 1 words of 32 bits, each with 1 bit for its place among 2 targets."""
    connection = Sparse.from_matrices(np.float32([[1, 0, 2], [3, 0, 0]]))
    target = Population("out", Dense(2), np.zeros((1, 2), np.float32))
    network = Network(
        "packed", (Population("input", Input(3)), target), (Projection("input", "out", connection),), ("out",)
    )
    mapping = map_network(network, load_chip("edgedrnn"))
    (block,) = mapping.blocks
    assert (block.stride_bytes, block.index_bits, block.bytes) == (0, 1, 9 + 5)
    assert mapping.table()[1].rows[0][5] == "packed"
    segments = column_segments_of(compile_plan(network, load_chip("edgedrnn"), mapping)).segments
    assert (segments["words"].tolist(), segments["bytes"].tolist()) == ([2, 1], [9, 5])
    assert segments["address"].tolist() == [block.base_address, block.base_address + 9]


def test_narrow_weights_take_whole_bytes() -> None:
    network = random_stack("gru", 40, (768, 768), np.random.default_rng(0), arithmetic=FixedPoint())
    mapping = map_network(network, load_chip("edgedrnn"))
    bits = network.arithmetic.weight_bits
    assert {block.stride_bytes for block in mapping.blocks} == {-(-3 * 768 * bits // 8)}


@settings(max_examples=60, deadline=None)
@given(any_network(), st.integers(1, 4))
def test_columns_take_the_bytes_of_their_own_precision(network: Network, cores: int) -> None:
    """Of every projection and core: words of its own bits, packed, rounded up to a byte for each column."""
    chip = chip_of(cores, "1 MiB")
    plan = compile_plan(network, chip, map_network(network, chip))
    segments, often = column_segments_of(plan).segments, column_segments_of(plan).parts
    projection = np.repeat(
        np.repeat(np.arange(len(network.projections)), np.diff(plan.columns.offset)), often
    )
    partitions = {
        (network.populations[p].name, part.core): part
        for p, parts in enumerate(plan.mapping.partitions)
        for part in parts
    }
    for number, core, words, size in zip(
        projection, segments["core"], segments["words"], segments["bytes"], strict=True
    ):
        own = network.projections[number]
        form = own.weight_format
        if isinstance(network.arithmetic, FixedPoint):
            bits = 8 if form is None else form.integer + form.fraction
        else:
            bits = 32
        beside = own.connection.index_bits(partitions[own.target, int(core)].size)
        assert size == math.ceil(int(words) * (bits + beside) / 8)


def test_four_bits_are_half_a_byte() -> None:
    """3 gates of 768 units: 2,304 words of 4 bits in 1,152 bytes; an odd column ends in half a byte."""
    stack = random_stack("gru", 40, (768, 768), np.random.default_rng(0))
    network = quantised(stack, FixedPoint(), {"recurrent": Q(1, 3), "gru_0->gru_1": Q(1, 15)})
    mapping = map_network(network, load_chip("edgedrnn"))
    assert [block.stride_bytes for block in mapping.blocks] == [2304, 1152, 4608, 1152]
    odd = quantised(random_stack("rnn", 2, (3,), np.random.default_rng(0)), FixedPoint(), {"input": Q(1, 3)})
    assert [b.bytes for b in map_network(odd, load_chip("edgedrnn")).blocks] == [2 * 2, 3 * 3]


def test_narrower_weights_are_advised_where_they_help() -> None:
    """The recurrent weights have 4 bits already, 6 KiB; the input's have 16, 24 KiB: 8 make it fit."""
    stack = random_stack("gru", 64, (64,), np.random.default_rng(0))
    network = quantised(stack, FixedPoint(), {"input": Q(1, 15), "recurrent": Q(1, 3)})
    with pytest.raises(InputError) as caught:
        map_network(network, on_chip(1, "20 KiB"))
    assert "16 bits" in str(caught.value) and "Use 30 KiB, 8-bit weights or 2 cores." in str(caught.value)
    mended = quantised(stack, FixedPoint(), {"recurrent": Q(1, 3)})
    assert len(map_network(mended, on_chip(1, "20 KiB")).blocks) == 2


def test_placement_by_hand_overrides() -> None:
    chip = chip_of(4, "64 KiB").changed(
        {
            "placement.explicit.cores": {"gru_0": [2, 1]},
            "placement.explicit.memory": {"gru_0->gru_0": "dram"},
        }
    )
    mapping = map_network(gru(8, 32), chip)
    assert [(part.core, part.start, part.stop) for part in mapping.partitions[1]] == [(2, 0, 16), (1, 16, 32)]
    assert [(block.core, block.memory) for block in mapping.blocks] == [
        (2, "scratchpad"),
        (1, "scratchpad"),
        (2, "dram"),
        (1, "dram"),
    ]
    for path, name in (("cores.gru_9", [0]), ("memory", {"gru_9->gru_0": "dram"})):
        with pytest.raises(InputError, match=r"network .* has no such part\. Did you mean gru_0"):
            map_network(gru(8, 32), chip_of(4, "64 KiB").changed({f"placement.explicit.{path}": name}))


def test_neurons_of_each_core_by_hand() -> None:
    chip = chip_of(4, "64 KiB").changed({"placement.explicit.cores": {"gru_0": [2, 1]}})
    uneven = chip.changed({"placement.explicit.neurons": {"gru_0": [25, 7]}})
    parts = map_network(gru(8, 32), uneven).partitions[1]
    assert [(part.core, part.start, part.stop) for part in parts] == [(2, 0, 25), (1, 25, 32)]
    with pytest.raises(InputError, match=r"33 neurons: gru_0 has 32\. Let the numbers add up"):
        map_network(gru(8, 32), chip.changed({"placement.explicit.neurons": {"gru_0": [25, 8]}}))
    with pytest.raises(InputError, match="cores names 2"):
        chip.changed({"placement.explicit.neurons": {"gru_0": [32]}})
    with pytest.raises(InputError, match=r"no such part\. Did you mean gru_0"):
        named = {"placement.explicit.cores": {"gru_9": [0]}, "placement.explicit.neurons": {"gru_9": [3]}}
        map_network(gru(8, 32), chip_of(4, "64 KiB").changed(named))


def on_chip(cores: int, size: str) -> Chip:
    content = chip_of(cores, size).content()
    content["memories"] = [memory for memory in content["memories"] if memory["kind"] != "dram"]
    content["prices"] = {
        key: price for key, price in content["prices"].items() if not key.startswith("dram.")
    }
    return Chip.model_validate(content)


def test_what_does_not_fit_is_told_with_remedies() -> None:
    with pytest.raises(InputError) as caught:
        map_network(gru(64, 64), on_chip(1, "64 KiB"))
    assert str(caught.value) == (
        "chip mesh16: memories.0.size: 64 KiB: it holds 16,384 weights of 32 bits, "
        "of which 12,288 are taken; layer gru_0 needs 24,576. Use 96 KiB, 16-bit weights or 2 cores."
    )
    with pytest.raises(InputError, match=r"chips/deltakws.yaml:\d+: memories.0.size: 24 kB: it holds 6,000"):
        map_network(gru(64, 64), load_chip("deltakws"))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([gru, pruned]),
    st.integers(1, 24),
    st.integers(8, 48),
    st.integers(8, 48),
    st.integers(1, 4),
)
def test_each_remedy_alone_makes_it_fit(
    made: Callable[..., Network], inputs: int, first: int, second: int, cores: int
) -> None:
    network = made(inputs, first, second)
    try:
        map_network(network, on_chip(cores, "2 KiB"))
    except InputError as error:
        remedy = error.remedy
        size = re.search(r"[\d,]+ KiB", remedy)
        assert size is not None
        map_network(network, on_chip(cores, size[0].replace(",", "")))
        if more := re.search(r"(\d+) cores", remedy):
            map_network(network, on_chip(int(more[1]), "2 KiB"))
        if bits := re.search(r"(\d+)-bit", remedy):
            narrow = replace_bits(network, int(bits[1]))
            map_network(narrow, on_chip(cores, "2 KiB"))


def replace_bits(network: Network, bits: int) -> Network:
    """The same shapes with weights of so many bits (a mapping looks at no value)."""

    class Narrow:
        weight_bits = bits
        activation_bits = network.arithmetic.activation_bits
        accumulator_bits = network.arithmetic.accumulator_bits

    copy = replace(network)
    object.__setattr__(copy, "arithmetic", Narrow())
    return copy


def test_a_mapping_has_a_digest_and_tables() -> None:
    mapping, other = (map_network(gru(8, 32), chip_of(cores, "64 KiB")) for cores in (4, 5))
    assert mapping.digest != other.digest
    assert mapping.digest == replace(mapping).digest
    neurons, weights, state = mapping.table()
    assert [row[:2] for row in state.rows] == [("input", "state"), ("gru_0", "state")]
    assert neurons.rows[0] == ("input", "0", "0-1", "2")
    assert weights.rows[0][:4] == ("input->gru_0", "0", "scratchpad", "0")
    assert len(weights.rows) == len(mapping.blocks)
