"""The DRAM model against Ramulator 2.1 and DRAMsim3.

Rows of the sequential trace stand here, since anybody can make that trace again; all rows are compared where
the reference folder is at hand (``DELTASIM_REFERENCE``), and in ``docs/validation/dram.md``.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from deltasim.simulator.dram.loading import load_standard
from deltasim.simulator.dram.run_trace import run_trace
from deltasim.simulator.dram.trace_reader import Records
from deltasim.validation import ramulator
from deltasim.validation.dram import Row, against_dramsim, against_ramulator, closed_forms, page

STREAM = Records(np.zeros(1, np.uint8), np.array([0]), np.array([4 << 20]))
CLOSE, WIDER = (1.0, 6.0), (5.0, 5.0)  # per cent: bandwidth, mean latency

# Ramulator 2.1, 4 MiB read in order: window, GB/s, mean latency in ns, row hits
RAMULATOR = [
    ("DDR3-1600", 0, 12.329, 183.68, 64971, CLOSE),
    ("DDR3-1600", 8, 12.2559, 40.52, 64981, CLOSE),
    ("DDR3-1600", 1, 3.0699, 19.6, 64859, CLOSE),
    ("DDR4-2400", 0, 14.3267, 159.68, 64972, CLOSE),
    ("DDR4-2400", 8, 12.2654, 40.91, 64971, CLOSE),
    ("DDR4-2400", 1, 3.3022, 18.55, 64862, CLOSE),
    ("LPDDR5-6400", 0, 10.3242, 121.98, 128856, WIDER),
    ("LPDDR5-6400", 8, 5.8973, 42.15, 128841, WIDER),
    ("LPDDR5-6400", 1, 1.1306, 27.05, 128075, WIDER),
    ("HBM2-2000", 0, 16.9446, 75.91, 126833, WIDER),
    ("HBM2-2000", 8, 7.614, 32.62, 126835, WIDER),
    ("HBM2-2000", 1, 1.7453, 17.33, 126379, WIDER),
]


@pytest.mark.parametrize(("name", "window", "bandwidth", "latency", "hits", "within"), RAMULATOR)
@pytest.mark.parametrize("power_down_after", [0, 1024])
def test_a_stream_takes_as_long_as_in_ramulator(
    name: str,
    window: int,
    bandwidth: float,
    latency: float,
    hits: int,
    within: tuple[float, float],
    power_down_after: int,
) -> None:
    result = run_trace(load_standard(name), [STREAM], window=window, power_down_after=power_down_after)
    assert result.bandwidth_gb_s == pytest.approx(bandwidth, rel=within[0] / 100)
    assert result.latency_mean_ns == pytest.approx(latency, rel=within[1] / 100)
    assert result.row_hits == pytest.approx(hits, rel=0.01)


def reference() -> Path:
    """The folder of reference tables and traces, or a skipped test."""
    beside = Path(os.environ.get("DELTASIM_DATA", "data")).parent / "reference"
    folder = Path(os.environ.get("DELTASIM_REFERENCE", beside)) / "dram"
    if not (folder / "ramulator2_robaracoch.csv").is_file():
        pytest.skip("the reference tables are not at hand: set DELTASIM_REFERENCE")
    return folder


def differences(rows: list[Row], figure: str) -> dict[tuple[str, str, int], float]:
    return {(row.memory, row.trace, row.window): abs(row.figures[figure].per_cent) for row in rows}


def test_every_row_of_ramulator() -> None:
    rows = list(against_ramulator(reference()))
    assert len(rows) == 60
    for figure, place in (("bandwidth, GB/s", 0), ("mean latency, ns", 1)):
        for key, per_cent in differences(rows, figure).items():
            assert per_cent <= (CLOSE if key[0].startswith("DDR") else WIDER)[place], (figure, key)


def test_every_mapping_and_refresh_of_ramulator() -> None:
    """Reads of every row of ``ramulator.csv``."""
    assert list(ramulator.compared()) == list(ramulator.cases())
    for case, found in ramulator.compared().items():
        if case.trace != "writes":
            assert max(abs(found.bandwidth), abs(found.latency)) < 0.005, case


def test_every_energy_part_of_dramsim() -> None:
    rows = list(against_dramsim(reference()))
    assert len(rows) == 24
    for figure in rows[0].figures:
        for key, per_cent in differences(rows, figure).items():
            assert per_cent <= 6.0, (figure, key)


def test_closed_forms() -> None:
    for name, figure, _ in closed_forms(reference()):
        assert abs(figure.per_cent) <= 1.31, name
        if "one in flight" in name:
            assert figure.per_cent == pytest.approx(0, abs=1e-6)


def test_the_page_in_the_documents_is_what_the_command_writes() -> None:
    written = Path("docs/validation/dram.md")
    assert written.read_text(encoding="utf-8") == page(reference())
