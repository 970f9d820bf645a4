"""Other values in the plain data of a description, each named by its path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deltasim.runtime.errors import InputError, nearest

OF_ACTIONS = "prices."  # the names below it have dots in them


def with_changes(content: Mapping[str, Any], fields: Mapping[str, object], place: str) -> dict[str, Any]:
    """A copy of a description with other values; None takes a field, or an entry of a list, away.

    A new value of a price takes what the old one held for with it. Errors: InputError for a path that does
    not lead anywhere.

    >>> with_changes({"a": [{"b": 1}, {"b": 2}], "c": 3}, {"a.0.b": 5, "a.1": None, "c": None}, "chip")
    {'a': [{'b': 5}]}
    """
    changed: dict[str, Any] = copied(content)
    gone: list[tuple[list[Any], int]] = []
    for path, value in fields.items():
        *parents, last = steps(changed, path)
        field: Any = changed
        for name in parents:
            field = entered(field, name, f"{place}: {path}", making=value is not None)
        if not isinstance(field, dict | list):
            raise nowhere(f"{place}: {path}", last, field)
        if isinstance(field, list):
            position = index(field, last, f"{place}: {path}")
            if value is None:
                gone.append((field, position))
            else:
                field[position] = value
        elif value is None:
            if last not in field:
                rule = "there is no such field to take away"
                raise InputError(f"{place}: {path}", "none", rule, nearest(last, field))
            del field[last]
        else:
            field[last] = value
            if path.startswith(OF_ACTIONS) and last in ("energy", "power"):
                field.pop("holds_for", None)
    for field, position in sorted(gone, key=lambda entry: -entry[1]):
        del field[position]
    return changed


def copied(value: Any) -> Any:
    """A copy of plain data; `copy.deepcopy` takes five times as long.

    >>> data = {"a": [1, {"b": 2}]}
    >>> copied(data) == data, copied(data)["a"] is data["a"]
    (True, False)
    """
    if isinstance(value, Mapping):
        return {name: copied(inner) for name, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list) else value


def steps(content: Mapping[str, Any], path: str) -> list[str]:
    """The names on a path; an action is one name, dots and all.

    >>> steps({"prices": {"core.mac": {}}}, "prices.core.mac.energy"), steps({}, "cores.mac.lanes")
    (['prices', 'core.mac', 'energy'], ['cores', 'mac', 'lanes'])
    """
    if not path.startswith(OF_ACTIONS):
        return path.split(".")
    rest = path.removeprefix(OF_ACTIONS)
    known = next((name for name in content.get("prices", {}) if rest.startswith(f"{name}.")), None)
    within = [known, *rest.removeprefix(f"{known}.").split(".")] if known else [rest]
    return ["prices", *within]


def entered(field: Any, name: str, place: str, making: bool) -> Any:
    """The field of that name inside another; a new one where there is none and a value goes into it."""
    if isinstance(field, list):
        return field[index(field, name, place)]
    if isinstance(field, dict) and (making or name in field):
        return field.setdefault(name, {})
    raise nowhere(place, name, field)


def nowhere(place: str, name: str, field: Any) -> InputError:
    """The sentence for a path that ends before its last name."""
    remedy = nearest(name, field) if isinstance(field, dict) and field else "Correct the path."
    return InputError(place, name, "the path leads to no field", remedy)


def index(entries: list[Any], name: str, place: str) -> int:
    """The place of an entry in a list."""
    if not (name.isascii() and name.isdigit() and int(name[:9]) < len(entries)):
        rule = f"there are {len(entries)} entries here, from 0 on"
        raise InputError(place, name, rule, "Name one by its number.")
    return int(name)
