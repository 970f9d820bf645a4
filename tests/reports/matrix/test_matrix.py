"""A matrix of benchmarks and chips by hand, and its page in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from deltasim.reports.matrix.matrix import Cell, Matrix, matrix
from deltasim.reports.page.matrix import matrix_page
from tests.reports.specimens import specimen
from tests.reports.test_page_in_browser import CHROMIUM


def record(joules: float, seconds: float, saved: float) -> dict[str, object]:
    """The figures of a run that a matrix shows."""
    return {
        "digest": "a" * 64,
        "energy": {"inference_j": joules},
        "latency": {"inference_mean_s": seconds},
        "power": None,
        "reduction": {"energy": saved},
        "score": {"name": "accuracy", "value": 0.97, "dense": 0.98},
        "provenance": {"fallback": None},
    }


@pytest.fixture
def found() -> Matrix:
    return matrix(
        [
            Cell("digits", "one", record(3e-6, 2e-3, 4.0)),
            Cell("digits", "two", record(2e-6, 5e-3, 8.0)),
            Cell("words", "one", record(7e-3, 1e-3, 1.5)),
            Cell("words", "two", None, "chip two: it is full"),
        ]
    )


def test_its_tables_by_hand(found: Matrix) -> None:
    tables = {table.key: found.rows(table) for table in found.tables()}
    assert tables == {  # no power: no benchmark states its rate
        "energy_j": (("digits", "3.00 µJ", "2.00 µJ"), ("words", "7.00 mJ", "–")),
        "latency_s": (("digits", "2.00 ms", "5.00 ms"), ("words", "1.00 ms", "–")),
        "saved": (("digits", "4.0 ×", "8.0 ×"), ("words", "1.5 ×", "–")),
    }
    assert found.sentences() == (
        "digits: two needs least, 2.00 µJ an inference, accuracy 97.00 %.",
        "words: one needs least, 7.00 mJ an inference, accuracy 97.00 %.",
    )
    assert found.refusals() == (("words", "two", "chip two: it is full"),)


def test_its_json_by_hand(found: Matrix) -> None:
    told = found.to_dict()
    assert (told["benchmarks"], told["chips"]) == (["digits", "words"], ["one", "two"])
    assert told["cells"][1] == {
        "benchmark": "digits", "chip": "two", "run": "a" * 64, "energy_j": 2e-6, "latency_s": 5e-3,
        "power_w": None, "saved": 8.0, "refused": None,
    }  # fmt: skip
    assert told["cells"][3]["energy_j"] is None and told["cells"][3]["refused"] == "chip two: it is full"


def test_a_benchmark_that_runs_nowhere_has_a_sentence() -> None:
    nowhere = matrix([Cell("words", "two", None, "chip two: it is full")])
    assert nowhere.sentences() == ("words runs on none of these chips.",)
    assert "chip two: it is full" in matrix_page(nowhere, "0")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium")
def test_its_page_opens_clean_and_tells_the_json(tmp_path: Path) -> None:
    from tests.reports.test_page_in_browser import browse

    one = specimen().to_dict()
    found = matrix([Cell("digits", "one", one), Cell("digits", "two", None, "<b>full</b>")])
    bar = '<div id="chart-energy"><svg class="role-mark"><path d="M0 0h9v9z"/></svg></div>'
    page = matrix_page(found, "0").replace("<footer>", f"{bar}<footer>")  # what the probe points at
    drawn, console = browse(page, tmp_path)
    assert console == [] and drawn.root["data-loaded"] == "0"
    assert int(drawn.root["data-drawn"]) == drawn.places == 1
    assert drawn.headline == {"cells.0.energy_j": str(found.to_dict()["cells"][0]["energy_j"])}
    assert "<b>full</b>" in drawn.text
