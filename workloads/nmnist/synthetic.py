"""Drawn digits before a drawn event camera, which stand in where recorded N-MNIST is not at hand.

A digit of 5 x 7 dots, of random size and place, moves along a triangle in three times 100 ms, as the camera
of N-MNIST does. A pixel gives an event when its brightness has changed by a quarter since its last one.
They are easier than handwriting; only numbers of one source may be set side by side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deltasim.workloads.events import SIDE, Events
from deltasim.workloads.nmnist.recordings import Recordings, recordings

DOTS = (
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00010 00100 01000 11111",
    "11111 00010 00100 00010 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)
ABOUT = "synthetic digits before a synthetic event camera"
COUNT = {"train": 1000, "test": 100}
FINE = 8
"""Parts of a pixel that positions are kept in."""

CHANGE = 0.25
"""Of the brightness of a dot, which is 1: what makes an event."""

SACCADE_MS, AMPLITUDE = 100, 3.5


def read(part: str) -> Recordings:
    """The recordings of a part, "train" or "test": always the same, drawn anew."""
    count = COUNT[part]
    labels = np.arange(count, dtype=np.int64) % 10
    seeds = [(part == "test", number) for number in range(count)]
    events = tuple(
        drawn(int(digit), np.random.default_rng(seed)) for digit, seed in zip(labels, seeds, strict=True)
    )
    return recordings(f"{ABOUT}, {part} part", events, labels)


def drawn(digit: int, rng: np.random.Generator) -> Events:
    """The events of one digit.

    >>> events = drawn(3, np.random.default_rng(0))
    >>> len(events.x) > 1000, int(events.t_us.max()) < 300_000
    (True, True)
    """
    scene = brightness(digit, rng)
    corners = np.array([[0.0, 0.0], [0.5, 1.0], [1.0, 0.0], [0.0, 0.0]]) * AMPLITUDE * FINE
    corners += rng.normal(0, FINE / 8, corners.shape)
    held = seen(scene, corners[0])
    found = []
    for time in range(1, 3 * SACCADE_MS):
        leg, part = divmod(time, SACCADE_MS)
        place = corners[leg] + (corners[leg + 1] - corners[leg]) * (part / SACCADE_MS)
        change = seen(scene, place) - held
        y, x = np.nonzero(np.abs(change) >= CHANGE)
        brighter = change[y, x] > 0
        held[y, x] += np.where(brighter, CHANGE, -CHANGE)
        found.append(np.column_stack([x, y, brighter, 1000 * time + rng.integers(0, 1000, len(x))]))
    rows = np.concatenate(found)
    rows = rows[np.argsort(rows[:, 3], kind="stable")]
    return Events(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3])


def brightness(digit: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The digit on a canvas of eighths of a pixel, its dots smoothed over a pixel."""
    canvas = np.zeros(((SIDE + 8) * FINE,) * 2)
    high = rng.integers(18, 25)
    wide = high * rng.uniform(0.55, 0.75)
    top, left = ((SIDE + 8 - size) / 2 + rng.uniform(-2, 2) for size in (high, wide))
    slant = rng.uniform(-0.15, 0.15)
    for row, dots in enumerate(DOTS[digit].split()):
        for column, dot in enumerate(dots):
            if dot == "1":
                y = top + high * row / 7
                x = left + wide * column / 5 + slant * (3.5 - row) * high / 7
                y0, x0 = int(y * FINE), int(x * FINE)
                canvas[y0 : y0 + int(high * FINE / 7) + 1, x0 : x0 + int(wide * FINE / 5) + 1] = 1.0
    for axis in (0, 1):
        sums = np.cumsum(canvas, axis=axis)
        canvas = (sums - np.roll(sums, FINE, axis=axis)) / FINE
    return canvas


def seen(scene: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the pixels see with the camera at a place, in eighths of a pixel."""
    down, right = (round(float(part)) + 2 * FINE for part in place)
    size = SIDE * FINE
    return scene[down : down + size : FINE, right : right + size : FINE].copy()
