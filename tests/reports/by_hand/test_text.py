"""What a terminal and a notebook show of the run on paper, of a sweep of it, and of two runs side by side."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from deltasim.reports.comparison.comparison import Comparison, compare, compared
from deltasim.reports.figures import Score
from deltasim.reports.page.sections.thresholds import grid, knee
from deltasim.reports.run import Run
from deltasim.reports.saved.folder import SavedRun
from deltasim.reports.summary import Row, groups
from deltasim.reports.sweep import Sweep
from tests.reports.by_hand.specimen import result
from tests.reports.comparison.specimens import together

# Joules are halves of pJ: 2061 / 2 and 3652 / 2, then part by part; times as in test_by_hand.
TABLE = """
paper on two, trained θ
                          delta    share      dense   dense / delta
energy per inference    1.03 nJ             1.83 nJ           1.8 ×
  leakage                564 pJ   54.7 %     984 pJ           1.7 ×
  DRAM                   202 pJ   19.6 %     384 pJ           1.9 ×
  state                 95.5 pJ    9.3 %     135 pJ           1.4 ×
  arithmetic            56.0 pJ    5.4 %    88.5 pJ           1.6 ×
  network on chip       48.0 pJ    4.7 %     104 pJ           2.2 ×
  scan and messages     37.5 pJ    3.6 %    60.0 pJ           1.6 ×
  registers             12.0 pJ    1.2 %    31.5 pJ           2.6 ×
  pad                   8.00 pJ    0.8 %    24.0 pJ           3.0 ×
  cache                 7.50 pJ    0.7 %    15.0 pJ           2.0 ×
energy per step          687 pJ             1.22 nJ
latency per inference   47.0 ns             82.0 ns           1.7 ×
  99th percentile       84.2 ns              103 ns           1.2 ×
latency per step        31.0 ns             54.3 ns           1.8 ×
  99th percentile       50.6 ns             61.0 ns           1.2 ×
weight words fetched          4                10.5           2.6 ×
multiply-accumulates          4                10.5           2.6 ×
DRAM bytes                  6 B                14 B           2.3 ×
DRAM reads                    3                   7           2.3 ×
  row hits                 1.50   50.0 %       4.50
  row misses              0.500   16.7 %          1
  row conflicts               1   33.3 %       1.50
