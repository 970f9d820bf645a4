"""The SRAM model: the table at its points, between neighbours elsewhere, a sentence beyond."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.sram.model import sram
from deltasim.simulator.sram.table import cacti_grid
from deltasim.validation.sram import left_out, page

ROWS = list(
    csv.DictReader(files("deltasim.simulator.sram").joinpath("cacti_sram.csv").read_text().splitlines())
)


@pytest.mark.parametrize("row", ROWS[::7], ids=lambda row: f"{row['tech_nm']}-{row['size_bytes']}")
def test_tabled_points_are_the_table(row: dict[str, str]) -> None:
    found = sram(int(row["size_bytes"]), int(row["word_bits"]), float(row["tech_nm"]))
    assert found.kind == "simulated"
    assert found.read_j == pytest.approx(float(row["read_pJ"]) * 1e-12)
    assert found.write_j == pytest.approx(float(row["write_pJ"]) * 1e-12)
    assert found.leakage_w == pytest.approx(float(row["leak_mW"]) * 1e-3)
    assert found.area_mm2 == pytest.approx(float(row["area_mm2"]))
    assert found.access_s == pytest.approx(float(row["access_ns"]) * 1e-9)
    assert found.cycle_s == pytest.approx(float(row["cycle_ns"]) * 1e-9)


@settings(max_examples=80, deadline=None)
@given(
    size=st.integers(2048, 8 * 2**20),
    word=st.integers(32, 256),
    node=st.floats(22, 65),
    banks=st.sampled_from([1, 2, 8]),
)
def test_between_its_neighbours_everywhere(size: int, word: int, node: float, banks: int) -> None:
    grid = cacti_grid()
    if size / banks < 2048:
        banks = 1
    found = sram(size, word, node, banks)
    bank = np.array([found.read_j, found.write_j, found.leakage_w / banks, found.area_mm2 / banks])

    def around(axis: np.ndarray, place: float) -> slice:
        low = int(np.clip(np.searchsorted(axis, place, side="right") - 1, 0, axis.size - 2))
        return slice(low, low + 2)

    corner = grid.values[
        :4, around(grid.nodes, node), around(grid.sizes, size / banks), around(grid.words, word)
    ].reshape(4, -1)
    assert (corner.min(axis=1) * (1 - 1e-9) <= bank).all() and (bank <= corner.max(axis=1) * (1 + 1e-9)).all()


@settings(max_examples=40, deadline=None)
@given(size=st.integers(512, 32 * 2**20), word=st.integers(8, 1024), node=st.sampled_from([22, 28, 45, 65]))
def test_what_is_not_in_the_table_is_called_estimated(size: int, word: int, node: int) -> None:
    found = sram(size, word, node)
    inside = 2048 <= size <= 8 * 2**20 and 32 <= word <= 256 and node != 28
    assert found.kind == ("simulated" if inside else "estimated")
    assert min(found.read_j, found.write_j, found.leakage_w, found.area_mm2, found.access_s) > 0


def test_banks_save_energy_and_time_and_keep_capacity() -> None:
    one, eight = sram(2**20, 64, 65), sram(2**20, 64, 65, banks=8)
    assert eight.read_j < one.read_j and eight.access_s < one.access_s
    assert eight.leakage_w == pytest.approx(8 * sram(2**17, 64, 65).leakage_w)
    assert "wires between banks left out" in eight.why


def test_known_figures_of_a_banked_memory() -> None:
    """59 pJ unbanked and 18 pJ banked for 128 KiB at 65 nm, 64-bit words (CACTI 7)."""
    assert sram(128 * 1024, 64, 65).read_j == pytest.approx(59e-12, rel=0.01)
    assert sram(128 * 1024, 64, 65, banks=8).read_j == pytest.approx(18e-12, rel=0.02)


def test_errors_of_the_fit_are_as_the_page_says() -> None:
    errors = np.abs(left_out("sizes", inner=True))
    assert np.median(errors[0]) < 0.05 and errors[0].max() < 0.40  # read energy


def test_the_page_is_what_the_command_prints() -> None:
    written = Path(__file__).parents[3] / "docs" / "validation" / "sram.md"
    assert page() == written.read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((65536, 64, 14), "node: 14 nm: the SRAM table holds 22 to 65 nm"),
        ((65536, 64, float("nan")), "node: nan nm"),
        ((65536, 4, 45), "width: 4 bit: a word has 8 to 1,024 bits"),
        ((100, 64, 45), "size: 100 B in 1 bank: a bank has 512 B to 32 MiB"),
        ((2048, 64, 45, 16), "size: 2,048 B in 16 banks"),
        ((2**40, 64, 45), "a bank has 512 B to 32 MiB"),
        ((65536, 64, 45, 0), "banks: 0: a memory has 1 to 4,096 banks"),
    ],
)
def test_what_cannot_be_estimated_is_one_sentence(arguments: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        sram(*arguments)
