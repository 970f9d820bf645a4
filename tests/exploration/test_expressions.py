"""Expressions compute what Python does, of what they may hold, and hold nothing else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.exploration.space.expressions import expression
from deltasim.runtime.errors import InputError

NUMBERS = st.one_of(st.integers(-1000, 1000), st.floats(-1e6, 1e6, allow_nan=False))


@st.composite
def texts(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.one_of(NUMBERS.map(lambda number: f"({number!r})"), st.sampled_from(["a.b", "c"])))
    left, right = draw(texts(depth - 1)), draw(texts(depth - 1))
    form = draw(
        st.sampled_from(
            ["{} + {}", "{} - {}", "{} * {}", "{} / {}", "max({}, {})", "{} <= {}", "{} and {}", "{} == {}"]
        )
    )
    return f"({form.format(left, right)})"


class Dotted:
    def __init__(self, b: float) -> None:
        self.b = b


@given(texts(), NUMBERS, NUMBERS)
def test_they_compute_what_python_does(text: str, first: float, second: float) -> None:
    known = {"a.b": first, "c": second}
    try:
        wanted = eval(text, {"a": Dotted(first), "c": second, "max": max})
    except ZeroDivisionError:
        with pytest.raises(InputError, match="cannot be computed"):
            expression(text, "here").value(known)
        return
    got = expression(text, "here").value(known)
    # and, or come to yes or no here
    assert bool(got) == bool(wanted) if " and " in text else (got == wanted or math.isnan(wanted))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "a.b()", "open('x')", "[1, 2]", "lambda: 1", "a[0]", "{}",
        "f'{a}'", "(x := 1)", "1 if", "", "max(1, key=2)", "a.b.__class__()", "*a", "a; b", "3 parsecs and",
        "9**9**9**9",        "(" * 300 + "1" + ")" * 300, "x" * 501,
    ],
)  # fmt: skip
def test_nothing_else_is_held(text: str) -> None:
    with pytest.raises(InputError):
        expression(text, "here").value({"a": 1})


@pytest.mark.parametrize(
    ("text", "known", "miss"),
    [
        ("area <= 0.5 mm2", {"area": 0.6}, 0.2),
        ("area <= 0.5 mm2 and energy < 40 uJ", {"area": 0.6, "energy": 8e-5}, 1.0),
        ("area <= 0.5 mm2 or energy < 40 uJ", {"area": 0.6, "energy": 8e-5}, 0.2),
        ("score >= 0.9", {"score": 0.95}, 0.0),
        ("policy == 'pinned'", {"policy": "nearest"}, math.inf),
        ("not a", {"a": 1}, math.inf),
        ("a == 0", {"a": 3}, 3.0),
    ],
)
def test_a_miss_is_relative_to_what_is_asked(text: str, known: dict[str, float | str], miss: float) -> None:
    assert expression(text, "here").miss(known) == pytest.approx(miss)
