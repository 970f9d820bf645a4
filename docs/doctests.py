"""Examples in docstrings as blocks of code on the site: a griffe extension that mkdocs.yml names."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\n).*)*", re.MULTILINE)


class Doctests(Extension):
    """Fence every example (``>>>`` up to the next empty line)."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    """A docstring with its examples as fenced code.

    >>> print(fenced("One.\\n\\n>>> 1 + 1\\n2\\n\\nTwo.").replace("`", "'"))
    One.
    <BLANKLINE>
    '''pycon
    >>> 1 + 1
    2
    '''
    <BLANKLINE>
    Two.
    """
    return EXAMPLE.sub(lambda match: f"```pycon\n{match.group(0)}\n```", text)
