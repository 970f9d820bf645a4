"""The page about music tags: verdicts follow from what was measured."""

from __future__ import annotations

import numpy as np
import pytest

from deltasim.runtime.errors import InputError
from deltasim.validation.music_tags import measured
from deltasim.validation.music_tags.measured import CHIPS, Cost, Family, Line, apart, families_in
from deltasim.validation.music_tags.page import claim_table, page
from deltasim.workloads.music_tags.scores import areas
from deltasim.workloads.music_tags.sounds import read_box
from deltasim.workloads.music_tags.structures import NAMES, structure

CLIPS = read_box()


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "DRAWS", 20)


def line(noise: float, saved: float, joules: float) -> Line:
    """Answers that are the tags, hidden in noise."""
    rng = np.random.default_rng(0)
    said = CLIPS.tags + noise * rng.normal(size=CLIPS.tags.shape)
    return Line(said, areas(said, CLIPS.tags), saved, 1e6, {chip: Cost(joules, 1e-3) for chip in CHIPS})


def family(name: str, noise: float, saved: float = 3.0) -> Family:
    record = {
        "command": "made",
        "parameters": structure(name, "small").parameters(24),
        "recipe": {"epochs": 3, "naive": [0.1], "thetas": [0.2]},
        "learned": {"processor_s": 5.0},
        "theta": 0.2,
        "naive_theta": 0.1,
    }
    lines = {"dense": [line(noise, 1.0, 2e-6)], "naive": [line(noise, 2.0, 1e-6)]}
    if name == "crnn":
        lines["trained"] = [line(noise, saved, 1e-6)]
    return Family(name, "small", [record], lines)


def found(crnn: float, others: float, saved: float = 3.0) -> dict[tuple[str, str], Family]:
    return {(name, "small"): family(name, crnn if name == "crnn" else others, saved) for name in NAMES}


def verdicts(rows: list[str]) -> list[str]:
    return [row.strip("| ").rpartition(" | ")[2] for row in rows[2:]]


@pytest.mark.parametrize(
    ("crnn", "others", "word"),
    [(0.5, 3.0, "agrees"), (3.0, 0.5, "**does not agree**"), (1.0, 1.0, "**not told apart**")],
)
def test_a_verdict_is_that_of_the_draws(crnn: float, others: float, word: str) -> None:
    found_now = found(crnn, others)
    rows = claim_table(found_now)
    assert [verdict for verdict in verdicts(rows) if "a" in verdict].count(word) >= 2
    seen = apart(found_now["crnn", "small"].lines["dense"], found_now["k2c2", "small"].lines["dense"])
    assert seen.verdict == word and seen.low <= seen.difference <= seen.high


def test_misses_stay_on_the_page() -> None:
    rows = claim_table(found(0.5, 1.0, saved=1.5))
    assert "1.50 × and 2.00 ×" in rows[-1] and rows[-1].endswith("**missed** |")
    text = page(found(0.5, 1.0), "made so")
    assert "396,786" in text and "| crnn, small | trained with θ | 0.2 |" in text
    assert "Not trained: crnn large, k1c2 large" in text
    assert "does not fit" not in text and "nan" not in text


def test_an_empty_folder_is_told(tmp_path) -> None:
    with pytest.raises(InputError, match="no folder seed-0/crnn-small"):
        families_in(tmp_path)
