"""The page of a comparison in a headless Chromium: every chart, nothing loaded, the headline as in JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from deltasim.reports.comparison.comparison import compared
from deltasim.reports.comparison.page import comparison_page
from deltasim.reports.figures import Score
from deltasim.reports.saved.folder import SavedRun
from deltasim.runtime.errors import InputError
from tests.reports.by_hand.specimen import result
from tests.reports.comparison.specimens import together
from tests.reports.test_page_in_browser import BREAK, EVIL, browse, pytestmark

__all__ = ["pytestmark"]


def saved(name: str, theta: float | None, **changes: object) -> SavedRun:
    return SavedRun(Path(name), replace(result(theta), **changes).to_dict())


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_opens_clean_and_tells_what_json_tells(dark: bool, tmp_path: Path) -> None:
    odd = saved(EVIL, 3.0, score=Score("accuracy", 0.9, 0.95), data=BREAK)
    odd.record["provenance"]["described"]["chip"][f"{BREAK}{EVIL}"] = f"{EVIL}{BREAK}"
    found = compared(together(saved("a", None), odd, saved("c", 1.0)))
    drawn, console = browse(comparison_page(found), tmp_path, dark=dark)
    assert console == []
    assert drawn.drawings == drawn.places == int(drawn.root["data-drawn"]) == 3
    assert drawn.root["data-loaded"] == "0"
    told = found.to_dict()
    assert {key: float(value) for key, value in drawn.headline.items()} == {
        f"runs.{number}.energy_j": run["energy_j"] for number, run in enumerate(told["runs"])
    }
    assert found.said in " ".join(drawn.text.split()).replace("\xa0", " ")
    assert EVIL in drawn.text


def test_other_inputs_warn_on_the_page(tmp_path: Path) -> None:
    other = SavedRun(Path("b"), {**result(3.0).to_dict(), "benchmark": "digits"})
    found = compared(together(saved("a", None), other))
    page = comparison_page(found)
    assert "A ran paper and B digits: no ratio says anything about the chips." in page
    assert 'class="warning"' in page and "The runs had other inputs." in page


def test_a_comparison_is_saved_once_as_a_folder(tmp_path: Path) -> None:
    found = compared(together(saved("a", None), saved("b", 3.0)))
    folder = found.save(tmp_path / "compared")
    assert (folder / "report.html").read_text() == comparison_page(found)
    record = json.loads((folder / "comparison.json").read_text())
    assert record == json.loads(json.dumps(found.to_dict())) and record["kind"] == "comparison"
    with pytest.raises(InputError, match="never overwrites"):
        found.save(folder)
    with pytest.raises(InputError, match=r"a folder with comparison.json and its page. Write compared\."):
        found.save(tmp_path / "compared.html")
    assert [path.name for path in tmp_path.iterdir()] == ["compared"]
