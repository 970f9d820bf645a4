"""HDF5 files as plain data: groups as dictionaries, data sets as arrays or text."""

from __future__ import annotations

import importlib.util
import io
import mmap
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.runtime.readers.files import Missing, Unreadable, is_file, read_bytes

DEEPEST = 24
MOST_ENTRIES = 100_000
MOST_VALUES = 1 << 28
"""Values of all data sets together."""


class Count:
    """What is left of the bounds while a file is read."""

    def __init__(self) -> None:
        self.entries, self.values = MOST_ENTRIES, MOST_VALUES

    def take(self, entries: int, values: int) -> None:
        """Errors: Unreadable where there is too much."""
        self.entries, self.values = self.entries - entries, self.values - values
        if self.entries < 0 or self.values < 0:
            raise Unreadable(f"it holds more than {MOST_ENTRIES:,} entries or {MOST_VALUES:,} values")


def is_there() -> bool:
    """Whether the package h5py is installed."""
    return importlib.util.find_spec("h5py") is not None


def read_tree(path: str | Path) -> dict[str, Any]:
    """All groups and data sets of a file, which is read from memory: no link out of it is followed.

    Errors: Unreadable, Missing. Needs the package h5py.
    """
    content = read_bytes(path)
    require_whole_heaps(content)
    with opened(io.BytesIO(content)) as file:
        return group_of(file, DEEPEST, Count())


def read_sets(path: str | Path, names: Iterable[str]) -> list[Any]:
    """Some data sets of a file by their paths, like ``labels`` or ``times/a``; only hard links are followed.

    For files that are too large to be read whole. Errors: Unreadable, Missing. Needs the package h5py.
    """
    if not is_file(path):
        raise Missing(path, FileNotFoundError())
    with open(path, "rb") as raw:
        if os.fstat(raw.fileno()).st_size == 0:
            raise Unreadable("it is empty")
        with mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as content:
            require_whole_heaps(content)
    left = Count()
    with opened(path) as file:
        return [set_of(file, name, left) for name in names]


@contextmanager
def opened(source: str | Path | io.BytesIO) -> Iterator[Any]:
    """A file to read from. Errors: Unreadable, whatever the library raises."""
    import h5py

    try:
        with h5py.File(source, "r") as file:
            yield file
    except Unreadable:
        raise
    except Exception as error:  # the library raises whatever damaged bytes lead it to
        raise Unreadable(f"it is no readable HDF5 file ({type(error).__name__})") from None


def set_of(file: Any, path: str, left: Count) -> Any:
    """The data set at a path below a group."""
    import h5py

    entry = file
    for step in path.split("/"):
        if not isinstance(entry, h5py.Group) or step not in entry:
            raise Unreadable(f"it has no data set {path[:60]}")
        if not isinstance(entry.get(step, getlink=True), h5py.HardLink):
            raise Unreadable(f"{path[:60]} is a link")
        entry = entry[step]
    if not isinstance(entry, h5py.Dataset):
        raise Unreadable(f"{path[:60]} is no data set")
    return content_of(entry, path, left)


HEAP, HEAP_VERSION = b"GCOL", b"\1\0\0\0"
HEAP_HEAD = 16
"""Bytes before the objects of a global heap, and before the content of each object."""


def require_whole_heaps(content: bytes | mmap.mmap) -> None:
    """Raise Unreadable for a global heap, where texts lie, whose objects do not follow one another.

    HDF5 2.0 walks along them without an end where one takes no bytes, and cannot be interrupted.
    Source: HDF5 File Format Specification 3.0, III.E.
    """
    start = content.find(HEAP)
    while start >= 0:
        is_heap = content[start + 4 : start + 8] == HEAP_VERSION
        place = start + HEAP_HEAD
        end = min(start + int.from_bytes(content[start + 8 : place], "little"), len(content))
        while is_heap and place + HEAP_HEAD <= end:
            number = int.from_bytes(content[place : place + 2], "little")
            size = int.from_bytes(content[place + 8 : place + HEAP_HEAD], "little")
            taken = HEAP_HEAD + (size + 7) // 8 * 8 if number else size  # 0: free space, head included
            if not HEAP_HEAD <= taken <= end - place:
                raise Unreadable(f"its heap at byte {start:,} is broken")
            place += taken
        start = content.find(HEAP, start + 4)


def group_of(group: Any, depth: int, left: Count) -> dict[str, Any]:
    """One group; only what lies in the file itself."""
    import h5py

    if depth == 0:
        raise Unreadable(f"its groups are nested more than {DEEPEST} deep")
    found: dict[str, Any] = {}
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise Unreadable(f"{name[:60]} is a link out of its group")
        entry = group[name]
        if isinstance(entry, h5py.Group):
            left.take(1, 0)
            found[name] = group_of(entry, depth - 1, left)
        elif isinstance(entry, h5py.Dataset):
            found[name] = content_of(entry, name, left)
        else:
            raise Unreadable(f"{name[:60]} is neither a group nor a data set")
    return found


def content_of(entry: Any, name: str, left: Count) -> Any:
    """What a data set holds, where it holds it itself."""
    if entry.external or entry.is_virtual:
        raise Unreadable(f"{name[:60]} lies in another file")
    left.take(1, int(entry.size or 0))
    return plain(entry[()], name)


def plain(value: Any, name: str) -> Any:
    """Text as str, numbers as arrays, an array of texts as a list of lists.

    >>> plain(b"LIF", "type"), plain(np.array([[b"a", b"b"]], object), "edges")
    ('LIF', [['a', 'b']])
    """
    if isinstance(value, bytes):
        return text_of(value, name)
    if isinstance(value, str):
        return value
    array = np.asarray(value)
    if array.dtype.kind in "OS":
        texts = [text_of(item, name) for item in array.ravel()]
        return np.array(texts, object).reshape(array.shape).tolist()
    if array.dtype.kind not in "biuf":
        raise Unreadable(f"{name[:60]} holds neither numbers nor text")
    return array


def text_of(value: Any, name: str) -> str:
    """Bytes as the text they are."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise Unreadable(f"{name[:60]} is not UTF-8 text") from None
    if isinstance(value, str):
        return value
    raise Unreadable(f"{name[:60]} holds neither numbers nor text")
