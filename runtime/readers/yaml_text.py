"""Descriptions in YAML: plain data, the line of every field, and each field that is given twice.

Only what a description needs: fields, lists, text, numbers, yes and no. Tags are refused, dates are text, and
there is a limit to size, depth and what aliases unfold to.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from deltasim.runtime.readers.files import Unreadable, read_text

MOST_BYTES = 1 << 17
DEEPEST = 32
MOST_VALUES = 50_000
LONGEST_NUMBER = 40
TAG = "tag:yaml.org,2002:"

BOOLEANS = {"yes": True, "no": False, "true": True, "false": False, "on": True, "off": False}
ANY = [None]
KINDS: tuple[tuple[str, str, list[Any]], ...] = (
    ("bool", r"(?i:yes|no|true|false|on|off)", list("yYnNtTfFoO")),
    ("int", r"[-+]?(0|[1-9][0-9_]*)|0x[0-9a-fA-F_]+", list("-+0123456789")),
    ("float", r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?", list("-+0123456789.")),
    ("float", r"[-+]?\.(?i:inf|nan)", list("-+.")),
    ("null", r"~|(?i:null)|", ["~", "n", "N", ""]),
)


class Fields(NamedTuple):
    """What a file says: its content, the line of every path, and the paths that are given twice."""

    content: Any
    lines: dict[str, int]
    repeated: tuple[str, ...]


class Loader(yaml.SafeLoader):
    """Composes nodes; text is all that it resolves by itself, apart from `KINDS`."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 (as the library has it)
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "tag", None) is not None:
            raise Unreadable("a description uses no tags", event.start_mark.line + 1)
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable(f"fields lie at most {DEEPEST} deep", event.start_mark.line + 1)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


for kind, written, beginnings in KINDS:
    Loader.add_implicit_resolver(f"{TAG}{kind}", re.compile(f"(?:{written})\\Z"), beginnings)


def read_yaml(path: str | Path) -> Fields:
    """Read a file. Errors: Unreadable, with the line where that is known."""
    return parse_yaml(read_text(path, MOST_BYTES))


def read_words(path: str | Path, most_bytes: int, most_values: int) -> Fields:
    """Read a file whose values all stay the text that stands there: ``0.10`` is not ``0.1``.

    Errors: Unreadable.
    """
    return parse_yaml(read_text(path, most_bytes), most_values, words=True)


def parse_yaml(text: str, most_values: int = MOST_VALUES, words: bool = False) -> Fields:
    """Read a text; with ``words`` its values stay text, and what is nothing is an empty one.

    >>> found = parse_yaml("a: {b: 1, c: [x, 2024-02-30]}")
    >>> found.content, found.lines["a.c.1"]
    ({'a': {'b': 1, 'c': ['x', '2024-02-30']}}, 1)
    >>> parse_yaml("a: !!int ''")
    Traceback (most recent call last):
    deltasim.runtime.readers.files.Unreadable: a description uses no tags
    """
    try:
        loader = Loader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "it holds characters that no text has"
        # of what stands in the file, an error names single signs and kinds of token only
        reason = re.sub(r" ?'[^'<]{2,}'", "", reason)
        raise Unreadable(reason, mark.line + 1 if mark else None) from None
    unfolded = Unfolded(most_values, words)
    content = None if root is None else unfolded.value(root, "")
    return Fields(content, unfolded.lines, tuple(unfolded.repeated))


class Unfolded:
    """Turns nodes into plain data, aliases unfolded, and notes lines and repetitions on the way."""

    def __init__(self, most_values: int, words: bool) -> None:
        self.most_values, self.words = most_values, words
        self.lines: dict[str, int] = {}
        self.repeated: list[str] = []
        self.values = 0
        self.within: set[int] = set()

    def value(self, node: Any, path: str) -> Any:
        """What a node says."""
        line = node.start_mark.line + 1
        self.values += 1
        if self.values > self.most_values:
            raise Unreadable(f"it says more than {self.most_values:,} values", line)
        if isinstance(node, yaml.ScalarNode):
            return node.value if self.words else scalar(node, line)
        if id(node) in self.within:
            raise Unreadable("an alias stands inside what it names", line)
        self.within.add(id(node))
        found = self.fields(node, path) if isinstance(node, yaml.MappingNode) else self.entries(node, path)
        self.within.remove(id(node))
        return found

    def fields(self, node: Any, path: str) -> dict[str, Any]:
        """A mapping; its keys are the text that stands there."""
        found: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise Unreadable("the name of a field is text", line)
            name = f"{path}.{key.value}" if path else key.value
            if key.value in found:
                self.repeated.append(name)
            self.lines[name] = line
            found[key.value] = self.value(value, name)
        return found

    def entries(self, node: Any, path: str) -> list[Any]:
        """A list."""
        found = []
        for position, value in enumerate(node.value):
            name = f"{path}.{position}" if path else str(position)
            self.lines[name] = value.start_mark.line + 1
            found.append(self.value(value, name))
        return found


def scalar(node: Any, line: int) -> Any:
    """Text, a number, yes or no, or nothing."""
    kind, text = node.tag.removeprefix(TAG), node.value
    if kind == "bool":
        return BOOLEANS[text.lower()]
    if kind == "null":
        return None
    if kind in ("int", "float") and len(text) > LONGEST_NUMBER:
        raise Unreadable(f"a number has at most {LONGEST_NUMBER} digits", line)
    if kind == "int":
        return int(text, 16 if text.startswith("0x") else 10)
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan")) if kind == "float" else text
