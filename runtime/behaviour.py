"""A digest over what code does: for cells and connections of one's own, whose name says nothing.

Functions and classes count by their byte code, the values it holds, and whatever it names, however far away;
those of this package, of installed ones and of Python by their name and version.
"""

from __future__ import annotations

import copyreg
import functools
import hashlib
import inspect
import sys
import types
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.runtime.sources import OURS, digest_of, installed_as

PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented), np.dtype)
SAYS_NOTHING = {
    *("__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__slots__", "__orig_bases__"),
    *("__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__", "__parameters__"),
    *("__dataclass_fields__", "__dataclass_params__", "__match_args__", "__abstractmethods__", "_abc_impl"),
    *("__firstlineno__", "__static_attributes__"),
}
"""What a class holds besides what it does."""


def is_ours(thing: object) -> bool:
    """Whether an object's class is one of this package, whose name and fields say all.

    >>> is_ours(3)
    False
    """
    return type(thing).__module__.partition(".")[0] == OURS


def behaviour(thing: object) -> str:
    """SHA-256 (hex) over all that decides what an object, class or function does.

    What has no content to compare (an open file) is like nothing else: its digest is never the same again.

    >>> def twice(x): return 2 * x
    >>> def thrice(x): return 3 * x
    >>> behaviour(twice) == behaviour(twice), behaviour(twice) == behaviour(thrice)
    (True, False)
    """
    return Walk().digest(thing)


class Walk:
    """One walk through everything that an object leads to; what leads back counts by how far back."""

    def __init__(self) -> None:
        self.path: dict[int, int] = {}
        self.done: dict[int, str] = {}
        self.alive: list[object] = []  # so that no number of an object is used twice

    def digest(self, thing: object) -> str:
        if isinstance(thing, PLAIN):
            return hashed(type(thing).__name__, repr(thing))
        number = id(thing)
        if number in self.path:
            return hashed("back", str(len(self.path) - self.path[number]))
        if number not in self.done:
            self.path[number] = len(self.path)
            self.alive.append(thing)
            self.done[number] = hashed(type(thing).__qualname__, *self.parts(thing))
            del self.path[number]
        return self.done[number]

    def parts(self, thing: Any) -> Iterator[str]:
        """The digests of what decides a thing, by its kind."""
        if isinstance(thing, np.ndarray | np.generic) and not thing.dtype.hasobject:
            yield hashed(repr(thing.dtype), str(thing.shape), thing.tobytes())
        elif isinstance(thing, tuple | list):
            yield from map(self.digest, thing)
        elif isinstance(thing, set | frozenset):
            yield from sorted(map(self.digest, thing))
        elif isinstance(thing, dict):
            yield from sorted(self.digest(key) + self.digest(value) for key, value in thing.items())
        elif isinstance(thing, types.CodeType):
            yield hashed(thing.co_code, repr((thing.co_names, thing.co_varnames, thing.co_flags)))
            yield from map(self.digest, thing.co_consts)
        elif isinstance(thing, types.ModuleType):
            yield named_module(thing)
        elif isinstance(thing, type | types.FunctionType) and (named := name_of(thing)):
            yield named
        elif isinstance(thing, type):
            yield from map(self.digest, thing.__bases__)
            for name, value in sorted(vars(thing).items()):
                if name not in SAYS_NOTHING:
                    yield name + self.digest(value)
        elif isinstance(thing, types.FunctionType):
            yield from map(self.digest, (thing.__code__, thing.__defaults__, thing.__kwdefaults__))
            yield from map(self.digest, (cell.cell_contents for cell in filled(thing.__closure__)))
            for name in sorted(names_in(thing.__code__) & thing.__globals__.keys()):
                yield name + self.digest(thing.__globals__[name])
        elif is_plain(thing):
            yield f"{thing.__module__}.{thing.__qualname__}"
        else:
            yield from map(self.digest, held_by(thing))


def held_by(thing: Any) -> Iterator[object]:
    """What an object of any other kind is made of."""
    if isinstance(thing, property):
        yield from (thing.fget, thing.fset, thing.fdel)
    elif isinstance(thing, functools.cached_property):
        yield thing.func
    elif isinstance(thing, classmethod | staticmethod | types.MethodType):
        yield from (thing.__func__, getattr(thing, "__self__", None))
    elif isinstance(thing, functools.partial):
        yield from (thing.func, thing.args, thing.keywords)
    elif hasattr(thing, "py_func"):  # a kernel of numba
        yield from (thing.py_func, {name: repr(value) for name, value in thing.targetoptions.items()})
    elif hasattr(thing, "__wrapped__"):
        yield thing.__wrapped__
    else:
        yield taken_apart(thing)


def taken_apart(thing: Any) -> object:
    """Class and state of an object, as for pickling; what was worked out lazily is no part of it."""
    try:
        reduce = copyreg.dispatch_table.get(type(thing))
        reduced = reduce(thing) if reduce else thing.__reduce_ex__(4)
    except Exception:  # whatever its class says when it cannot be taken apart
        return uuid.uuid4().hex
    if isinstance(reduced, str):
        return f"{getattr(thing, '__module__', '')}.{reduced}"
    make, arguments, *more = reduced
    state = more[0] if more else None
    if isinstance(state, dict):
        lazily = {name for name, _ in inspect.getmembers(type(thing), is_cached)}
        state = {name: value for name, value in state.items() if name not in lazily}
    return make, arguments, state, [list(items) for items in more[1:3] if items is not None]


def is_plain(thing: object) -> bool:
    """Whether this is a function written in C that belongs to a module, and not to an object."""
    if not isinstance(thing, types.BuiltinFunctionType):
        return False
    return thing.__self__ is None or isinstance(thing.__self__, types.ModuleType)


def is_cached(member: object) -> bool:
    return isinstance(member, functools.cached_property)


def hashed(*parts: str | bytes) -> str:
    """SHA-256 (hex) over parts, told apart."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(content)} ".encode() + content)
    return digest.hexdigest()


def names_in(code: types.CodeType) -> set[str]:
    """The names that code and the functions inside it look up."""
    inner = (names_in(value) for value in code.co_consts if isinstance(value, types.CodeType))
    return set(code.co_names).union(*inner)


def filled(cells: tuple[types.CellType, ...] | None) -> Iterator[types.CellType]:
    """The cells of a closure that hold something yet."""
    for cell in cells or ():
        try:
            cell.cell_contents  # noqa: B018
        except ValueError:
            continue
        yield cell


def name_of(thing: type | types.FunctionType) -> str | None:
    """Name and version of what is this package's, an installed one's or Python's; None for one's own."""
    root = thing.__module__.partition(".")[0] if thing.__module__ else ""
    module = sys.modules.get(root)
    file = (
        thing.__code__.co_filename
        if isinstance(thing, types.FunctionType)
        else getattr(module, "__file__", None)
    )
    is_known = root in sys.stdlib_module_names - {"__main__"} or root == OURS
    if not is_known and (not file or installed_as(Path(file)) is None):
        return None
    return f"{thing.__module__}.{thing.__qualname__} {getattr(module, '__version__', '')}"


def named_module(module: types.ModuleType) -> str:
    """Name and version of a module; for one's own, the digest of its sources."""
    file = getattr(module, "__file__", None)
    root = module.__name__.partition(".")[0]
    if not file or not file.endswith(".py") or root in sys.stdlib_module_names or root == OURS:
        return module.__name__
    if installed_as(Path(file)):
        return f"{module.__name__} {getattr(sys.modules.get(root), '__version__', '')}"
    return digest_of(Path(file))
