"""In which order a race takes the sequences: a stratified part first, then the others at random."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Integers

PART = 4
"""Sequences of the first part; a study of no more races nothing."""

MANY = 100
"""Sequences beyond which a study races that does not say whether it does."""


def race_order(lengths: Integers, classes: Integers, seed: int) -> Integers:
    """An order of all sequences, the same for every point of a generation.

    The first `PART` are one of each quarter of the sequences by length (those of one length by class). The
    others follow in an order of which each is as likely as any.

    >>> lengths, classes = np.array([5, 40, 12, 30, 7, 21, 33, 9]), np.zeros(8, int)
    >>> order = race_order(lengths, classes, seed=0)
    >>> sorted(lengths[order[:PART]].tolist()), sorted(order.tolist())
    ([7, 12, 30, 40], [0, 1, 2, 3, 4, 5, 6, 7])
    """
    rng = np.random.default_rng(seed)
    count = len(lengths)
    by_length = np.lexsort((rng.permutation(count), classes, lengths))
    part = by_length[part_of(count, rng.random())]
    others = np.setdiff1d(np.arange(count), part)
    return np.concatenate([part, rng.permutation(others)])


def part_of(count: int, start: float) -> Integers:
    """Places of the first part among sequences in a line: a systematic sample.

    With a ``start`` at random in 0 .. 1 every place is in it with the same probability, `PART` / count.

    >>> part_of(10, 0.1).tolist(), part_of(10, 0.9).tolist()
    ([0, 2, 5, 7], [2, 4, 7, 9])
    """
    places: Integers = np.floor((start + np.arange(PART)) * (count / PART)).astype(np.int64)
    inside: Integers = np.minimum(places, count - 1)
    return inside
