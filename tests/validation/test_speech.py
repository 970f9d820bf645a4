"""The page about speech: verdicts follow from what was measured, figures from sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.trace import dense_trace
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.validation.measure import measure_trace
from deltasim.validation.speech import measured, published
from deltasim.validation.speech.charts import error_chart
from deltasim.validation.speech.measured import (
    CHIPS,
    Cost,
    Errors,
    Measured,
    apart,
    counted,
    folds_in,
    pooled,
    rate,
)
from deltasim.validation.speech.page import claim_table, page, seconds_of
from deltasim.validation.speech.published import Costed, costed
from deltasim.workloads.speech.letters import OUTPUTS, numbered

NAMES = tuple(f"n{place // 2}" for place in range(12))


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "DRAWS", 50)


def errors(share: float, saved: float) -> Errors:
    """A share of characters and words wrong in every sentence."""
    said = np.full(12, 80.0)
    return Errors(said, said * share, said / 5, said / 5 * share, 1e6, 1e6 * saved)


def found(dense: float, naive: tuple[float, float], delta: tuple[float, float]) -> Measured:
    chosen = {
        "dense": {"error": dense},
        "naive_theta": 0.1,
        "scale": 1.4,
    }
    record = {
        "fold": 0,
        "command": "made",
        "recipe": {"units": 96, "layers": 2, "dense_epochs": 3, "epochs": 4, "l1": 2.0},
        "reading": {"sentences": 2400, "hours": 3.9, "epochs": 8},
        "parts": {"training": 100, "held_out": 15},
        "chosen_on": chosen,
    }
    runs = {"dense": errors(dense, 1.0), "naive": errors(*naive), "delta": errors(*delta)}
    costs = {kind: {chip: Cost(1e-3, 1e-2) for chip in CHIPS} for kind in runs}
    return Measured(
        [record], NAMES, runs["dense"], runs["naive"], runs["delta"], {0.1: runs["naive"]},
        {1.4: runs["delta"]}, costs, [("said", "dense", "delta")], 4000, 0.03,
    )  # fmt: skip


def verdicts(rows: list[str]) -> list[str]:
    return [row.strip("| ").rpartition(" | ")[2] for row in rows[2:]]


MISSED, NOT, EMPTY = "**missed**", "**does not agree**", "**not meaningful**"


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ((0.3, (0.309, 2.5), (0.309, 8.1)), ["reached", "agrees", "agrees", "reached"]),
        ((0.3, (0.309, 1.5), (0.309, 6.0)), ["reached", NOT, "agrees", MISSED]),
        ((0.3, (0.32, 2.5), (0.32, 9.0)), ["reached", NOT, NOT, MISSED]),
        ((0.36, (0.36, 2.5), (0.36, 9.0)), [MISSED, EMPTY, EMPTY, MISSED]),
    ],
)
def test_verdicts_follow_from_figures(
    runs: tuple[float, tuple[float, float], tuple[float, float]], expected: list[str]
) -> None:
    rows = claim_table(found(*runs))
    assert verdicts(rows) == expected


def test_a_page_has_every_figure() -> None:
    whole = found(0.3, (0.309, 2.5), (0.309, 8.1))
    run = Costed(0.123, 1e5, dict.fromkeys(CHIPS, 1e-3), dict.fromkeys(CHIPS, 1e-2))
    text = page(whole, [run], 0.123, "the command")
    assert "12 sentences (6 texts," in text and "8.10 ×" in text and "12.3 % (ours)" in text
    assert seconds_of(whole) == 120
    assert "{" not in text.replace("{0,", "")
    assert error_chart(whole).startswith("<svg")


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 90), st.integers(0, 90), st.integers(0, 90)), min_size=2, max_size=12)
)
def test_an_interval_holds_its_mean_and_pairs_cancel(rows: list[tuple[int, int, int]]) -> None:
    said, one, other = np.array(rows, np.float64).T
    names = tuple(str(place) for place in range(len(rows)))
    first, second = (Errors(said, wrong, said, wrong, 1.0, 2.0) for wrong in (one, other))
    assert apart(first, first, names) == (0.0, 0.0, 0.0)
    difference = apart(first, second, names)
    assert difference.value == pytest.approx(first.cer - second.cer)
    assert apart(second, first, names).low == pytest.approx(-difference.high)
    shares = one / said
    seen = rate(first, names)
    assert shares.min() - 1e-9 <= seen.low <= seen.high <= shares.max() + 1e-9
    whole = pooled([first, second])
    assert whole.cer == pytest.approx((one.sum() + other.sum()) / (2 * said.sum())) and whole.saved == 2.0


def test_errors_of_a_sentence() -> None:
    pytest.importorskip("jiwer")
    outputs = np.eye(OUTPUTS, dtype=np.float32)[numbered("a cat")]
    one = counted([outputs], ["a cut sat"], 10, 80)
    assert [part.tolist() for part in one[:4]] == [[9], [4], [3], [2]] and one.saved == 8


def test_the_published_network_sends_all_where_occupancy_is_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "UNITS", 16)
    monkeypatch.setattr(published, "FRAMES", 5)
    network = published.published()
    (run,) = costed([1.0], ["mesh16"])
    steps = network.passes / 0.03
    dense = measure_trace(network, load_chip("mesh16"), dense_trace(network, [5]))
    assert run.joules["mesh16"] == pytest.approx(dense.step_j * steps)
    assert run.words == network.weight_words
    assert costed([0.25], ["mesh16"])[0].joules["mesh16"] < run.joules["mesh16"]


def test_nothing_trained_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(
        tmp_path / "speech.npz", audio=np.zeros(900, np.int16), offsets=np.array([0, 900]),
        source=np.zeros(1, np.uint8), utt_id=np.array(["a"]), text=np.array(["one"]),
    )  # fmt: skip
    with pytest.raises(InputError, match="no networks"):
        folds_in(tmp_path, str(tmp_path))
