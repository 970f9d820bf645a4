"""The SRAM model: CACTI at its points, between neighbours elsewhere, a sentence beyond."""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.sram.model import sram
from deltasim.simulator.sram.table import SUPPLY_V, between, cacti_grid, drive

ROWS = list(
    csv.DictReader(files("deltasim.simulator.sram").joinpath("cacti_sram.csv").read_text().splitlines())
)
GRID = cacti_grid()
NODES = st.sampled_from([float(node) for node in GRID.nodes])
INSIDE = {"size": st.integers(4096, 8 * 2**20), "word": st.integers(8, 256), "node": st.floats(22, 90)}


@pytest.mark.parametrize("row", ROWS[::97], ids=lambda row: f"{row['tech_nm']}-{row['size_bytes']}")
def test_tabled_points_are_the_table(row: dict[str, str]) -> None:
    found = sram(int(row["size_bytes"]), int(row["word_bits"]), float(row["tech_nm"]))
    assert found.kind == "simulated" and found.why == "CACTI 7"
    assert found.read_j == pytest.approx(float(row["read_pJ"]) * 1e-12)
    assert found.write_j == pytest.approx(float(row["write_pJ"]) * 1e-12)
    leakage = float(row["subthreshold_mW"]) + float(row["gate_mW"])
    assert found.leakage_w == pytest.approx(leakage * 1e-3)
    assert found.area_mm2 == pytest.approx(float(row["area_mm2"]))
    assert found.access_s == pytest.approx(float(row["access_ns"]) * 1e-9)
    assert found.cycle_s == pytest.approx(float(row["cycle_ns"]) * 1e-9)


@pytest.mark.parametrize(
    ("node", "size", "word", "read_pj", "write_pj", "leak_mw", "area_mm2"),
    [
        (65, 2048, 32, 2.96125, 5.85398, 0.000473219, 0.0136892),
        (65, 8 * 2**20, 256, 1454.42, 1304.74, 1.19341, 51.79),
        (45, 131072, 64, 32.2859, 26.065, 0.00334055, 0.429589),
        (22, 8192, 32, 1.81818, 1.19713, 0.00144826, 0.00664075),
        (22, 524288, 64, 15.3195, 12.2171, 0.0705597, 0.442175),
    ],
)
def test_figures_that_cacti_is_known_to_give(
    node: int, size: int, word: int, read_pj: float, write_pj: float, leak_mw: float, area_mm2: float
) -> None:
    """Figures that somebody else took from CACTI 7."""
    found = sram(size, word, node)
    known = (read_pj * 1e-12, write_pj * 1e-12, leak_mw * 1e-3, area_mm2)
    assert (found.read_j, found.write_j, found.leakage_w, found.area_mm2) == pytest.approx(known, rel=2e-5)


def test_every_power_of_two_of_interest_is_a_run_of_cacti() -> None:
    for node in (22, 32, 45, 65):
        for word in (32, 64, 256):
            for power in range(10, 24):
                assert sram(2**power, word, node).kind == "simulated"


@settings(max_examples=80, deadline=None)
@given(**INSIDE, banks=st.sampled_from([1, 2, 8]))
def test_between_its_neighbours_everywhere(size: int, word: int, node: float, banks: int) -> None:
    if size / banks < 4096:
        banks = 1
    found = sram(size, word, node, banks)
    bank = np.array([found.read_j, found.write_j, found.area_mm2 / banks, found.access_s, found.cycle_s])

    def around(axis: np.ndarray, place: float) -> slice:
        low = int(np.clip(np.searchsorted(axis, place, side="right") - 1, 0, axis.size - 2))
        return slice(low, low + 2)

    places = around(GRID.nodes, node), around(GRID.sizes, size / banks), around(GRID.words, word)
    corner = GRID.values[[0, 1, 4, 5, 6], *places].reshape(5, -1)
    assert (corner.min(axis=1) * (1 - 1e-9) <= bank).all() and (bank <= corner.max(axis=1) * (1 + 1e-9)).all()


