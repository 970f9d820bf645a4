"""What is tried on the recordings held out, and which of it is kept."""

from __future__ import annotations

from typing import NamedTuple

SCALES = (0.7, 1.0, 1.4, 2.0)  # of all thresholds of a delta network
NAIVE = (0.05, 0.1, 0.2, 0.35)  # thresholds of the dense network
WITHIN = 0.01  # of the dense network's character error rate

DEFAULT_EPOCHS = (24, 40, 30)  # on the reading; on a fold without thresholds, and with them


class Point(NamedTuple):
    """On what is held out: the scale of the thresholds, or theta; character error rate; fetches saved."""

    scale: float
    error: float
    saved: float


def chosen_of(points: list[Point], most: float) -> Point:
    """Of those whose error is at most ``most`` the one that saves most; where none is, the least error.

    >>> chosen_of([Point(1.0, 0.3, 2.0), Point(2.0, 0.35, 4.0), Point(4.0, 0.5, 9.0)], 0.35).scale
    2.0
    >>> chosen_of([Point(1.0, 0.3, 2.0), Point(2.0, 0.35, 4.0)], 0.2).scale
    1.0
    """
    good = [found for found in points if found.error <= most]
    return max(good, key=lambda found: found.saved) if good else min(points, key=lambda found: found.error)
