"""Hot columns near the core: which they are, where they lie, and what it saves."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.graph import Network
from deltasim.networks.trace import dense_trace
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip
from deltasim.simulator.mapping.column_format import column_formats
from deltasim.simulator.mapping.mapping import Mapping, map_network
from deltasim.simulator.mapping.pinned import fill
from deltasim.simulator.mapping.send_counts import SendCounts, even_send_counts, send_counts_of
from deltasim.simulator.mapping.weight_block import Block
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.expanded_columns import column_segments_of
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import DRAM, SCRATCHPAD, chain, chip, trace_of
from tests.simulator.engines.test_hierarchy import BUFFER
from tests.simulator.random_networks import networks
from tests.simulator.strategies import random_send_counts

SIZES = ("8 B", "64 B", "200 B", "512 B", "4 KiB")


def pinning(size: str, cores: int = 1, near: str = "scratchpad", width: int = 8, far: str = "1 MiB") -> Chip:
    """A mesh of cores with a small memory near each, or one for all in the middle, and a DRAM."""
    scratchpad = SCRATCHPAD | {"size": size, "width": f"{width} bit"}
    buffer = BUFFER | {"size": size, "width": f"{width} bit", "interleave": f"{width // 8} B", "banks": 1}
    return chip(
        {
            "cores.count": cores,
            "network.topology": f"mesh:1x{cores}",
            "memories": [scratchpad if near == "scratchpad" else buffer, DRAM | {"size": far}],
            "placement.policy": "pinned",
        }
    )


class Column(NamedTuple):
    """One column as a core stores it."""

    projection: int
    core: int
    number: int
    bytes: int
    fetched: int  # by the messages counted


def columns_of(network: Network, mapping: Mapping, send_counts: SendCounts) -> list[Column]:
    """All columns of all cores, counted source by source."""
    found = []
    for number, projection in enumerate(network.projections):
        parts = mapping.partitions[network.index(projection.target)]
        words = projection.connection.column_words([parts[0].start, *(part.stop for part in parts)])
        stored = column_formats(projection.connection, [(part.start, part.stop) for part in parts])
        bits = network.weight_bits(number)
        for place, (part, column_format) in enumerate(zip(parts, stored, strict=True)):
            together = column_format.sources_per_column
            for column in range(len(words) // together):
                sources = range(column * together, (column + 1) * together)
                sizes = [-(-int(words[s, place]) * (bits + column_format.index_bits) // 8) for s in sources]
                sent = [int(send_counts.counts[number][s]) for s in sources]
                fetched = sum(count * size for count, size in zip(sent, sizes, strict=True))
                held = column_format.stride(bits) or sizes[0]
                found.append(Column(number, part.core, column, held, fetched))
    return found


def home_of(blocks: tuple[Block, ...], column: Column) -> list[Block]:
    """The blocks that a column lies in."""
    return [
        block
        for block in blocks
        if (block.projection, block.core) == (column.projection, column.core)
        and (block.columns is None or block.columns[column.number])
    ]


def dram_bytes(plan: Plan, send_counts: SendCounts) -> int:
    """Bytes of columns that the messages counted fetch from the DRAM."""
    segments = column_segments_of(plan).segments
    sent = np.repeat(np.concatenate(send_counts.counts), column_segments_of(plan).parts)
    far = np.array(plan.memories.component)[segments["memory"]] == "dram"
    return int((sent * segments["bytes"])[far].sum())


cores = st.integers(1, 5)
nears = st.sampled_from(["scratchpad", "buffer"])
seeds = st.integers(0, 2**16)


@settings(max_examples=80, deadline=None)
@given(networks(), cores, st.sampled_from(SIZES), nears, seeds)
def test_every_column_lies_in_one_memory_and_hot_ones_near(
    network: Network, cores: int, size: str, near: str, seed: int
) -> None:
    made, send_counts = pinning(size, cores, near), random_send_counts(network, np.random.default_rng(seed))
    mapping = map_network(network, made, send_counts)
    memories = {memory.name: memory for memory in made.memories}
    spans: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for block in mapping.blocks:
        place = block.core if block.memory == "scratchpad" else block.channel
        end = block.base_address + block.bytes
        assert end <= memories[block.memory].size_bytes
        spans.setdefault((block.memory, place), []).append((block.base_address, end))
    for held in spans.values():
        assert all(end <= start for (_, end), (start, _) in pairwise(sorted(held)))
    kept: dict[int, list[Column]] = {}
    left: dict[int, list[Column]] = {}
    taken = dict.fromkeys(range(cores), 0)
    filled = {id(block): 0 for block in mapping.blocks}
    for column in columns_of(network, mapping, send_counts):
        (home,) = home_of(mapping.blocks, column)
        filled[id(home)] += column.bytes
        owner = column.core if near == "scratchpad" else 0  # cores at the one buffer share it
        (left if home.memory == "dram" else kept).setdefault(owner, []).append(column)
        taken[owner] += column.bytes if home.memory != "dram" else 0
    assert all(filled[id(block)] == block.bytes for block in mapping.blocks)
    for owner, cold in left.items():
        free_bytes = memories[near].size_bytes - taken[owner]
        for column in cold:
            assert column.bytes > free_bytes, "what still fits is kept"
            for other in kept.get(owner, []):
                hotter = heat(column) > heat(other)
                assert not (hotter and column.bytes <= free_bytes + other.bytes), (column, other)


def heat(column: Column) -> Fraction:
    """Bytes fetched for a byte of room."""
    return Fraction(column.fetched, max(1, column.bytes))


@settings(max_examples=60, deadline=None)
@given(networks(), cores, nears, seeds)
def test_more_room_near_never_fetches_more_from_afar(
    network: Network, cores: int, near: str, seed: int
) -> None:
    send_counts = random_send_counts(network, np.random.default_rng(seed))
    fetched = []
    for size in SIZES:
        made = pinning(size, cores, near)
        plan = compile_plan(network, made, map_network(network, made, send_counts))
        fetched.append(dram_bytes(plan, send_counts))
        sent = np.repeat(np.concatenate(send_counts.counts), column_segments_of(plan).parts)
        assert fetched[-1] <= int((sent * column_segments_of(plan).segments["bytes"]).sum())
    assert fetched == sorted(fetched, reverse=True)


@settings(max_examples=40, deadline=None)
@given(networks(), st.sampled_from(SIZES), seeds)
def test_columns_are_read_where_they_lie(network: Network, size: str, seed: int) -> None:
    """The plan's addresses lie in the block of the column, and no two columns of a memory overlap."""
    made = pinning(size, 3)
    send_counts = random_send_counts(network, np.random.default_rng(seed))
    mapping = map_network(network, made, send_counts)
    plan = compile_plan(network, made, mapping)
    columns, component, (own, segments) = plan.columns, plan.memories.component, column_segments_of(plan)
    for projection, first in enumerate(columns.offset[:-1].tolist()):
        for column in range(first, int(columns.offset[projection + 1])):
            for segment in segments[own["segments"][column] : own["segments_end"][column]]:
                core, memory = int(segment["core"]), component[segment["memory"]]
                start = int(segment["address"])
                stop = start + int(segment["bytes"])
                (home,) = (
                    block
                    for block in mapping.blocks
                    if (block.projection, block.core, block.memory) == (projection, core, memory)
                )
                assert home.base_address <= start and stop <= home.base_address + home.bytes
                assert home.holds(int(np.diff(columns.offset)[projection]))[column - first]
                if home.stride_bytes == 0:
                    continue
                assert (start - home.base_address) % home.stride_bytes == 0


