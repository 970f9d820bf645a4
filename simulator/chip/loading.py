"""From a YAML file to a Chip, every error told at once with file, line and path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.chip.description import Chip, Origin, packaged_chips
from deltasim.simulator.chip.sentences import told
from deltasim.simulator.dram.loading import standard_content
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.topology.edges import read_rows


class ChipErrors(InputError):
    """All that is wrong with one description: one sentence a line; ``errors`` holds them apart."""

    def __init__(self, errors: tuple[InputError, ...]) -> None:
        first = errors[0]
        super().__init__(first.place, first.value, first.rule, first.remedy)
        self.errors = errors
        self.args = ("\n".join(str(error) for error in errors),)


def chip_names() -> tuple[str, ...]:
    """The chips in the box.

    >>> "edgedrnn" in chip_names()
    True
    """
    return tuple(sorted(file.stem for file in packaged_chips().glob("*.yaml")))


def load_chip(name_or_path: str | Path) -> Chip:
    """Read a chip by its name, or from a YAML file.

    Errors: InputError for an unknown name, an unreadable file and all that is wrong in it, a sentence a line.

    >>> load_chip("edgedrnn").status
    'silicon'
    >>> load_chip("edgedrn")
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: chip: edgedrn: there is no such chip. ...
    """
    text = str(name_or_path)
    if text in chip_names():
        return read_chip(packaged_chips() / f"{text}.yaml", f"chips/{text}.yaml")
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml") and not path.is_file():
        raise InputError("chip", text, "there is no such chip", nearest(text, chip_names()))
    return read_chip(path, text)


def read_chip(path: Path, file: str) -> Chip:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(
            file, "unreadable", f"a description is a YAML text file ({reason})", "Name one."
        ) from None
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        content = loader.construct_document(root) if root is not None else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}" if mark else file
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise InputError(place, "not YAML", str(problem), "Mend the line.") from None
    finally:
        loader.dispose()
    take_edges(content, path.parent, file)
    take_standards(content, path.parent, file)
    lines: dict[str, int] = {}
    repeated = tuple(walk(root, "", lines, set()))
    return chip_from_content(content, place=file, origin=Origin(file, lines), repeated=repeated)


def take_edges(content: object, folder: Path, place: str) -> None:
    """Put the edges in the place of the name of a file of them: a description is complete in itself."""
    network = content.get("network") if isinstance(content, dict) else None
    if not isinstance(network, dict) or not isinstance(network.get("edges"), str):
        return
    file = folder / network["edges"]
    if not file.is_file():
        raise InputError(
            f"{place}: network.edges", network["edges"], "there is no such file", "Name a file of edges."
        )
    network["edges"] = [list(edge) for edge in read_rows(file)]


def take_standards(content: object, folder: Path, place: str) -> None:
    """Put the fields of a memory in the place of the name of a file of them, for the same reason."""
    memories = content.get("memories") if isinstance(content, dict) else None
    for position, memory in enumerate(memories if isinstance(memories, list) else []):
        named = memory.get("standard") if isinstance(memory, dict) else None
        if isinstance(named, str) and named.endswith((".yaml", ".yml")):
            field = f"{place}: memories.{position}.standard"
            memory["standard"] = standard_content(folder / named, field)


def walk(node: Any, path: str, lines: dict[str, int], seen: set[int]) -> Iterator[Fault]:
    """Note the line of every field, and yield each field that is given twice (YAML would keep the last)."""
    if id(node) in seen:  # an alias: noted where it was written
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        here: set[str] = set()
        for key, value in node.value:
            name = f"{path}.{key.value}" if path else str(key.value)
            if name in here:
                yield Fault(name, "given twice", "a field is given once", "Remove one.")
            here.add(name)
            lines[name] = key.start_mark.line + 1
            yield from walk(value, name, lines, seen)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            lines[f"{path}.{position}"] = value.start_mark.line + 1
            yield from walk(value, f"{path}.{position}", lines, seen)


def printable(fault: Fault) -> Fault:
    """A fault is one line, whatever characters a file has in its names and values."""
    return Fault(*(text if text.isprintable() else text.encode("unicode_escape").decode() for text in fault))


def chip_from_content(
    content: object, *, place: str = "chip", origin: Origin | None = None, repeated: tuple[Fault, ...] = ()
) -> Chip:
    """Make a Chip of plain data in the form of the YAML file.

    Errors: InputError, one sentence a line, for all that is wrong with it.
    """
    chip, found = None, list(repeated)
    try:
        chip = Chip.model_validate(content)
    except ValidationError as error:
        found += [fault for detail in error.errors() for fault in told(detail)]
    if chip is None or found:
        if origin:
            found.sort(key=lambda fault: origin.line(fault.path))
        where = origin.place if origin else lambda path: ": ".join(filter(None, (place, path)))
        named = [InputError(where(path), *rest) for path, *rest in map(printable, found)]
        raise ChipErrors(tuple(named))
    chip._origin = origin
    return chip
