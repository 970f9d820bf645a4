"""Every field that a chip's description may have, with what it holds and within which bounds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic.fields import FieldInfo

from deltasim.simulator.chip.description import Chip
from deltasim.simulator.schema.part import Part
from deltasim.simulator.schema.sentences import parts_in


class Field(NamedTuple):
    """A field by its path in the file, what it holds, and whether it may be left out."""

    path: str
    holds: str
    optional: bool


@cache
def chip_fields() -> tuple[Field, ...]:
    """All fields, in the order of the file; those of a memory by its kind.

    >>> found = {field.path: field.holds for field in chip_fields()}
    >>> found["cores.clock"], found["memories.N.cache.ways"]
    ('a frequency, 1 Hz to 1 THz', 'a whole number, 1 to 1,024')
    """
    return tuple(fields_of(Chip, ""))


def fields_of(part: type[Part], path: str) -> Iterator[Field]:
    """The fields of a part and of those inside it."""
    for name, field in part.model_fields.items():
        here = f"{path}{field.alias or name}"
        inner = dict(parts_in(field.annotation))
        yield Field(here, holds(field, inner), not field.is_required())
        several = {tuple: ".N", dict: ".NAME"}.get(get_origin(field.annotation) or str, "")
        for tag, kind in inner.items():
            own = f".{tag}" if len(inner) > 1 else ""
            yield from fields_of(kind, f"{here}{several}{own}.")


def holds(field: FieldInfo, inner: dict[str, type[Part]]) -> str:
    """What a field holds, in words."""
    origin = get_origin(field.annotation)
    if inner:
        return {tuple: "a list", dict: "fields by name"}.get(origin or str, "fields")
    words = field.description or described(field.annotation)
    if words is None:
        values = choices(field.annotation)
        return " or ".join(values) if values else "yes or no" if field.annotation is bool else "a number"
    if origin is tuple:
        return f"a list, each {words}"
    return f"by name, each {words}" if origin is dict else words


def described(annotation: Any) -> str | None:
    """The words that stand with a type, or with one inside it."""
    for argument in get_args(annotation):
        if isinstance(argument, FieldInfo) and argument.description:
            return argument.description
        if (words := described(argument)) is not None:
            return words
    return None


def choices(annotation: Any) -> list[str]:
    """The values of a Literal, or of one inside a type."""
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    return [value for argument in get_args(annotation) for value in choices(argument)]
