"""From a YAML file or a memspec to a DRAM standard: every error names file, field, value, rule and remedy."""

from __future__ import annotations

from pathlib import Path

from deltasim.runtime.errors import InputError, InputErrors, nearest
from deltasim.runtime.readers.files import Unreadable, is_file
from deltasim.runtime.readers.yaml_text import read_yaml
from deltasim.simulator.dram.memspec import memspec_content
from deltasim.simulator.dram.standard import Standard
from deltasim.simulator.dram.standard_checks import RULES
from deltasim.simulator.schema.quantities import QuantityError
from deltasim.simulator.schema.reading import Rules, no_description, read_part

BOX = Path(__file__).parent / "standards"
STANDARD_RULES: Rules = {Standard: RULES}


def standard_names() -> tuple[str, ...]:
    """Name the standards in the box.

    >>> " ".join(standard_names())
    'DDR3-1600 DDR4-2400 DDR5-4800 HBM2-2000 HBM3-6400 LPDDR4-3200 LPDDR5-6400 LPDDR5X-8533'
    """
    return tuple(sorted(file.stem for file in BOX.glob("*.yaml")))


def load_standard(name_or_path: str | Path) -> Standard:
    """Read a standard by its name, from a YAML file, or from a memspec of DRAMSys or DRAMPower (``.json``).

    Where the currents of a memspec contradict each other, it is read for timing alone.

    Errors: InputError for an unknown name, an unreadable file and all that is wrong in it, a sentence a line.

    >>> round(load_standard("HBM2-2000").peak_bandwidth / 1e9)
    32
    >>> load_standard("DDR4-2401")
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: standard: DDR4-2401: there is no such memory. ...
    """
    text = str(name_or_path)
    path = BOX / f"{text}.yaml" if text in standard_names() else Path(name_or_path)
    if path.suffix not in (".yaml", ".yml", ".json") and not is_file(path):
        raise InputError("standard", text, "there is no such memory", nearest(text, standard_names()))
    if path.suffix != ".json":
        return standard_from_content(standard_content(path, text), place=text)
    content = memspec_content(path, text)
    _, faults = read_part(Standard, content, STANDARD_RULES)
    if faults and all(fault.path.startswith("power") for fault in faults):
        where, value, rule, _ = faults[0]
        content |= {
            "power": None,
            "no_power": f"those of the memspec are not sound: {where} is {value}; {rule}",
        }
    return standard_from_content(content, place=text)


def read_standard(value: object) -> object:
    """Look up the standard of a memory on a chip by its name in the box, or as a file; fields pass.

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
    """Read what a file of a standard says, unchecked. Errors: InputError for one that is no description."""
    try:
        content, _, repeated = read_yaml(path)
    except Unreadable as error:
        if error.line is None:
            rule = f"a memory is a YAML file ({error.reason})"
            raise InputError(place, "unreadable", rule, "Name one.") from None
        raise InputError(error.at(place), "not YAML", error.reason, "Mend the line.") from None
    if repeated:
        raise InputError(f"{place}: {repeated[0]}", "given twice", "a field is given once", "Remove one.")
    if fault := no_description(Standard, content):
        raise InputError(place, fault.value, fault.rule, fault.remedy)
    return content


def standard_from_content(content: object, *, place: str = "standard") -> Standard:
    """Make a standard of plain data in the form of the YAML file.

    Errors: InputError, one sentence a line, for all that is wrong with it.
    """
    standard, faults = read_part(Standard, content, STANDARD_RULES)
    if standard is None:
        named = [(": ".join(filter(None, (place, path))), *rest) for path, *rest in faults]
        raise InputErrors([InputError(*fault) for fault in named])
    return standard
