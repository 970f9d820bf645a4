"""What both files of SANA-FE are made of: lists of single fields, ranges of names, numbers in SI units."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import Unreadable
from deltasim.runtime.readers.yaml_text import read_words

MOST_BYTES, MOST_VALUES = 1 << 26, 4_000_000
MOST_INSTANCES = 1 << 20
"""Of one range, and of all neurons of a network."""

SPAN = re.compile(r"\[?\s*(\d{1,9})\s*\.\.\s*(\d{1,9})\s*\]?")
TRUTH = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
LOGGED = ("log_spikes", "log_potential", "log_energy", "log_latency", "log_u")
"""What is only written down, and changes nothing."""


def read_section(path: str | Path, *sections: str) -> dict[str, Any]:
    """The content of a file that has all these sections; every value is text. Errors: InputError."""
    try:
        found = read_words(path, MOST_BYTES, MOST_VALUES)
    except Unreadable as error:
        raise InputError(error.at(Path(path)), "unreadable", error.reason, "Mend the line.") from None
    if found.repeated:
        raise InputError(path, found.repeated[0], "a field is given once", "Remove one.")
    content = mapping(found.content, str(path))
    for section in sections:
        if section not in content:
            rule = f"a file of SANA-FE has the sections {' and '.join(sections)}"
            raise InputError(path, f"no {section}", rule, "Name such a file.")
    return content


def mapping(value: object, place: str) -> dict[str, Any]:
    """A mapping as it is. Errors: InputError for anything else."""
    if not isinstance(value, dict):
        raise InputError(place, said(value), "these are fields by name", "Write them as name: value.")
    return value


def entries(value: object, place: str) -> list[Any]:
    """A list; one mapping alone counts as a list of it, and nothing as an empty one."""
    if isinstance(value, dict):
        return [value]
    if value == "":
        return []
    if not isinstance(value, list):
        raise InputError(place, said(value), "this is a list", "Write it as one.")
    return value


def flattened(value: object, place: str) -> dict[str, Any]:
    """Fields that are given as a mapping, or as a list of mappings.

    >>> flattened([{"bias": "0.2"}, {"log_spikes": "true"}], "a")
    {'bias': '0.2', 'log_spikes': 'true'}
    """
    found: dict[str, Any] = {}
    for part in entries(value, place):
        for name, one in mapping(part, place).items():
            if name in found:
                raise InputError(f"{place}: {name}", "given twice", "a field is given once", "Remove one.")
            found[name] = one
    return found


def number(value: object, place: str, most: float = math.inf) -> float:
    """A finite number, from -most to most. Errors: InputError."""
    try:
        found = float(value) if isinstance(value, str) and len(value) <= 60 else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InputError(place, said(value), "this is a number", "Write it like 1.5e-9.")
    if abs(found) > most:
        raise InputError(place, said(value), f"this is at most {most:.2g} in size", "Mend it.")
    return found


def whole(value: object, place: str, most: int = MOST_INSTANCES) -> int:
    """A whole number from 0. Errors: InputError."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,9}", value) or int(value) > most:
        raise InputError(place, said(value), f"this is a whole number, 0 to {most:,}", "Mend it.")
    return int(value)


def truth(value: object, place: str) -> bool:
    """Yes or no. Errors: InputError."""
    if not isinstance(value, str) or value.lower() not in TRUTH:
        raise InputError(place, said(value), "this is true or false", "Write one of these.")
    return TRUTH[value.lower()]


def span(text: str, place: str) -> range:
    """One number, or all from the first to the last.

    >>> span("3", "a"), span("[0..7]", "a"), span("2..2", "a")
    (range(3, 4), range(0, 8), range(2, 3))
    """
    if re.fullmatch(r"\d{1,9}", text.strip()):
        return range(int(text), int(text) + 1)
    found = SPAN.fullmatch(text.strip())
    first, last = (int(one) for one in found.groups()) if found else (1, 0)
    if not 0 <= last - first < MOST_INSTANCES:
        rule = f"a range is written first..last, at most {MOST_INSTANCES:,} long"
        raise InputError(place, said(text), rule, "Write it like 0..7.")
    return range(first, last + 1)


def instances(name: str, place: str) -> Iterator[str]:
    """The names that one with a range stands for; one without stands for itself.

    >>> list(instances("tile[0..1]", "a")), list(instances("core", "a"))
    (['tile[0]', 'tile[1]'], ['core'])
    """
    before, bracket, rest = name.partition("[")
    if not bracket or ".." not in rest:
        yield name
        return
    for one in span(bracket + rest, place):
        yield f"{before}[{one}]"


def folded(names: Iterable[str]) -> list[str]:
    """Names with numbers that follow each other as one with a range: `instances` backwards.

    >>> folded(["lif", "input[0]", "input[1]", "input[2]", "input[7]"])
    ['lif', 'input[0..2]', 'input[7]']
    """
    found: list[
        tuple[str, int, int]
    ] = []  # what stands before the bracket, the first and the last (-1: none)
    for name in names:
        numbered = re.fullmatch(r"(.*)\[(0|[1-9]\d{0,8})\]", name)
        before, place = (numbered[1], int(numbered[2])) if numbered else (name, -1)
        if place > 0 and found and (found[-1][0], found[-1][2]) == (before, place - 1):
            found[-1] = (before, found[-1][1], place)
        else:
            found.append((before, place, place))
    return [
        before if last < 0 else f"{before}[{first}..{last}]" if first < last else f"{before}[{first}]"
        for before, first, last in found
    ]


def known(found: dict[str, Any], names: tuple[str, ...], place: str) -> None:
    """Refuse a field that is not among these."""
    for name in found:
        if name not in names:
            rule = "deltasim does not know this field of SANA-FE"
            raise InputError(f"{place}: {name}", said(found[name]), rule, nearest(name, names))


def said(value: object) -> str:
    """A value in a sentence, cut short."""
    return str(value)[:60] or "nothing"
