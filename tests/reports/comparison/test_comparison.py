"""Runs and sweeps held against each other: what is read, in what they differ, which needs least."""

from __future__ import annotations

import io
import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from deltasim.reports.comparison.comparison import Comparison, compare, compared
from deltasim.reports.comparison.inputs import runs_of
from deltasim.reports.comparison.over_sequences import best
from deltasim.reports.comparison.sentences import sentence
from deltasim.reports.comparison.verdict import Against, Decides, Priced, Verdict, draws, verdict
from deltasim.reports.saved.folder import SavedRun
from deltasim.reports.sweep import Sweep
from deltasim.reports.uncertainty.prices import Spread
from deltasim.runtime.errors import InputError
from tests.reports.by_hand.specimen import result
from tests.reports.comparison.specimens import together

PJ = 1e-12


def runs(*thetas: float | None) -> tuple[SavedRun, ...]:
    return tuple(SavedRun(Path(f"run-{theta}"), result(theta).to_dict()) for theta in thetas)


def of(*thetas: float | None) -> Comparison:
    return compared(together(*runs(*thetas)))


def printed(found: Comparison, width: int = 80) -> list[str]:
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(found)
    return [line.rstrip() for line in captured.get().splitlines()]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, and a sweep of two thresholds."""
    place = tmp_path_factory.mktemp("compared")
    result().save(place / "run", page=False)
    Sweep((result(1.0), result(3.0))).save(place / "sweep")
    return place


def test_a_sweep_is_its_thresholds(folders: Path) -> None:
    found = runs_of([folders / "run", folders / "sweep"])
    assert [one.name for one in found] == ["run", "sweep/theta-1", "sweep/theta-3"]
    assert [one.run.record["theta"] for one in found] == ["trained", 1.0, 3.0]
    assert len({one.origin for one in found}) == 2
    assert compare(folders / "sweep").runs[1].run.record["theta"] == 3.0  # alone, too


def test_several_chips_are_those_that_ran(folders: Path, tmp_path: Path) -> None:
    for chip in ("one", "two"):
        shutil.copytree(folders / "run", tmp_path / chip)
    rows = [{"chip": "one"}, {"chip": "none", "refused": "it is too small"}, {"chip": "two", "refused": None}]
    (tmp_path / "chips.json").write_text(json.dumps({"chips": rows}))
    assert [one.run.name for one in runs_of([tmp_path])] == ["one", "two"]


def test_runs_of_one_name_go_by_their_paths(folders: Path, tmp_path: Path) -> None:
    shutil.copytree(folders / "run", tmp_path / "run")
    names = [one.name for one in runs_of([folders / "run", tmp_path / "run", folders / "sweep"])]
    assert names[:2] == [str(folders / "run"), str(tmp_path / "run")] and names[2] == "sweep/theta-1"


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ("{", "the record of several runs is whole"),
        ("[]", "has runs, each with theta"),
        ('{"runs": 3}', "has runs, each with theta"),
        ('{"runs": [{"theta": [1]}]}', "has runs, each with theta"),
        ('{"runs": [{"theta": "../../elsewhere"}]}', "has runs, each with theta"),
        ('{"runs": [{"theta": 7.5}]}', "a run folder holds run.json"),
    ],
)
def test_a_damaged_sweep_is_refused(record: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_text(record)
    with pytest.raises(InputError) as caught:
        runs_of([tmp_path, tmp_path])
    assert sentence in str(caught.value)


def test_one_run_is_nothing_to_compare(folders: Path) -> None:
    with pytest.raises(InputError, match="1 run is nothing to compare"):
        compare(folders / "run")


def test_fields_differ_not_digests() -> None:
    found = of(None, 3.0)
    assert [told.what for told in found.differences] == [
        "network thresholds",
        "network projections.input->hidden.theta",
        "network projections.hidden->out.theta",
        "network projections.out->out.theta",
    ]
    assert found.to_dict()["differences"]["network"]["projections.out->out.theta"] == ["0.5", "3"]


def test_chip_prices_weights_and_versions_differ_by_field() -> None:
    first = result()
    other = {"energy": "5 pJ", "node": "28 nm", "kind": "measured", "source": "another paper"}
    chip = first.chip.changed({"cores.outstanding_fetches": 3, "prices.pad.read": other})
    record = replace(first, chip=chip).to_dict()
    origins = record["provenance"]
    numpy = origins["versions"]["numpy"]
    origins["versions"] = origins["versions"] | {"numpy": "1.0"}
    weights = "projections.input->hidden.weights"
    origins["described"]["network"][weights] = "2 x 1 x 2, RMS 9, digest 00000000"
    pair = SavedRun(Path("a"), first.to_dict()), SavedRun(Path("b"), {**record, "engine": "simpy"})
    found = compared(together(*pair)).to_dict()["differences"]
    assert found["chip"] == {
        "cores.outstanding_fetches": ["1", "3"],
        "prices.pad.read": [
            "4.00 pJ (3.20 pJ to 5.00 pJ), simulated",
            "5.00 pJ (4.54 pJ to 5.50 pJ), measured",
        ],
    }
    assert found["network"][weights][1].startswith("2 x 1 x 2, RMS 9")
    assert found["version"] == {"engine": ["compiled", "simpy"], "numpy": [numpy, "1.0"]}


def test_records_without_fields_tell_digests() -> None:
    pair = runs(None, 3.0)
    for run in pair:
        del run.record["provenance"]["described"]
    found = compared(together(*pair)).to_dict()["differences"]
    assert list(found["network"]) == ["thresholds", "network digest"]
    assert found["network"]["network digest"][0] == result().network.digest[:12]


def test_three_runs() -> None:
    """The second and third send nothing at all, and cost the same to the last draw."""
    found = of(None, 3.0, 4.0)
    told = found.to_dict()
    assert [run["letter"] for run in told["runs"]] == ["A", "B", "C"]
    assert told["least"] is None and told["probability"] is None
    assert found.said == "B and C need the same energy, whatever the prices are."
    assert [one["run"] for one in told["against"]] == ["C", "A"]
    assert told["against"][1]["probability"] == 1.0
    figure = told["figures"]["energy.inference_j"]
    assert figure["values"] == pytest.approx([2061 / 2 * PJ, 311 * PJ, 311 * PJ])
    assert figure["ratios"] == pytest.approx([1.0, 622 / 2061, 622 / 2061])
    between = zip(figure["intervals"], figure["values"], strict=True)
    assert all(low < value < high for (low, high), value in between)
    assert [run["energy_j"] for run in told["runs"]] == figure["values"]


def test_many_runs_are_a_row_each() -> None:
    lines = printed(of(None, 3.0, 1.0))
    assert any(
        line.startswith("network thresholds") and line.endswith("A: trained; B: 3.0; C: 1.0")
        for line in lines
    )
    assert any(
        line.startswith("A: run-None") and "1.03 nJ" in line and line.endswith("50.00 %") for line in lines
    )
    assert max(map(len, lines)) <= 80


def test_what_is_not_listed_is_said() -> None:
    pair = runs(None, None)
    held = pair[1].record["provenance"]["described"]["chip"]
    held |= {f"cores.new{number}": str(number) for number in range(15)}
    lines = printed(compared(together(*pair)), 120)
    assert "chip, 3 more" in [line.strip() for line in lines]
    assert any("are in --json and on the page" in line for line in lines)


def test_other_inputs_are_said_loudly_and_have_no_verdict() -> None:
    a, b, c = runs(None, 3.0, 1.0)
    other = SavedRun(Path("c"), {**c.record, "sequences": 20})
    found = compared(together(a, b, other))
    assert found.caution == (
        "A ran 2 sequences and C 20: a ratio also holds what sets these apart. Give all runs one --limit."
    )
    told = found.to_dict()
    assert told["probability"] is told["least"] is told["decides"] is told["reason"] is None
    assert told["against"] == [] and told["caution"] == found.caution and found.said == ""
    assert printed(found, 200)[-4] == found.caution


def test_a_record_that_says_no_spread_has_no_verdict() -> None:
    a, b = runs(None, 3.0)
    old = {**b.record, "provenance": {"prices": [{"action": "core.mac", "price": 1.0}]}}
    assert compared(together(a, SavedRun(Path("b"), old))).verdict is None


def price(joules: float, identity: str = "one", factor: float = 2.0) -> Spread:
    return Spread(identity, 1.0, 1 / factor, factor, joules, identity)


def held(*runs: list[Spread]) -> Verdict:
    """Runs whose sequences are not known one by one."""
    return verdict([Priced(tuple(run), np.array([[spread.joules for spread in run]])) for run in runs])


def test_a_shared_price_is_drawn_once() -> None:
    """B has the same price for 1 % less: with certainty. With prices of their own it is near a toss."""
    found = held([price(100.0)], [price(99.0)])
    assert (found.least, found.probability) == (1, 1.0)
    assert found.closest == Against(0, 1.0, Decides("one", "both", 1.0))
    apart = held([price(100.0, "mine")], [price(99.0, "other")])
    assert apart.probability == pytest.approx(0.5, abs=0.03)
    same = held([price(100.0)], [price(100.0)])
    assert same.probability is None and same.closest.probability is None


def test_the_probability_of_two_prices() -> None:
    """ln B - ln A is normal: ln(80 / 100) over sqrt(2) (ln 2 / 1.645) is -0.374 standard deviations."""
    found = held([price(100.0, "x")], [price(80.0, "y")])
    assert found.least == 1 and found.probability == pytest.approx(0.6459, abs=0.015)
    decides = found.closest.decides
    assert decides is not None and (decides.action, decides.of) == ("x", "A")
    assert decides.share == pytest.approx(1 / 1.64, abs=0.05)


def test_the_least_of_three_by_hand() -> None:
    """Three equal prices of their own: each is least in a third of the draws, and beats another in half."""
    found = held(*([price(10.0, name)] for name in "abc"))
    assert found.probability == pytest.approx(1 / 3, abs=0.02)
    assert [one.probability for one in found.against] == [pytest.approx(0.5, abs=0.02)] * 2


def lots() -> Iterator[list[list[Spread]]]:
    rng = np.random.default_rng(5)
    for _ in range(20):
        names = [f"p{number}" for number in range(6)]
        yield [
            [price(float(rng.uniform(1, 9)), name, 1.5) for name in names if rng.random() < 0.7]
            or [price(1.0)]
            for _ in range(4)
        ]


def test_draws_agree_with_a_sum_of_lognormals_drawn_elsewhere() -> None:
    """Against another generator and a loop over prices: probabilities within what 10,000 draws leave open."""
    for number, case in enumerate(lots()):
        rng = np.random.default_rng(100 + number)
        identities = sorted({spread.identity: spread for run in case for spread in run}.items())
        drawn = {
            name: np.exp(rng.standard_normal(20_000) * math.log(spread.high) / 1.6449)
            for name, spread in identities
        }
        sums = np.array([sum(spread.joules * drawn[spread.identity] for spread in run) for run in case])
        found = held(*case)
        assert found.probability == pytest.approx((sums.argmin(0) == found.least).mean(), abs=0.03)
        for one in found.against:
            assert one.probability == pytest.approx((sums[found.least] < sums[one.run]).mean(), abs=0.03)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(4)), st.lists(st.floats(0.5, 50.0), min_size=4, max_size=4, unique=True))
def test_the_order_of_runs_changes_no_probability(order: list[int], joules: list[float]) -> None:
    case = [[price(value, f"own{number}"), price(3.0)] for number, value in enumerate(joules)]
    first, other = held(*case), held(*(case[place] for place in order))
    assert order[other.least] == first.least and other.probability == first.probability
    told = {order[one.run]: one.probability for one in other.against}
    assert told == {one.run: one.probability for one in first.against}


def test_sequences_that_both_ran_are_drawn_once() -> None:
    """B takes 1 % less in every sequence, however far these are apart."""
    spent = np.random.default_rng(3).lognormal(0.0, 2.0, (30, 1))
    pair = [Priced((price(1.0),), spent), Priced((price(1.0),), 0.99 * spent)]
    assert verdict(pair)[:2] == (1, 1.0)
    drawn, _, _ = draws(pair)
    assert drawn[:, 1] / drawn[:, 0] == pytest.approx(np.full(len(drawn), 0.99))


def test_a_difference_between_sequences_is_doubtful_by_sequences() -> None:
    """Of 25 sequences B is 1 cheaper or dearer by chance, 0.2 on average: 0.2 / (1 / 5) is one deviation."""
    apart = np.random.default_rng(4).standard_normal(25)
    apart = (apart - apart.mean()) / apart.std() - 0.2
    sure = price(1.0, "sure", 1.0001)
    found = verdict([Priced((sure,), np.full((25, 1), 9.0)), Priced((sure,), 9.0 + apart[:, np.newaxis])])
    assert found.least == 1 and found.probability == pytest.approx(0.841, abs=0.03)
    decides = found.closest.decides
    assert decides is not None and decides[:2] == (None, "sequences") and decides.share > 0.99
    assert sentence(found).endswith("of the doubt: more of them would settle it.")


def test_ratios_have_intervals(folders: Path) -> None:
    told = compare(folders / "run", folders / "sweep").to_dict()["figures"]
    low, high = told["latency.inference_mean_s"]["ratio_intervals"][2]
    assert (low, high) == (pytest.approx(19 / 85, rel=1e-3), 1.0)  # both the first sequence, or the second
    first, same, less = told["energy.inference_j"]["ratio_intervals"]
    assert first is None and same == [1.0, 1.0]
    assert 0.2 < less[0] < 0.3 and less[1] == 1.0  # in the second neither sends anything
    assert told["energy.parts.pad"]["ratio_intervals"] == [None, None, None]


def test_a_table_of_sequences_that_is_not_its_own_is_refused(folders: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(folders / "run", tmp_path / "broken")
    (broken / "sequences.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="the table of sequences is whole"):
        compare(folders / "run", broken)
    shutil.copy(folders / "run" / "steps.parquet", broken / "sequences.parquet")
    with pytest.raises(InputError, match="its table of sequences belongs to its record"):
        compare(folders / "run", broken)
    (broken / "sequences.parquet").unlink()  # as an earlier form is: by prices alone
    found = compare(folders / "run", broken)
    assert found.verdict is not None and found.verdict.probability is None


def test_sentences_of_more_than_two_runs() -> None:
    told = Verdict(2, 0.9, (Against(0, 0.92, Decides("core.mac", "C", 0.5)), Against(1, 0.97, None)))
    assert sentence(told) == (
        "C needs least energy with 90.0 %: less than A with 92.0 %, than B with 97.0 %. "
        "Against A, the price of core.mac (C) makes 50.0 % of the doubt."
    )
    sure = Verdict(0, 1.0, (Against(1, 0.9996, None), Against(2, 1.0, None)))
    assert sentence(sure) == "A needs least energy, less than each of the others with > 99.9 %."
    many = Verdict(0, 0.6, tuple(Against(number, 0.7, None) for number in range(1, 8)))
    assert sentence(many).endswith("than E with 70.0 %, and than 3 more, still more surely.")


def test_the_fastest_and_the_best_score_are_told(folders: Path) -> None:
    """The sweep's sparser run takes less time in the first of two sequences and as long in the second."""
    found = compare(folders / "run", folders / "sweep")
    latency = found.best[0]
    assert latency.figure == "latency" and latency.run == 2
    # of draws of both sequences one in four holds the second alone, which tells none of the three apart
    assert latency.probability == pytest.approx(0.75, abs=0.03)
    told = found.to_dict()["best"]["latency"]
    assert told == {"run": "C", "probability": latency.probability}
    assert f"C is fastest with {100 * latency.probability:.1f} %." in found.said


def test_the_best_by_hand() -> None:
    shorter = best("latency", -np.array([[1.0, 2.0], [3.0, 2.0], [1.0, 2.0], [1.0, 2.0]]))
    assert shorter == ("latency", 0, 0.75)
    assert best("accuracy", np.ones((5, 3))).probability is None


def test_names_of_fields_are_there_however_long_their_values_are(folders: Path) -> None:
    """A long name of the data must not take the column of names away at 80 columns."""
    first, other = (one.run for one in compare(folders / "run", folders / "sweep").runs[:2])
    long = {"data": " ".join(["recordings"] * 30), "benchmark": "digits"}
    runs = together(first, SavedRun(Path("b"), {**other.record, **long}))
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(compared(runs))
    lines = console.export_text().splitlines()
    assert lines[0].startswith("differs") and any(line.startswith("data data") for line in lines)
    assert lines[0].rstrip().endswith("B: b") and max(len(line.rstrip()) for line in lines) <= 80
