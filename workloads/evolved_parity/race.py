"""A race around a track of our own making, from the pixels of a camera above the car.

The car sees 10 x 10 pixels of the ground ahead, road bright and grass dark, turned with it. Lengths are in
pixels of the track's picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from deltasim.networks.evolution.feed_forward import Layers, answer
from deltasim.networks.evolution.population import Evaluated
from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.compiling import kernel

SIDE = 128  # of the picture
CENTRE = 64.0
RADIUS = 40.0
BENDS = ((2, 7.0, 0.5), (3, 6.0, 1.0), (5, 4.0, 2.0))  # waves a lap, their amplitude and phase
ROAD = 4.0  # half its width
EDGE = 1.5  # over which it fades
VIEW, APART = 10, 3.0  # pixels of the camera a side, and what lies between them
STEPS, HELD = 500, 2
FASTEST, ACCELERATION = 2.0, 0.06  # a step
SHARPEST = 8.0  # degrees a step
SHAPE = Layers((VIEW * VIEW, 16, 16, 16, 16, 2))


@dataclass(frozen=True, eq=False)
class Race:
    """Fitness is how many laps were driven before the car left the road or time was up; solved is one lap.

    The network is deep: four hidden layers of 16 on the pixels, 2 outputs, steering and throttle.

    >>> found = Race().evaluate(np.zeros((1, 2466), np.float32))      # one that goes straight on, slowly
    >>> bool(0 < found.fitness[0] < 0.2), found.met.shape
    (True, (1, 250, 100))
    """

    model: Layers = SHAPE
    name: str = "race"
    job: int = 10
    until_solved: bool = True

    def described(self) -> dict[str, Any]:
        """All that fitness follows from."""
        return {"name": self.name, "sizes": list(self.model.sizes), "bends": BENDS, "job": self.job}

    def drawn(self, rng: np.random.Generator) -> Numbers:
        """A network."""
        return self.model.drawn(rng)

    def evaluate(self, genomes: Numbers) -> Evaluated:
        """Drive all cars."""
        sizes, picture = np.array(self.model.sizes), track()
        met: Floats = np.zeros((len(genomes), STEPS // HELD, VIEW * VIEW), np.float32)
        start = (CENTRE + radius(0.0), CENTRE)
        laps = np.array(
            [drive(one, sizes, picture, *start, own) for one, own in zip(genomes, met, strict=True)]
        )
        return Evaluated(laps, laps >= 1, met)


def radius(angle: Any) -> Any:
    """How far the middle of the road lies from the centre, at an angle or at many."""
    return RADIUS + sum(size * np.sin(waves * angle + phase) for waves, size, phase in BENDS)


@cache
def track() -> Floats:
    """The picture (128, 128): 1 on the road, 0 on grass."""
    x, y = np.meshgrid(np.arange(SIDE) - CENTRE, np.arange(SIDE) - CENTRE, indexing="ij")
    angle, away = np.arctan2(y, x), np.hypot(x, y)
    slope = sum(size * waves * np.cos(waves * angle + phase) for waves, size, phase in BENDS)
    from_middle = np.abs(away - radius(angle)) / np.hypot(1, slope / radius(angle))
    found: Floats = np.clip((ROAD + EDGE / 2 - from_middle) / EDGE, 0, 1).astype(np.float32)
    return found


@kernel
def drive(genome: Numbers, sizes: Numbers, picture: Floats, x: float, y: float, met: Floats) -> float:
    """Laps driven from a place on the road; ``met`` takes what was seen.

    Where a car leaves the road what it saw last stands for all it would have seen.
    """
    heading, speed, turned, laps = 90.0, 0.0, 0.0, 0.0
    action = np.zeros(2)
    before = np.arctan2(y - CENTRE, x - CENTRE)
    for step in range(STEPS):
        if step % HELD == 0:
            look(x, y, heading, picture, met[step // HELD])
            action = answer(genome, sizes, met[step // HELD])
        heading += (action[0] - 0.5) * 2 * SHARPEST
        speed += min(max(action[1] * FASTEST - speed, -ACCELERATION), ACCELERATION)
        angle = heading * np.pi / 180
        x += np.cos(angle) * speed
        y += np.sin(angle) * speed
        now = np.arctan2(y - CENTRE, x - CENTRE)
        turned += (now - before + np.pi) % (2 * np.pi) - np.pi
        before = now
        laps = max(laps, turned / (2 * np.pi))
        if brightness(x, y, picture) < 0.5:
            for later in range(step // HELD + 1, STEPS // HELD):
                met[later] = met[step // HELD]
            break
    return laps


@kernel
def look(x: float, y: float, heading: float, picture: Floats, seen: Floats) -> None:
    """The pixels ahead, row by row from near to far, each from left to right."""
    angle = heading * np.pi / 180
    ahead_x, ahead_y = np.cos(angle), np.sin(angle)
    for row in range(VIEW):
        for column in range(VIEW):
            far, aside = (row + 0.5) * APART, (column - (VIEW - 1) / 2) * APART
            at_x = x + far * ahead_x - aside * ahead_y
            at_y = y + far * ahead_y + aside * ahead_x
            seen[row * VIEW + column] = brightness(at_x, at_y, picture)


@kernel
def brightness(x: float, y: float, picture: Floats) -> float:
    """The picture's pixel at a place; grass beyond it."""
    i, j = int(np.floor(x + 0.5)), int(np.floor(y + 0.5))
    if i < 0 or j < 0 or i >= SIDE or j >= SIDE:
        return 0.0
    return float(picture[i, j])
