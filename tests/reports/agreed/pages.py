"""Pages, terminal forms and drawings whole, in plain types: of runs on paper, and of drawn ledgers."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from rich.console import Console

import deltasim as ds
from deltasim.api.cases import dense_baseline, prepare, run_case
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.graph import Network
from deltasim.reports.cells.drawing import cell_drawing
from deltasim.reports.chips.across import Across
from deltasim.reports.comparison.comparison import Comparison, compare, compared
from deltasim.reports.comparison.page import comparison_page
from deltasim.reports.exports.accelergy import accelergy, instances
from deltasim.reports.exports.neurobench import neurobench
from deltasim.reports.figures import Score
from deltasim.reports.learning_curve import learning_curve
from deltasim.reports.matrix.matrix import Cell, Matrix, matrix
from deltasim.reports.page import run_page, sweep_page
from deltasim.reports.page.chips import chips_page
from deltasim.reports.page.matrix import matrix_page
from deltasim.reports.page.parts import Page
from deltasim.reports.page.tuned import tuned_page
from deltasim.reports.run import Run
from deltasim.reports.saved.folder import SavedRun
from deltasim.reports.settings.quantised import Quantised
from deltasim.reports.settings.tuned import Tuned
from deltasim.reports.study.page import study_page
from deltasim.reports.study.terminal import render
from deltasim.reports.sweep import Sweep
from deltasim.reports.timeline.timeline import timeline
from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.plan.compile import compile_plan
from tests.reports.by_hand.specimen import CHIP, benchmark
from tests.reports.by_hand.specimen import result as timed
from tests.reports.comparison.specimens import together
from tests.reports.specimens import specimen
from tests.reports.study.made import made_study
from tests.reports.timeline.test_timeline import by_hand as timed_by_hand
from tests.reports.timeline.test_timeline import services
from tests.reports.whatif.specimens import helped

WIDTH = 100
MOST_ROWS = 24
NAMES = (
    (r"(param|view)_\d+", r"\1"),
    (r"\b\d+\.\d+\.\d+\b", "VERSION"),
    (r"/\S*/changed\.yaml", "changed.yaml"),
)
LEFT_OUT = ("$schema", "views", "datasets", "config")
PAGES = ("page", "comparison.page", "page.chips", "page.matrix", "page.tuned", "study.page")


def plain(value: Any, datasets: dict[str, Any] | None = None) -> Any:
    """In plain types, numbers to six digits, without the names that altair counts up."""
    if isinstance(value, dict):
        known = value.get("datasets", datasets or {})
        found = {}
        for key, inner in value.items():
            counted = key == "name" and re.match(r"(view|param)_\d+", str(inner))
            if key == "data" and isinstance(inner, dict) and "name" in inner:
                found[key] = plain(known.get(inner["name"], inner["name"]))
            elif key not in LEFT_OUT and not counted:
                found[key] = plain(inner, known)
        return found
    if hasattr(value, "_asdict"):
        return {key: plain(inner) for key, inner in value._asdict().items() if inner not in ((), None)}
    if isinstance(value, list | tuple):
        rows = [plain(inner, datasets) for inner in value]
        return rows if len(rows) <= MOST_ROWS else [*rows[:2], f"... sha256 {digest(rows)} ...", rows[-1]]
    if isinstance(value, str):
        for pattern, word in NAMES:
            value = re.sub(pattern, word, value)
        return value
    return float(f"{value:.6g}") if isinstance(value, float) else value


def digest(rows: list[Any]) -> str:
    """Of rows that are too many to be read."""
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


def page_of(make: Callable[[], str]) -> Any:
    """The parts of the page that is made, before they become HTML."""
    held: list[Page] = []
    with ExitStack() as stack:
        for module in PAGES:
            stack.enter_context(mock.patch(f"deltasim.reports.{module}.document", held.append))
        make()
    (page,) = held
    return plain(page)


def printed(value: object) -> list[str]:
    """What the terminal shows, line by line, with the styles that it sets."""
    with (
        console := Console(width=WIDTH, force_terminal=True, color_system="standard")
    ).capture() as captured:
        console.print(value)
    return [plain(line.rstrip()) for line in captured.get().splitlines()]


def changed_chip(*changes: tuple[str, str]) -> Chip:
    """The chip on paper with some of its words replaced."""
    text = CHIP.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "changed.yaml"
        place.write_text(text, encoding="utf-8")
        return load_chip(place)


@cache
def result(theta: float | None = None) -> Run:
    """The run on paper, which took a second."""
    return replace(timed(theta), wall_s=1.0)


@cache
def other_chip() -> Chip:
    """With four multipliers a core, a faster clock and a price that was estimated."""
    return changed_chip(
        ("name: two", "name: four"),
        ("mac: {lanes: 1}", "mac: {lanes: 4}"),
        ("count: 2\n  clock: 1 GHz", "count: 2\n  clock: 2 GHz"),
        (
            "core.mac: {energy: 5 pJ, node: 28 nm, kind: measured",
            "core.mac: {energy: 9 pJ, node: 28 nm, kind: estimated",
        ),
    )


def on_other_chip(theta: float | None = None) -> Run:
    return on_chip(other_chip(), theta)


@cache
def on_chip(chip: Chip, theta: float | None = None) -> Run:
    case = prepare(benchmark(), chip, theta, "compiled")
    return replace(run_case(case, dense_baseline(case, jobs=1), command="on paper", jobs=1), wall_s=1.0)


def saved(name: str, run: Run) -> SavedRun:
    return SavedRun(Path(name), run.to_dict())


@cache
def comparison() -> Comparison:
    """Two thresholds and two chips, one of which loses points."""
    worse = replace(result(3.0), score=Score("accuracy", 0.5, 1.0))
    return compared(
        together(
            saved("a", result()),
            saved("b", worse),
            saved("c", on_other_chip()),
            saved("d", on_other_chip(1.0)),
        )
    )


@cache
def far_apart() -> Comparison:
    """Thirty runs, one of which is on a chip of another node, whose cores leak a million times as much."""
    places = CHIP.read_text(encoding="utf-8").count("28 nm")
    hot = changed_chip(*[("28 nm", "22 nm")] * places, ("power: 1 mW", "power: 1 kW"))
    runs = {f"run {number}": result() for number in range(29)} | {"hot": on_chip(hot)}
    return compared(together(*(saved(name, run) for name, run in runs.items())))


def from_folders() -> Any:
    """Two runs read from their folders, of both recordings and of the first alone."""
    found = {}
    for count in (2, 1):
        with tempfile.TemporaryDirectory() as folder:
            for name, chip in (("a", load_chip(CHIP)), ("b", other_chip())):
                case = prepare(benchmark().limited(count), chip, None, "compiled")
                run = run_case(case, dense_baseline(case, jobs=1), command="on paper", jobs=1)
                replace(run, wall_s=1.0).save(Path(folder) / name, page=False)
            both = compare(Path(folder) / "a", Path(folder) / "b")
            found[f"{count} recordings"] = {"told": printed(both), "json": plain(both.to_dict())}
    return found


@cache
def several() -> Across:
    """The network on paper on both chips, and on one that does not hold it."""
    small = changed_chip(
        ("name: two", "name: small"), ("kind: scratchpad, size: 16 B", "kind: scratchpad, size: 8 B")
    )
    return ds.across(benchmark(), [small, load_chip(CHIP), other_chip()], batch=4, jobs=1, command="on paper")


def small() -> tuple[Network, list[np.ndarray]]:
    """A small network, and random walks for it."""
    rng = np.random.default_rng(0)
    walks = [rng.normal(size=(12 + n, 3)).cumsum(axis=0).astype(np.float32) / 4 for n in range(8)]
    return random_stack("gru", 3, (8, 6), np.random.default_rng(1), readout=4, name="small"), walks


@cache
def tuned() -> Tuned:
    """Thresholds of the small network."""
    return ds.tune(*small(), "0.03rms", chip="edgedrnn", jobs=1)


@cache
def quantised() -> Quantised:
    """The small network in 8 bits, with a class for every walk."""
    return ds.quantise(*small(), 8, labels=[0, 1, 2, 3] * 2)


def cells() -> Matrix:
    """Two benchmarks on two chips, one of which refuses."""

    def record(joules: float, seconds: float, saved: float) -> dict[str, object]:
        return {
            "digest": "a" * 64,
            "energy": {"inference_j": joules},
            "latency": {"inference_mean_s": seconds},
            "power": {"mean_w": joules / 0.1},
            "reduction": {"energy": saved},
            "score": {"name": "accuracy", "value": 0.97, "dense": 0.98},
            "provenance": {"fallback": "synthetic data stand in"},
        }

    return matrix(
        [
            Cell("digits", "one", record(3e-6, 2e-3, 4.0)),
            Cell("digits", "two", record(2e-6, 5e-3, 8.0)),
            Cell("words", "one", record(7e-3, 1e-3, 1.5)),
            Cell("words", "two", None, "chip two: it is full"),
        ]
    )


def study() -> Any:
    """A study of made-up counts."""
    with tempfile.TemporaryDirectory() as folder:
        made = made_study(60, Path(folder) / "made.db")
        pages = {place: f"{place}.html" for place in made.done[:14]}
        return {
            "page": page_of(lambda: study_page(made)),
            "with reports": page_of(lambda: study_page(made, pages))["sections"][0],
            "told": printed(render(made)),
        }


def exported(run: Run) -> Any:
    """A run in other programs' forms."""
    return plain({"accelergy": accelergy(run), "neurobench": neurobench(run), "instances": instances(3)})


