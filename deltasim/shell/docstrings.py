"""What a docstring says to somebody who does not read Python."""

from __future__ import annotations

import inspect
import re


def said_of(thing: object) -> str:
    """A docstring without its examples and marks.

    >>> print(said_of(lambda: None) == "", said_of(inspect.getdoc).splitlines()[0])
    True Get the documentation string for an object.
    """
    blocks = (inspect.getdoc(thing) or "").split("\n\n")
    text = "\n\n".join(block for block in blocks if not block.lstrip().startswith(">>>"))
    return re.sub(r":\w+:`(.*?)`", r"\1", text).replace("``", "")
