"""Pages, terminal forms and drawings whole, in plain types: of runs on paper, drawn ledgers and a small network."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from rich.console import Console

import deltasim as ds
from deltasim.api.own_network import own_benchmark
from deltasim.networks.builders.recurrent import random_stack
from deltasim.reports.comparison.comparison import compared
from deltasim.reports.comparison.page import comparison_page
from deltasim.reports.figures import Score
from deltasim.reports.learning_curve import learning_curve
from deltasim.reports.matrix.matrix import Cell, matrix
from deltasim.reports.page import run_page, sweep_page
from deltasim.reports.page.chips import chips_page
from deltasim.reports.page.matrix import matrix_page
from deltasim.reports.page.parts import Page
from deltasim.reports.page.tuned import tuned_page
from deltasim.reports.saved.folder import SavedRun
from deltasim.simulator.chip import load_chip
from tests.reports.by_hand.specimen import CHIP, benchmark, result
from tests.reports.comparison.specimens import together
from tests.reports.specimens import specimen
from tests.reports.whatif.specimens import helped

WIDTH = 100
PAGES = ("page", "comparison.page", "page.chips", "page.matrix", "page.tuned")


def plain(value: Any, datasets: dict[str, Any] | None = None) -> Any:
    """In plain types, numbers to nine digits, without the names that altair counts up."""
    if isinstance(value, dict):
        datasets = value.get("datasets", datasets)
        left_out = ("$schema", "views", "datasets", "config")
        return {
            key: (datasets or {}).get(inner["name"], inner["name"])
            if key == "data" and isinstance(inner, dict) and "name" in inner
            else plain(inner, datasets)
            for key, inner in value.items()
            if key not in left_out and not (key == "name" and re.match(r"(view|param)_\d+", str(inner)))
        }
    if hasattr(value, "_asdict"):
        return {key: plain(inner, datasets) for key, inner in value._asdict().items() if inner not in ((), None)}
    if isinstance(value, list | tuple):
        return [plain(inner, datasets) for inner in value]
    if isinstance(value, str):
        return re.sub(r"(param|view)_\d+", r"\1", re.sub(r"\b\d+\.\d+\.\d+\b", "VERSION", value))
    return float(f"{value:.9g}") if isinstance(value, float) else value


def page_of(make: Callable[[], str]) -> Any:
    """The parts of the page that is made, before they become HTML."""
    held: list[Page] = []
    with mock.patch("deltasim.reports.page.document.document", lambda page: held.append(page) or ""):
        patches = [mock.patch(f"deltasim.reports.{module}.document", held.append) for module in PAGES]
        for patch in patches:
            patch.start()
        try:
            make()
        finally:
            for patch in patches:
                patch.stop()
    (page,) = held
    return plain(page)


def printed(value: object) -> list[str]:
    """What the terminal shows, line by line, with the styles that it sets."""
    with (console := Console(width=WIDTH, force_terminal=True, color_system="standard")).capture() as captured:
        console.print(value)
    return [plain(line.rstrip()) for line in captured.get().splitlines()]
