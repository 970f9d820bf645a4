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

from deltasim.reports.study.marks import MOST_MARKS
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
  window.root = document.documentElement;
  window.area = document.querySelector("#chart-pair0 .area");
  window.said = () => ({
    lit: Number(root.dataset.lit),
    painted: Number(root.dataset.painted),
    elements: document.querySelectorAll(".charts *").length,
  });
  await drawn();
  const { x, y, width, height } = area.getBoundingClientRect();
  return { x, y, width, height, ...said() };
})()
"""

CLICK = """
(async () => {
  const opened = [];
  HTMLAnchorElement.prototype.click = function () { opened.push(this.getAttribute("href")); };
  const data = JSON.parse(document.getElementById("linked").textContent);
  const row = Number(Object.keys(data.points.pages)[0]);
  const box = area.getBoundingClientRect();
  const at = {
    clientX: box.x + data.at[data.panels[0].x][row] * box.width,
    clientY: box.y + (1 - data.at[data.panels[0].y][row]) * box.height,
    button: 0, pointerId: 1,
  };
  area.setPointerCapture = () => {};
  for (const kind of ["pointermove", "pointerdown", "pointerup"])
    area.dispatchEvent(new PointerEvent(kind, at));
  const pointed = document.querySelector(".vg-tooltip.visible")?.textContent;
  return { opened, pointed, loaded: performance.getEntriesByType("resource").length };
})()
"""

# Of every chart where Vega put its axes and where points are drawn; how opaque the front's dots are in the
# middle; where Vega has 92 % and 98 % on the first axis of scores, and points with such a score.
PLACES = """
(async () => {
  await new Promise((done) => setTimeout(done, 300));
  await drawn();
  const data = JSON.parse(document.getElementById("linked").textContent);
  const corners = [...document.querySelectorAll("[data-chart] svg")].map((svg) =>
    ["g", ".linked"].map((name) => svg.querySelector(name).getAttribute("transform")));
  const covered = data.panels.map(({ chart, x, y }) => {
    const canvas = document.querySelector(`#chart-${chart} canvas`);
    const { width, height } = canvas;
    const pen = new OffscreenCanvas(width, height).getContext("2d");
    pen.drawImage(canvas, 0, 0);
    const image = pen.getImageData(0, 0, width, height).data;
    const alphas = [];
    for (let row = data.front; row < data.points.which.length; row++) {
      const [across, down] = [data.at[x][row] * width, (1 - data.at[y][row]) * height].map(Math.round);
      alphas.push(image[4 * (down * width + across) + 3]);
    }
    return Math.min(...alphas);
  });
  const { chart } = data.panels.find((panel) => panel.y === "score");
  const height = Number(document.querySelector(`#chart-${chart} .area`).getAttribute("height"));
  const shares = ["92", "98"].map((number) => {
    const labels = [...document.querySelectorAll(`#chart-${chart} .role-axis-label text`)];
    const label = labels.find((text) => text.textContent === `${number}%`);
    const own = [...label.parentElement.children].indexOf(label);
    const tick = label.closest(".role-axis").querySelectorAll(".role-axis-tick line")[own];
    const vega = 1 - new DOMMatrix(getComputedStyle(tick).transform).f / height;
    const row = data.points.cost.findIndex((cost) => cost.endsWith(`${number}.0 %`));
    return [vega, data.at.score[row]];
  });
  return { corners, covered, shares, wide: document.querySelector("#chart-pair0 canvas").width, ...said() };
})()
"""

STEPS = 8
Call = Callable[..., Awaitable[dict[str, Any]]]


async def used(call: Call) -> dict[str, Any]:
    """Look where things are in a narrow and a wide window, drag over a panel in steps, click a mark."""

    async def evaluated(program: str) -> dict[str, Any]:
        found = await call("Runtime.evaluate", expression=program, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        value: dict[str, Any] = found["result"].get("value")
        return value

    async def mouse(kind: str, share: float) -> None:
        x, y = (box[side] + share * box[length] for side, length in (("x", "width"), ("y", "height")))
        await call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    await evaluated(READY)
    windows = {}
    for width in (390, 1200):
        size = {"width": width, "height": 2000, "deviceScaleFactor": 1, "mobile": False}
        await call("Emulation.setDeviceMetricsOverride", **size)
        windows[width] = await evaluated(PLACES)
    box = await evaluated(READY)
    spent = []
    await mouse("mousePressed", 0.2)
    for step in range(STEPS):
        began = time.perf_counter()
        await mouse("mouseMoved", 0.2 + 0.06 * (step + 1))
        await evaluated("drawn()")
        spent.append(1e3 * (time.perf_counter() - began))
    await mouse("mouseReleased", 0.2 + 0.06 * STEPS)
    brushed = await evaluated("drawn().then(said)")
    return {"windows": windows, "before": box, "brushed": brushed, "spent": spent} | await evaluated(CLICK)


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
    found = await used(call)
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
    for window in found["windows"].values():
        assert len(window["corners"]) == 7 and all(vega == ours for vega, ours in window["corners"])
        assert min(window["covered"]) > 200
        for vega, ours in window["shares"]:
            assert ours == pytest.approx(vega, abs=0.005)
    assert found["windows"][390]["wide"] < found["windows"][1200]["wide"]
    before, brushed = found["before"], found["brushed"]
    assert before["lit"] == min(len(study.done), MOST_MARKS) > brushed["lit"] > 0
    assert 0 < brushed["painted"] - before["painted"] <= STEPS
    assert brushed["elements"] == before["elements"] < 1500
    assert found["opened"] and found["opened"][0] in pages.values()
    assert found["opened"][0].split("/")[-2] in found["pointed"]
    spent = sorted(found["spent"])
    record_property(f"ms for a step of a brush over {points:,} points, median", round(spent[len(spent) // 2]))
    record_property("ms for the slowest step", round(spent[-1]))
    print(points, "points:", [round(one) for one in found["spent"]], "ms for each step of a brush")
