"""Files that a person names: whether they are there, and their content, of bounded size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from deltasim.runtime.errors import InputError

MOST_BYTES = 1 << 32
"""Of a file that is read whole."""

LONGEST_LINE = 500
"""Bytes of a line of text."""


class Unreadable(ValueError):
    """Why an input cannot be read, in a few words; ``line`` where it is known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line

    def at(self, place: object) -> str:
        """A place with the line, where that is known."""
        return str(place) if self.line is None else f"{place}:{self.line}"


class Missing(Unreadable):
    """There is no such file: the ``name`` of what is missing."""

    def __init__(self, path: str | Path, error: OSError) -> None:
        super().__init__(error.strerror or "it is not there")
        self.name = Path(path).name


def is_file(path: str | Path) -> bool:
    """Whether a file is there; no for whatever the system refuses to look for, such as a name too long.

    >>> is_file("x" * 5000), is_file("\\0")
    (False, False)
    """
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: str | Path) -> bool:
    """Whether a folder is there, likewise.

    >>> is_folder("/"), is_folder("/" + "x" * 5000)
    (True, False)
    """
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def read_bytes(path: str | Path, most: int = MOST_BYTES) -> bytes:
    """The content of a regular file. Errors: Unreadable, Missing.

    >>> read_bytes("/nowhere/at/all")
    Traceback (most recent call last):
    deltasim.runtime.readers.files.Missing: No such file or directory
    """
    try:
        if not Path(path).is_file() and Path(path).exists():
            raise Unreadable("it is no regular file")
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Missing(path, error) from None
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from None
    except ValueError:
        raise Unreadable("its name holds a NUL") from None
    if len(content) > most:
        raise Unreadable(f"it is larger than {most:,} bytes")
    return content


def read_text(path: str | Path, most: int = MOST_BYTES) -> str:
    """The content of a UTF-8 text file. Errors: Unreadable, Missing."""
    try:
        return read_bytes(path, most).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8 text") from None


def read_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file with their numbers, without comments (``#``) and white space around.

    Lines that hold nothing else are left out. Errors: Unreadable for a file that cannot be read, with the
    line for one that is too long or not plain ASCII (comments may be anything).
    """
    try:
        with open(path, "rb") as file:
            number = 0
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise Unreadable(f"a line has at most {LONGEST_LINE} bytes", number)
                text = line.partition(b"#")[0].strip()
                if not text.isascii():
                    raise Unreadable("it is not plain text", number)
                if text:
                    yield number, text.decode("ascii")
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from None
    except ValueError as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("its name holds a NUL") from None


def quoted(text: str) -> str:
    """A line as an error may repeat it: numbers stand as they are, of other text only that it is there.

    A description may name any file on the machine, so an error never prints what may be no description.

    >>> quoted("0 1 -0.5"), quoted("root:x:0:0:root")
    ('0 1 -0.5', 'other text')
    """
    return text[:80] if all(sign in "0123456789 \t.,-" for sign in text) else "other text"


def whole(text: str, most: int) -> int | None:
    """A whole number in ASCII digits from 0 to ``most``; None for anything else, however long.

    >>> whole("12", 100), whole("101", 100), whole("9" * 5000, 100), whole("٣", 100), whole("-1", 100)
    (12, None, None, None, None)
    """
    if not (text.isascii() and text.isdecimal()) or len(text.lstrip("0")) > len(str(most)):
        return None
    number = int(text.lstrip("0") or "0")
    return number if number <= most else None


def folder_in(variable: str) -> Path | None:
    """The folder that an environment variable names, ``~`` read as a home folder; None where it is not set.

    Errors: InputError for a name that cannot be one.
    """
    named = os.environ.get(variable)
    if not named:
        return None
    try:
        folder = Path(named).expanduser()
        folder.exists()
    except (OSError, RuntimeError, ValueError) as error:
        rule = f"it names no folder ({getattr(error, 'strerror', None) or error})"
        raise InputError(variable, named, rule, "Name a folder, or unset it.") from None
    return folder