occupancy, input         41.7 %               100 %
occupancy, hidden        33.3 %               100 %
accuracy                50.00 %            100.00 %   −50.00 points
"""
NOTES = [
    "No unit is busy for half of the time, so latency and waiting set the pace; the busiest is the threshold "
    "scan (core0.scan) at 12.8 %.",
    "19.6 % of the energy rests on estimated prices.",
    "By the spreads of its prices an inference takes 961 pJ to 1.16 nJ in 90 % of draws.",
    "With the sequences drawn again, latency is 9.00 ns to 85.0 ns, energy saved 1.2 × to 6.8 ×, "
    "accuracy 0.00 % to 100.00 % in 90 % of draws.",
    "Data: two recordings on paper; 2 sequences, 3 steps, 6 messages.",
]


def printed(renderable: object, styles: bool = False) -> list[str]:
    """The lines on a wide terminal."""
    nowhere = open("/dev/null", "w")  # noqa: SIM115
    console = Console(width=150, record=True, file=nowhere, force_terminal=styles, color_system="standard")
    console.print(renderable)
    text = console.export_text(styles=styles)
    console.file.close()
    return [line.rstrip() for line in text.splitlines()]


def shown(renderable: object) -> list[str]:
    """The lines without rules and empty ones."""
    return [line for line in printed(renderable) if line.strip(" ─")]


def one_spaced(lines: list[str]) -> list[str]:
    """Without the widths of columns."""
    return [" ".join(line.split()) for line in lines]


def test_the_terminal_form() -> None:
    *lines, last = shown(result())
    assert lines == [*TABLE.strip().splitlines(), *NOTES]
    assert re.fullmatch(rf"compiled engine, [\d.]+ [mµ]?s; run {result().digest[:12]}", last)


def test_the_total_stands_out_and_groups_are_set_apart() -> None:
    """11 lines of energy under title, heading and rule, 4 of latency, 7 of traffic, 3 of quality."""
    lines = printed(result())
    empty = [place for place, line in enumerate(lines) if not line]
    assert lines[2].startswith("───") and empty == [14, 19, 27, 31]
    styled = printed(result(), styles=True)
    bold = [plain.split("  ")[0] for plain, line in zip(lines, styled, strict=True) if "\x1b[1m" in line]
    dim = [place for place, line in enumerate(styled) if line.startswith("\x1b[2m")]
    assert bold[1:] == ["energy per inference", lines[32]]  # after the heading; and what limits the chip
    details = [place for place, line in enumerate(lines) if line[:2] == "  " and place > 2]
    assert dim == [*details, len(lines) - 1]
    compared = printed(compared_with_itself(), styles=True)
    bold = [line for line in compared if "\x1b[1m" in line]
    assert "energy per inference" in bold[1] and "Both runs" in bold[2] and "same energy" in bold[3]


def compared_with_itself() -> Comparison:
    saved = SavedRun(Path("a"), result().to_dict())
    return compared(together(saved, saved))


def test_a_part_that_costs_nothing_is_not_listed() -> None:
    """Nor is a memory that is not there; one that costs in the dense run alone is, without a ratio."""
    free = {"energy": "0 pJ", "node": "28 nm", "kind": "measured", "source": "paper"}
    chip = result().chip.changed({"prices.pad.read": free})
    labels = [row.label for row in groups(replace(result(), chip=chip))[0].rows]
    assert "pad" not in labels and "cache" in labels and len(labels) == 10
    silent = {row.label: row for row in groups(result(theta=3.0))[0].rows}
    assert silent["pad"] == Row("pad", "0 J", "0 %", "24.0 pJ", "–", True)
    assert silent["cache"].saved == "–" and list(silent)[-3:] == ["pad", "registers", "energy per step"]
    traffic = {row.label: row for row in groups(result(theta=3.0))[2].rows}
    assert traffic["row hits"] == Row("row hits", "0", "0 %", "4.50", "", True)
    assert [row.label for row in groups(result(theta=3.0))[2].rows][:3] == [
        "weight words fetched", "multiply-accumulates", "DRAM bytes",
    ]  # fmt: skip


def test_the_notebook_form_holds_the_same() -> None:
    text = result()._repr_html_()
    found = [
        " ".join(" ".join(re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)).split())
        for row in text.split("<tr")[1:]
    ]
    assert found == one_spaced(TABLE.strip().splitlines()[1:])
    assert re.findall(r"<p [^>]*>(.*?)</p>", text) == NOTES
    assert "<caption style='text-align:left;font-weight:600'>paper on two, trained θ</caption>" in text


def test_a_run_prints_in_ten_lines() -> None:
    lines = repr(result()).splitlines()
    assert lines == [
        "paper on two, trained θ",
        "  energy per inference: 1.03 nJ (dense 1.83 nJ, 1.8 ×)",
        "  latency per inference: 47.0 ns (dense 82.0 ns, 1.7 ×)",
        "  latency per step: 31.0 ns (dense 54.3 ns, 1.8 ×)",
        "  weight words fetched: 4 (dense 10.5, 2.6 ×)",
        "  accuracy: 50.00 % (dense 100.00 %, −50.00 points)",
        "  occupancy: input 41.7 %, hidden 33.3 %",
        "  2 sequences, 3 steps; two recordings on paper",
        f"  {NOTES[0]}",
        f"  run {result().digest[:12]}, compiled engine",
    ]


def test_without_labels_no_score_is_told(tmp_path: Path) -> None:
    unlabelled = replace(result(), score=Score("accuracy", None, None))
    told = [line for line in TABLE.strip().splitlines() if "accuracy" not in line]
    told += [re.sub(", accuracy .* in 90", " in 90", note) for note in NOTES]
    assert one_spaced(shown(unlabelled)[:-1]) == one_spaced(told)
    assert "accuracy" not in unlabelled._repr_html_()
    assert unlabelled.to_dict()["score"] == {"name": "accuracy", "value": None, "dense": None}
    silent = replace(result(theta=3.0), score=Score("accuracy", None, None))
    assert not any("accuracy" in line for line in shown(Sweep((unlabelled, silent))))
    assert knee([unlabelled]) == "θ = trained saves most, 1.8 × less energy than dense."
    a = unlabelled.save(tmp_path / "a", page=False)
    assert not any("accuracy" in line for line in shown(compare(a, a)))


def swept() -> tuple[Run, ...]:
    """Thresholds of 1, where the same is sent as before, and of 3, where nothing is."""
    return result(theta=1.0), result(theta=3.0)


def test_a_sweep() -> None:
    """With nothing sent 28 ns pass. Scans 15 * 3, updates 9 * 8; state: 30 + 18 read, 9 + 22 written;
    leakage 28 * 12; the DRAM rests: 28. 45 + 72 + 48 + 93 + 336 + 28 = 622 pJ.
    """
    first, silent = swept()
    assert silent.energy.total_j == pytest.approx(622e-12, rel=1e-12)
    assert one_spaced(shown(Sweep((first, silent)))) == [
        "paper on two, 2 thresholds",
        "input hidden fetch energy latency",
        "θ accuracy sent sent saved energy saved latency saved",
        "1 50.00 % 41.7 % 33.3 % 2.6 × 1.03 nJ 1.8 × 47.0 ns 1.7 ×",
        "3 0.00 % 0 % 0 % – 311 pJ 5.9 × 14.0 ns 5.9 ×",
        "Dense accuracy: 100.00 %.",
        "Data: two recordings on paper.",
        "Up to 19.6 % of the energy rests on estimated prices.",
    ]
    html = Sweep((first, silent))._repr_html_()
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in html.split("<tr>")[1:]]
    assert rows == [list(grid((first, silent)).columns), *map(list, grid((first, silent)).rows)]


def test_what_a_sweep_teaches() -> None:
    first, silent = swept()
    assert knee([first, silent]) == (
        "θ = 3 saves most, 5.9 × less energy than dense, with accuracy 0.00 % against 100.00 % dense."
    )
    near = replace(first, score=Score("accuracy", 0.995, 1.0))
    far = replace(silent, score=Score("accuracy", 0.9949, 1.0))
    assert knee([near, far]) == (
        "Within half a point of the dense network's 100.00 %, θ = 1 saves most: 2.6 × fewer weight fetches "
        "and 1.8 × less energy at 99.50 %."
    )
    equal = replace(silent, score=Score("accuracy", 1.0, 1.0))
    assert "θ = 3 saves most: – fewer weight fetches and 5.9 × less energy" in knee([near, equal])
    errors = replace(first, score=Score("rmse", 1.0, 1.0))
    assert knee([errors]).endswith("with rmse 1 against 1 dense.")
    assert grid([replace(first, theta="trained")]).rows[0][0] == "trained"


COMPARED = """
differs                           A: a            B: b
network thresholds             trained             3.0
network projections.input->hidden.theta      1       3
network projections.hidden->out.theta        1       3
network projections.out->out.theta         0.5       3
                                  A: a            B: b   B / A
