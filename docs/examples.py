"""The examples in the guides: run by the tests, and printed afresh by ``make docs``.

A block fenced as ``console`` holds commands after ``$ `` and what they printed; one fenced as ``python`` is
run as it stands; one fenced as ``yaml NAME`` or ``python NAME`` is a file of that name. The blocks of a page
share one folder.

    python docs/examples.py docs/guide.md      # runs them and writes their output into the page
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WIDTH = "100"  # columns of the printed tables

Runner = Callable[[str, Path], str]


def run_in_shell(command: str, folder: Path) -> str:
    """Run one command line in a folder; a failure is an error that shows what it said."""
    scripts = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": scripts, "COLUMNS": WIDTH},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise AssertionError(f"{command} ended with {ended.returncode}:\n{ended.stdout}")
    return ended.stdout


def run_python(code: str, folder: Path) -> str:
    """Run a python block as a script of its own."""
    (folder / "example.py").write_text(code)
    return run_in_shell("python example.py", folder)


def commands(block: str) -> list[str]:
    """The command lines of a console block, those that end with a backslash joined with the next.

    >>> commands("$ deltasim list cells\\ngru\\n$ ls \\\\\\n    -l\\n")
    ['deltasim list cells', 'ls -l']
    """
    joined = re.sub(r"\\\n\s*", "", block)
    return [line[2:] for line in joined.splitlines() if line.startswith("$ ")]


def refreshed(page: str, folder: Path, shell: Runner = run_in_shell, python: Runner = run_python) -> str:
    """Run all examples of a page in a folder; return the page with the output they gave now."""

    def replay(match: re.Match[str]) -> str:
        language, name, body = match.groups()
        if language == "console":
            spelled = re.findall(r"^\$ (?:.*\\\n)*.*$", body, re.MULTILINE)
            shown = [
                f"{words}\n{shell(command, folder).rstrip()}".rstrip()
                for words, command in zip(spelled, commands(body), strict=True)
            ]
            return "```console\n" + "\n".join(shown) + "\n```"
        if name:
            (folder / name).write_text(body)
        elif language == "python":
            python(body, folder)
        return match.group(0)

    return FENCE.sub(replay, page)


def main(pages: list[str]) -> None:
    """Write fresh output into each page."""
    for page in map(Path, pages):
        with tempfile.TemporaryDirectory() as folder:
            text = refreshed(page.read_text(), Path(folder))
        page.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
