"""A part of a population on one core."""

from __future__ import annotations

from typing import NamedTuple


class Partition(NamedTuple):
    """A population's part on one core: neurons ``start`` to ``stop - 1`` of a population, on one core."""

    core: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start
