"""The page on the paper's claims: counts against closed forms, its choices, and tiny networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.graph import Network
from deltasim.networks.trace import random_trace
from deltasim.networks.training.trainer.recipe import Recipe
from deltasim.runtime.errors import InputError
from deltasim.validation import driving
from deltasim.validation.delta_networks import steering
from deltasim.validation.delta_networks.charts import cost_chart, method_chart, steering_chart
from deltasim.validation.delta_networks.claims import claims
from deltasim.validation.delta_networks.cost_model import Row, counted, paper, product
from deltasim.validation.delta_networks.deltas import PARTS, Changed, Sent, mean_of, sensitivity, sent
from deltasim.validation.delta_networks.digits_tables import digits_sections
from deltasim.validation.delta_networks.measured import Line
from deltasim.validation.delta_networks.methods import (
    Dense,
    Point,
    choice,
    compared,
    difference,
    smallest_equal,
)
from deltasim.validation.delta_networks.page import page
from deltasim.validation.measure import steady_trace
from deltasim.workloads.digits.corpus import Corpus
from deltasim.workloads.digits.making import __main__ as family
from deltasim.workloads.digits.sources import Source
from deltasim.workloads.driving.parts import Parts
from deltasim.workloads.driving.scores import Steering


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 40), st.integers(1, 12), st.floats(0, 1), st.integers(0, 99))
def test_what_is_counted_is_the_closed_form(size: int, steps: int, occupancy: float, seed: int) -> None:
    """o n² + 2 n computes, o n² weights, (5 + o) n words of state, whatever the messages are."""
    network = product(size)
    trace = random_trace(network, [steps], occupancy, np.random.default_rng(seed))
    found, sent_each = counted(network, trace), len(trace.messages) / steps
    assert found.macs == found.weights == pytest.approx(sent_each * size)
    assert found.scanned == found.updated == size
    assert found.state == pytest.approx(5 * size + sent_each)
    assert found.sums == pytest.approx(2 * found.macs)
    assert found.cost.computes == pytest.approx(paper(size, sent_each / size).computes)


def line(right: list[int], saved: float) -> Line:
    points = np.column_stack([right, np.ones(len(right))]).astype(np.float64)
    return Line(points, saved, 1.0)


def test_thresholds_are_chosen_on_what_was_held_out_alone() -> None:
    """The point that saves most within half a point there, whatever the test part says."""
    held = [[1] * 400, [1] * 399 + [0], [1] * 390 + [0] * 10]
    tested = [[0] * 400, [0] * 400, [1] * 400]
    points = [
        Point(factor, (line(right, saved),), (line(other, 9 - saved),), (), ())
        for factor, saved, right, other in zip((1, 2, 3), (2.0, 4.0, 8.0), held, tested, strict=True)
    ]
    assert choice(points, 1.0) == 1
    assert choice(points, 0.97) == 2
    assert choice(points, 1.1) == 0


def test_the_smallest_dense_network_as_good_is_one_held_out_says() -> None:
    sizes = [
        Dense(f"dense-{n}", n, score, (line([0], 1.0),), 10.0 * n, {})
        for n, score in ((4, 0.8), (8, 0.9), (16, 0.95))
    ]
    found = smallest_equal(sizes, 0.9)
    assert found is not None and found.units == 8
    assert smallest_equal(sizes, 0.99) is None


def test_a_difference_is_drawn_together() -> None:
    right = np.random.default_rng(0).integers(0, 2, 50).tolist()
    assert difference((line(right, 1.0),), (line(right, 1.0),)) == (0.0, (0.0, 0.0))
    value, (low, high) = difference((line([1] * 50, 1.0),), (line(right, 1.0),))
    assert low < value < high and value == pytest.approx(1 - np.mean(right))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.floats(0, 1), st.integers(0, 99))
def test_where_deltas_come_from_adds_up(lengths: list[int], occupancy: float, seed: int) -> None:
    network = random_stack("gru", 3, (5,), np.random.default_rng(0), readout=2)
    trace = random_trace(network, lengths, occupancy, np.random.default_rng(seed))
    found = sent(network, trace) if len(trace.messages) else []
    for number, one in enumerate(found):
        size = network.projections[number].connection.source_size
        messages = int((trace.messages["projection"] == number).sum())
        assert one.occupancy * size * trace.steps == pytest.approx(messages)
        assert one.parts.shape == (PARTS,)
    if found:
        assert sum(one.words for one in found) == pytest.approx(1)
        assert mean_of([found, found])[0].occupancy == found[0].occupancy


def test_one_threshold_is_changed_at_a_time() -> None:
    network = random_stack("gru", 3, (5,), np.random.default_rng(0), theta=0.2, readout=2)

    def scored(seed: int, changed: Network) -> tuple[float, float]:
        return sum(float(np.max(p.theta)) for p in changed.projections), 2.0

    found = sensitivity([network], scored)
    assert [(one.projection, one.factor) for one in found[:3]] == [
        ("input->gru_0", 0.5),
        ("input->gru_0", 2.0),
        ("gru_0->gru_0", 0.5),
    ]
    assert [one.score for one in found[:2]] == pytest.approx([-0.1, 0.2])
    assert all(one.saved == 1.0 for one in found)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Source.read

    def read(self: Source, part: str = "all") -> Corpus:
        corpus = whole(self, part)
        return corpus.chosen(np.flatnonzero((corpus.speakers % 10 == 0) & (corpus.labels < 2)))

    monkeypatch.setattr(Source, "read", read)
    recipe = Recipe(
        units=6, theta_x=0.3, theta_h=0.2, theta_readout=0.1, dense_epochs=1, epochs=1, bits=8, l1=0.1
    )
    monkeypatch.setattr(family, "recipe_of", lambda task: recipe)


def test_the_digits_part_is_made_of_what_was_trained(few: None, tmp_path: Path) -> None:
    line = [str(tmp_path), "--data", "synthetic", "--methods", "plain,rounding,together,longer,dense-3"]
    family.main(line)
    found = compared(tmp_path)
    assert list(found.methods) == ["plain", "rounding", "together", "longer"] and found.seeds == 1
    assert [one.units for one in found.dense] == [3, 6]
    text = "\n".join(digits_sections(found))
    assert "dense, 3 units" in text and "threshold, rounding and L1" in text
    assert method_chart(found).startswith("<svg")


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it holds no folder seed-0"):
        compared(tmp_path)


def test_the_cost_model_is_drawn() -> None:
    network = product(8)
    rows = [Row(8, o, paper(8, o), counted(network, steady_trace(network, 4, o))) for o in (1.0, 0.5, 0.0)]
    assert cost_chart(rows).startswith("<svg")


def steer(rmse: float, saved: float, states: float, joules: float) -> driving.Line:
    costs = {"mesh16": driving.Cost(joules, 1.0), "edgedrnn": driving.Cost(joules, 1.0)}
    whole = Steering(rmse, rmse, 0.5)
    return driving.Line(whole, Parts(100.0, 100 / saved), Parts(1.0, saved), 1.0, states, costs)


def steered(trained: float) -> steering.Steered:
    """A dense network, its thresholds given when it runs (three of them), and a trained one."""
    lines = {
        "alone": [steer(0.20, 1.0, 0.0, 5.0)],
        "dense-512": [steer(0.20, 1.0, 1.0, 10.0)],
        "dense-512 θ 0.05": [steer(0.205, 15.0, 0.05, 3.0)],
        "dense-512 θ 0.1": [steer(0.25, 50.0, 0.02, 2.0)],
        "dense-512 θ 0.2": [steer(0.35, 400.0, 0.01, 1.0)],
        "delta-512": [steer(0.208, trained, 0.01, 1.0)],
    }
    found = Sent("gru_0->gru_0", 0.01, 0.5, np.full(PARTS, 0.01), 1.0)
    changed = [Changed("gru_0->gru_0", factor, 0.01, factor) for factor in (0.5, 2.0)]
    return steering.Steered(lines, [found], changed)


@pytest.mark.parametrize(("trained", "seventh"), [(120.0, "holds"), (60.0, "**does not hold**")])
def test_claims_have_the_verdict_of_their_figures(trained: float, seventh: str) -> None:
    network = product(8)
    rows = [Row(8, o, paper(8, o), counted(network, steady_trace(network, 4, o))) for o in (1.0, 0.0)]
    found = claims(steered(trained), None, rows)
    assert [claim.said[:2] for claim in found] == [*(f"{number}." for number in range(1, 8)), "Co"]
    assert found[6].verdict == seventh and f"{trained:.0f} ×" in found[6].ours
    assert "without a recurrent part, +4.0 %" in found[6].ours
    assert found[2].verdict == "**does not hold**"
    assert "15.0 × fewer recurrent fetches at an RMSE +2.5 %" in found[2].ours
    assert "ceilings n/2 and n/5" in found[7].ours
    text = page(found, rows, steered(trained), None, "a line")
    assert steering_chart(steered(trained)).startswith("<svg")
    assert text.count("\n## ") == 3 and "`gru_0->gru_0`" in text and "× 0.50" in text
