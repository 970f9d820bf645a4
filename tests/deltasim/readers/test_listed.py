"""What once went wrong on the command line is right: each listed input, in process and as a program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deltasim.readers.doors import Line
from tests.deltasim.readers.elsewhere import HELD
from tests.deltasim.readers.listed import CASES, Case
from tests.deltasim.readers.trying import Ended, empty_folder, ended, fault


def answered(case: Case) -> tuple[Ended, str]:
    """How a case ends, and what is wrong with that; nothing where it is right."""
    with empty_folder() as folder:
        case.prepare()
        told = ended(Line(case.words, case.environment), folder)
    wrong = fault(told)
    if not wrong and told.code != (2 if case.expected else 0):
        wrong = f"exit code {told.code}: {told.err[:300]}"
    missing = [words for words in case.expected if words not in told.err]
    return told, wrong or (f"it does not say {missing}: {told.err[:600]}" if missing else "")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.item} {case.about}")
def test_a_listed_input(case: Case) -> None:
    assert answered(case)[1] == ""


@pytest.mark.long
def test_every_listed_input(record_property: Callable[[str, object], None]) -> None:
    """Lists A8, B, C and D: what was put in, what is expected, what came."""
    wrong = []
    for case in CASES:
        told, fault_found = answered(case)
        got = fault_found or "as expected"
        expected = "; ".join(case.expected) or "it does its work"
        said = told.err.splitlines()[0].removeprefix("deltasim: ")[:160] if told.err else "exit code 0"
        record_property(f"{case.item}: {case.about}", f"expected: {expected}; got: {said} ({got})")
        wrong += [fault_found] if fault_found else []
    assert wrong == []


@pytest.mark.long
def test_every_input_held_elsewhere(record_property: Callable[[str, object], None], tmp_path: Path) -> None:
    """Lists A8 to D where no command line shows them: each by its own test, run here once more."""
    wanted = dict.fromkeys(test for one in HELD for test in one.tests)
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-rA"]
    done = subprocess.run(
        [*line, f"--basetemp={tmp_path}/elsewhere", *wanted], capture_output=True, text=True, check=False
    )
    passed = [row.split()[1] for row in done.stdout.splitlines() if row.startswith("PASSED ")]
    others = [row for row in done.stdout.splitlines() if row.startswith(("FAILED ", "ERROR "))]
    for one in HELD:
        number = [sum(name.startswith(test) for name in passed) for test in one.tests]
        got = f"so in {sum(number)} tests" if all(number) else f"{number} tests passed"
        record_property(f"{one.item}: {one.about}", f"expected: {one.expected}; got: {got}")
    assert others == [] and done.returncode == 0, done.stdout[-2000:]


def program(words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``deltasim`` as a process of its own, in a shell."""
    return subprocess.run(
        ["sh", "-c", words.replace("deltasim", f"'{sys.executable}' -m deltasim")],
        capture_output=True,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        check=False,
        env=os.environ | environment,
    )


def test_a_full_device_ends_in_a_sentence() -> None:
    """C5: ``deltasim list chips > /dev/full``."""
    done = program("deltasim list chips > /dev/full")
    assert done.returncode == 2
    assert done.stderr == (
        "deltasim: standard output: OSError: it cannot be used: no space left on device. "
        "Make room, or name another place.\n"
    )
    done = program("deltasim list chips > /dev/full 2> /dev/full")
    assert (done.returncode, done.stderr) == (2, "")


def test_a_reader_that_leaves_ends_it_in_silence() -> None:
    """``deltasim describe chip edgedrnn | head -1``."""
    done = program("{ deltasim describe chip edgedrnn; echo $? >&2; } | head -1")
    assert (done.stdout, done.stderr) == ("Chip\n", "0\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_any_encoding_prints_everything(encoding: str, tmp_path: Path) -> None:
    """C5: PYTHONIOENCODING=ascii or latin-1."""
    from tests.deltasim.readers import tiny

    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(tiny.json.dumps(tiny.RECORD | {"data": f"θ and 語 {name}"}))
    done = program(f"cd {tmp_path} && deltasim compare a b", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    shown = "θ and 語 a" if encoding == "utf-8" else "theta and \\u8a9e a"
    assert shown in done.stdout
