"""The page of simple gated units, of what is in the box in place of what it measures."""

from __future__ import annotations

import pytest

from deltasim.validation.measure import Measured
from deltasim.validation.sequences import page
from deltasim.validation.sequences.measured import Line, Sent, of
from deltasim.validation.sequences.stability import Long
from deltasim.workloads.sequences.making.__main__ import CELLS, TAUGHT
from deltasim.workloads.sequences.tasks import TASKS
from deltasim.workloads.sequences.trained import SHIPPED, load

SCORES = {"sgu": 0.95, "dsgu": 0.90, "gru": 0.945, "lstm": 0.94}
CURVES = {"sgu": [0.2, 0.005], "dsgu": [0.2, 0.1], "gru": [0.009, 0.001], "lstm": [0.2, 0.009]}
RUNS = [Long("sgu", 6.0, 1e-4, 2e-3, 0.1, 0.2), Long("dsgu", 1.0, 1e-4, 2e-4, 0.1, 0.2)]
DRIVE = {"sgu": {"float32": 9.2, "fixed point": 6.2}, "dsgu": {"float32": 1.0, "fixed point": 1.0}}


def costing(joules: float) -> Measured:
    return Measured(1e-6, joules, 1.0, None)  # type: ignore[arg-type]


COSTS = {
    cell: {chip: (costing(9e-9), costing(1e-9 * number)) for chip in page.CHIPS}
    for number, cell in enumerate(("gru", "sgu", "dsgu", "lstm"), 1)
}


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """The pair in the box under every name, with scores and curves that are made up."""
    pair = load(SHIPPED / "synthetic", TASKS["synthetic"])
    encoders = {p.name: Sent(0.1, 100.0) for p in pair.delta.projections}
    return [
        Line(
            task,
            cell,
            pair._replace(record={**pair.record, "learning": CURVES[cell], "updates_an_epoch": 10}),
            SCORES[cell] - 0.001 * seed,
            SCORES[cell] - 0.02 * (cell == "gru"),
            9000.0,
            encoders,
        )
        for task in TAUGHT
        for cell in CELLS
        for seed in range(2)
    ]


def verdicts(table: list[str]) -> dict[str, str]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]
    return {claim: told for claim, _, told in cells}


def test_claims_are_judged_by_the_figures(lines: list[Line]) -> None:
    found = verdicts(page.claim_table(lines, RUNS, DRIVE, COSTS))
    assert found["(ours) SGU within 1% of the best of the others: MNIST by rows"] == "reached"
    assert found["(ours) DSGU within 1% of the best of the others: MNIST by rows"] == "**missed**"
    assert found["faster learning where long dependencies matter: SGU"] == "**missed**"
    assert found["DSGU numerically more stable than SGU"] == "reached"
    assert (
        found["(ours) the same in joules on mesh16"] == "reached"
    )  # the GRU has the least, and a lower score
    fewest = "(ours) fewest words at equal score, within 1% of the best, are those of a simple gated unit: "
    assert found[fewest + "spoken digits (FSDD)"] == "reached"
    assert found["fewer parameters than LSTM and GRU"] == "**missed**"  # all are one network here
    worse = [RUNS[0], RUNS[1]._replace(largest=1.2)]
    assert (
        verdicts(page.claim_table(lines, worse, DRIVE, COSTS))["DSGU numerically more stable than SGU"]
        == "**missed**"
    )


def test_what_never_learns_is_said(lines: list[Line]) -> None:
    assert page.updates_of(of(lines, "adding", "dsgu")) == "never, never"
    assert page.updates_of(of(lines, "adding", "sgu")) == "20, 20"
    assert page.soonest(lines, ["dsgu"]) == float("inf") and page.soonest(lines, ["gru", "lstm"]) == 10.0


def test_the_page_has_every_part(lines: list[Line]) -> None:
    text = page.page(
        lines, RUNS, DRIVE, COSTS, "a.svg", "python -m deltasim.validation.sequences OUT docs/s.md"
    )
    titles = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert titles[0] == "Claims" and len(titles) == 6
    assert "MNIST by rows | GRU | " in text and "(2 seeds)" in text
    words = [line for line in text.splitlines() if not line.startswith(("|", "!"))]
    assert max(map(len, words)) <= 110
    shares = page.encoder_table(lines, "fsdd")[-1]
    assert shares.count("10.0% sent") == 5  # of a DSGU: inputs, states, both products, what the readout hears
