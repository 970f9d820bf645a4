"""Traffic patterns: where packets go, and what a bad one says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.flit_network.patterns import PATTERNS, Integers, is_pattern, parse_pattern
from deltasim.simulator.flit_network.traffic import random_packets

GRID = (4, 4)
EVERYONE = np.arange(16)


def sent(text: str, source: Integers = EVERYONE, grid: tuple[int, ...] = GRID) -> list[int]:
    return parse_pattern(text, grid)(grid, source, np.random.default_rng(0)).tolist()


def test_permutations_on_a_mesh() -> None:
    rows, columns = np.divmod(EVERYONE, 4)
    assert sent("transpose") == (columns * 4 + rows).tolist()
    assert sent("neighbor") == ((rows + 1) % 4 * 4 + (columns + 1) % 4).tolist()
    assert sent("tornado") == sent("neighbor")  # ceil(4 / 2) - 1 = 1
    assert sent("bitcomp") == (15 - EVERYONE).tolist()
    assert sent("bitrev") == [int(f"{node:04b}"[::-1], 2) for node in range(16)]
    assert sent("shuffle") == [int(f"{node:04b}"[1:] + f"{node:04b}"[0], 2) for node in range(16)]


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from([*PATTERNS]), bits=st.integers(0, 5))
def test_every_named_pattern_stays_on_the_grid(name: str, bits: int) -> None:
    grid = (2**bits, 2**bits)
    ends = np.array(sent(name, np.arange(4**bits), grid))
    assert ((ends >= 0) & (ends < 4**bits)).all()
    assert name == "uniform" or sorted(ends) == list(range(4**bits))


def test_uniform_traffic_goes_everywhere_alike() -> None:
    counts = np.bincount(sent("uniform", np.zeros(16_000, np.int64)), minlength=16)
    assert np.abs(counts - 1000).max() < 6 * np.sqrt(1000)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("hotspot", {10: 1.0}),
        ("hotspot:3", {3: 1.0}),
        ("hotspot:3,5", {3: 0.5, 5: 0.5}),
        ("hotspot:3:0.2", {3: 0.2 + 0.8 / 16, 0: 0.8 / 16, 10: 0.8 / 16}),
        ("hotspot:3:0", {3: 1 / 16, 0: 1 / 16}),
    ],
)
def test_hot_spots_get_their_share(text: str, shares: dict[int, float]) -> None:
    counts = np.bincount(sent(text, np.ones(20_000, np.int64)), minlength=16) / 20_000
    for terminal, share in shares.items():
        assert counts[terminal] == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / 20_000) + 1e-12)


def test_a_table_gives_every_pair_its_share(tmp_path: Path) -> None:
    """Terminal 0 sends 3/4 of its flits, in two directions; 1 sends nothing; 2 all of them."""
    path = tmp_path / "shares.txt"
    path.write_text("# source destination share\n0 1 0.5\n0, 2, 0.25\n2 0 1\n3 3 0.1\n3 3 0.2  # 0.3\n")
    packets = random_packets(f"table:{path}", (4,), 0.4, 2, 20_000, np.random.default_rng(0))
    pairs = np.zeros((4, 4))
    np.add.at(pairs, (packets.source, packets.destination), packets.flits)
    asked = np.array([[0, 0.5, 0.25, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0.3]]) * 0.4 * 20_000
    assert np.abs(pairs - asked).max() < 6 * np.sqrt(2 * asked.max())
    assert (pairs[asked == 0] == 0).all()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("unifrom", "no such pattern and no such file. Did you mean uniform?"),
        ("hotspt:3", "no such pattern and no such file. Did you mean hotspot?"),
        ("hotspot:16", "--traffic: hotspot:16: terminals run from 0 to 15"),
        ("hotspot:-1", "a hot spot is written hotspot, hotspot:27,36"),
        ("hotspot:a", "a hot spot is written hotspot, hotspot:27,36 or hotspot:27:0.2"),
        ("hotspot:3:2", "the share from 0 to 1"),
        ("hotspot:3:nan", "the share from 0 to 1"),
        ("table:", "--traffic: .*: a table of traffic is lines of text"),
        ("table:nowhere", "a table of traffic is lines of text"),
        ("table:" + "x" * 5000, "a table of traffic is lines of text"),
        ("table:a\0b", "a table of traffic is lines of text"),
        ("x" * 5000, "no such pattern and no such file"),
    ],
)
def test_a_bad_pattern_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence.replace("?", r"\?")) as raised:
        parse_pattern(text, GRID)
    assert len(str(raised.value)) < 400


def test_a_pattern_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="2x3: transpose needs a square"):
        sent("transpose", np.arange(6), (2, 3))
    with pytest.raises(InputError, match="--traffic shuffle: 9: shuffle needs a power of two of terminals"):
        sent("shuffle", np.arange(9), (3, 3))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0 1\n", "shares:1: 0 1: a line is written source destination share"),
        ("0 1 0.5\n0 1 x\n", "shares:2: other text: a line is written"),
        ("0 1 nan\n", "shares:1: other text: a line is written"),
        ("0 1 1.5\n", "the share from 0 to 1"),
        ("0 16 0.5\n", "terminals run from 0 to 15"),
        ("0 -1 0.5\n", "shares:1: 0 -1 0.5: a line is written"),
        ("0 1 0.6\n0 2 0.6\n", "shares:2: 0 2 0.6: the shares of terminal 0 add up to more than 1"),
        ("0 1 0\n", "shares: no shares: traffic needs at least one share above 0"),
        (f"{'9' * 5000} 1 1\n", "a line has at most 500 bytes"),
        (f"{'9' * 400} 1 1\n", "a line is written source destination share"),
    ],
)
def test_a_bad_table_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "shares"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence) as raised:
        parse_pattern(f"table:{path}", GRID)
    assert len(str(raised.value)) < 400


def test_files_of_packets_are_told_from_patterns() -> None:
    assert is_pattern("uniform") and is_pattern("hotspot:3") and is_pattern("table:shares.txt")
    assert not is_pattern("packets.txt") and not is_pattern("transposed")
