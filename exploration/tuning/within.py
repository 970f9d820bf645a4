"""How much may be lost: points of a score, or of frames that agree, or the RMS deviation of the outputs."""

from __future__ import annotations

import math
from typing import NamedTuple

from deltasim.runtime.errors import InputError, nearest

KINDS = ("points", "rms")


class Within(NamedTuple):
    """At most ``most`` of a kind of loss, against the same network with every element sent.

    >>> str(Within("points", 0.5)), str(Within("rms", 0.02))
    ('0.5points', '0.02rms')
    """

    kind: str
    most: float

    def __str__(self) -> str:
        return f"{self.most:g}{self.kind}"

    @property
    def words(self) -> str:
        """The same for a sentence."""
        return f"{self.most:g} points" if self.kind == "points" else f"an RMS deviation of {self.most:g}"


def parse_within(text: str) -> Within:
    """Read ``0.5points`` or ``0.02rms``.

    >>> parse_within("0.5points"), parse_within(" 0.02 rms ")
    (Within(kind='points', most=0.5), Within(kind='rms', most=0.02))
    >>> parse_within("5%")
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: within: 5%: it is a number and points or rms. Give for example ...
    """
    plain = "".join(text.split())
    kind = next((name for name in KINDS if plain.endswith(name)), None)
    if kind is None:
        ending = plain.lstrip("0123456789.+-eE")
        remedy = nearest(ending, KINDS) if ending.isalpha() else "Give for example 0.5points or 0.02rms."
        raise InputError("within", text, "it is a number and points or rms", remedy)
    try:
        most = float(plain.removesuffix(kind))
    except ValueError:
        most = math.nan
    if not 0 <= most < math.inf:
        rule = "what may be lost is a number of at least 0"
        raise InputError("within", text, rule, "Give for example 0.5points or 0.02rms.")
    return Within(kind, most)
