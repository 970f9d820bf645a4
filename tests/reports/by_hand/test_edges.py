"""What reports say where something is missing, rare or just about to be said, beside the run on paper."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deltasim.networks.trace import Trace
from deltasim.reports.comparison.comparison import compared
from deltasim.reports.figures import Score
from deltasim.reports.levels import levels
from deltasim.reports.packet_model import link_load, packet_error, packet_sentence
from deltasim.reports.page import footer
from deltasim.reports.page.sections import activity, dram, memory, provenance
from deltasim.reports.quantities import quantity
from deltasim.reports.saved.folder import SavedRun
from deltasim.reports.saved.record_form import require_record
from deltasim.reports.summary import groups, notes
from deltasim.reports.sweep import Sweep, write_finished
from deltasim.runtime.disk.unfinished import new_folder, work
from deltasim.runtime.readers.files import Unreadable
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.workloads.deviation import Deviation
from tests.reports.by_hand.charts import drawn
from tests.reports.by_hand.specimen import result
from tests.reports.by_hand.test_text import shown
from tests.reports.comparison.specimens import together


def silent() -> Any:
    return result(theta=3.0)


def test_a_comparison_has_the_limit_of_each_run(tmp_path: Any) -> None:
    runs = [SavedRun(tmp_path / name, run.to_dict()) for name, run in (("a", result()), ("b", silent()))]
    pair = together(*runs)
    limits = [told["limits"] for told in compared(pair).to_dict()["runs"]]
    assert limits == [result().limits, silent().limits] and limits[0] != limits[1]
    same = shown(compared(together(runs[0], runs[0])))
    assert same[-4:-2] == [
        "Both runs are of the same network, data and chip.",
        "A and B need the same energy, whatever the prices are.",
    ]
    cautious = shown(replace(compared(pair), caution="Beware."))
    assert "Beware." in cautious and cautious[-2].startswith("A: ")


def stalled_for(share: float) -> Any:
    """The run with its busiest unit busy for most of the time and stalled for a share of it."""
    held = result()
    ledger: Ledger = held.ledger
    busy, stalled = ledger.busy_ps.copy(), ledger.stalled_ps.copy()
    row = next(row for row, unit in enumerate(ledger.units) if unit.name == "core0.scan")
    busy[row], stalled[row] = int(0.9 * ledger.elapsed_ps), int(share * ledger.elapsed_ps)
    return replace(held, ledger=replace(ledger, busy_ps=busy, stalled_ps=stalled)).limits


def test_a_stall_is_told_from_half_a_percent_on() -> None:
    assert "and stalled 0.9 % of the time" in stalled_for(0.009)
    assert "stalled" not in stalled_for(0.0049)


def test_a_memory_that_nothing_is_known_of_costs_nothing() -> None:
    held = result()
    without = {part: joules for part, joules in held.energy.by_part.items() if part != "pad"}
    found = levels(held.chip, held.ledger, replace(held.energy, by_part=without))
    assert {level.name: level.joules for level in found}["pad"] == 0.0


def test_a_part_of_the_delta_run_alone() -> None:
    """The dense run without it: nothing, and nothing is saved."""
    held = replace(result())  # one of its own, as it is changed
    without = {part: joules for part, joules in held.dense_energy.by_part.items() if part != "pad"}
    held.__dict__["dense_energy"] = replace(held.dense_energy, by_part=without)
    row = next(row for row in groups(held)[0].rows if row.label == "pad")
    assert (row.delta, row.dense, row.saved) == ("8.00 pJ", "0 J", "0.0 ×")


def test_a_deviation_is_told_in_three_lines() -> None:
    held = replace(result(), score=Score("accuracy", None, None), deviation=Deviation(0.12345, 0.5, 0.75))
    rows = [(row.label, row.delta, row.detail) for row in groups(held)[3].rows[2:]]
    assert rows == [
        ("deviation from dense, RMS", "0.123", False),
        ("largest", "0.5", True),
        ("frames that agree with dense", "75.0 %", False),
    ]


def test_stand_in_data_are_told_under_every_table() -> None:
    held = replace(result(), fallback="No recordings: made here.")
    assert notes(held)[-1] == "No recordings: made here."
    assert shown(Sweep((replace(result(theta=1.0), fallback=held.fallback),)))[-1] == held.fallback


def test_packets_are_spoken_of_from_a_percent_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link busy a fifth of the time: packets of 4 flits wait 0.94 % too little; of three tenths 1.81 %."""
    held = result()
    links = [unit.kind == "link" for unit in held.ledger.units]
    for load, told in ((0.2, False), (0.3, True)):
        busy = held.ledger.busy_ps.copy()
        busy[links] = int(load * held.ledger.elapsed_ps)
        ledger = replace(held.ledger, busy_ps=busy)
        assert (packet_sentence(ledger, least=0.01) is not None) == told
        assert (
            any(
                "link" in sentence and "too low" in sentence
                for sentence in notes(replace(held, ledger=ledger))
            )
            == told
        )
    ends = [packet_error(load) for load in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)]
    assert ends == [
        (-0.0002, -0.0030), (-0.0012, -0.0094), (-0.0032, -0.0181), (-0.0071, -0.0411),
        (-0.0144, -0.0668), (-0.0308, -0.1131), (-0.0659, -0.1990), (-0.2281, -0.3630),
    ]  # fmt: skip


