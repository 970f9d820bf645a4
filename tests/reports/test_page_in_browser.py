"""The page in a headless Chromium: it draws every chart, loads nothing and complains of nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from deltasim.reports.figures import Score
from deltasim.reports.page import run_page
from deltasim.simulator.ledger.ledger import Ledger
from tests.reports.specimens import specimen

EVIL = "<script>alert(1)</script>"
BREAK = "a\u2028b\u2029c\nd\x85e'\"\\f"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium"),
]

# Run in the page after its own script: counts what was loaded, then points at a bar and reads the tooltip.
PROBE = """
<script>
const probe = () => {
  console.info("probe");
  document.documentElement.dataset.loaded = performance.getEntriesByType("resource").length;
  const found = (marks) => document.querySelector(marks);
  const bar = found("#chart-energy .role-mark path") ?? found(".role-mark path");
  const box = bar.getBoundingClientRect();
  const at = { bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
  for (const kind of ["pointerover", "pointermove", "mouseover", "mousemove"])
    bar.dispatchEvent(new PointerEvent(kind, at));
};
const wait = () => (document.documentElement.dataset.drawn ? probe() : setTimeout(wait, 50));
wait();
</script>
"""


class Drawn(HTMLParser):
    """What the browser made of the page: root attributes, headline, text, and the number of drawings."""

    def __init__(self, dom: str) -> None:
        super().__init__()
        self.root: dict[str, str] = {}
        self.headline: dict[str, str] = {}
        self.text = ""
        self.drawings = self.places = 0
        self._skip = False
        self.feed(dom)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.root = held
        if "data-key" in held:
            self.headline[held["data-key"]] = held["value"]
        self.drawings += tag == "svg"
        self.places += "data-chart" in held
        self._skip = tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.text += data


def browse(page: str, folder: Path, dark: bool = False) -> tuple[Drawn, list[str]]:
    """Open a page; give what was drawn and what the console said."""
    path = folder / "page.html"
    head, body, tail = page.rpartition("</body>")  # the libraries hold such a text too
    path.write_text(head + PROBE + body + tail, encoding="utf-8")
    profile = folder / "profile"
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
        "--enable-logging=stderr", "--v=0", "--window-size=1200,2000", f"--user-data-dir={profile}",
        "--virtual-time-budget=5000", f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    environment = {**os.environ, "HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=True)
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    assert any('"probe"' in line for line in console), "the console was not heard"
    return Drawn(done.stdout), [line for line in console if '"probe"' not in line]


def test_the_page_opens_clean_and_tells_the_record(tmp_path: Path) -> None:
    result = specimen(benchmark=EVIL, score=Score(EVIL, 0.983, 0.987))
    drawn, console = browse(run_page(result), tmp_path)
    assert console == []
    assert drawn.drawings == drawn.places == int(drawn.root["data-drawn"]) > 5
    assert drawn.root["data-loaded"] == "0"
    record = result.to_dict()
    assert len(drawn.headline) == 6
    for key, value in drawn.headline.items():
        group, name = key.split(".")
        assert float(value) == record[group][name]
    assert EVIL in drawn.text
    assert re.search(r"part\s*DRAM\s*run\s*delta\s*energy\s*[\d.]+ \wJ\s*of all", drawn.text)  # the tooltip


def test_every_text_may_hold_what_breaks_lines(tmp_path: Path) -> None:
    """Also those that no description may hold: Vega writes texts into expressions of its own."""
    told = specimen("mesh16", benchmark=BREAK, data=BREAK, score=Score(BREAK, 0.9, 0.95))
    memories = tuple(one.model_copy(update={"name": one.name + BREAK}) for one in told.chip.memories)

    def renamed(action: str) -> str:
        memory, _, what = action.partition(".")
        return f"{memory}{BREAK}.{what}" if memory in [one.name for one in told.chip.memories] else action

    def broken(ledger: Ledger) -> Ledger:
        return replace(
            ledger,
            actions=tuple(map(renamed, ledger.actions)),
            layers=tuple(layer + BREAK for layer in ledger.layers),
            memories=tuple(memory + BREAK for memory in ledger.memories),
        )

    prices = {
        renamed(name): price.model_copy(update={"source": BREAK}) for name, price in told.chip.priced.items()
    }
    changes = {"about": BREAK, "sources": (BREAK,), "memories": memories, "prices": prices}
    chip = told.chip.model_copy(update=changes)
    chip.__dict__["priced"] = prices  # such names have no model
    ledgers = {"ledger": broken(told.ledger), "dense_ledger": broken(told.dense_ledger)}
    drawn, console = browse(run_page(replace(told, chip=chip, **ledgers)), tmp_path)
    assert console == []
    assert drawn.drawings == drawn.places == int(drawn.root["data-drawn"]) > 5


def test_a_mesh_in_a_sweep_is_drawn_in_the_dark(tmp_path: Path) -> None:
    runs = [specimen("mesh16", theta=theta, score=Score("accuracy", 0.9, 0.95)) for theta in (0.0, 0.2)]
    drawn, console = browse(run_page(runs[1], runs), tmp_path, dark=True)
    assert console == []
    assert drawn.drawings == drawn.places > 7
    assert drawn.root["data-loaded"] == "0"
