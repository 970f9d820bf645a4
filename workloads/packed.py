"""The arrays of a packed recording, or the sentence that says why they cannot be had."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable
from deltasim.runtime.readers.npz import Wanted, read_npz


def read_packed_arrays(
    path: Path, wanted: Mapping[str, Wanted], *, needed: str, held: str, remedy: str
) -> dict[str, Numbers]:
    """Read the wanted arrays of an npz file; whether they belong together is the caller's to check.

    ``needed`` is the rule where there is no file, ``held`` what a damaged or foreign one does not hold.
    Errors: InputError.

    >>> read_packed_arrays(
    ...     Path("none.npz"), {}, needed="the images are needed", held="the images", remedy="Copy it again."
    ... )
    Traceback (most recent call last):
    ...
    deltasim.runtime.errors.InputError: none.npz: no such file: the images are needed. Copy it again.
    """
    try:
        return read_npz(path, wanted)
    except Missing:
        raise InputError(path, "no such file", needed, remedy) from None
    except Unreadable as error:
        raise InputError(path, "damaged", f"it does not hold {held} ({error.reason})", remedy) from None
