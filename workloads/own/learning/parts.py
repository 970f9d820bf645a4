"""The parts of labelled data: what is learned from, what choices are made on, and what is scored once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError

SHARE = 0.2  # of all sequences, or of all groups, in the validation part and in the test part each


class Parts(NamedTuple):
    """Places of the sequences of each part, ascending."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


def parted(
    source: str,
    count: int,
    groups: Sequence[str] | None,
    classes: NDArray[np.int64] | None,
    seed: int,
    has_test: bool,
) -> Parts:
    """Hold parts out: whole groups where there are groups, else sequences, of every class alike.

    A fifth (at least one) is the validation part, and, unless test data come apart (``has_test``), a fifth
    the test part. Errors: InputError for too little to hold out.

    >>> parts = parted("a", 10, None, np.array([0, 1] * 5), 0, False)
    >>> [len(part) for part in parts]
    [6, 2, 2]
    >>> parts = parted("a", 6, list("aabbcc"), None, 0, False)
    >>> [len(part) for part in parts]
    [2, 2, 2]
    """
    held_out = 1 if has_test else 2
    rng = np.random.default_rng([seed, 7])
    if groups is not None:
        names = sorted(set(groups))
        if len(names) <= held_out:
            rule = f"{held_out + 1} groups are needed, to hold some out"
            raise InputError(source, f"{len(names)} groups", rule, "Add groups, or leave them out.")
        order = rng.permutation(len(names))
        size = max(1, round(SHARE * len(names)))
        part_of = {names[place]: min(number // size, held_out) for number, place in enumerate(order.tolist())}
        which = np.array([part_of[group] for group in groups])
    else:
        if count <= held_out:
            rule = f"at least {held_out + 1} sequences are needed, to hold some out"
            raise InputError(source, f"{count} sequences", rule, "Cut long sequences, or add more.")
        which = np.full(count, held_out)
        kinds = np.zeros(count, np.int64) if classes is None else classes
        for kind in np.unique(kinds).tolist():
            places = rng.permutation(np.flatnonzero(kinds == kind))
            size = int(SHARE * len(places))
            for part in range(held_out):
                which[places[part * size : (part + 1) * size]] = part
        for part in range(held_out):  # where every class has few
            if not (which == part).any():
                which[rng.choice(np.flatnonzero(which == held_out))] = part
    found = [np.flatnonzero(which == part) for part in range(held_out + 1)]
    nothing = np.zeros(0, np.int64)
    return Parts(found[held_out], found[0], nothing if has_test else found[1])


def require_learned(source: str, classes: Sequence[str], trained: NDArray[np.int64]) -> None:
    """Refuse a class without an example to learn from.

    >>> require_learned("a.npz", ("no", "yes"), np.array([1, 1]))
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: a.npz: class no: it has no example in the training part. Add ...
    """
    missing = [name for number, name in enumerate(classes) if not (trained == number).any()]
    if missing:
        rule = "it has no example in the training part"
        remedy = "Add examples (in other groups, where there are groups), or leave the class out."
        raise InputError(source, f"class {missing[0]}", rule, remedy)
