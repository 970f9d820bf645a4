"""The form of a record that is read back: what is no record of a run is told by the place that is wrong."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from deltasim.reports.saved.record_form import VERSION, require_record
from deltasim.runtime.readers.files import Unreadable
from tests.reports.by_hand.specimen import result


def changed(place: str, value: object) -> dict[str, Any]:
    """The record of the run on paper with another value at a place."""
    record: dict[str, Any] = copy.deepcopy(result().to_dict())
    *parents, last = place.split(".")
    part = record
    for name in parents:
        part = part[name]
    part[last] = value
    return record


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("benchmark", "a\nb"),
        ("benchmark", 5),
        ("chip", "../two"),
        ("chip", ["two"]),
        ("data", "two\u2028lines"),
        ("data", None),
        ("engine", "x" * 2001),
        ("theta", None),
        ("theta", float("inf")),
        ("sequences", -1),
        ("sequences", 1.5),
        ("messages", "6"),
        ("occupancy.input", "much"),
        ("score.name", 1),
        ("score.value", float("nan")),
        ("energy.inference_j", float("inf")),
        ("energy.parts", []),
        ("latency.step_mean_s", "soon"),
        ("dram", None),
        ("wall_s", []),
        ("provenance", "nowhere"),
        ("version", 0),
    ],
)
def test_a_wrong_value_is_told_by_its_place(place: str, value: object) -> None:
    with pytest.raises(Unreadable, match=f"^{place}"):
        require_record(changed(place, value))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("theta", 0.25),
        ("sequences", 0),
        ("score.value", None),
        ("energy.estimated_share", None),
        ("dram.reads", None),
        ("engine", "x" * 2000),
        ("further", {"any": ["thing"]}),
        ("version", VERSION),
    ],
)
def test_what_a_record_may_hold(place: str, value: object) -> None:
    require_record(changed(place, value))


def test_what_is_missing_is_listed_and_later_forms_are_told() -> None:
    record = result().to_dict()
    require_record(record)
    del record["energy"]["parts"], record["limits"]
    with pytest.raises(Unreadable, match=r"^no parts, limits$"):
        require_record(record)
    with pytest.raises(
        Unreadable, match=rf"of version {VERSION + 1}, and this program reads up to {VERSION}$"
    ):
        require_record(changed("version", VERSION + 1))
    neither = result().to_dict()
    del neither["score"]
    with pytest.raises(Unreadable, match=r"^it has a score or a deviation$"):
        require_record(neither)
    require_record(neither | {"deviation": {"rms": 0.1, "max": 0.2, "agree": None}})
    with pytest.raises(Unreadable, match="should be"):
        require_record("nothing")
