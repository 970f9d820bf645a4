"""A hard maze: a robot with range finders that has to go away from its goal to come to it.

Made after the description of the breadcrumb hard maze of Lehman et al. (2018); its walls are our own. Lengths
have the maze's own unit, the side of which is 200.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from deltasim.networks.evolution.feed_forward import Layers, answer
from deltasim.networks.evolution.population import Evaluated
from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.compiling import kernel

SIDE = 200.0
START, GOAL = (28.0, 172.0), (172.0, 28.0)
WALLS: Floats = np.array(
    [
        (0, 0, 200, 0), (200, 0, 200, 200), (200, 200, 0, 200), (0, 200, 0, 0),
        (0, 130, 150, 130),  # above the start, open at the right
        (50, 80, 200, 80),  # below the goal, open at the left
        (100, 200, 100, 165), (90, 130, 90, 108), (120, 0, 120, 45),  # spurs to be driven around
    ],
    np.float32,
)  # fmt: skip
"""Segments (x, y, x, y)."""
RADIUS = 8.0
RANGE = 100.0  # of a range finder
FINDERS = (-90.0, -45.0, 0.0, 45.0, 90.0, 180.0)  # degrees from the heading
QUARTERS = 4  # of the compass that points to the goal
INPUTS = len(FINDERS) + QUARTERS + 1
STEPS, HELD = 600, 3  # steps of a trial, and how long an action is held
FASTEST, SHARPEST = 3.0, 3.0  # units and degrees a step
ACCELERATION = 0.2
REACHED = 10.0  # from the goal
GRID = 4.0  # of the nodes that the way to the goal is measured on
CLEAR = 6.0  # of a node from all walls
SHAPE = Layers((INPUTS, *(15,) * 7, 2))


@dataclass(frozen=True, eq=False)
class Maze:
    """Fitness is minus the length of the way from where the robot ended to the goal; solved within 10 of it.

    The network has the paper's default: six hidden-to-hidden layers of 15, 2 outputs. What is met are the
    200 inputs it acted on.

    >>> found = Maze().evaluate(np.zeros((1, 1652), np.float32))      # one that stays where it is
    >>> found.fitness.round(0).tolist(), found.met.shape
    ([-434.0], (1, 200, 11))
    """

    model: Layers = SHAPE
    name: str = "maze"
    job: int = 10
    until_solved: bool = True

    def described(self) -> dict[str, Any]:
        """All that fitness follows from."""
        return {"name": self.name, "sizes": list(self.model.sizes), "walls": WALLS.tolist(), "job": self.job}

    def drawn(self, rng: np.random.Generator) -> Numbers:
        """A network."""
        return self.model.drawn(rng)

    def evaluate(self, genomes: Numbers) -> Evaluated:
        """Drive all robots."""
        count = len(genomes)
        fitness, solved = np.empty(count), np.empty(count, np.bool_)
        met: Floats = np.empty((count, STEPS // HELD, INPUTS), np.float32)
        sizes = np.array(self.model.sizes)
        for place, genome in enumerate(genomes):
            x, y, solved[place] = drive(genome, sizes, WALLS, met[place])
            fitness[place] = -way_to_goal(x, y)
        return Evaluated(fitness, solved, met)


@kernel
def drive(genome: Numbers, sizes: Numbers, walls: Floats, met: Floats) -> tuple[float, float, bool]:
    """Where a robot ends, and whether it came to the goal on the way; ``met`` takes the inputs."""
    x, y, heading, speed, turning = START[0], START[1], 0.0, 0.0, 0.0
    reached = False
    action = np.zeros(2)
    for step in range(STEPS):
        if step % HELD == 0:
            sense(x, y, heading, walls, met[step // HELD])
            action = answer(genome, sizes, met[step // HELD])
        turning = (action[0] - 0.5) * 2 * SHARPEST
        wanted = (action[1] - 0.5) * 2 * FASTEST
        speed += min(max(wanted - speed, -ACCELERATION), ACCELERATION)
        heading = (heading + turning) % 360
        angle = heading * np.pi / 180
        to_x, to_y = x + np.cos(angle) * speed, y + np.sin(angle) * speed
        if free(to_x, to_y, walls, RADIUS):
            x, y = to_x, to_y
        if (x - GOAL[0]) ** 2 + (y - GOAL[1]) ** 2 < REACHED**2:
            reached = True
    return x, y, reached


@kernel
def sense(x: float, y: float, heading: float, walls: Floats, inputs: Floats) -> None:
    """Six distances over their range, which quarter the goal lies in, and 1."""
    for finder in range(len(FINDERS)):
        angle = (heading + FINDERS[finder]) * np.pi / 180
        inputs[finder] = seen(x, y, np.cos(angle), np.sin(angle), walls) / RANGE
    bearing = np.arctan2(GOAL[1] - y, GOAL[0] - x) * 180 / np.pi - heading
    quarter = int(((bearing + 45) % 360) // 90)
    for number in range(QUARTERS):
        inputs[len(FINDERS) + number] = number == quarter
    inputs[INPUTS - 1] = 1


@kernel
def seen(x: float, y: float, to_x: float, to_y: float, walls: Floats) -> float:
    """The distance to the nearest wall in a direction, at most the range."""
    nearest = RANGE
    for wall in range(len(walls)):
        ax, ay, bx, by = walls[wall]
        along_x, along_y = bx - ax, by - ay
        across = to_x * along_y - to_y * along_x
        if across != 0:
            distance = ((ax - x) * along_y - (ay - y) * along_x) / across
            place = ((ax - x) * to_y - (ay - y) * to_x) / across
            if 0 <= place <= 1 and 0 <= distance < nearest:
                nearest = distance
    return nearest


@kernel
def free(x: float, y: float, walls: Floats, clear: float) -> bool:
    """Whether a point is so far from all walls."""
    for wall in range(len(walls)):
        ax, ay, bx, by = walls[wall]
        along_x, along_y = bx - ax, by - ay
        place = ((x - ax) * along_x + (y - ay) * along_y) / (along_x**2 + along_y**2)
        place = min(max(place, 0.0), 1.0)
        if (ax + place * along_x - x) ** 2 + (ay + place * along_y - y) ** 2 < clear**2:
            return False
    return True


@cache
def ways() -> Numbers:
    """The length of the shortest way to the goal from every node of a grid, inf where a wall is near.

    Dijkstra's algorithm, each node next to eight others.
    """
    nodes = int(SIDE / GRID) + 1
    found = np.full((nodes, nodes), np.inf)
    inside = np.array([[free(i * GRID, j * GRID, WALLS, CLEAR) for j in range(nodes)] for i in range(nodes)])
    waiting = [(0.0, (int(GOAL[0] / GRID), int(GOAL[1] / GRID)))]  # the goal is a node
    while waiting:
        length, (i, j) = heapq.heappop(waiting)
        if length >= found[i, j]:
            continue
        found[i, j] = length
        for di in (-1, 0, 1):
            for dj in (-1, 0, 1):
                one = (i + di, j + dj)
                if inside[one] and length + GRID * np.hypot(di, dj) < found[one]:
                    heapq.heappush(waiting, (length + GRID * float(np.hypot(di, dj)), one))
    return found


def way_to_goal(x: float, y: float) -> float:
    """The shortest way to the goal from a point that a robot can be at.

    >>> way_to_goal(*GOAL), way_to_goal(180, 28)
    (0.0, 8.0)
    """
    lengths = ways()
    i, j = int(x / GRID), int(y / GRID)
    near = [(a, b) for a in range(i - 1, i + 3) for b in range(j - 1, j + 3)]
    inside = [(a, b) for a, b in near if 0 <= a < len(lengths) and 0 <= b < len(lengths)]
    return float(min(lengths[a, b] + np.hypot(a * GRID - x, b * GRID - y) for a, b in inside))