@given(st.lists(st.integers(0, 20), max_size=30), st.integers(0, 200))
def test_filling_in_runs_is_filling_one_by_one(sizes: list[int], free_bytes: int) -> None:
    left, expected = free_bytes, []
    for size in sizes:
        expected.append(size <= left)
        left -= size if size <= left else 0
    assert fill(np.array(sizes, np.int64), free_bytes).tolist() == expected


def test_two_hot_columns_save_their_bytes(engine: str) -> None:
    """Sources 0 to 3 send 1, 4, 2 and 4 times, columns of 64 bytes; two fit: 1 and 3. Three bursts stay."""
    network = chain(4, 16)
    steps = [[0, 1, 2, 3], [1, 2, 3], [1, 3], [1, 3]]
    trace = trace_of(network, [[(0, source) for source in step] for step in steps])
    send_counts = send_counts_of(trace, network)
    assert send_counts.counts[0].tolist() == [1, 4, 2, 4]
    made = pinning("128 B", width=512)
    mapping = map_network(network, made, send_counts)
    assert [(block.memory, block.columns, block.bytes) for block in mapping.blocks] == [
        ("scratchpad", bytes([0, 1, 0, 1]), 128),
        ("dram", bytes([1, 0, 1, 0]), 128),
    ]
    ledger = simulate(network, trace, made, mapping, engine=engine)
    assert ledger.total("dram.bytes") == 3 * 64 and ledger.total("scratchpad.read") == 8
    assert ledger.total("dram.words") == 3 * 16 and ledger.total("scratchpad.words") == 8 * 16
    streamed = simulate(network, trace, made.changed({"placement.policy": "streamed"}), engine=engine)
    assert streamed.total("dram.bytes") == 11 * 64
    assert [row[-1] for row in mapping.table()[1].rows] == ["2 of 4", "2 of 4"]


