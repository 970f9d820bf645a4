"""Letters: the 28 symbols a transcript is written in, and how a network's outputs are read."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Integers

SYMBOLS = "abcdefghijklmnopqrstuvwxyz '"
BLANK = len(SYMBOLS)  # the output that stands for "no new symbol here"
OUTPUTS = BLANK + 1
OTHER = re.compile(r"[^a-z' ]+")


def written(text: str) -> str:
    """A text in the 28 symbols: small letters, words apart by one space, other marks left out.

    >>> written('"Trusty men," Low-Country; the prisoner\\'s')
    "trusty men low country the prisoner's"
    """
    return " ".join(OTHER.sub(" ", text.lower()).split())


def numbered(text: str) -> Integers:
    """The symbols of a written text as numbers, (L,).

    >>> numbered("ab '").tolist()
    [0, 1, 26, 27]
    """
    return np.array([SYMBOLS.index(symbol) for symbol in text], np.int64)


def spelled(symbols: Integers) -> str:
    """The text of numbers; those below 0 are padding.

    >>> spelled(np.array([7, 8, -1]))
    'hi'
    """
    return "".join(SYMBOLS[number] for number in symbols.tolist() if number >= 0)


def read_out(outputs: NDArray[np.float32]) -> str:
    """The text in outputs (T, 29): the best symbol of each step, repeats merged, blanks left out.

    That is the best path of connectionist temporal classification (Graves et al. 2006), without a language
    model. Spaces at the ends are left out, and several in a row are one.

    >>> read_out(np.eye(OUTPUTS, dtype=np.float32)[[28, 7, 7, 28, 8, 26, 28, 26]])
    'hi'
    """
    best = outputs.argmax(1)
    changed = best[np.concatenate([[True], best[1:] != best[:-1]])]
    return " ".join(spelled(changed[changed != BLANK]).split())
