"""From plain data to a part, with all that is wrong told in one pass.

A record has *rules* between its fields. They hold for a sound record; of a faulty one they are held against
the fields that are sound, so that a person need not mend a file several times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import Discriminator, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.part import Absent, Part
from deltasim.simulator.schema.sentences import field_names, parts_in, told

P = TypeVar("P", bound=Part)
Rule = Callable[[Any], Iterable[Fault]]
Rules = Mapping[type[Part], tuple[Rule, ...]]
NOTHING = object()


def read_part(
    kind: type[P], content: object, rules: Mapping[type[Part], tuple[Rule, ...]]
) -> tuple[P | None, list[Fault]]:
    """The record, or None, and every fault of it and of the records inside it.

    ``rules`` names those that each kind of record checks itself once its fields are sound.
    """
    missing = no_description(kind, content)
    if missing:
        return None, [missing]
    try:
        return kind.model_validate(content), []
    except ValidationError as error:
        found = [fault for detail in error.errors() for fault in told(detail, kind)]
    known = {(fault.path, fault.rule) for fault in found}
    for fault in broken(sound_part(kind, content), "", rules):
        if (fault.path, fault.rule) not in known:
            known.add((fault.path, fault.rule))
            found.append(fault)
    return None, found


def no_description(kind: type[Part], content: object) -> Fault | None:
    """What to say of content that has little in common with a description; nothing of it is repeated."""
    fields = field_names(kind)
    if isinstance(content, dict) and 2 * len(set(content) & set(fields)) >= min(6, len(fields)):
        return None
    what = "an empty file" if content is None else "something else"
    rule = f"a description has the fields {', '.join(fields)}"
    return Fault("", what, rule, "Write lines of name: value.")


def broken(part: object, path: str, rules: Mapping[type[Part], tuple[Rule, ...]]) -> Iterator[Fault]:
    """What the rules say of a record, as far as it is sound, and of the records inside it."""
    if isinstance(part, tuple):
        for position, entry in enumerate(part):
            yield from broken(entry, f"{path}{position}.", rules)
    if not isinstance(part, Part):
        return
    for name, field in type(part).model_fields.items():
        yield from broken(part.__dict__.get(name), f"{path}{field.alias or name}.", rules)
    for rule in rules.get(type(part), ()):
        yield from (fault._replace(path=f"{path}{fault.path}") for fault in faults_of_sound(rule(part)))


def faults_of_sound(faults: Iterable[Fault]) -> Iterator[Fault]:
    """Faults up to where a rule asks for what is not sound."""
    try:
        yield from faults
    except Absent:
        return


def sound_part(kind: type[P], content: object) -> P | None:
    """A record of those fields that are sound."""
    if not isinstance(content, dict):
        return None
    sound: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        key = field.alias or name
        if key in content:
            value = sound_value(field, content[key])
            if value is not NOTHING:
                sound[name] = value
        elif not field.is_required():
            sound[name] = field.get_default(call_default_factory=True)
    made = kind.model_construct()
    object.__setattr__(made, "__dict__", sound)
    return made


def sound_value(field: FieldInfo, content: object) -> Any:
    """The value of a field, in part where it is a record; ``NOTHING`` where it is not sound."""
    annotation: Any = field.annotation
    kind: Any = Annotated[(annotation, *field.metadata)] if field.metadata else annotation
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError:
        return in_part(annotation, content)


def in_part(annotation: Any, content: object) -> Any:
    """What is sound of a record, of a list of records or of named records."""
    kinds = dict(parts_in(annotation))
    if not kinds:
        return NOTHING
    if isinstance(content, list) and get_origin(annotation) is tuple:
        entries = tuple(in_part(get_args(annotation)[0], entry) for entry in content)
        return NOTHING if NOTHING in entries else entries
    if isinstance(content, dict) and get_origin(annotation) is dict:
        named = {name: in_part(get_args(annotation)[1], entry) for name, entry in content.items()}
        return NOTHING if NOTHING in named.values() else named
    kind = next(iter(kinds.values())) if len(kinds) == 1 else kinds.get(str(chosen(annotation, content)))
    if kind is None:
        return NOTHING
    made = sound_part(kind, content)
    return NOTHING if made is None else made


def chosen(annotation: Any, content: object) -> object:
    """The tag of the record that a description asks for, among several."""
    for found in get_args(annotation):
        if isinstance(found, Discriminator) and callable(found.discriminator):
            return found.discriminator(content)
    return None
