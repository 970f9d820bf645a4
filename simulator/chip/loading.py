"""From a YAML file to a Chip, every error told at once with file, line and path."""

from __future__ import annotations

from pathlib import Path

from deltasim.runtime.errors import InputError, InputErrors, nearest
from deltasim.runtime.readers.files import Unreadable, is_file
from deltasim.runtime.readers.yaml_text import read_yaml
from deltasim.simulator.chip.checks import rules
from deltasim.simulator.chip.description import Chip, Origin, packaged_chips
from deltasim.simulator.dram.loading import STANDARD_RULES, standard_content
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.reading import no_description, read_part
from deltasim.simulator.topology.edges import read_rows


class ChipErrors(InputErrors):
    """All that is wrong with one description: one sentence a line; ``errors`` holds them apart."""


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
    if path.suffix not in (".yaml", ".yml") and not is_file(path):
        raise InputError("chip", text, "there is no such chip", nearest(text, chip_names()))
    return read_chip(path, text)


def read_chip(path: Path, file: str) -> Chip:
    """Read a chip from a file, which errors call ``file``."""
    try:
        content, lines, repeated = read_yaml(path)
    except Unreadable as error:
        raise not_yaml(error, file) from None
    take_edges(content, path.parent, file)
    take_standards(content, path.parent, file)
    twice = tuple(Fault(name, "given twice", "a field is given once", "Remove one.") for name in repeated)
    return chip_from_content(content, place=file, origin=Origin(file, lines), repeated=twice)


def not_yaml(error: Unreadable, file: str) -> InputError:
    """The sentence for a file that is not read as YAML."""
    if error.line is None:
        rule = f"a description is a YAML text file ({error.reason})"
        return InputError(file, "unreadable", rule, "Name one.")
    return InputError(error.at(file), "not YAML", error.reason, "Mend the line.")


def take_edges(content: object, folder: Path, place: str) -> None:
    """Put the edges in the place of the name of a file of them: a description is complete in itself."""
    network = content.get("network") if isinstance(content, dict) else None
    if not isinstance(network, dict) or not isinstance(network.get("edges"), str):
        return
    file = folder / network["edges"]
    if not is_file(file):
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


def chip_from_content(
    content: object, *, place: str = "chip", origin: Origin | None = None, repeated: tuple[Fault, ...] = ()
) -> Chip:
    """Make a Chip of plain data in the form of the YAML file.

    Errors: InputError, one sentence a line, for all that is wrong with it.
    """
    chip, faults = read_part(Chip, content, {Chip: rules(), **STANDARD_RULES})
    found = faults if no_description(Chip, content) else [*repeated, *faults]
    if chip is None or found:
        if origin:
            found.sort(key=lambda fault: origin.line(fault.path))
        where = origin.place if origin else lambda path: ": ".join(filter(None, (place, path)))
        raise ChipErrors([InputError(where(path), *rest) for path, *rest in found])
    chip._origin = origin
    return chip
