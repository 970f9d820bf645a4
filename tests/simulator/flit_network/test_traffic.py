"""Traffic: how much of it there is, where it goes, and what a bad file says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.flit_network.traffic import packets_of, random_packets, read_packets


@settings(max_examples=40, deadline=None)
@given(
    pattern=st.sampled_from(["uniform", "neighbor", "tornado", "transpose", "hotspot", "hotspot:0:0.3"]),
    rate=st.floats(0.01, 1.0),
    flits=st.integers(1, 8),
    side=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_sources_are_independent_bernoulli_processes(
    pattern: str, rate: float, flits: int, side: int, seed: int
) -> None:
    cycles = 400
    packets = random_packets(pattern, (side, side), rate, flits, cycles, np.random.default_rng(seed))
    chance, places = rate / flits, side * side * cycles
    assert abs(packets.created.size - chance * places) <= 6 * np.sqrt(places * chance * (1 - chance)) + 1
    places_taken = packets.created * side * side + packets.source
    assert (np.diff(places_taken) > 0).all()  # at most one packet a terminal and cycle
    assert ((packets.created >= 0) & (packets.created < cycles)).all()
    assert ((packets.destination >= 0) & (packets.destination < side * side)).all()
    for terminal in range(side * side):
        mine = packets.order[packets.bounds[terminal] : packets.bounds[terminal + 1]]
        assert (packets.source[mine] == terminal).all() and (np.diff(packets.created[mine]) > 0).all()


def test_the_same_seed_sends_the_same_packets() -> None:
    first, second = (random_packets("uniform", (8,), 0.3, 2, 100, np.random.default_rng(7)) for _ in range(2))
    assert all((mine == theirs).all() for mine, theirs in zip(first, second, strict=True))


@pytest.mark.parametrize("rate", [0.0, -0.1, 1.01, float("nan"), float("inf")])
def test_a_rate_that_cannot_be_is_refused(rate: float) -> None:
    with pytest.raises(
        InputError, match=r"--rate: .*: a terminal sends more than 0 and at most 1 flit a cycle"
    ):
        random_packets("uniform", (4,), rate, 1, 10, np.random.default_rng(0))


def test_a_file_of_packets(tmp_path: Path) -> None:
    path = tmp_path / "packets.txt"
    path.write_text("# cycle source destination flits\n7 1 2 3\n\n0, 3, 0  # as many flits as --flits\n")
    packets = read_packets(path, terminals=4, flits=5)
    assert packets.created.tolist() == [0, 7] and packets.flits.tolist() == [5, 3]
    assert all(
        (a == b).all() for a, b in zip(packets, packets_of([(7, 1, 2, 3), (0, 3, 0, 5)], 4), strict=True)
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0 1 2\n0 1\n", "packets.txt:2: 0 1: a packet is written cycle source destination"),
        ("0 1 -2\n", "packets.txt:1: 0 1 -2: a packet is written"),
        ("0 1 2.5\n", "packets.txt:1: 0 1 2.5: a packet is written"),
        ("0 1 ²\n", "packets.txt:1: unreadable: traffic is lines of text .it is not plain text"),
        ("0 1 4\n", "packets.txt:1: 4: terminals run from 0 to 3"),
        ("0 1 2 0\n", "a packet has 1 to 65,536 flits"),
        (f"{2**50} 1 2\n", "in whole numbers up to 1,099,511,627,776"),
        ("# nothing\n", "packets.txt: no packets: traffic needs at least one packet"),
    ],
)
def test_a_bad_file_of_packets_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "packets.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_packets(path, terminals=4, flits=1)
