"""Property tests: few but varied examples, the same on every run; a test may ask for more.

Long forms are marked ``long`` and left out of a plain run. With ``--page FILE`` it is written down how each
test ended, with what it did (the first line of its docstring) and what it recorded (``record_property``).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("deltasim", max_examples=25, deadline=None, derandomize=True)
settings.load_profile("deltasim")

HEAD = """# The long forms

`make test-long` runs what `make test` leaves out, and writes this page. A part of them
(`pytest -m long FILE --page docs/test-long.md`) writes its own entries anew and leaves the others.
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--page", type=Path, default=None, help="write down how the tests ended")


def pytest_configure(config: pytest.Config) -> None:
    page, helps = (
        config.getoption("--page"),
        hasattr(config, "workerinput"),
    )  # another process gathers results
    if page is not None and not helps:
        config.pluginmanager.register(Results(page))


class Results:
    """How every test ended, written to a page once all have."""

    def __init__(self, page: Path) -> None:
        self.page = page
        self.lines: dict[str, list[str]] = {}
        self.did: dict[str, str] = {}

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        told = getattr(getattr(item, "function", None), "__doc__", None) or ""
        self.did[item.nodeid] = told.partition("\n")[0]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        ended = f"- `{report.nodeid}`: **{report.outcome}**, {report.duration:.0f} s, {date.today()}"
        recorded = [f"    - {name}: {value}" for name, value in report.user_properties]
        self.lines[report.nodeid] = [ended, f"  {self.did.get(report.nodeid, '')}".rstrip(), *recorded]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        text = [line for name in sorted(self.lines) for line in self.lines[name]]
        entries = {**entries_of(self.page), **self.lines}
        lines = [line for name in sorted(entries) for line in entries[name]]
        self.page.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
        terminalreporter.write_line("\n".join([*text, f"The page is {self.page}"]))


def entries_of(page: Path) -> dict[str, list[str]]:
    """What a page says of each test, by its name."""
    entries: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in page.read_text(encoding="utf-8").splitlines() if page.exists() else ():
        if line.startswith("- `"):
            lines = entries.setdefault(line.split("`")[1], [])
        lines.append(line)
    return entries
