"""The page of the SRAM model says what its command prints, and the model keeps what the page promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deltasim.validation import cacti
from deltasim.validation.sram import errors, held_out, kinds, page


def test_the_page_is_what_the_command_prints() -> None:
    written = Path(__file__).parents[2] / "docs" / "validation" / "sram.md"
    assert page() == written.read_text()


def test_memories_that_are_not_tabled_are_close() -> None:
    """Of any size, at tabled nodes and widths: 90 % within 8 % for energies and 15 % for leakage."""
    chosen = dict(kinds())["any size; node and width in the table"]
    sizes = np.abs(errors()[:, chosen])
    assert chosen.sum() >= 300
    assert (np.quantile(sizes[:4], 0.9, axis=1) <= [0.08, 0.08, 0.15, 0.08]).all()
    everywhere = np.abs(errors())
    assert (np.median(everywhere[:4], axis=1) <= [0.04, 0.03, 0.02, 0.03]).all()


def test_held_out_memories_are_those_that_the_command_draws() -> None:
    drawn = [point[:3] for point in cacti.held_out()]
    assert held_out().points.tolist() == [list(map(float, point)) for point in drawn]


def test_what_cacti_prints_is_read() -> None:
    output = """
    Access time (ns): 1.46188
    Cycle time (ns):  1.09887
    Total dynamic read energy per access (nJ): 0.00296125
    Total dynamic write energy per access (nJ): 0.00585398
    Total leakage power of a bank (mW): 5.80585e-05
    Total gate leakage power of a bank (mW): 0.00041516
    Cache height x width (mm): 0.267011 x 0.0512684
    """
    found = cacti.parsed(output)
    assert found == pytest.approx(
        {"access_ns": 1.46188, "cycle_ns": 1.09887, "read_pJ": 2.96125, "write_pJ": 5.85398,
         "subthreshold_mW": 5.80585e-05, "gate_mW": 0.00041516, "area_mm2": 0.0136892}, rel=1e-5,
    )  # fmt: skip
    assert cacti.parsed("No valid configuration") is None
