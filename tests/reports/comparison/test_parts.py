"""Parts of a comparison one by one: letters of many runs, reasons of digests, doubts and what decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deltasim.reports.comparison.comparison import compared
from deltasim.reports.comparison.differences import Difference, known
from deltasim.reports.comparison.inputs import letter
from deltasim.reports.comparison.page import differences_section
from deltasim.reports.comparison.sentences import because
from deltasim.reports.comparison.verdict import Priced, decided_by, verdict
from deltasim.reports.saved.folder import SavedRun, load_run
from deltasim.reports.uncertainty.prices import Spread
from deltasim.runtime.errors import InputError
from tests.reports.by_hand.specimen import result
from tests.reports.comparison.specimens import together


def test_letters_go_on_behind_z() -> None:
    assert [letter(number) for number in (0, 25, 26, 51, 52, 77, 78)] == [
        "A", "Z", "AA", "AZ", "BA", "BZ", "CA",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("digest", "group", "field", "explained"),
    [
        ("mapping", "chip", "cores.count", True),
        ("mapping", "network", "projections", True),
        ("mapping", "data", "name", False),
        ("data", "data", "recordings", True),
        ("data", "chip", "cores.count", False),
        ("network", "network", "projections", True),
        ("network", "network", "thresholds", False),
        ("chip", "chip", "name", False),
    ],
)
def test_what_explains_a_digest(digest: str, group: str, field: str, explained: bool) -> None:
    assert known(digest, Difference(group, field, ("a", "b"))) is explained


@pytest.mark.parametrize(("count", "folded"), [(16, False), (17, True)])
def test_a_long_table_of_differences_is_folded(count: int, folded: bool) -> None:
    class Found:
        differences = tuple(Difference("chip", f"field {n}", ("1", "2")) for n in range(count))
        runs = together(*(SavedRun(Path(name), result().to_dict()) for name in ("a", "b")))

    (grid,) = differences_section(Found()).grids  # type: ignore[arg-type]
    assert grid.folded is folded and len(grid.rows) == count


def test_the_same_run_twice_has_no_reason() -> None:
    found = compared(together(*(SavedRun(Path(name), result().to_dict()) for name in ("a", "b"))))
    assert found.verdict is not None and found.verdict.probability is None
    assert because(found.records, found.verdict) == ""


def test_what_decides_by_hand() -> None:
    """One recording leaves no doubt which there are; a price whose draws differ takes it all."""
    price = Spread("core.mac", 1.0, 0.5, 2.0, 1.0, "a price")
    spent = [np.ones((1, 1)), 2 * np.ones((1, 1))]
    drawn = np.array([[1.0], [2.0], [3.0]])
    found = decided_by(np.ones((1, 1)), drawn, (price,), (0, 1), spent)
    assert found is not None and (found.action, found.share) == ("core.mac", 1.0)
    assert decided_by(np.ones((1, 1)), np.ones((3, 1)), (price,), (0, 1), spent) is None


def test_a_folder_without_a_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_run(tmp_path)
    assert caught.value.place == "run" and str(caught.value.value) == str(tmp_path)


def test_exports_lie_in_the_folder_of_the_run(tmp_path: Path) -> None:
    result().save(tmp_path / "run", page=False, exports=("neurobench",))
    assert [file.name for file in (tmp_path / "run").iterdir() if "neurobench" in file.name]


def test_the_closest_is_the_one_that_is_least_surely_worse() -> None:
    def run(joules: float, name: str) -> Priced:
        return Priced((Spread("core.mac", 1.0, 0.9, 1.1, joules, name),), np.array([[joules]]))

    found = verdict([run(1.0, "a"), run(3.0, "b"), run(1.02, "c")])
    assert found.least == 0 and [one.run for one in found.against] == [2, 1]
    assert (found.against[0].probability or 0.0) < 0.9 and found.against[1].probability == 1.0
