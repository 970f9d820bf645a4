"""A corpus of spoken digits as features: the one shape every source of recordings is brought to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, eq=False)
class Corpus:
    """Recordings of single digits, in the order of their source.

    ``features[i]`` is log-mel (T_i, 40) float32, not normalised; ``labels[i]`` its digit 0-9;
    ``speakers[i]`` an index into ``speaker_names``; ``is_test[i]`` the split of the source. ``about``
    says which data this is, in words that can stand in a report; ``digest`` is a sha256 over the content.

    >>> import numpy as np
    >>> two = Corpus("toy", "two toys", (np.zeros((3, 40), np.float32), np.ones((5, 40), np.float32)),
    ...              np.array([0, 1]), np.array([0, 0]), ("ann",), np.array([True, False]), "0")
    >>> [len(frames) for frames in two.part("train").features]
    [5]
    """

    name: str
    about: str
    features: tuple[NDArray[np.float32], ...]
    labels: NDArray[np.int64]
    speakers: NDArray[np.int64]
    speaker_names: tuple[str, ...]
    is_test: NDArray[np.bool_]
    digest: str

    def part(self, which: str) -> Corpus:
        """The recordings of one split: ``"train"``, ``"test"`` or ``"all"``."""
        return self if which == "all" else self.chosen(np.flatnonzero(in_part(self.is_test, which)))

    def chosen(self, places: NDArray[np.int64]) -> Corpus:
        """The recordings at some places, in that order."""
        return replace(
            self,
            features=tuple(self.features[place] for place in places),
            labels=self.labels[places],
            speakers=self.speakers[places],
            is_test=self.is_test[places],
        )


def in_part(is_test: NDArray[np.bool_], which: str) -> NDArray[np.bool_]:
    """Mark the recordings that belong to ``"train"``, ``"test"`` or ``"all"``.

    >>> import numpy as np
    >>> in_part(np.array([True, False]), "train").tolist()
    [False, True]
    """
    if which not in ("train", "test", "all"):
        raise InputError("part", which, "a corpus has the parts train, test and all", "Name one of them.")
    return np.ones_like(is_test) if which == "all" else is_test == (which == "test")


def digest_of(*parts: bytes | NDArray[np.generic] | str) -> str:
    """Digest of some content as sha256 hex; arrays count with type and shape.

    >>> digest_of("ab") == digest_of("a", "b")
    False
    """
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            total.update(f"{part.dtype.str}{part.shape}".encode())
            part = np.ascontiguousarray(part).tobytes()
        raw = part.encode() if isinstance(part, str) else part
        total.update(len(raw).to_bytes(8, "little"))
        total.update(raw)
    return total.hexdigest()
