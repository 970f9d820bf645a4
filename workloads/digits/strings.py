"""Connected digit strings: one to seven digits said in a row by one speaker."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.workloads.digits.corpus import Corpus
from deltasim.workloads.features import BANDS, SILENCE

LONGEST = 7
PAUSE = 12  # frames: the longest pause between two digits
NOTHING = -1  # pads the digits of a string to seven
BLANK = 10  # the output that stands for "no digit here"


class Strings(NamedTuple):
    """Connected digits: ``features[i]`` (T_i, 40), ``digits`` (n, 7) padded with -1, ``speakers`` (n,)."""

    features: tuple[NDArray[np.float32], ...]
    digits: NDArray[np.int64]
    speakers: NDArray[np.int64]


def joined(corpus: Corpus, rng: np.random.Generator, longest: int = LONGEST) -> Strings:
    """Join the recordings of each speaker to strings, every recording used once.

    A speaker's recordings are shuffled and cut into runs whose lengths are drawn evenly from 1 to ``longest``
    (the last run takes what is left). Before, between and after digits lie 0 to 12 frames of silence. All is
    drawn from ``rng``, so a seed fixes the strings.

    >>> import numpy as np
    >>> toy = Corpus("toy", "", tuple(np.zeros((5, 40), np.float32) for _ in range(9)), np.arange(9),
    ...              np.zeros(9, np.int64), ("ann",), np.ones(9, np.bool_), "0")
    >>> strings = joined(toy, np.random.default_rng(0))
    >>> sorted(strings.digits[strings.digits >= 0].tolist())
    [0, 1, 2, 3, 4, 5, 6, 7, 8]
    """
    features, digits, speakers = [], [], []
    for speaker in np.unique(corpus.speakers):
        places = rng.permutation(np.flatnonzero(corpus.speakers == speaker))
        while places.size:
            run, places = np.split(places, [int(rng.integers(1, longest + 1))])
            pieces = [_silence(rng)]
            for place in run:
                pieces += [corpus.features[place], _silence(rng)]
            features.append(np.concatenate(pieces))
            digits.append(np.pad(corpus.labels[run], (0, LONGEST - run.size), constant_values=NOTHING))
            speakers.append(speaker)
    return Strings(tuple(features), np.array(digits, np.int64), np.array(speakers, np.int64))


def _silence(rng: np.random.Generator) -> NDArray[np.float32]:
    return np.full((int(rng.integers(0, PAUSE + 1)), BANDS), SILENCE, np.float32)


def read_out(outputs: NDArray[np.float32]) -> list[int]:
    """The digits in outputs (T, 11): the best class of each frame, repeats merged, blanks left out.

    >>> outputs = np.eye(11, dtype=np.float32)[[10, 3, 3, 10, 3, 7, 10]]
    >>> read_out(outputs)
    [3, 3, 7]
    """
    best = outputs.argmax(1)
    changed = best[np.concatenate([[True], best[1:] != best[:-1]])]
    return [int(digit) for digit in changed if digit != BLANK]


def edit_distance(recognised: list[int], said: list[int]) -> int:
    """Fewest insertions, deletions and substitutions that turn one string into the other (Levenshtein).

    >>> edit_distance([1, 2, 3], [1, 3, 3, 4])
    2
    """
    row = list(range(len(said) + 1))
    for number, left in enumerate(recognised, 1):
        above, row = row, [number]
        for place, right in enumerate(said, 1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (left != right)))
    return row[-1]
