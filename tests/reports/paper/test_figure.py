"""Figures leave the page: their sizes, colours, data, names; in a browser the same by a click."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import re
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.reports.figures import Score
from deltasim.reports.page import run_page, run_sections, sweep_page
from deltasim.reports.paper.figure import PaperFigure
from deltasim.reports.paper.names import ALWAYS, NAMES
from deltasim.reports.paper.printing import light_colours
from deltasim.reports.paper.rows import as_csv, rows_of
from deltasim.reports.paper.saved_page import figures_of
from deltasim.reports.run import Run
from deltasim.reports.saved.folder import load_run
from deltasim.runtime.errors import InputError
from tests.reports.specimens import specimen
from tests.reports.test_page_in_browser import CHROMIUM

# Clicks the buttons of one figure, and keeps what they would save.
CLICKS = """
<script>
const kept = {};
URL.createObjectURL = (blob) => {
  const form = blob.type.match(/svg|png|csv/)[0];
  blob.text().then((text) => { kept[form] = form === "png" ? blob.size : text; });
  return "data:,";
};
HTMLAnchorElement.prototype.click = function () { kept[this.download] = true; };
const press = async () => {
  document.querySelectorAll('.save[data-figure="messages"] button').forEach((button) => button.click());
  while (Object.keys(kept).length < 6) await new Promise((done) => setTimeout(done, 50));
  const told = document.createElement("pre");
  told.id = "kept";
  told.textContent = JSON.stringify(kept);
  document.body.append(told);
};
const wait = () => (document.documentElement.dataset.drawn ? press() : setTimeout(wait, 50));
wait();
</script>
"""


@pytest.fixture(scope="module")
def run() -> Run:
    return specimen()


@pytest.mark.parametrize(("columns", "mm"), [(1, 88), (2, 180)])
def test_a_figure_has_the_width_of_its_columns(run: Run, columns: int, mm: int, tmp_path: Path) -> None:
    figure = run.figure("energy")
    for form in ("svg", "pdf", "png"):
        path, data = figure.save(tmp_path / f"{columns}-{form}.{form}", columns)
        content = path.read_bytes()
        if form == "svg":
            assert f'width="{mm}mm"'.encode() in content and b"var(" not in content
            shown = set(re.findall(r"#[0-9a-f]{6}", content.decode()))
            assert shown and shown <= set(light_colours().values())
        elif form == "pdf":
            box = re.search(rb"MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)
            assert box is not None and float(box[1]) == pytest.approx(mm / 25.4 * 72, abs=0.01)
        else:
            assert struct.unpack(">I", content[16:20])[0] == pytest.approx(mm / 25.4 * 600, abs=1.5)
        assert data.read_text() == as_csv(figure.rows)


def test_the_data_are_those_of_the_run(run: Run) -> None:
    rows = run.figure("energy").to_frame().filter(run="delta").to_dicts()
    found = {row["joules"] for row in rows}
    assert found == {joules / run.sequences for joules in run.energy.by_part.values()}
    marks = {row["mark"] for row in run.figure("messages").rows}
    assert marks == {"area", "line"}  # and not the rule that follows the pointer


def test_every_figure_has_its_name_in_the_table() -> None:
    runs = [specimen(chip, theta=0.1) for chip in ("edgedrnn", "mesh16")]
    swept = [specimen(theta=theta, score=Score("accuracy", 0.9, 0.95)) for theta in (0.1, 0.2)]
    named = set()
    for run in runs:
        own = {figure.name for section in run_sections(run) for figure in section.figures}
        assert {name for name, (_, having) in NAMES.items() if having == ALWAYS} <= own
        named |= own
    named |= {f.name for section in run_sections(swept[0], swept) for f in section.figures}
    assert named <= set(NAMES)
    sources = Path(__file__).parents[3] / "reports"
    spelled = re.compile(r'Figure\(\s*f?"([\w-]+?)(?:-\{run\})?"')
    written = {name for path in sources.rglob("*.py") for name in spelled.findall(path.read_text())}
    assert {name for name in written if name != "bandwidth"} <= set(NAMES)
    assert len(written) > 15


def test_a_saved_run_and_a_sweep_have_the_same_figures(run: Run, tmp_path: Path) -> None:
    run.save(tmp_path / "run")
    saved = load_run(tmp_path / "run").figure("energy")
    assert saved.title == run.figure("energy").title and saved.rows == run.figure("energy").rows
    swept = [specimen(theta=theta, score=Score("accuracy", 0.9, 0.95)) for theta in (0.1, 0.2)]
    (tmp_path / "page.html").write_text(sweep_page(swept, ["a", "b"]), encoding="utf-8")
    names = [figure.name for figure in figures_of(tmp_path / "page.html")]
    assert names == ["theta-score", "theta-savings"]


def test_a_wrong_name_or_form_is_told(run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Did you mean energy"):
        run.figure("enregy")
    with pytest.raises(InputError, match="it belongs to a sweep with several numbers"):
        run.figure("theta-savings")
    figure = run.figure("kinds")
    with pytest.raises(InputError, match=r"written as \.svg, \.pdf or \.png"):
        figure.save(tmp_path / "a.jpg")
    with pytest.raises(InputError, match="one column or two"):
        figure.save(tmp_path / "a.svg", columns=3)
    (tmp_path / "b.csv").touch()
    with pytest.raises(InputError, match="never overwrites"):
        figure.save(tmp_path / "b.svg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.csv"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html></html>", "deltasim wrote no such page"),
        ('<script type="application/json" id="specs">{"a": 1}</script>', "deltasim wrote no such page"),
        ('<script type="application/json" id="specs">{"a": </script>', "it is no JSON"),
    ],
)
def test_what_is_no_page_is_told(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(text)
    with pytest.raises(InputError, match=said):
        figures_of(tmp_path / "page.html")
    with pytest.raises(InputError, match="a page is read"):
        figures_of(tmp_path / "nowhere")


def test_what_is_no_chart_is_told_and_nothing_is_fetched(tmp_path: Path) -> None:
    specs = {"a": {"mark": {"type": "nothing"}}, "b": {"mark": "bar", "data": {"url": "http://127.0.0.1/a"}}}
    page = f'<script type="application/json" id="specs">{json.dumps(specs)}</script>'
    (tmp_path / "page.html").write_text(page)
    for figure in figures_of(tmp_path / "page.html"):
        with pytest.raises(InputError, match="its chart cannot be drawn"):
            PaperFigure(figure).save(tmp_path / "out.svg")
        assert not (tmp_path / "out.svg").exists() and not (tmp_path / "out.csv").exists()


CELLS = st.one_of(st.integers(), st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc"))))


@given(st.lists(st.dictionaries(st.sampled_from("abc"), CELLS, min_size=1), min_size=1))
def test_a_csv_is_read_back_as_written(rows: list[dict[str, Any]]) -> None:
    found = list(csv.DictReader(io.StringIO(as_csv(rows))))
    columns = {column for row in rows for column in row}
    assert found == [{column: str(row.get(column, "")) for column in columns} for row in rows]


def number_or_text(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium")
def test_the_buttons_save_the_same(run: Run, tmp_path: Path) -> None:
    head, body, tail = run_page(run).rpartition("</body>")
    page = tmp_path / "page.html"
    page.write_text(head + CLICKS + body + tail, encoding="utf-8")
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
        "--disable-dev-shm-usage", "--window-size=1200,2000", f"--user-data-dir={tmp_path / 'profile'}",
        "--blink-settings=preferredColorScheme=0", "--virtual-time-budget=8000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=True)
    found = re.search(r'<pre id="kept">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None
    kept = json.loads(html.unescape(found[1]))
    assert {"messages.svg", "messages.png", "messages.csv"} <= kept.keys() and kept["png"] > 10_000
    assert 'width="180mm"' in kept["svg"] and "var(" not in kept["svg"]
    assert set(re.findall(r"#[0-9a-f]{6}", kept["svg"])) <= set(light_colours().values())  # in the dark, too
    ours, theirs = (
        [[number_or_text(cell) for cell in row] for row in csv.reader(io.StringIO(text))]
        for text in (as_csv(rows_of(run.figure("messages").drawn.spec)), kept["csv"])
    )
    assert ours == theirs


def test_a_notebook_shows_the_picture_with_its_title() -> None:
    figure = specimen().figure("energy")
    odd = replace(figure, drawn=figure.drawn._replace(title='a "title" & more'))
    shown = odd._repr_html_()
    assert shown.startswith('<img alt="a &quot;title&quot; &amp; more" src="data:image/svg+xml;base64,')
