"""What pydantic finds wrong, told in our words: path, value, rule and remedy."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import Tag
from pydantic.fields import FieldInfo

from deltasim.runtime.errors import nearest
from deltasim.simulator.schema.faults import BrokenRule, Fault, Faults
from deltasim.simulator.schema.part import Part

# pydantic's kinds of error: rule and remedy; a name in braces is from pydantic's context
RULES = {
    "missing": ("the field is required", "Add it."),
    "int_type": ("expected a whole number", "Write a number without a unit."),
    "float_type": ("expected a number", "Write a number without a unit."),
    "float_parsing": ("expected a number", "Write a number without a unit."),
    "bool_type": ("expected yes or no", "Write true or false."),
    "bool_parsing": ("expected yes or no", "Write true or false."),
    "finite_number": ("expected a finite number", "Correct it."),
    "greater_than": ("it is above {gt}", "Use more."),
    "greater_than_equal": ("the least is {ge}", "Use {ge} or more."),
    "less_than_equal": ("the most is {le}", "Use {le} or less."),
    "literal_error": ("expected {expected}", "Use one of these."),
    "union_tag_invalid": ("a memory is {kinds}", "Use one of these."),
    "union_tag_not_found": ("a memory has a kind", "Add kind: scratchpad or kind: dram."),
    "string_type": ("expected text", "Write text."),
    "string_unicode": ("a text has no control characters", "Leave them out."),
    "string_too_short": ("the text is empty", "Write at least a word."),
    "string_too_long": ("the text has more than {max_length} characters", "Write less."),
    "too_short": ("expected at least {min_length} entry", "Add one."),
    "tuple_type": ("expected a list", "Write it like {example}."),
    "dict_type": ("expected fields", "Write lines of name: value."),
    "model_type": ("expected fields", "Write lines of name: value."),
    "model_attributes_type": ("expected fields", "Write lines of name: value."),
}
EXAMPLE = "[0, 1]"


def told(detail: Any, root: type[Part]) -> Iterator[Fault]:
    """One error of ``ValidationError.errors()`` as the faults it stands for, in a description of ``root``."""
    location, parts, lists = walked(tuple(detail["loc"]), root)
    path = ".".join(location)
    context = dict(detail.get("ctx", {}))
    error = context.get("error")
    if isinstance(error, Faults):
        inside = f"{path}." if path else ""
        yield from (fault._replace(path=f"{inside}{fault.path}") for fault in error.faults)
    elif isinstance(error, BrokenRule):
        yield Fault(path, shown(detail["input"]), error.rule, error.remedy)
    elif detail["type"] == "extra_forbidden":
        name, there = location[-1], [name for part in parts for name in field_names(part)]
        yield Fault(path, shown(detail["input"]), f"there is no field {name} here", nearest(name, there))
    else:
        context |= {"example": lists or EXAMPLE, "kinds": kinds_of(parts[-1], location)}
        rule, remedy = RULES.get(detail["type"], (str(detail["msg"]), "Correct it."))
        value = "missing" if detail["type"] == "missing" else shown(detail["input"])
        yield Fault(path, value, rule.format(**context), remedy.format(**context))


def shown(value: object) -> str:
    """A value as a person wrote it, cut where it is long."""
    return value if isinstance(value, str) and len(value) <= 60 else reprlib.repr(value)


def walked(location: tuple[Any, ...], root: type[Part]) -> tuple[tuple[str, ...], list[type[Part]], str]:
    """The path of a location, the parts that its last field belongs to, and how a list there is written.

    pydantic puts the tag of a record among several after a position; a path has no such thing.

    >>> from deltasim.simulator.chip.description import Chip
    >>> walked(("memories", 0, "cache", "sise"), Chip)[:2]
    (('memories', '0', 'sise'), [<class 'deltasim.simulator.memories.cache.Cache'>])
    >>> walked(("cores", "shared_units", 0), Chip)[2]
    '[[scan, mac]]'
    """
    path: list[str] = []
    kinds, owners, example = {"": root}, [root], ""
    for before, name in zip((None, *location), location, strict=False):
        if isinstance(before, int) and name in kinds:
            kinds = {"": kinds[name]}
            continue
        if name != "[key]":
            path.append(str(name))
        if not isinstance(name, int):
            owners = list(dict.fromkeys(kinds.values()))
            fields = [field for part in owners if (field := field_of(part, name)) is not None]
            kinds = {tag: part for field in fields for tag, part in parts_in(field.annotation)} or kinds
            example = next((str(field.examples[0]) for field in fields if field.examples), example)
    return tuple(path), owners, example


def kinds_of(part: type[Part], location: tuple[str, ...]) -> str:
    """What the records of a list may be that tell themselves apart by their kind."""
    field = next((field for name in location if (field := field_of(part, name)) is not None), None)
    known = [of.model_fields.get("kind") for _, of in parts_in(field.annotation)] if field else []
    *most, last = dict.fromkeys(repr(get_args(kind.annotation)[0]) for kind in known if kind) or ("",)
    return f"{', '.join(most)} or {last}" if most else last


def field_of(part: type[Part], name: object) -> FieldInfo | None:
    """The field that is written so."""
    return next((field for key, field in part.model_fields.items() if (field.alias or key) == name), None)


def field_names(part: type[Part]) -> list[str]:
    """The fields of a part, as they are written."""
    return [field.alias or name for name, field in part.model_fields.items()]


def parts_in(annotation: Any, tag: str = "") -> Iterator[tuple[str, type[Part]]]:
    """The parts named anywhere in a type, each with the tag that tells it from others."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield tag or annotation.__name__, annotation
        return
    arguments = get_args(annotation)
    tag = next((str(found.tag) for found in arguments if isinstance(found, Tag)), tag)
    for argument in arguments:
        yield from parts_in(argument, tag)
