"""The page of fashion-spiking: what it says is what records say, and what was not trained is said too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deltasim.networks.execute import execute
from deltasim.networks.trace import dense_trace
from deltasim.runtime.errors import InputError
from deltasim.validation.fashion_spiking import (
    CHIPS,
    Training,
    costed,
    curve_table,
    equal_score,
    exactness,
    mnist_row,
    training,
)
from deltasim.validation.relatives import claims
from deltasim.workloads.fashion.dense import Pictures, conventional
from deltasim.workloads.fashion.trained import SHIPPED

PAGE = Path(__file__).resolve().parents[2] / "docs" / "fashion-spiking.md"


def record(accuracies: list[float], test: float) -> Training:
    history = [
        {"samples": 10.0 * n, "seconds": 6.0 * n, "validation_accuracy": accuracy}
        for n, accuracy in enumerate(accuracies, 1)
    ]
    result = {"processor_minutes": 0.1 * len(history), "test_accuracy": test}
    return Training("made", {"history": history, "result": result})


def test_the_page_says_what_the_network_in_the_box_reached() -> None:
    own, text = training(SHIPPED, "spikes"), PAGE.read_text(encoding="utf-8")
    assert f"{own.test:.2%}" in text and f"{own.minutes:.1f} processor minutes" in text
    assert all(figure in text for figure in (f"{own.chosen_on:.1%}", f"{own.sample_ms:.1f} ms"))


def test_every_claim_has_a_verdict() -> None:
    rows = claims(PAGE.read_text(encoding="utf-8"), PAGE.name)
    assert {row.verdict for row in rows} <= {"reached", "**missed**", "not tried"}
    assert len(rows) == 8


def test_effects_are_exact() -> None:
    assert exactness() <= 1e-12


def test_figures_of_a_record() -> None:
    own = {"fashion": record([0.5, 0.7, 0.6], 0.65), "surrogate": record([0.4], 0.4)}
    assert own["fashion"].chosen_on == 0.7
    assert own["fashion"].sample_ms == pytest.approx(600)
    assert curve_table(own)[2:] == [
        "| 10 | 0.10 | 50.0% | 0.10 | 40.0% |",
        "| 20 | 0.20 | 70.0% | – | – |",
        "| 30 | 0.30 | 60.0% | – | – |",
    ]
    assert mnist_row(own).endswith("| not tried | not tried |")
    assert mnist_row({**own, "mnist": record([0.9], 0.97)}).endswith("| **missed** |")


def test_a_classification_costs_less_where_less_is_sent() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(30) % 3
    given = Pictures((rng.random((30, 16)) < 0.2 + 0.3 * labels[:, None]).astype(np.float32), labels)
    network = conventional(given, 4, 2)
    lit, _ = execute(network, [picture[None] for picture in given.pixels[:5]])
    every = costed("every", network, 1.0, dense_trace(network, [1] * 5), 5)
    some = costed("some", network, 1.0, lit, 5)
    assert all(some.costs[chip][0] < every.costs[chip][0] for chip in CHIPS)
    with pytest.raises(InputError, match="none of them does as well"):
        equal_score({"learned": given, "held out": given}, 1.01)
