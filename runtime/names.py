"""What may be a name: of a chip, a memory, a benchmark, a network. A name is safe as a file's, too."""

from __future__ import annotations

import re

LONGEST = 64
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST - 1}}}")
RULE = f"a name is at most {LONGEST} letters, digits, points, dashes and underscores, a letter or digit first"
REMEDY = "Name it like mesh16."


def is_name(text: str) -> bool:
    """Whether a text keeps `RULE`.

    >>> is_name("mesh16-cached"), is_name("../outside"), is_name("a\\n"), is_name("x" * 65)
    (True, False, False, False)
    """
    return NAME.fullmatch(text) is not None


def as_name(text: str) -> str:
    """A name made of any text: a dash for each run of what may not stand there.

    >>> as_name("digits Free Spoken/40-200"), as_name("../.."), as_name("θ")
    ('digits-Free-Spoken-40-200', 'unnamed', 'unnamed')
    """
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("._-")
    return kept[:LONGEST].rstrip("._-") or "unnamed"
