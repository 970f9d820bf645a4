"""Deliberate faults: which there are of a source, how they are drawn, and how each is tried."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import sys
from pathlib import Path

import pytest

from benchmarks.mutation import command as command
from benchmarks.mutation.command import PAGE, Tried, drawn
from benchmarks.mutation.operators import mutants, mutated
from benchmarks.mutation.tests import TESTS
from benchmarks.mutation.trial import (
    DIED,
    LATE,
    LIVED,
    ROOT,
    Changed,
    built_from,
    forget,
    in_a_fork,
    module_name,
)

SOURCE = '''
"""What it is."""
from math import floor
Row = list[int]
LIMITS: dict[str, int] = {"a": 3}

@cache
def f(x: int = 2, *, flag: bool = True) -> float | None:
    """Doc 1."""
    if TYPE_CHECKING:
        import y
    total = 0.5
    total += x
    if not flag and x < 3 or x is None:
        raise ValueError(f"{x + 1:5d} of {x}")
    for a, b in zip(x, x, strict=True):
        g(a, b).c = -a
        max(a, b)
        continue
    return total if flag else None
'''
CHANGES = [
    "3 -> 4",
    "3 -> 2",
    "True -> False",
    "2 -> 3",
    "2 -> 1",
    "0.5 -> 1.0",
    "0.5 -> 0.25",
    "total += x -> total -= x",
    "total += x -> nothing",
    "not flag and x < 3 or x is None -> (not flag and x < 3) and x is None",
    "not flag and x < 3 -> not flag or x < 3",
    "not flag -> flag",
    "x < 3 -> x <= 3",
    "x < 3 -> x >= 3",
    "3 -> 4",
    "3 -> 2",
    "x is None -> x is not None",
    "raise ValueError(f'{x + 1:5d} of {x}') -> nothing",
    "x + 1 -> x - 1",
    "1 -> 2",
    "1 -> 0",
    "g(a, b).c = -a -> nothing",
    "g(a, b) -> g(b, a)",
    "-a -> a",
    "max(a, b) -> nothing",
    "continue -> nothing",
    "return total if flag else None -> return None",
    "total if flag else None -> None if flag else total",
]


def test_the_faults_of_a_source() -> None:
    """Not of docstrings, annotations, decorators, formats, types, ``strict`` and what only checkers read."""
    found = [mutant.change for mutant in mutants(SOURCE)]
    whole = [change for change in found if change.startswith("if not flag")]
    assert len(whole) == 1 and "-> if not (not flag and x < 3 or x is None): raise" in whole[0]
    assert [change for change in found if change not in whole] == CHANGES
    original = ast.unparse(ast.parse(SOURCE))
    changed = [ast.unparse(mutated(SOURCE, number)) for number in range(len(found))]
    assert original not in changed and len(set(changed)) == len(changed)
    for number, text in enumerate(changed):
        compile(mutated(SOURCE, number), "source", "exec")
        assert sum(a != b for a, b in zip(text.splitlines(), original.splitlines(), strict=False)) >= 1


def test_a_draw_is_in_proportion_and_the_same_every_time() -> None:
    files = {"a": 600, "b": 300, "c": 100}
    first = drawn(files, 100, 7)
    assert {file: len(numbers) for file, numbers in first.items()} == {"a": 60, "b": 30, "c": 10}
    assert first == drawn(files, 100, 7) != drawn(files, 100, 8)
    for file, numbers in first.items():
        assert len(set(numbers)) == len(numbers) and max(numbers) < files[file]
    assert drawn(files, 5000, 1) == {file: list(range(count)) for file, count in files.items()}


def test_every_file_and_every_test_is_there() -> None:
    for file, tests in TESTS.items():
        assert (ROOT / file).is_file(), file
        assert [test for test in tests if not (ROOT / test).is_file()] == []
        assert importlib.util.find_spec(module_name(file)) is not None


def test_a_fork_meets_the_changed_module() -> None:
    """``quantity`` with another prefix fails its examples; the module as it is passes them."""
    import doctest

    name = "deltasim.reports.quantities"
    source = (ROOT / "reports/quantities.py").read_text()
    spec = importlib.util.find_spec(name)
    assert spec is not None
    change = "rounded / 10.0 ** exponent -> rounded * 10.0 ** exponent"
    wrong = next(mutant.number for mutant in mutants(source) if mutant.change == change)

    def passes(tree: ast.Module) -> tuple[str, float]:
        def work() -> bool:
            sys.meta_path.insert(0, Changed(name, spec, tree))
            forget(built_from(name))
            return doctest.testmod(importlib.import_module(name)).failed == 0

        return in_a_fork(work, 60)

    assert passes(ast.parse(source))[0] == LIVED
    assert passes(mutated(source, wrong))[0] == DIED
    assert name in sys.modules, "what happens in the fork stays there"


def test_a_fork_that_does_not_end_is_ended() -> None:
    def for_ever() -> bool:
        while True:
            pass

    ended, seconds = in_a_fork(for_ever, 0.2)
    assert ended == LATE and seconds < 5
    assert in_a_fork(lambda: 1 / 0 > 0, 5)[0] == DIED


def test_the_page_says_what_lived_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three faults of a file one dies, one lives and is explained, one lives and is not."""
    file = tmp_path / "small.py"
    file.write_text("def rise(x):\n    return x + 1\n")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "TRIED", tmp_path / "tried.jsonl")
    monkeypatch.setattr(command, "EXPLAINED", tmp_path / "why.yaml")
    (tmp_path / "why.yaml").write_text(
        "- {file: small.py, line: return x + 1, change: 1 -> 2, why: Nobody looks.}\n"
    )
    digest = command.digest_of("small.py")
    rows = [Tried("small.py", digest, number, ended) for number, ended in ((1, DIED), (2, LIVED), (3, LIVED))]
    rows.append(Tried("small.py", "another", 1, LIVED))
    (tmp_path / "tried.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text, unexplained = command.page({"small.py": [1, 2, 3]}, {"small.py": 4}, 9)
    assert unexplained == 1
    assert "**33.3% were noticed** (1 of 3; goal 90%: missed)" in text and "with seed 9" in text
    assert "| small.py | 4 | 3 | 1 | 2 |" in text
    assert "Nobody looks.\n\n- `small.py:2` `1 -> 2`" in text
    assert "Not explained.\n\n- `small.py:2` `1 -> 0`" in text


def test_the_page_in_the_documents_holds_its_goal() -> None:
    if PAGE.exists():
        assert "goal 90%: reached" in PAGE.read_text() and "Not explained." not in PAGE.read_text()