energy per inference           1.03 nJ          311 pJ   0.302
  in 90 % of draws   209 pJ–1.98 nJ   209 pJ–424 pJ   0.208–1
  scan and messages            37.5 pJ         22.5 pJ     0.6
  arithmetic                   56.0 pJ         36.0 pJ   0.643
  state                        95.5 pJ         70.5 pJ   0.738
  leakage                       564 pJ          168 pJ   0.298
  registers                    12.0 pJ             0 J       0
  pad                          8.00 pJ             0 J       0
  cache                        7.50 pJ             0 J       0
  DRAM                          202 pJ         14.0 pJ  0.0693
  network on chip              48.0 pJ             0 J       0
energy per step                 687 pJ          207 pJ   0.302
latency per inference          47.0 ns         14.0 ns   0.298
  in 90 % of draws   9.00 ns–85.0 ns   9.00 ns–19.0 ns   0.224–1
99th percentile                84.2 ns         18.9 ns   0.224
latency per step               31.0 ns         9.00 ns    0.29
99th percentile of steps       50.6 ns         9.00 ns   0.178
weight fetches saved             2.6 ×               –       –
multiply-accumulates saved       2.6 ×               –       –
DRAM bytes saved                 2.3 ×               –       –
energy saved                     1.8 ×           5.9 ×    3.31
  in 90 % of draws   1.2 ×–6.8 ×   5.4 ×–6.8 ×
latency saved                    1.7 ×           5.9 ×    3.36
  in 90 % of draws   1.2 ×–6.8 ×   5.4 ×–6.8 ×
