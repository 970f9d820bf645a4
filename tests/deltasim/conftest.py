"""The command line as a person meets it, run in an empty folder."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from deltasim.main import main


@pytest.fixture
def deltasim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], CompletedProcess[str]]:
    """Run one command line, given without the word deltasim, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def answer(line: str) -> CompletedProcess[str]:
        code = main(shlex.split(line))
        said = capsys.readouterr()
        return CompletedProcess(line, code, said.out, said.err)

    return answer
