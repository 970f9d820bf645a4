"""Which source files a module is built from: its own and those of everything it imports."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:(?:[ \t].*)?\n)+", re.MULTILINE)
IMPORT = re.compile(r"^(?:from ([\w.]+) import (\([^)]*\)|.+)|import (.+))", re.MULTILINE)
OURS = __name__.partition(".")[0]
OTHERS = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def closure(file: Path) -> tuple[Path, ...]:
    """The Python files that ``file`` is built from, itself included, sorted.

    Followed are the imports at a module's top level, those for type checkers alone left out: what a function
    imports while it runs is no part of what the module holds. Python's own library and other installed
    packages are left out too; they have versions.

    >>> [source.name for source in closure(Path(__file__))]
    ['sources.py']
    """
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        source = waiting.pop()
        if source not in found:
            found.add(source)
            waiting += imported_files(source)
    return tuple(sorted(found))


@cache
def imported_files(file: Path) -> tuple[Path, ...]:
    """The files that a module's own top-level imports name: modules, and modules named from a package."""
    return tuple(place for name in imported_names(read(file)) if (place := file_of(name)) is not None)


def imported_names(text: str) -> Iterator[str]:
    """Every dotted name that may be a module in the top-level imports of a source text.

    >>> list(imported_names("import a.b as c, d\\nfrom e import (\\n    f,\\n    g as h,\\n)\\n"))
    ['a.b', 'd', 'e', 'e.f', 'e.g']
    """
    for package, names, modules in IMPORT.findall(FOR_TYPES.sub("", text)):
        listed = re.sub(r"#.*", "", modules or names).strip("() \n")
        named = [word.split()[0] for word in listed.split(",") if word.strip()]
        if package:
            yield package
        yield from (f"{package}.{name}" if package else name for name in named)


@cache
def file_of(name: str) -> Path | None:
    """Where a module's source lies; None for what is no module, or is not followed."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        place = getattr(loaded, "__file__", None)
    elif name.startswith(f"{OURS}."):
        parent = name.rpartition(".")[0]
        is_package = hasattr(sys.modules.get(parent), "__path__")
        spec = importlib.util.find_spec(name) if is_package else None
        place = spec.origin if spec else None
    else:
        return None
    if place is None or not place.endswith(".py"):
        return None
    if not name.startswith(f"{OURS}.") and any(Path(place).is_relative_to(other) for other in OTHERS):
        return None
    return Path(place)


@cache
def read(file: Path) -> str:
    """A source text, read once."""
    return file.read_text(encoding="utf-8")


@cache
def digest_of(file: Path) -> str:
    """SHA-256 (hex) over names and texts of all that a module is built from.

    >>> len(digest_of(Path(__file__)))
    64
    """
    digest = hashlib.sha256()
    for source in closure(file):
        digest.update(f"{source.name}\n{read(source)}".encode())
    return digest.hexdigest()
