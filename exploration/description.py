"""The description of a study: a base chip, what runs on it, the parameters, what is wanted, how to search."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from deltasim.runtime.errors import InputError, InputErrors
from deltasim.runtime.readers.files import Unreadable, is_file, is_folder
from deltasim.runtime.readers.yaml_text import read_yaml
from deltasim.simulator.chip.loading import not_yaml
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.part import Part
from deltasim.simulator.schema.quantities import Name, Text, counted
from deltasim.simulator.schema.reading import read_part

MOST_PARAMETERS = 64
MOST_POINTS = 1_000_000


class StudyDescription(Part):
    """A study as its file says it.

    ``base`` is a chip; ``benchmark`` one in the box, or ``network`` a model of your own with its ``data``;
    ``limit`` takes that many of its sequences. ``parameters`` are values, ranges and expressions by the path
    of a chip's field, or ``theta``, ``theta.input``, ``theta.recurrent``, ``weight_bits``, ``network``,
    ``chip``, or a name of your own for choices that set several of these at once. ``objectives`` are figures,
    ``constraints`` conditions on parameters and figures. ``search`` says which points are tried, ``budget``
    how many, ``seed`` every random choice. ``race``: points that are dominated with confidence on some of the
    sequences are not simulated on the others; not said, where there are many sequences.
    """

    name: Name | None = None
    about: Text | None = None
    base: Text
    benchmark: Text | None = None
    network: Text | None = None
    data: Text | None = None
    limit: Annotated[int, counted(1 << 20)] | None = None
    parameters: dict[Text, Any] = Field(default_factory=dict)
    objectives: Annotated[tuple[Text, ...], Field(min_length=1)]
    constraints: tuple[Text, ...] = ()
    search: Text = "grid"
    budget: Annotated[int, counted(MOST_POINTS)] | None = None
    seed: Annotated[int, counted((1 << 31) - 1, least=0)] = 0
    race: bool | None = None

    def as_json(self) -> str:
        """The study as its file keeps it: ``race`` is left out where points are not raced."""
        return self.model_dump_json(exclude=None if self.race else {"race"})

    def digest(self, subject: str) -> str:
        """Which study it is: all that decides its points, with ``subject`` for what its names stand for.

        A larger budget goes on with the same study, but for a Latin hypercube, which is laid for its number.
        """
        content = self.model_dump(mode="json", exclude={"about"} if self.race else {"about", "race"})
        if self.search != "latin":
            del content["budget"]
        return hashlib.sha256(f"{json.dumps(content, sort_keys=True)}\n{subject}".encode()).hexdigest()


def read_study(path: str | Path) -> StudyDescription:
    """Read a study's file. What it names by path lies beside it, or where the program runs.

    Errors: InputError, a sentence a line for all that is wrong with it.
    """
    file = Path(path)
    try:
        content, lines, repeated = read_yaml(file)
    except Unreadable as error:
        raise not_yaml(error, str(path)) from None

    def place(field: str) -> str:
        known = field
        while known and known not in lines:
            known = known.rpartition(".")[0]
        return f"{path}:{lines.get(known, 1)}: {field}".removesuffix(": ")

    twice = [Fault(name, "given twice", "a field is given once", "Remove one.") for name in repeated]
    found = study_from_content(content, place, twice)
    beside = {
        name: str(file.parent / value)
        for name in ("base", "network", "data")
        if (value := getattr(found, name)) is not None
        and not Path(value).is_absolute()
        and (is_file(file.parent / value) or is_folder(file.parent / value))
    }
    return found.model_copy(update={"name": found.name or _name_of(file), **beside})


def study_from_content(
    content: object, place: Any = str, faults: list[Fault] | None = None
) -> StudyDescription:
    """A study of plain data in the form of the file; ``place`` says where a field stands.

    >>> least = {"base": "mesh16", "benchmark": "digits", "objectives": ["energy"]}
    >>> least["parameters"] = {"theta": [0.1]}
    >>> study_from_content(least).search
    'grid'
    >>> study_from_content(least | {"objektives": ["energy"]})
    Traceback (most recent call last):
    deltasim.runtime.errors.InputErrors: objektives: ['energy']: there is no field objektives here. Did ...
    """
    found, more = read_part(StudyDescription, content, {})
    wrong = [*(faults or []), *more]
    if isinstance(found, StudyDescription):
        wrong += between(found)
    if found is None or wrong:
        raise InputErrors([InputError(place(path) or "study", *rest) for path, *rest in wrong])
    return found


def between(study: StudyDescription) -> list[Fault]:
    """What is wrong between the fields of a study."""
    found = []
    if (study.benchmark is None) == (study.network is None):
        value = "neither" if study.benchmark is None else "both"
        rule = "a study runs a benchmark, or a network of your own"
        found.append(Fault("benchmark", value, rule, "Give benchmark: digits, or network: and data:."))
    elif study.network is not None and study.data is None:
        rule = f"the model {study.network} needs sequences to run on"
        found.append(Fault("data", "nothing", rule, "Name a file or folder."))
    if not study.parameters and study.search != "mapping":
        found.append(Fault("parameters", "none", "a study has at least one parameter", "Add one."))
    if len(study.parameters) > MOST_PARAMETERS:
        rule = f"a study has at most {MOST_PARAMETERS} parameters"
        found.append(Fault("parameters", str(len(study.parameters)), rule, "Leave some out."))
    return found


def _name_of(file: Path) -> str:
    from deltasim.runtime.names import as_name

    return as_name(file.stem)


def as_study(study: StudyDescription | Mapping[str, Any] | str | Path) -> StudyDescription:
    """A study from its file, from plain data, or as it is."""
    if isinstance(study, StudyDescription):
        return study
    return study_from_content(dict(study)) if isinstance(study, Mapping) else read_study(study)
