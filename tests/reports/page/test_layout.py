"""What a chart leaves room for, and what a phone shows of it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from deltasim.reports.page import run_page
from deltasim.reports.page.sections import energy
from deltasim.reports.page.theme import columns, text_pixels
from tests.reports.specimens import specimen
from tests.reports.test_page_in_browser import CHROMIUM

# What of a legend, an axis or a mark lies outside of its chart's place, by more than a pixel.
BEYOND = """
<style>main { width: 390px; }</style>
<script>
const look = () => {
  const out = [];
  for (const place of document.querySelectorAll(".chart")) {
    const room = place.getBoundingClientRect();
    for (const mark of place.querySelectorAll("svg text, svg .mark-symbol path")) {
      const box = mark.getBoundingClientRect();
      if (!box.width || getComputedStyle(mark).opacity === "0") continue;
      if (box.right > room.right + 1 || box.left < room.left - 1 || box.top < room.top - 1)
        out.push(`${place.id}: ${mark.textContent}`);
    }
  }
  document.documentElement.dataset.scrolls = document.querySelector("main").scrollWidth;
  document.documentElement.dataset.beyond = out.join("; ");
};
const wait = () => (document.documentElement.dataset.drawn ? setTimeout(look, 300) : setTimeout(wait, 50));
wait();
</script>
"""


def test_a_legend_has_as_many_columns_as_its_names_have_room() -> None:
    spec = {"encoding": {"color": {"scale": {"domain": ["a", "four letters"], "range": ["red", "blue"]}}}}
    wide = text_pixels(12) + 28
    assert columns(spec) == {"expr": f"max(1, min(4, floor(width / {wide})))"}
    spec["encoding"]["color"]["legend"] = None
    assert columns(spec) == {"expr": "max(1, min(4, floor(width / 28)))"}


def test_parts_far_apart_are_dots_on_a_logarithmic_axis() -> None:
    held = specimen()
    joules = sorted(value for value in held.energy.by_part.values() if value)
    parts = energy.part_order(held)
    near = [part for part in parts if held.energy.by_part[part] > joules[-1] / 20]
    for chosen, mark, scale in ((parts, "circle", "log"), (near, "bar", None)):
        spec = energy.by_part(held, chosen)
        bars, words = spec["layer"]
        assert bars["mark"]["type"] == mark and bars["encoding"]["x"]["scale"].get("type") == scale
        assert words["transform"][-1]["calculate"] == "datum.shown + ', ' + datum.share"
    values = [value / held.sequences for value in (joules[0], joules[-1])]
    low = energy.joules_axis(values, 10)[1]
    assert low is not None and low <= values[0] < 10 * low


def test_a_part_without_energy_in_one_run_has_no_dot() -> None:
    assert energy.joules_axis([0.0, 1e-9, 1e-6], 10)[1] == 1e-9
    assert energy.joules_axis([0.0, 0.0], 10)[1] is None


def test_the_pale_bars_are_in_the_legend() -> None:
    held = specimen()
    spec = energy.by_layer(held, energy.part_order(held))
    legend = spec["layer"][0]["encoding"]["opacity"]
    assert legend["scale"]["domain"] == ["delta", "dense"] and legend["legend"] is not None


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium")
def test_a_phone_cuts_no_legend(tmp_path: Path) -> None:
    """The text is made 390 pixels wide, since a headless window is not made so narrow."""
    head, body, tail = run_page(specimen("mesh16")).rpartition("</body>")
    page = tmp_path / "page.html"
    page.write_text(head + BEYOND + body + tail, encoding="utf-8")
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
        "--disable-dev-shm-usage", "--window-size=390,4000", f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=5000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=True)
    told = dict(re.findall(r'data-(scrolls|beyond)="([^"]*)"', done.stdout[:2000]))
    assert told == {"scrolls": "390", "beyond": ""}
