"""What pydantic finds wrong, told in our words: path, value, rule and remedy."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from typing import Any, get_args

from deltasim.runtime.errors import nearest
from deltasim.simulator.chip.description import Chip
from deltasim.simulator.schema.faults import Fault, Faults
from deltasim.simulator.schema.part import Part
from deltasim.simulator.schema.quantities import QuantityError

# pydantic names a memory's kind in its location, after the position
KINDS = ("scratchpad", "dram", "standarddram", "cache", "buffer", "registers")

# pydantic's kinds of error: rule and remedy; a name in braces is from pydantic's context
RULES = {
    "missing": ("the field is required", "Add it."),
    "int_type": ("expected a whole number", "Write a number without a unit."),
    "greater_than_equal": ("the least is {ge}", "Use {ge} or more."),
    "less_than_equal": ("the most is {le}", "Use {le} or less."),
    "literal_error": ("expected {expected}", "Use one of these."),
    "union_tag_invalid": (
        "a memory is 'scratchpad', 'dram', 'cache', 'buffer' or 'registers'",
        "Use one of these.",
    ),
    "union_tag_not_found": ("a memory has a kind", "Add kind: scratchpad or kind: dram."),
    "string_type": ("expected text", "Write text."),
    "string_too_short": ("the text is empty", "Write at least a word."),
    "too_short": ("expected at least {min_length} entry", "Add one."),
    "tuple_type": ("expected a list", "Write it like [0, 1]."),
    "dict_type": ("expected fields", "Write lines of name: value."),
    "model_type": ("expected fields", "Write lines of name: value."),
    "model_attributes_type": ("expected fields", "Write lines of name: value."),
}


def told(detail: Any) -> Iterator[Fault]:
    """One error of ``ValidationError.errors()`` as the faults it stands for."""
    location = tuple(detail["loc"])
    path = ".".join(str(part) for part in location if part != "[key]")
    for kind in KINDS:
        path = path.replace(f".{kind}", "", 1) if location[:1] == ("memories",) and kind in location else path
    context = detail.get("ctx", {})
    error = context.get("error")
    if isinstance(error, Faults):
        inside = f"{path}." if path else ""
        yield from (fault._replace(path=f"{inside}{fault.path}") for fault in error.faults)
    elif isinstance(error, QuantityError):
        yield Fault(path, shown(detail["input"]), error.rule, error.remedy)
    elif detail["type"] == "extra_forbidden":
        name = str(location[-1])
        yield Fault(
            path, shown(detail["input"]), f"there is no field {name} here", nearest(name, beside(location))
        )
    else:
        rule, remedy = RULES.get(detail["type"], (str(detail["msg"]), "Correct it."))
        value = "missing" if detail["type"] == "missing" else shown(detail["input"])
        yield Fault(path, value, rule.format(**context), remedy.format(**context))


def shown(value: object) -> str:
    """A value as a person wrote it, cut where it is long."""
    return value if isinstance(value, str) and len(value) <= 60 else reprlib.repr(value)


def beside(location: tuple[Any, ...]) -> list[str]:
    """The fields there could have been where an unknown one was found.

    >>> beside(("cores", "mac", "lane"))
    ['lanes', 'arrays']
    """
    parts: list[type[Part]] = [Chip]
    for name in location[:-1]:
        if name in KINDS:
            parts = [part for part in parts if part.__name__.lower() == name]
        fields = [
            field
            for part in parts
            for key, field in part.model_fields.items()
            if (field.alias or key) == name
        ]
        if fields:
            parts = [part for field in fields for part in parts_in(field.annotation)]
    return [field.alias or key for part in parts for key, field in part.model_fields.items()]


def parts_in(annotation: Any) -> list[type[Part]]:
    """The parts named anywhere in a type."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return [annotation]
    return [part for argument in get_args(annotation) for part in parts_in(argument)]
