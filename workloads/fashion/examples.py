"""Examples to tell apart, as trains of spikes: the form of every source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Flags, Floats

SEED = 20190815
"""Of the spikes that an example is given where nothing is learned: they are always the same."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples of ``classes`` classes, each drawn as spikes of ``inputs`` neurons when it is asked for.

    ``draw(place, rng)`` gives the spikes of one, (steps, inputs); ``places`` (n,) are their numbers in the
    whole of the source, so that a part of it has the same spikes. ``about`` names them.
    """

    about: str
    digest: str
    inputs: int
    classes: int
    labels: NDArray[np.int64]
    places: NDArray[np.int64]
    draw: Callable[[int, np.random.Generator], Flags]

    def first(self, count: int) -> Examples:
        """The first examples, at most ``count``."""
        return replace(self, labels=self.labels[:count], places=self.places[:count])

    def spikes(self, number: int) -> Flags:
        """The spikes of an example where it is tested, (steps, inputs)."""
        place = int(self.places[number])
        return self.draw(number, np.random.default_rng((SEED, place)))

    def frames(self) -> tuple[Floats, ...]:
        """All examples as frames of 0 and 1."""
        return tuple(self.spikes(number).astype(np.float32) for number in range(len(self.labels)))
