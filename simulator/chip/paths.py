"""The fields of one chip by their paths, memories by their names: ``memories.scratchpad.size``."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, NamedTuple

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.description import Chip
from deltasim.simulator.chip.fields import chip_fields
from deltasim.simulator.memories.kinds import described_as
from deltasim.simulator.schema.changes import OF_ACTIONS, steps

OPEN = (
    "placement.layers.",
    "placement.explicit.cores.",
    "placement.explicit.neurons.",
    "placement.explicit.memory.",
    OF_ACTIONS,
)
"""Where the last name is a user's own: that of a population, a projection or an action."""


class ChipPath(NamedTuple):
    """A field: its path, what it is on this chip ("" where it is left out), and what it may be."""

    path: str
    now: str
    holds: str


def chip_paths(chip: Chip) -> tuple[ChipPath, ...]:
    """Every field that ``Chip.changed`` and a study may name, in the order of the file.

    >>> from deltasim.simulator.chip import load_chip
    >>> found = {path: (now, holds) for path, now, holds in chip_paths(load_chip("mesh16"))}
    >>> found["memories.scratchpad.size"]
    ('524288 B', 'a size in bytes, 1 B to 1 PiB')
    >>> found["network.buffer"]
    ('', 'a whole number, 1 to 4,096')
    """
    content = chip.content()
    tags = {memory["name"]: described_as(memory) for memory in content["memories"]}
    found = []
    for field in chip_fields():
        for path in named(content, tags, field.path):
            now = value_at(content, numbered(chip, path))
            found.append(ChipPath(path, shown(now), field.holds))
    return tuple(found)


def shown(value: Any) -> str:
    """A value in a table; of records, how many."""
    if isinstance(value, dict):
        return "fields"
    if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        return f"{len(value)} entries"
    return "" if value is None else str(value)


def named(content: dict[str, Any], tags: dict[str, str | None], path: str) -> Iterator[str]:
    """The paths of one chip that a pattern stands for."""
    if path.startswith("memories.N."):
        _, _, tag, rest = path.split(".", 3)
        paths = [f"memories.{name}.{rest}" for name, own in tags.items() if own == tag]
    else:
        paths = [path]
    for one in paths:
        if ".NAME" not in one:
            yield one
        elif one.startswith(OF_ACTIONS):
            yield from (one.replace("NAME", action) for action in content.get("prices", {}))


def numbered(chip: Chip, path: str) -> str:
    """A path with a memory's place in the file for its name, as ``Chip.changed`` takes it.

    >>> from deltasim.simulator.chip import load_chip
    >>> numbered(load_chip("mesh16"), "memories.dram.page")
    'memories.1.page'
    """
    names = [memory.name for memory in chip.memories]
    first, _, rest = path.partition(".")
    name, _, field = rest.partition(".")
    return f"memories.{names.index(name)}.{field}" if first == "memories" and name in names else path


def value_at(content: Any, path: str) -> Any:
    """What a description says at a path; None where it says nothing."""
    for name in steps(content, path):
        if isinstance(content, dict):
            content = content.get(name)
        elif isinstance(content, list) and name.isdecimal() and int(name) < len(content):
            content = content[int(name)]
        else:
            return None
    return content


def require_path(chip: Chip, path: str, place: str) -> None:
    """Raise InputError, with the nearest, where a chip has no such field.

    >>> from deltasim.simulator.chip import load_chip
    >>> require_path(load_chip("mesh16"), "memories.scratchpad.sise", "study: parameters")
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: study: parameters: memories.scratchpad.sise: chip mesh16 has ...
    """
    known = [one.path for one in chip_paths(chip)]
    known += [numbered(chip, one) for one in known]
    if path in known or any(path.startswith(prefix) for prefix in OPEN):
        return
    close = difflib.get_close_matches(path[:200], known, n=1)
    remedy = f"Did you mean {close[0]}? " if close else ""
    rule = f"chip {chip.name} has no such field"
    raise InputError(place, path, rule, f"{remedy}`deltasim describe chip {chip.name} --paths` lists them.")
