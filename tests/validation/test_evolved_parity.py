"""The page of safe mutations: figures worked out by hand, and the claim itself in a cheap form."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from deltasim.networks.evolution.population import evolve
from deltasim.networks.execute import execute
from deltasim.validation.evolved_parity.behaviour import Kept, kept, parent
from deltasim.validation.evolved_parity.claims import claim_table
from deltasim.validation.evolved_parity.curves import chart, curves, interval, steps, table
from deltasim.workloads.evolved_parity.benchmarks import evolved_parity
from deltasim.workloads.evolved_parity.joules import measured
from deltasim.workloads.evolved_parity.making import missing, one
from deltasim.workloads.evolved_parity.parity import SEQUENCES, SHAPE
from deltasim.workloads.evolved_parity.tasks import TASKS
from deltasim.workloads.evolved_parity.trained import SHIPPED, load


def run(mutation: str, seed: int, solved_at: int | None, fitness: float = -0.5) -> dict[str, object]:
    return {
        "mutation": mutation,
        "magnitude": 0.1,
        "seed": seed,
        "budget": 100,
        "evaluations": solved_at or 100,
        "solved_at": solved_at,
        "best_fitness": fitness,
        "processor_s": 2.0,
    }


RUNS = [run("plain", 0, None), run("plain", 1, 60), run("sm-r", 0, 20), run("sm-r", 1, 40), run("sm-r", 2, 1)]


def test_an_unsolved_seed_counts_as_its_budget_and_only_shared_seeds_count() -> None:
    plain, safe = curves(RUNS)
    assert (plain.mutation, plain.mean, int(plain.solved.sum())) == ("plain", 80.0, 1)
    assert (safe.mutation, safe.mean, len(safe.solved)) == ("sm-r", 30.0, 2)
    assert steps(plain) == [(0.0, 0.0), (60.0, 0.5), (100.0, 0.5)]
    assert table([plain, safe], "fitness")[2] == "| plain | 0.1 | 1 | 80 (60–100) | -0.5 | 2.0 s |"


def test_an_interval_holds_nine_tenths_of_the_means_of_a_known_deviation() -> None:
    values = np.random.default_rng(1).standard_normal(100)
    low, high = interval(values)
    assert high - low == pytest.approx(2 * 1.645 * values.std() / 10, rel=0.05)


def test_the_chart_draws_every_task() -> None:
    drawn = chart({"parity": curves(RUNS), "maze": curves(RUNS)})
    assert drawn.startswith("<svg") and drawn.count("seeds solved") >= 2 and "SM-R" in drawn


def first_better(mutation: str, seed: int) -> float:
    """The evaluation that first is better than guessing, of 1,500."""
    task = TASKS["parity"]
    *_, last = evolve(task.make(), replace(task.plan(mutation, seed), budget=1_500))
    return next((at for at, fitness in last.curve if fitness >= -0.69), math.inf)


def test_sm_g_is_ahead_of_plain_mutation_on_every_seed() -> None:
    """Towards parity: the first network that tells anything, within 1,500 evaluations."""
    for seed in range(2):
        assert first_better("sm-g-so", seed) < 1_500
        assert first_better("plain", seed) == math.inf


@pytest.mark.long
def test_sm_g_solves_parity_in_fewer_evaluations_than_plain_mutation() -> None:
    used = {}
    for mutation in ("plain", "sm-g-abs"):
        runs = [one("parity", mutation, seed) for seed in (1, 2, 3, 4)]
        used[mutation] = curves(runs)[0]
    assert used["sm-g-abs"].solved.all() and used["plain"].solved.sum() <= 2
    assert used["sm-g-abs"].mean < used["plain"].mean


def test_children_keep_more_of_their_parents_answers_by_safe_mutation() -> None:
    """Of steps equally long; SM-R steps where plain mutation does, and moves the outputs by its magnitude."""
    plain, safe, absolute = (kept(name) for name in ("plain", "sm-r", "sm-g-abs"))
    assert safe.shares == plain.shares
    assert absolute.shares[0] > 2 * plain.shares[0]
    assert safe.changes[0] == pytest.approx(0.01, rel=0.01) == pytest.approx(safe.changes[2], rel=0.01)
    assert plain.changes[2] > 3 * plain.changes[0]


def test_the_parent_is_the_network_in_the_box() -> None:
    found = evolved_parity()
    _, outputs = execute(found.dense_network, found.sequences)
    logits = np.array([values[-1] for values in outputs], float)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(SHAPE.outputs_on(parent(), SEQUENCES)[0], shares, atol=1e-5)


JOULES = {
    "terms": {"weight": 0.5},
    "runs": [
        {
            "method": method,
            "right": right,
            "log_probability": log,
            "share": 0.2,
            "delta_j": 1.0,
            "dense_j": dense,
        }
        for method, right, log, dense in (
            ("sm-r", 16, -0.1, 4.0),
            ("plain", 12, -0.4, 9.0),
            ("gradients", 16, 0.0, 2.0),
        )
    ],
}


def test_verdicts_follow_from_the_figures() -> None:
    behaviour = [Kept(name, (1.0, share, 0.0), (0.0, 0.0, 0.0)) for name, share in SHARES.items()]
    found = "\n".join(claim_table(behaviour, {"parity": curves(VERDICT)}, JOULES))
    assert "; surely fewer: SM-G-ABS | reached |" in found and found.count("not tried") == 2
    assert "plain solves 0 of 2 in 100 evaluations; SM-G-SUM 0 in 100; SM-G-ABS 2 in 30" in found
    assert "SM-R -0.20, all 16 right by 1 of 1; plain -0.50, all 16 right by 0 of 1 | reached |" in found
    assert "save 4.00 ×; of plain – | reached |" in found
    assert "gradients -0.10, all 16 right by 1 of 1, saving 2.00 × | **missed** |" in found
    assert found.count("**missed**") == 2  # and SUM keeps no more than plain


SHARES = {"plain": 0.5, "sm-g-sum": 0.5, "sm-g-abs": 0.6, "sm-g-so": 0.7}
VERDICT = [
    run(name, seed, 20 + 20 * seed if name == "sm-g-abs" else None)
    for name in ("plain", "sm-g-sum", "sm-g-abs", "sm-g-so")
    for seed in (0, 1)
]


def test_a_series_goes_on_with_what_is_missing() -> None:
    done = [run("plain", 0, None) | {"magnitude": 0.03, "budget": 30_000}]
    left = list(missing("parity", 2, done))
    assert len(left) == 9 and ("plain", 0) not in left and left[0] == ("sm-r", 0)


def test_share_and_score_of_a_network_do_not_depend_on_what_made_it() -> None:
    """By execution, as evolution saw it."""
    found = load(SHIPPED).delta
    prices = {p.name: np.ones(p.connection.source_size, np.float32) for p in found.projections}
    trace, _ = execute(found, [sequence.astype(np.float32) for sequence in SEQUENCES])
    seen = measured(found, prices)
    assert seen["right"] == 16
    assert seen["share"] == pytest.approx(len(trace.messages) / (16 * 4 * 61))
    assert measured(found.with_thresholds({p.name: 9.0 for p in found.projections}), prices)["share"] == 0
