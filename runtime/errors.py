"""What goes wrong by a user's hand, told in one sentence: place, value, rule, remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input, named so that a person can mend it.

    The sentence reads ``place: value: rule. remedy``. The command line prints it and exits with code 2.

    >>> str(InputError("--theta", -0.1, "a threshold is at least 0", "Give 0 or a positive number."))
    '--theta: -0.1: a threshold is at least 0. Give 0 or a positive number.'
    """

    def __init__(self, place: object, value: object, rule: str, remedy: str) -> None:
        self.place, self.value, self.rule, self.remedy = str(place), str(value), rule, remedy
        super().__init__(f"{self.place}: {self.value}: {rule}. {remedy}")


def nearest(name: str, choices: Iterable[str]) -> str:
    """Suggest the choice most like a mistyped name, then list what there is.

    >>> nearest("edgedrn", ["edgedrnn", "mesh16"])
    'Did you mean edgedrnn? There are: edgedrnn, mesh16.'
    >>> nearest("zzz", ["edgedrnn", "mesh16"])
    'There are: edgedrnn, mesh16.'
    """
    listed = sorted(choices)
    close = difflib.get_close_matches(name, listed, n=1)
    suggestion = f"Did you mean {close[0]}? " if close else ""
    return f"{suggestion}There are: {', '.join(listed)}."