def test_equally_hot_columns_go_by_projection_then_source() -> None:
    network = chain(2, 2, 2)  # columns of 8 bytes
    blocks = map_network(network, pinning("24 B"), even_send_counts(network)).blocks
    assert [(block.projection, block.memory, block.columns) for block in blocks] == [
        (0, "scratchpad", None),
        (1, "scratchpad", bytes([1, 0])),
        (1, "dram", bytes([0, 1])),
    ]


def test_what_is_not_pinned_comes_first() -> None:
    """The second layer lies near by its own policy, whatever is hotter; the first has what room is left."""
    network = chain(3, 2, 2)
    made = pinning("24 B").changed({"placement.layers": {"dense_1": "nearest"}})
    send_counts = SendCounts((np.array([7, 9, 8]), np.array([1, 1])))
    blocks = map_network(network, made, send_counts).blocks
    assert [(block.projection, block.memory, block.columns) for block in blocks] == [
        (0, "scratchpad", bytes([0, 1, 0])),
        (0, "dram", bytes([1, 0, 1])),
        (1, "scratchpad", None),
    ]


def test_a_digest_depends_on_the_send_counts() -> None:
    network, made = chain(4, 2), pinning("16 B")
    hot = [
        map_network(network, made, SendCounts((np.array(counts),))) for counts in ([2, 1, 0, 0], [0, 2, 1, 0])
    ]
    assert hot[0].digest != hot[1].digest
    assert hot[0].digest == map_network(network, made, SendCounts((np.array([5, 4, 0, 0]),))).digest


def test_pinning_takes_send_counts_of_this_network() -> None:
    network, made = chain(4, 2), pinning("16 B")
    with pytest.raises(InputError) as caught:
        map_network(network, made)
    assert str(caught.value) == (
        "chip plain: placement: pinned: hot columns are found by send counts, and none were given. "
        "Give map_network some, as deltasim.simulator.mapping.send_counts makes them of a trace."
    )
    rule = r"send counts: \[4, 2\]: send counts have a count for each source of network chain: \[4\]"
    with pytest.raises(InputError, match=rule):
        map_network(network, made, even_send_counts(chain(4, 2, 1)))
    with pytest.raises(InputError, match=r"send counts: .*: the trace was not made by network chain"):
        send_counts_of(dense_trace(chain(4, 3), [1]), network)


def test_a_dram_too_small_for_the_cold_ones_is_refused() -> None:
    """12,288 words for each of two projections; 16 KiB near and 64 KiB far hold 20,480 of them."""
    network = random_stack("gru", 64, (64,), np.random.default_rng(0))
    made = pinning("16 KiB", far="64 KiB")
    rule = "memories.1.size: 64 KiB: it holds 16,384 weights of 32 bits"
    with pytest.raises(InputError, match=rule) as caught:
        map_network(network, made, even_send_counts(network))
    assert "Use 96 KiB" in caught.value.remedy
    map_network(network, pinning("16 KiB", far="96 KiB"), even_send_counts(network))
