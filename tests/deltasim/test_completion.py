"""Shell completion: what is offered, that every shell gets its script, and that nothing heavy is loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

import deltasim as ds
from deltasim.commands.arguments import completing
from deltasim.commands.listing import KINDS
from deltasim.simulator.dram.loading import standard_names


@pytest.fixture
def complete(
    monkeypatch: pytest.MonkeyPatch, deltasim: Callable[[str], CompletedProcess[str]]
) -> Callable[[str], list[str]]:
    """What bash is offered for the last word of a line."""

    def offered(line: str) -> list[str]:
        monkeypatch.setenv("_DELTASIM_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", f"deltasim {line}")
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" "))))
        answer = deltasim("")
        assert answer.returncode == 0 and answer.stderr == ""
        return answer.stdout.split()

    return offered


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("wh", ["whatif"]),
        ("run digit", ["digit-strings", "digits"]),
        ("run digits --chi", ["--chip"]),
        ("run digits --chip mesh16,ed", ["mesh16,edgedrnn"]),
        ("whatif digits --chip delta", ["deltakws", "deltarnn"]),
        ("memory --standard HBM", ["HBM2-2000", "HBM3-6400"]),
        ("describe standard LPDDR4", ["LPDDR4-3200"]),
        ("describe cell gr", ["gru", "gru-reset-before"]),
        ("describe top", ["topology"]),
        ("describe nonsense x", []),
        ("list st", ["standards"]),
        ("run nonsense", []),
    ],
)
def test_what_is_offered(line: str, words: list[str], complete: Callable[[str], list[str]]) -> None:
    assert complete(line) == words


def test_all_names_in_the_box_are_offered() -> None:
    assert completing.chips("") == sorted(ds.chips())
    assert completing.benchmarks("") == sorted(ds.benchmarks())
    assert completing.standards("") == sorted(standard_names())
    assert completing.lists("") == sorted(KINDS)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(
    shell: str, deltasim: Callable[[str], CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: shell)
    answer = deltasim("--show-completion")
    assert answer.returncode == 0 and "_DELTASIM_COMPLETE=complete_" in answer.stdout


def test_offering_chips_loads_no_simulator() -> None:
    """A word is completed while somebody waits."""
    code = (
        "from deltasim.commands.arguments import completing; completing.chips('e'); completing.standards('D')"
    )
    check = f"{code}; import sys; print([name for name in ('numpy', 'pydantic') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
