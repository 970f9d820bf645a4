"""What goes wrong by a user's hand, told in one sentence: place, value, rule, remedy."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence

LONGEST = 200
"""Characters of a place or a value that a sentence repeats."""


class InputError(ValueError):
    """Bad input, named so that a person can mend it.

    The sentence reads ``place: value: rule. remedy``, on one line and of bounded length whatever was given.
    The command line prints it and exits with code 2.

    >>> str(InputError("--theta", -0.1, "a threshold is at least 0", "Give 0 or a positive number."))
    '--theta: -0.1: a threshold is at least 0. Give 0 or a positive number.'
    >>> str(InputError("name", "a\\nb", "a name is one line", "Mend it."))
    'name: a\\\\nb: a name is one line. Mend it.'
    """

    def __init__(self, place: object, value: object, rule: str, remedy: str) -> None:
        self.place, self.value = shown(place), shown(value)
        self.rule, self.remedy = on_one_line(rule), on_one_line(remedy)
        super().__init__(f"{self.place}: {self.value}: {self.rule}. {self.remedy}")


class InputErrors(InputError):
    """All that is wrong with one input: one sentence a line; ``errors`` holds them apart."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        first = errors[0]
        super().__init__(first.place, first.value, first.rule, first.remedy)
        self.errors = tuple(errors)
        self.args = ("\n".join(str(error) for error in errors),)


def on_one_line(text: str) -> str:
    """A text without what would break a line or steer a terminal: such characters are spelled out.

    >>> on_one_line("a\\u2028b\\x1b[2J")
    'a\\\\u2028b\\\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def shown(value: object) -> str:
    """What a person gave, as a sentence repeats it: on one line, and cut where it is long.

    >>> shown("x" * 5000) == "x" * 120 + "... (5,000 characters)"
    True
    >>> shown(10**5000)
    'a number of some 5,000 digits'
    """
    if isinstance(value, int) and abs(value) >= 10**LONGEST:
        return f"a number of some {math.floor(math.log10(2) * value.bit_length()):,} digits"
    text = str(value)
    if len(text) > LONGEST:
        text = f"{text[:120]}... ({len(text):,} characters)"
    return on_one_line(text)


def nearest(name: str, choices: Iterable[str]) -> str:
    """Suggest the choice most like a mistyped name, then list what there is.

    >>> nearest("edgedrn", ["edgedrnn", "mesh16"])
    'Did you mean edgedrnn? There are: edgedrnn, mesh16.'
    >>> nearest("zzz", ["edgedrnn", "mesh16"])
    'There are: edgedrnn, mesh16.'
    """
    listed = sorted(choices)
    close = difflib.get_close_matches(name[:LONGEST], listed, n=1)
    suggestion = f"Did you mean {close[0]}? " if close else ""
    return f"{suggestion}There are: {', '.join(listed)}."