def timelines() -> Any:
    """Timelines by their digests: of a chip without a DRAM, and of the chip on paper."""
    case = prepare(benchmark(), CHIP, None, "simpy")
    paper = compile_plan(case.network, case.chip, case.mapping)
    found = {}
    for name, (plan, trace) in {
        "plain": timed_by_hand(),
        "paper": (paper, case.trace.sequence(0)),
    }.items():
        drawn = timeline(plan, services(plan, trace), range(trace.steps))
        found[name] = {
            **{key: value for key, value in drawn._asdict().items() if not isinstance(value, bytes)},
            "sha256": [hashlib.sha256(part).hexdigest() for part in drawn if isinstance(part, bytes)],
        }
    return found


def curve(epochs: int) -> Any:
    """The drawing of a training whose thresholds come in after its first third."""
    history = [
        {
            "stage": float(epoch >= epochs // 3),
            "loss": 1 / (epoch + 1),
            "validation_loss": 1.1 / (epoch + 1),
            "validation_occupancy": 1 / (epoch + 2),
        }
        for epoch in range(epochs)
    ]
    with mock.patch("vl_convert.vegalite_to_svg", lambda spec: spec):
        return plain(json.loads(learning_curve(history, "mine")))


SPECIMENS: dict[str, Callable[[], Any]] = {
    "run": lambda: page_of(lambda: run_page(result(), [result(1.0), result(3.0)])),
    "drawn": lambda: page_of(lambda: run_page(specimen("mesh16", period_s=0.01), helped=helped())),
    "sweep": lambda: page_of(lambda: sweep_page([result(1.0), result(3.0)], ["one", "three"])),
    "comparison": lambda: {
        "page": page_of(lambda: comparison_page(comparison())),
        "told": printed(comparison()),
    },
    "far-apart": lambda: {
        "page": page_of(lambda: comparison_page(far_apart())),
        "told": printed(far_apart()),
    },
    "folders": from_folders,
    "bus": lambda: page_of(lambda: run_page(specimen("edgedrnn"))),
    "chips": lambda: {
        "page": page_of(lambda: chips_page(several().rows, 4, "on paper")),
        "told": printed(several()),
        "json": plain(several().to_dict()),
    },
    "matrix": lambda: {"page": page_of(lambda: matrix_page(cells(), "on paper")), "told": printed(cells())},
    "tuned": lambda: {"page": page_of(lambda: tuned_page(tuned())), "told": printed(tuned())},
    "study": study,
    "exports": lambda: [exported(result()), exported(specimen("mesh16"))],
    "cells": lambda: {name: cell_drawing(name).splitlines() for name in ("gru", "dsgu", "lif")},
    "quantised": lambda: {"told": printed(quantised()), "json": plain(quantised().to_dict())},
    "whatif": lambda: {"told": printed(helped()), "json": plain(helped().to_dict())},
    "timeline": timelines,
    "terminal": lambda: {
        "run": printed(replace(result(), period_s=1e-6)),
        "sweep": printed(Sweep((result(1.0), result(3.0)))),
    },
    "learning": lambda: [curve(6), curve(33)],
}
"""What is agreed, by the name of its file."""
