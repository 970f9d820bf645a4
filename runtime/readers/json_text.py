"""Records in JSON: plain data, every number finite, no key twice."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deltasim.runtime.readers.files import Unreadable, read_text

MOST_BYTES = 1 << 28
LONGEST_NUMBER = 400
DEEPEST = 64


def read_json(path: str | Path) -> Any:
    """Read a file. Errors: Unreadable, with the line where that is known; Missing."""
    return parse_json(read_text(path, MOST_BYTES))


def parse_json(text: str) -> Any:
    """Read a text.

    >>> parse_json('{"a": [1, null]}')
    {'a': [1, None]}
    >>> parse_json("[" * 100_000)
    Traceback (most recent call last):
    deltasim.runtime.readers.files.Unreadable: it is nested too deeply
    """
    try:
        found = json.loads(
            text,
            parse_int=lambda digits: number(digits, int),
            parse_float=lambda digits: number(digits, float),
            parse_constant=refused,
            object_pairs_hook=fields,
        )
    except json.JSONDecodeError as error:
        raise Unreadable(f"it is no JSON: {error.msg[:80]}", error.lineno) from None
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    level = [found]
    for _ in range(DEEPEST):
        if not all(value.isascii() or is_text(value) for value in level if isinstance(value, str)):
            raise Unreadable("its texts are whole characters")
        level = [inner for value in level for inner in inside(value)]
    if level:
        raise Unreadable("it is nested too deeply")
    return found


def is_text(value: str) -> bool:
    """Whether a text can be written: an escape may stand for half a character.

    >>> is_text("θ"), is_text("\\ud800")
    (True, False)
    """
    return not any("\ud800" <= sign <= "\udfff" for sign in value)


def inside(value: Any) -> Iterable[Any]:
    """What an object or a list holds."""
    return (*value, *value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()


def number(digits: str, kind: type[int] | type[float]) -> int | float:
    """A number that a file may hold: finite and of bounded length."""
    if len(digits) > LONGEST_NUMBER:
        raise Unreadable(f"a number has at most {LONGEST_NUMBER} digits")
    found = kind(digits)
    if isinstance(found, float) and not math.isfinite(found):
        raise Unreadable("its numbers are finite")
    return found


def refused(constant: str) -> float:
    """NaN and infinity, which Python reads and JSON does not have."""
    raise Unreadable("its numbers are finite")


def fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; Python itself would keep the last of two values."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a key is given twice")
    return found