@settings(max_examples=60, deadline=None)
@given(**INSIDE)
def test_it_has_no_steps(size: int, word: int, node: float) -> None:
    """A byte more, a bit more or a thousandth of a nanometre more changes nothing by much."""
    here = sram(size, word, node)
    for there in (sram(size + 1, word, node), sram(size, word, min(90.0, node + 1e-3))):
        for name in ("read_j", "write_j", "leakage_w", "area_mm2"):
            assert getattr(there, name) == pytest.approx(getattr(here, name), rel=2e-3)


@settings(max_examples=40, deadline=None)
@given(
    size=st.integers(2**15, 128 * 2**20), word=st.integers(8, 1024), node=st.sampled_from([22, 25, 45, 90])
)
def test_what_cacti_was_not_run_for_is_called_estimated(size: int, word: int, node: int) -> None:
    found = sram(size, word, node)
    assert found.kind == ("simulated" if GRID.was_run(node, size, word) else "estimated")
    assert ("interpolated" in found.why) == (found.kind == "estimated")
    assert min(found.read_j, found.write_j, found.leakage_w, found.area_mm2, found.access_s) > 0


def test_leakage_between_nodes_follows_cactis_transistors() -> None:
    """24 nm, a fifth of the way from 22 to 28: the same widths, other supply and currents."""
    supply = 0.8 + 0.2 * (2 / 10)
    subthreshold = 2.43e-11 + (2.06e-11 - 2.43e-11) * (2 / 10)
    gate = 4.51e-10 + (3.73e-11 - 4.51e-10) * (2 / 10)
    assert between(SUPPLY_V, 24) == pytest.approx(supply)
    assert drive(24)[2:4] == pytest.approx([supply * subthreshold, supply * gate])
    ends = [GRID.figures(node, 65536, 64)[2:4] / drive(node)[2:4] for node in (22, 28)]
    share = np.log(24 / 22) / np.log(28 / 22)
    widths = np.exp((1 - share) * np.log(ends[0]) + share * np.log(ends[1]))
    by_hand = float((widths * np.array([supply * subthreshold, supply * gate])).sum())
    assert sram(65536, 64, 24).leakage_w == pytest.approx(by_hand)


def test_banks_save_energy_and_time_and_keep_capacity() -> None:
    one, eight = sram(2**20, 64, 65), sram(2**20, 64, 65, banks=8)
    assert eight.read_j < one.read_j and eight.access_s < one.access_s
    assert eight.leakage_w == pytest.approx(8 * sram(2**17, 64, 65).leakage_w)
    assert "wires between banks left out" in eight.why
    assert eight.read_j == sram(2**17, 64, 65).read_j


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((65536, 64, 14), "node: 14 nm: CACTI 7 knows memories of 22 to 90 nm. Give the price in the desc"),
        ((65536, 64, 130), "node: 130 nm: CACTI 7 knows memories of 22 to 90 nm"),
        ((65536, 64, float("nan")), "node: nan nm"),
        ((65536, 4, 45), "width: 4 bit: the CACTI table has words of 8 to 1,024 bits"),
        ((65536, 2048, 45), "width: 2048 bit: the CACTI table has words of 8 to 1,024 bits"),
        ((60, 8, 45), "size: 60 B: the CACTI table has banks of 64 B to 128 MiB"),
        ((2**40, 64, 45), "the CACTI table has banks of 64 B to 128 MiB"),
        ((1024, 512, 45), "size: 1,024 B: CACTI 7 builds no bank of fewer than 32 words of 512 bit"),
        (
            (2048, 64, 45, 16),
            "size: 2,048 B in 16 banks: CACTI 7 builds no bank of fewer than 32 words of 64",
        ),
        ((1200, 300, 45), "CACTI 7 builds no bank of fewer than 32 words of the width above 300 bit in its"),
        ((65536, 64, 45, 0), "banks: 0: a memory has 1 to 4,096 banks"),
    ],
)
def test_what_cannot_be_estimated_is_one_sentence(arguments: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        sram(*arguments)
    assert sentence in str(caught.value)
