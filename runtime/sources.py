"""Which source files a module is built from: its own and those of everything it imports."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FOR_TYPES = re.compile(r"^if TYPE_CHECKING:.*\n(?:(?:[ \t].*)?\n)+", re.MULTILINE)
IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]*([.\w]+)[ \t]*import[ \t]*(\([^)]*\)|.+)|import[ \t]+(.+))", re.MULTILINE
)
OURS = __name__.partition(".")[0]
INSTALLED = ("site-packages", "dist-packages")
STARTED_S = time.time()


@cache
def closure(file: Path) -> tuple[Path, ...]:
    """The Python files that ``file`` is built from, itself included, sorted.

    Every import is followed, wherever it stands, but for those under ``if TYPE_CHECKING:``. Python's own
    library and other installed packages are left out; they have versions.

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
    """The files that a module's imports name: modules, and modules named from a package."""
    names = dict.fromkeys(imported_names(read(file)))
    return tuple(place for name in names if (place := file_of(name, file)) is not None)


def imported_names(text: str) -> Iterator[str]:
    """Every dotted name that may be a module in the imports of a source text.

    >>> list(imported_names("import a.b as c, d\\nif e:\\n    from .e import (\\n  f,\\n  g as h,\\n)\\n"))
    ['a.b', 'd', '.e', '.e.f', '.e.g']
    >>> list(imported_names("from . import a, \\\\\\n    b; import c\\n"))
    ['.', '.a', '.b', 'c']
    """
    text = FOR_TYPES.sub("", text.replace("\\\n", " ")).replace(";", "\n")
    for package, names, modules in IMPORT.findall(text):
        listed = re.sub(r"#.*", "", modules or names).strip("() \n")
        named = [word.split()[0] for word in listed.split(",") if word.strip()]
        if package:
            yield package
            package += "" if package.endswith(".") else "."
        yield from (package + name for name in named)


def file_of(name: str, importer: Path) -> Path | None:
    """Where the source of a module lies that ``importer`` names; None: it is no module, or not followed."""
    root = name.partition(".")[0]
    if not root:
        dots = len(name) - len(name.lstrip("."))
        return source_at(importer.parents[dots - 1].joinpath(*filter(None, name.split("."))))
    if root == OURS:
        return file_of_ours(name)
    place = getattr(sys.modules.get(name), "__file__", None)
    if root in sys.stdlib_module_names or not place or not place.endswith(".py"):
        return None
    file = Path(place)
    is_followed = installed_as(file) is None or installed_as(file) == installed_as(importer)
    return file if is_followed else None


@cache
def file_of_ours(name: str) -> Path | None:
    """Where a module of this package lies, found by its path, so that it need not be loaded."""
    room, *rest = name.split(".")[1:] or [""]
    spec = importlib.util.find_spec(f"{OURS}.{room}" if room else OURS)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    return source_at(origin.parent.joinpath(*rest)) if rest else origin


def source_at(place: Path) -> Path | None:
    """The file of the module or package at a path without its ending.

    >>> source_at(Path(__file__).with_suffix("")).name, source_at(Path(__file__).parent).name
    ('sources.py', '__init__.py')
    """
    files = place.with_name(f"{place.name}.py"), place / "__init__.py"
    return next((file for file in files if file.is_file()), None)


def installed_as(file: Path) -> str | None:
    """The name of the installed package that a file belongs to; None for a file that is not installed.

    >>> installed_as(Path("lib/site-packages/numba/core/config.py"))
    'numba'
    """
    parts = file.parts
    places = [place for place, part in enumerate(parts[:-1]) if part in INSTALLED]
    return parts[places[-1] + 1] if places else None


@cache
def read(file: Path) -> str:
    """A source text, read once."""
    return file.read_text(encoding="utf-8")


@cache
def written_s(file: Path) -> float:
    """When a source was written, asked once."""
    return file.stat().st_mtime


@cache
def digest_of(*files: Path) -> str:
    """SHA-256 (hex) over names and texts of all that these modules are built from.

    >>> len(digest_of(Path(__file__)))
    64
    """
    digest = hashlib.sha256()
    for source in sorted({source for file in files for source in closure(file)}):
        digest.update(f"{source.name}\n{read(source)}\n".encode())
    return digest.hexdigest()


@cache
def edited_since_start(*files: Path) -> bool:
    """Whether something that these modules are built from was written after this process had begun.

    Then the code at work may be older than the text, and nothing is kept under the text's digest.

    >>> edited_since_start(Path(__file__))
    False
    """
    return any(written_s(source) > STARTED_S for file in files for source in closure(file))