def test_a_long_path_of_a_record_is_cut() -> None:
    record = result().to_dict()
    with pytest.raises(Unreadable, match=rf"energy\.parts\.{'x' * 40}: "):
        require_record(record | {"energy": record["energy"] | {"parts": {"x" * 50: "much"}}})


def test_the_foot_of_a_page_names_the_version() -> None:
    held = result()
    version = held.provenance.versions["deltasim"]
    assert footer(held) == f"deltasim {version} · compiled engine · run {held.digest}"


def test_sections_have_their_anchors_and_titles() -> None:
    for section in (memory.section(result()), dram.section(result()), dram.section(silent())):
        assert section is not None
        assert (section.name, section.title) in (("memory", "Memory"), ("dram", "DRAM"))
    assert [grid.folded for grid in provenance.places(result())] == [True] * 2


def test_messages_of_each_step_and_projection() -> None:
    """input sends in steps 0 and 1; hidden 1 and 2; out, a step later, 1. Nothing in the last step."""
    assert activity.per_step(result()).tolist() == [[1, 1, 0], [1, 2, 1], [0, 0, 0]]
    assert activity.per_step(silent()).tolist() == [[0, 0, 0]] * 3


def test_one_is_written_without_a_rest() -> None:
    assert quantity(0.9999, "J") == "1.00 J" and quantity(1000.0, "B") == "1.00 kB"


def test_steps_are_rows_and_projections_columns() -> None:
    """With a fourth step, in which nothing is sent."""
    held = result()
    longer = Trace(held.trace.messages, np.array([0, 2, 6, 6, 6]), np.array([0, 2, 4]), "")
    assert activity.per_step(replace(held, trace=longer)).tolist() == [
        [1, 1, 0],
        [1, 2, 1],
        [0, 0, 0],
        [0, 0, 0],
    ]


def test_of_no_reads_every_share_is_nothing() -> None:
    """The dense run reads 14 bursts: 9 hits, 2 misses and 3 conflicts."""
    shares = [(row["run"], row["share"]) for row in drawn(dram.rows_chart(silent()))]
    assert shares == [("delta", "0 %")] * 3 + [("dense", told) for told in ("64.3 %", "14.3 %", "21.4 %")]


def test_a_part_of_a_run_that_costs_nothing_has_no_share() -> None:
    held = replace(result())
    nothing = dict.fromkeys(held.energy.by_part, 0.0)
    held.__dict__["energy"] = replace(held.energy, by_part=nothing, total_j=0.0)
    parts = groups(held)[0].rows[1:-1]
    assert len(parts) == 9 and {(row.delta, row.share, row.saved) for row in parts} == {("0 J", "0 %", "–")}


def test_packets_are_spoken_of_from_the_least_error_on() -> None:
    ledger = result().ledger
    low, high = packet_error(link_load(ledger)) or (0.0, 0.0)
    least = max(abs(low), abs(high))
    assert packet_sentence(ledger, least=least) is not None
    assert packet_sentence(ledger, least=least * 1.001) is None


def test_a_sweep_keeps_the_runs_it_was_given() -> None:
    runs: Any = [result(theta=1.0), silent()]
    sweep = Sweep(runs)
    runs.pop()
    assert [run.theta for run in sweep.results] == [1.0, 3.0]


def test_a_stopped_sweep_keeps_what_is_finished(tmp_path: Path) -> None:
    """Each run that ends is written, with a record of all so far; a stop then gives the folder its name."""
    runs = [result(theta=theta) for theta in (1.0, 3.0, 2.0)]
    target = tmp_path / "swept"
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "whole") as part:
        for number in (1, 2, 3):
            write_finished(runs[:number], part, target, f"{number} runs are in swept.")
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["swept"]
    assert {path.name for path in target.iterdir()} == {"sweep.json", "theta-1", "theta-3", "theta-2"}
    told = [json.loads((target / f"theta-{theta}" / "run.json").read_text())["theta"] for theta in (1, 3, 2)]
    assert told == [1.0, 3.0, 2.0]
    assert [run["theta"] for run in json.loads((target / "sweep.json").read_text())["runs"]] == told
    assert work.words == "3 runs are in swept."