DRAM bytes per inference           6 B             0 B       0
row conflicts per inference          1               0       0
occupancy, input                41.7 %             0 %       0
occupancy, hidden               33.3 %             0 %       0
messages per inference               3               0       0
rests on estimated prices       19.6 %           4.5 %    0.23
accuracy                       50.00 %          0.00 %       0
  in 90 % of draws   0.00 %–100.00 %   0.00 %–0.00 %
"""


def test_two_runs_side_by_side(tmp_path: Path) -> None:
    a, b = (
        run.save(tmp_path / name, page=False) for run, name in zip((result(), swept()[1]), "ab", strict=True)
    )
    comparison = compare(a, b)
    *lines, limit_a, limit_b = shown(comparison)
    place = next(number for number, line in enumerate(lines) if line.startswith("B needs"))
    lines, verdict = lines[:place], " ".join(lines[place:])
    assert verdict == (
        "B needs less energy than A with 74.9 %. Which sequences there are makes 98.7 % of the doubt: "
        "more of them would settle it. "  # in a quarter of the draws both are the second, which sends nothing
        "Most of the difference is leakage: 168 pJ in B, 564 pJ in A. "
        "B is fastest with 74.9 %. A has the best accuracy with 74.9 %."  # in the others they are equal
    )
    expected = COMPARED.strip("\n").splitlines()
    assert one_spaced(lines) == one_spaced(expected)
    assert limit_a == f"A: {result().limits}" and limit_b.endswith(
        "the threshold scan (core0.scan) at 42.9 %."
    )
    figures = comparison.to_dict()["figures"]
    assert figures["inference.messages"] == {
        "values": [3.0, 0.0], "ratios": [1.0, 0.0], "intervals": [None, None],
        "ratio_intervals": [None, None],
    }  # fmt: skip
    assert (figures["messages"]["values"], figures["messages"]["ratios"]) == ([6, 0], [1.0, 0.0])
    assert figures["inference.dram.bytes"]["values"][0] == 6.0 and figures["dram.bytes"]["values"][0] == 12
    assert figures["dram.row_conflicts"]["values"][0] == 2
    assert figures["reduction.macs"]["values"][1] is None
    assert figures["energy.inference_j"]["ratios"][1] == pytest.approx(622 / 2061)
    assert comparison.to_dict()["caution"] is None


def test_runs_on_other_inputs_are_told_apart(tmp_path: Path) -> None:
    run = result()
    record = run.save(tmp_path / "a", page=False) / "run.json"
    other = tmp_path / "b"
    other.mkdir()

    def told(*changes: tuple[str, str]) -> str | None:
        text = record.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (other / "run.json").write_text(text)
        comparison = compare(tmp_path / "a", other)
        said = shown(comparison)
        assert comparison.caution is None or comparison.caution in said
        assert comparison.to_dict()["caution"] == comparison.caution
        return comparison.caution

    assert told() is None
    assert told(('"sequences": 2', '"sequences": 20000')) == (
        "A ran 2 sequences and B 20,000: a ratio also holds what sets these apart. "
        "Give both runs one --limit."
    )
    assert told(('"0000', '"0001')) == (
        "A and B ran on different data: a ratio also holds what sets these apart."
    )
    assert told(('"benchmark": "paper"', '"benchmark": "digits"')) == (
        "A ran paper and B digits: no ratio says anything about the chips."
    )


def test_what_differs_is_set_apart_from_the_figures() -> None:
    """Heading, rule, fields, an empty line, figures; without differences these come first."""
    saved = [SavedRun(Path(name), run.to_dict()) for name, run in zip("ab", swept(), strict=True)]
    apart = printed(compared(together(*saved)))
    first = next(place for place, line in enumerate(apart) if line.startswith("energy per inference"))
    assert apart[0].startswith("differs") and apart[first - 3].strip() == ""
    assert apart[first - 4].startswith("network projections.out->out.theta")
    assert printed(compared(together(saved[0], saved[0])))[2].startswith("energy per inference")


def test_parts_stand_further_in_than_the_whole() -> None:
    """In a notebook: nine parts, two percentiles, three kinds of row."""
    indents = re.findall(r"<td style='padding:.15em .8em .15em ([\d.]+)em", result()._repr_html_())
    found = re.findall(r"^(?:  )?[a-z9D].*", TABLE.split("dense / delta")[1], re.MULTILINE)
    assert indents == ["1.6" if line.startswith("  ") else "0" for line in found]
