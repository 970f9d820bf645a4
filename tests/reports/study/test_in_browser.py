"""The page of 10,000 points in a headless Chromium, with real time: clean, and a click that leads on."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from deltasim.reports.study.charts import MOST_MARKS
from deltasim.reports.study.page import study_page
from tests.reports.study.made import made_study
from tests.reports.test_page_in_browser import CHROMIUM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium"),
]

READY = """
(async () => {
  while (!document.documentElement.dataset.drawn) await new Promise((done) => setTimeout(done, 50));
  window.drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  window.marks = [...document.querySelectorAll("#chart-pairs .mark-symbol path")];
  window.lit = () => marks.filter((mark) => Number(getComputedStyle(mark).opacity) > 0.5).length;
  const grounds = [...document.querySelectorAll("#chart-pairs path.background")];
  const boxes = grounds.map((ground) => ground.getBoundingClientRect());
  const { x, y, width, height } = boxes.find((box) => box.width > 0);
  await drawn();
  return { x, y, width, height, marks: marks.length, lit: lit() };
})()
"""

CLICK = """
(async () => {
  const opened = [];
  HTMLAnchorElement.prototype.dispatchEvent = function () { opened.push(this.getAttribute("href")); };
  const linked = marks.find((mark) => mark.__data__ && mark.__data__.href);
  if (linked) linked.dispatchEvent(new MouseEvent("click", { bubbles: true, view: window }));
  await new Promise((done) => setTimeout(done, 200));
  return { lit: lit(), opened, loaded: performance.getEntriesByType("resource").length };
})()
"""

STEPS = 8
Call = Callable[..., Awaitable[dict[str, Any]]]


async def brushed(call: Call) -> dict[str, Any]:
    """Drag over the first panel in steps, each until it is drawn; then click a mark that has a page."""

    async def evaluated(program: str) -> dict[str, Any]:
        found = await call("Runtime.evaluate", expression=program, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        value: dict[str, Any] = found["result"].get("value")
        return value

    async def mouse(kind: str, share: float) -> None:
        x, y = (box[side] + share * box[length] for side, length in (("x", "width"), ("y", "height")))
        await call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    box = await evaluated(READY)
    spent = []
    await mouse("mousePressed", 0.2)
    for step in range(STEPS):
        began = time.perf_counter()
        await mouse("mouseMoved", 0.2 + 0.06 * (step + 1))
        await evaluated("drawn()")
        spent.append(1e3 * (time.perf_counter() - began))
    await mouse("mouseReleased", 0.2 + 0.06 * STEPS)
    await evaluated("drawn()")
    return {"marks": box["marks"], "before": box["lit"], "spent": spent} | await evaluated(CLICK)


def watched(path: Path) -> tuple[dict[str, Any], list[str]]:
    """What was found in a page that Chromium shows, and all that was complained of or asked for."""
    folder = path.parent
    profile = folder / "profile"
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
        "--remote-debugging-port=0", "--remote-allow-origins=*", "--window-size=1200,2000",
        f"--user-data-dir={profile}", "about:blank",
    ]  # fmt: skip
    environment = {**os.environ, "HOME": str(folder)}
    browser = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not (profile / "DevToolsActivePort").exists():
            assert time.monotonic() < until and browser.poll() is None, "Chromium does not start"
            time.sleep(0.05)
        port = (profile / "DevToolsActivePort").read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            pages = json.load(answer)
        address = next(one["webSocketDebuggerUrl"] for one in pages if one["type"] == "page")
        return asyncio.run(asked(address, path.as_uri()))
    finally:
        browser.kill()
        browser.wait()


async def asked(address: str, page: str) -> tuple[dict[str, Any], list[str]]:
    """Open a page and use it by the browser's own protocol."""
    from tornado.websocket import websocket_connect

    line = await websocket_connect(address, max_message_size=1 << 28)
    complaints: list[str] = []
    count = 0

    async def call(method: str, **parameters: Any) -> dict[str, Any]:
        nonlocal count
        count += 1
        await line.write_message(json.dumps({"id": count, "method": method, "params": parameters}))
        while True:
            message = json.loads(str(await line.read_message()))
            if message.get("id") == count:
                found: dict[str, Any] = message["result"]
                return found
            about = message["params"]
            asks = message["method"] == "Network.requestWillBeSent" and about["request"]["url"] != page
            asks = asks and not about["request"]["url"].startswith("data:")
            if asks or message["method"] in ("Runtime.exceptionThrown", "Log.entryAdded"):
                complaints.append(json.dumps(about)[:500])
            if message["method"] == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning"):
                complaints.append(json.dumps(about)[:500])

    for domain in ("Runtime", "Log", "Network", "Page"):
        await call(f"{domain}.enable")
    await call("Page.navigate", url=page)
    await asyncio.sleep(0.5)
    found = await brushed(call)
    line.close()
    await line.read_message()  # until it is closed
    return found, complaints


@pytest.mark.parametrize("points", [600, pytest.param(10_000, marks=pytest.mark.long)])
def test_it_is_clean_and_a_click_leads_on(
    points: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    study = made_study(points, tmp_path / "a.db")
    linked = [entry["point"] for entry in study.front()]
    pages = {number: f"a-points/0/{number}/report.html" for number in linked}
    (tmp_path / "page.html").write_text(study_page(study, pages), encoding="utf-8")
    found, complaints = watched(tmp_path / "page.html")
    assert complaints == [] and found["loaded"] == 0
    assert found["before"] > found["lit"] > 0
    assert found["marks"] >= 6 * min(len(study.done), MOST_MARKS)
    assert found["opened"] and found["opened"][0] in pages.values()
    spent = sorted(found["spent"])
    record_property(f"ms for a step of a brush over {points:,} points, median", round(spent[len(spent) // 2]))
    record_property("ms for the slowest step", round(spent[-1]))
    print(points, "points:", [round(one) for one in found["spent"]], "ms for each step of a brush")
