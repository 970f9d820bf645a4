"""Arrays in ``.npz`` and ``.npy`` files: headers are held against the bytes first."""

from __future__ import annotations

import io
import math
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.readers.files import Missing, Unreadable

MOST_BYTES = 1 << 34
"""Of all arrays of a file, unpacked."""

DENSEST = 1100
"""Deflate packs no content more tightly than this."""


class Wanted(NamedTuple):
    """What an array has to be: its kinds as numpy's letters (``iu`` whole numbers), and its axes."""

    kinds: str
    axes: int


def read_npz(path: str | Path, wanted: Mapping[str, Wanted]) -> dict[str, Numbers]:
    """Read the wanted arrays of an npz file; others in it are left alone.

    Errors: Missing, or Unreadable for a file that is no such archive, is damaged, or lacks one of them in the
    form that is wanted.
    """
    arrays = read_arrays(path, wanted)
    for name, (kinds, axes) in wanted.items():
        if name not in arrays:
            raise Unreadable(f"it holds no array {name}")
        array = arrays[name]
        if array.dtype.kind not in kinds or array.ndim != axes:
            raise Unreadable(f"its array {name} is of {array.dtype.name[:40]} with {array.ndim} axes")
    return arrays


def read_arrays(path: str | Path, names: Mapping[str, Any] | None = None) -> dict[str, Numbers]:
    """Read all arrays of an npz file, or those that are named. Errors: Unreadable, Missing."""
    try:
        with open(path, "rb") as file:
            return arrays_in(file, names)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Missing(path, error) from None
    except (OSError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(getattr(error, "strerror", None) or type(error).__name__) from None


def arrays_in(file: IO[bytes], names: Mapping[str, Any] | None = None) -> dict[str, Numbers]:
    """Read all arrays of an open npz file, or those that are named. Errors: Unreadable."""
    try:
        with zipfile.ZipFile(file) as archive:
            found: dict[str, Numbers] = {}
            room = MOST_BYTES
            for member in archive.infolist():
                name = member.filename.removesuffix(".npy")
                if names is not None and name not in names:
                    continue
                if name in found or member.file_size > min(room, DENSEST * member.compress_size + 1024):
                    raise Unreadable("it is no archive of arrays")
                room -= member.file_size
                found[name] = unpacked(archive.read(member))
            return found
    except Unreadable:
        raise
    except Exception as error:  # the library raises whatever damaged bytes lead it to
        raise Unreadable(f"it is no archive of arrays ({type(error).__name__})") from None


def unpacked(content: bytes) -> Numbers:
    """The array of an ``.npy`` file's content, which has to be as long as its header says.

    >>> import io
    >>> file = io.BytesIO()
    >>> np.save(file, np.arange(3))
    >>> unpacked(file.getvalue()).tolist()
    [0, 1, 2]
    >>> unpacked(file.getvalue()[:-1])
    Traceback (most recent call last):
    deltasim.runtime.readers.files.Unreadable: an array of 24 bytes has 23
    """
    file = io.BytesIO(content)
    shape, column_major, dtype = header_of(file)
    left = len(content) - file.tell()
    expected = math.prod(shape) * dtype.itemsize
    if left != expected:
        raise Unreadable(f"an array of {expected:,} bytes has {left:,}")
    if expected == 0:
        return np.zeros(shape, dtype)
    array = np.frombuffer(bytearray(content[file.tell() :]), dtype)
    return array.reshape(shape, order="F" if column_major else "C")


def map_npy(path: Path) -> Numbers:
    """The array of an ``.npy`` file, left on the disk until it is used. Errors: Unreadable, Missing."""
    try:
        with open(path, "rb") as file:
            shape, column_major, dtype = header_of(file)
            begin, end = file.tell(), file.seek(0, os.SEEK_END)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Missing(path, error) from None
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from None
    expected = math.prod(shape) * dtype.itemsize
    if end - begin != expected:
        raise Unreadable(f"an array of {expected:,} bytes has {end - begin:,}")
    return np.memmap(path, dtype, "r", begin, shape, "F" if column_major else "C")


def header_of(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of an ``.npy`` file; never Python objects. Errors: Unreadable."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        version = np.lib.format.read_magic(file)
        shape, column_major, dtype = readers[version](file)
        sound = (
            not dtype.hasobject
            and all(length >= 0 for length in shape)
            and len(shape) <= 32
            and dtype.itemsize > 0
        )
    except Exception as error:  # as above
        raise Unreadable(f"an array has no readable header ({type(error).__name__})") from None
    if not sound:
        raise Unreadable("an array holds no plain numbers")
    return shape, column_major, dtype
