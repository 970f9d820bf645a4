"""The page of the circuits says what its command prints; differences are worked out as they should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from deltasim.validation.circuits import Row, page, rows


def test_the_page_is_what_the_command_prints() -> None:
    written = Path(__file__).parents[2] / "docs" / "validation" / "circuits.md"
    assert page() == written.read_text()


@pytest.mark.parametrize(
    ("least", "most", "ours", "difference"),
    [(1.0, 2.0, 1.5, "inside"), (1.0, 2.0, 3.0, "+50 %"), (1.0, 2.0, 0.5, "-50 %"), (4.0, 4.0, 5.0, "+25 %")],
)
def test_a_difference_is_to_the_nearer_end(least: float, most: float, ours: float, difference: str) -> None:
    assert Row("x", least, most, ours, "pJ", "-").difference == difference


def test_memories_and_wires_are_near_what_others_publish() -> None:
    """Reads of large memories within a quarter of Horowitz's, a bit over a millimetre within a tenth."""
    found = {row.what: row for row in rows()}
    for size in ("32", "1,024"):
        read = found[f"read of 64 bit, {size} KiB, 45 nm"]
        assert read.ours == pytest.approx(read.least, rel=0.25)
    assert found["bit over a millimetre, 45 nm"].ours == pytest.approx(0.1, rel=0.1)
