"""Events of a camera: which pixel grew brighter or darker, and when; and as frames of spikes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError

SIDE = 34
"""Pixels of a side of N-MNIST's picture."""

MOST_STEPS = 100_000
"""Of one recording, so that a false time does not make endless frames."""


@dataclass(frozen=True, eq=False)
class Events:
    """Events in order of time: column ``x``, row ``y``, polarity ``p`` (1 brighter, 0 darker), microseconds.

    ``shape`` is that of the picture, (rows, columns). Errors: InputError for events that lie outside.
    """

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    p: NDArray[np.int64]
    t_us: NDArray[np.int64]
    shape: tuple[int, int] = (SIDE, SIDE)

    def __post_init__(self) -> None:
        for name in ("x", "y", "p", "t_us"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.int64))
        sizes = {getattr(self, name).shape for name in ("x", "y", "p", "t_us")}
        if len(sizes) > 1 or len(next(iter(sizes))) != 1:
            raise InputError("events", sizes, "x, y, p and t are lists of one length", "Give one of each.")
        rows, columns = self.shape
        for name, most in (("x", columns), ("y", rows), ("p", 2)):
            values = getattr(self, name)
            if values.size and not 0 <= values.min() <= values.max() < most:
                value, rule = f"{values.min()} to {values.max()}", f"it lies within 0 to {most - 1}"
                raise InputError(f"events: {name}", value, rule, "Name the shape of the picture.")
        if self.t_us.size and self.t_us.min() < 0:
            raise InputError("events: t", self.t_us.min(), "a time is at least 0", "Count from the start.")


def binned(events: Events, step_us: float) -> Floats:
    """Frames (steps, 2 * rows * columns): 1 where a pixel had an event of a polarity within the step.

    The darker plane comes first, then the brighter one, each row by row. Step n holds the times from n to
    n + 1 steps. Errors: InputError for a step that is not positive and for recordings without end.

    >>> events = Events([0, 1, 1], [0, 0, 0], [1, 0, 0], [0, 900, 1000], (1, 2))
    >>> binned(events, 1000).tolist()
    [[0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0]]
    """
    if not (np.isfinite(step_us) and step_us > 0):
        raise InputError("step", step_us, "a step lasts longer than no time", "Give for example 10 ms.")
    step = (events.t_us // step_us).astype(np.int64)
    steps = int(step.max(initial=0)) + 1
    if steps > MOST_STEPS:
        rule = f"a recording has at most {MOST_STEPS:,} steps"
        raise InputError("events: t", f"{steps:,} steps", rule, "Take a longer step, or check the times.")
    rows, columns = events.shape
    frames = np.zeros((steps, 2 * rows * columns), np.float32)
    frames[step, (events.p * rows + events.y) * columns + events.x] = 1.0
    return frames
