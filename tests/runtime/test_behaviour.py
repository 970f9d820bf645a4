"""A digest over what code does: equal for equal code, wherever it stands, and different for any other."""

from __future__ import annotations

import copy
import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.cells import GRU
from deltasim.runtime.behaviour import behaviour

CELL = """
import functools
import numpy as np
from dataclasses import dataclass
from deltasim.runtime.compiling import kernel

TABLE = np.arange(4)
LIMIT = 3

def helper(x, most=LIMIT):
    return min(x, most)

@kernel
def compiled(x):
    return x * 2.0

def made(factor):
    def step(x):
        return factor * x
    return step

@dataclass(frozen=True)
class Cell:
    size: int
    steps = [made(2)]

    @property
    def width(self):
        return self.size

    @functools.cached_property
    def wide(self):
        return [1 for _ in range(self.size)]

    @staticmethod
    def limited(x):
        return helper(x) + TABLE[0]

    def step(self, x):
        return (lambda y: compiled(y) - 1)(self.limited(x)) if x else self.step(x)
"""
CHANGES = {
    "a constant far away": ("LIMIT = 3", "LIMIT = 4"),
    "an array": ("np.arange(4)", "np.arange(1, 5)"),
    "a helper": ("min(x, most)", "max(x, most)"),
    "a kernel": ("x * 2.0", "x * 3.0"),
    "a value closed over": ("made(2)", "made(5)"),
    "a lambda": ("- 1)", "- 2)"),
    "a property": ("return self.size\n\n    @functools", "return self.size + 1\n\n    @functools"),
    "a cached property": ("[1 for", "[2 for"),
    "a base": ("class Cell:", "class Cell(dict):"),
    "a method more": ("    size: int\n", "    size: int\n    __len__ = helper\n"),
    "a rounding": ("+ TABLE[0]", "+ np.floor(TABLE[0])"),
}


def cell(text: str = CELL) -> Any:
    module = ModuleType("own")
    module.__dict__["__name__"] = "own"
    sys.modules["own"] = module
    exec(compile(text, "<own>", "exec"), module.__dict__)
    return module.__dict__["Cell"]


def test_equal_code_has_one_digest_wherever_it_stands() -> None:
    expected = behaviour(cell()(3))
    assert behaviour(cell()(3)) == expected
    assert behaviour(cell(f"'''Words.'''\n\n\n{CELL}\nUNUSED = 3\n# more words\n")(3)) == expected
    lazily = cell()(3)
    assert lazily.wide == [1, 1, 1]
    assert behaviour(lazily) == expected


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_changes_the_digest(change: str) -> None:
    old, new = CHANGES[change]
    assert CELL.count(old) == 1
    assert behaviour(cell(CELL.replace(old, new))) != behaviour(cell())


def test_the_fields_count() -> None:
    assert behaviour(cell()(3)) != behaviour(cell()(4))


def test_the_digest_is_the_same_in_every_process(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(CELL)
    code = "from own import Cell; from deltasim.runtime.behaviour import behaviour; print(behaviour(Cell(3)))"
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    found = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment | {"PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def spelled(value: object) -> object:
    """A value as text, whatever the order of a dict."""
    if isinstance(value, dict):
        return sorted((repr(key), repr(spelled(inner))) for key, inner in value.items())
    return [type(value).__name__, *map(spelled, value)] if isinstance(value, list | tuple) else repr(value)


@given(one=values, other=values)
def test_values_are_told_apart_by_content(one: object, other: object) -> None:
    assert (behaviour(one) == behaviour(other)) == (repr(spelled(one)) == repr(spelled(other)))
    assert behaviour([one, one]) == behaviour([one, copy.deepcopy(one)])


def test_objects_of_any_kind() -> None:
    @dataclass
    class Held:
        value: object

    for one, other in (
        (np.float32(1), np.float64(1)),
        (np.zeros((2, 1)), np.zeros((1, 2))),
        (functools.partial(int, base=2), functools.partial(int, base=3)),
        (Held([1]), Held([2])),
        ("a".join, "b".join),
        (np.exp, np.log),
        (np.concatenate, np.stack),
        (type(np), type(len)),
        (len, max),
        (GRU, dict),
        (np.dtype("i4"), np.dtype("i8")),
        (range(3), range(4)),
    ):
        assert behaviour(one) == behaviour(one), one
        assert behaviour(one) != behaviour(other), one


def test_what_cannot_be_compared_is_like_nothing(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        assert behaviour(file) != behaviour(file)
