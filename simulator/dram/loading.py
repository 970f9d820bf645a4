"""From a YAML file to a DRAM standard: every error names file, field, value, rule and remedy."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.dram.standard import Standard
from deltasim.simulator.schema.faults import Fault, Faults
from deltasim.simulator.schema.quantities import QuantityError

BOX = Path(__file__).parent / "standards"

# pydantic's kinds of error: rule and remedy
RULES = {
    "missing": ("the field is required", "Add it."),
    "extra_forbidden": ("there is no such field here", "Remove it or correct its name."),
    "int_type": ("expected a whole number", "Write a number without a unit."),
}


def standard_names() -> tuple[str, ...]:
    """Name the standards in the box.

    >>> standard_names()
    ('DDR3-1600', 'DDR4-2400', 'HBM2-2000', 'LPDDR4-3200', 'LPDDR5-6400')
    """
    return tuple(sorted(file.stem for file in BOX.glob("*.yaml")))


def load_standard(name_or_path: str | Path) -> Standard:
    """Read a standard by its name, or from a YAML file.

    Errors: InputError for an unknown name, an unreadable file and the first thing wrong in it.

    >>> round(load_standard("HBM2-2000").peak_bandwidth / 1e9)
    32
    >>> load_standard("DDR4-2401")
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: standard: DDR4-2401: there is no such memory. ...
    """
    text = str(name_or_path)
    path = BOX / f"{text}.yaml" if text in standard_names() else Path(name_or_path)
    if path.suffix not in (".yaml", ".yml") and not path.is_file():
        raise InputError("standard", text, "there is no such memory", nearest(text, standard_names()))
    return standard_from_content(standard_content(path, text), place=text)


def read_standard(value: object) -> object:
    """Look up the standard of a memory on a chip by its name in the box, or as a file; fields pass as they are.

    Errors: QuantityError, which pydantic reports with the place in the description.

    >>> read_standard("HBM2-2000").organisation.pseudo_channels
    2
    """
    if not isinstance(value, str):
        return value
    try:
        return load_standard(value)
    except InputError as error:
        raise QuantityError(error.rule, error.remedy) from None


def standard_content(path: Path, place: str) -> object:
    """Read what a file of a standard says, unchecked. Errors: InputError for one that is not YAML."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(place, "unreadable", f"a memory is a YAML file ({reason})", "Name one.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"{place}:{mark.line + 1}" if mark else place
        raise InputError(line, "not YAML", "the file cannot be read", "Mend the line.") from None


def standard_from_content(content: object, *, place: str = "standard") -> Standard:
    """Make a standard of plain data in the form of the YAML file.

    Errors: InputError for the first thing wrong with it.
    """
    try:
        return Standard.model_validate(content)
    except ValidationError as error:
        fault = next(fault for detail in error.errors() for fault in told(detail))
    raise InputError(": ".join(filter(None, (place, fault.path))), fault.value, fault.rule, fault.remedy)


def told(detail: Any) -> Iterator[Fault]:
    """One error of ``ValidationError.errors()`` in our words."""
    path = ".".join(str(part) for part in detail["loc"])
    error = detail.get("ctx", {}).get("error")
    value = "missing" if detail["type"] == "missing" else reprlib.repr(detail["input"])
    if isinstance(error, Faults):
        yield from error.faults
    elif isinstance(error, QuantityError):
        yield Fault(path, value, error.rule, error.remedy)
    else:
        rule, remedy = RULES.get(detail["type"], (str(detail["msg"]), "Correct it."))
        yield Fault(path, value, rule, remedy)
