"""Lay out what ``make site`` shows: documents as they stand, a reference of commands and Python names.

python docs/pages.py build/site-source
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from pathlib import Path

import deltasim
from deltasim import networks
from deltasim.command_line import COMMANDS
from deltasim.main import main

ROOT = Path(__file__).resolve().parent.parent
WIDTH = "100"  # columns of the printed help


def help_of(*command: str) -> str:
    """What ``deltasim COMMAND --help`` prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main([*command, "--help"]) == 0
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


def commands_page() -> str:
    """Every command with its help."""
    sections = [f"# Commands\n\n```text\n{help_of()}\n```"]
    sections += [f"## deltasim {name}\n\n```text\n{help_of(name)}\n```" for name, *_ in COMMANDS]
    return "\n\n".join(sections) + "\n"


def python_page() -> str:
    """Every public name of the front door, and of the networks, by its docstring."""
    front = [f"::: {module}.{name}" for name, module in homes(deltasim._HOMES).items()]
    inside = [f"::: {module}.{name}" for name, module in networks.NAMES.items() if not name.isupper()]
    return "\n\n".join(
        [
            "# Python",
            "The front door, `import deltasim as ds`.",
            *front,
            "The networks, `from deltasim import networks`.",
            *inside,
        ]
    )


def homes(table: dict[str, tuple[str, str]]) -> dict[str, str]:
    """The name each public name has at home, and the module it lives in."""
    return {attribute: module for module, attribute in table.values()}


def lay_out(target: Path) -> None:
    """Copy the documents and write the reference beside them."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "docs", target / "docs", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, target / name)
    (target / "reference").mkdir()
    (target / "reference" / "commands.md").write_text(commands_page(), encoding="utf-8")
    (target / "reference" / "python.md").write_text(python_page(), encoding="utf-8")


if __name__ == "__main__":
    os.environ["COLUMNS"] = WIDTH
    lay_out(Path(sys.argv[1]))
