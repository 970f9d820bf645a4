"""What a terminal and a notebook show of a result, a sweep and a comparison."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from deltasim.reports.comparison.comparison import compare
from deltasim.reports.figures import Score
from deltasim.reports.quantities import quantity
from deltasim.reports.sweep import Sweep
from deltasim.runtime.errors import InputError
from tests.reports.specimens import specimen


def shown(renderable: object, width: int = 140) -> str:
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(renderable)
    text = console.export_text()
    console.file.close()
    return text


def test_the_total_comes_first_and_the_notes_last() -> None:
    result = specimen(fallback="The embedded digits are used: no FSDD was found.")
    lines = [line for line in shown(result).splitlines() if line.strip()]
    assert lines[0].startswith("digits on edgedrnn, trained θ")
    energy = quantity(result.energy.total_j / result.sequences, "J")
    assert lines[3].startswith("energy per inference") and energy in lines[3]
    text = shown(result)
    for told in (
        result.limits,
        "rests on estimated prices",
        "Free Spoken Digit Dataset",
        "The embedded digits",
    ):
        assert told in text
    assert result.digest[:12] in lines[-1]


@pytest.mark.parametrize("name", ["[bold red]digits[/]", "<script>alert(1)</script>"])
def test_names_are_shown_and_never_read(name: str) -> None:
    result = specimen(benchmark=name)
    assert name in shown(result)
    assert "<script>" not in result._repr_html_()


def test_the_notebook_form_is_well_formed() -> None:
    open_tags: list[str] = []

    class Balance(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Balance().feed(specimen()._repr_html_() + Sweep((specimen(),))._repr_html_())
    assert not open_tags


def swept() -> Sweep:
    pairs = ((0.0, 0.987), (0.1, 0.983), (0.3, 0.91))
    return Sweep(tuple(specimen(theta=theta, score=Score("accuracy", told, 0.987)) for theta, told in pairs))


def test_a_sweep_is_one_table() -> None:
    text = shown(swept())
    assert "digits on edgedrnn, 3 thresholds" in text
    assert [line.split()[0] for line in text.splitlines() if " 98.70 %" in line] == ["0", "Dense"]
    narrow = shown(swept(), 80)
    assert "…" not in narrow and max(map(len, narrow.splitlines())) <= 80
    rows = [line.split() for line in narrow.splitlines() if "×" in line]
    assert [len(row) for row in rows] == [17, 17, 17]  # no cell has two lines


def test_a_sweep_is_a_sequence_of_runs_with_one_frame_and_its_figures() -> None:
    held = swept()
    assert len(held) == 3 and list(held) == list(held.results) and held[1:] == held.results[1:]
    frame = held.to_frame()
    assert frame.columns[0] == "theta" and frame["theta"].unique().sort().to_list() == ["0.0", "0.1", "0.3"]
    assert frame.filter(theta="0.1").drop("theta").equals(held[1].to_frame())
    assert len(repr(held).splitlines()) == 4
    record = held.to_dict()
    assert (record["kind"], record["runs"][0]["kind"]) == ("sweep", "run")
    assert {row["theta"] for row in held.figure("theta-score").rows if row.get("theta") is not None} == {
        0.0, 0.1, 0.3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("results", "sentence"),
    [
        ((), "sweep: no runs: a sweep has at least one threshold. Give one."),
        ((specimen(theta=0.1),) * 2, "sweep: theta-0.1: a sweep takes each threshold once."),
        (
            (specimen(theta=0.1), specimen(theta=0.2, benchmark="other")),
            "sweep: 2 kinds of run: the runs of a sweep differ in their threshold only.",
        ),
    ],
)
def test_what_is_no_sweep_is_refused(results: tuple[object, ...], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        Sweep(results)  # type: ignore[arg-type]
    assert str(caught.value).startswith(sentence)


def test_two_runs_compare(tmp_path: Path) -> None:
    a = specimen().save(tmp_path / "a", page=False)
    b = specimen("mesh16", theta=0.3).save(tmp_path / "b", page=False)
    comparison = compare(a, b)
    groups = {told.group for told in comparison.differences}
    assert groups == {"chip", "network"}
    assert not any("digest" in told.field for told in comparison.differences)
    record = comparison.to_dict()
    assert record["differences"]["chip"]["cores.count"] == ["1", "16"]
    assert record["differences"]["network"]["thresholds"][1] == "0.3"
    energy = record["figures"]["energy.inference_j"]
    assert energy["ratios"] == [1.0, pytest.approx(energy["values"][1] / energy["values"][0])]
    assert "energy.parts.scratchpad" in record["figures"]
    text = shown(comparison)
    assert "A: a" in text and "mesh16" in text and "energy per inference" in text


def test_a_run_against_itself_differs_in_nothing(tmp_path: Path) -> None:
    folder = specimen().save(tmp_path / "a", page=False)
    comparison = compare(folder, folder)
    assert not comparison.differences
    assert {measure.ratios for measure in comparison.measures} == {(1.0, 1.0)}
    assert "same network, data and chip" in shown(comparison)
