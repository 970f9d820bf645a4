"""What is printed: in any encoding, and to a device that may be full."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import TextIO

HANDLER = "deltasim.spelled"

SPELLED = {
    "θ": "theta",
    "µ": "u",
    "μ": "u",
    "×": "x",
    "–": "-",
    "—": "-",
    "−": "-",
    "─": "-",
    "━": "-",
    "·": "-",
    "…": "...",
    "≥": ">=",
    "≤": "<=",
    "°": " deg",
    "²": "2",
    "\u00a0": " ",
    "\u202f": " ",
}
"""Signs of ours, as an encoding without them has them."""


def spelled(error: UnicodeError) -> tuple[str, int]:
    """What stands for signs that an encoding does not have: plain letters, or the number of the sign.

    >>> "θ = 0.2 µJ, 3 × 語".encode("ascii", HANDLER)
    b'theta = 0.2 uJ, 3 x \\\\u8a9e'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    plain = (SPELLED.get(sign) or sign.encode("unicode_escape").decode("ascii") for sign in signs)
    return "".join(plain), error.end


codecs.register_error(HANDLER, spelled)


@contextlib.contextmanager
def printable() -> Iterator[None]:
    """Within it, nothing that is printed fails for its encoding."""
    changed: list[tuple[io.TextIOWrapper, str]] = []
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors is not None:
            changed.append((stream, stream.errors))
            stream.reconfigure(errors=HANDLER)
    try:
        yield
    finally:
        for stream, errors in changed:
            with contextlib.suppress(OSError, ValueError):
                stream.reconfigure(errors=errors)


def give_up(stream: TextIO) -> None:
    """Send what is still to be written to a device that takes it no more to nowhere.

    Python writes what is left when it ends, and complains of the same device once more.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()


def complain(sentence: str) -> None:
    """Print a sentence, or several of a line each, on stderr; where that cannot be, nothing."""
    try:
        for line in sentence.splitlines():
            print(f"deltasim: {line}", file=sys.stderr)
        sys.stderr.flush()
    except (OSError, ValueError):
        give_up(sys.stderr)
