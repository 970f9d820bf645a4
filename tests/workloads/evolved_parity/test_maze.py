"""The maze: walls are seen and not passed, the way to the goal is measured around them, it can be solved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.evolution.feed_forward import answer
from deltasim.workloads.evolved_parity.maze import (
    FINDERS,
    GOAL,
    GRID,
    RADIUS,
    RANGE,
    START,
    WALLS,
    Maze,
    drive,
    free,
    seen,
    sense,
    way_to_goal,
    ways,
)

places = st.floats(1, 199)


def distance_to(wall: np.ndarray, x: float, y: float) -> float:
    """By many points of the wall."""
    a, b = wall[:2].astype(float), wall[2:].astype(float)
    along = np.linspace(0, 1, 501)[:, None]
    return float(np.linalg.norm(a + along * (b - a) - [x, y], axis=1).min())


def crosses(a: tuple[float, float], b: tuple[float, float], c: np.ndarray, d: np.ndarray) -> bool:
    """Whether two segments cross."""

    def side(p, q, r) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


@settings(max_examples=15, deadline=None)
@given(places, places)
def test_a_place_is_free_where_no_wall_is_near(x: float, y: float) -> None:
    nearest = min(distance_to(wall, x, y) for wall in WALLS)
    if abs(nearest - RADIUS) > 0.1:
        assert free(x, y, WALLS, RADIUS) == (nearest > RADIUS)


@settings(max_examples=15, deadline=None)
@given(places, places, st.floats(0, 360))
def test_a_finder_sees_the_first_wall(x: float, y: float, degrees: float) -> None:
    """By the sides on which ends lie: no wall crosses the ray before what is seen, one is there."""
    to_x, to_y = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    found = seen(x, y, to_x, to_y, WALLS)
    before = x + 0.999 * found * to_x, y + 0.999 * found * to_y
    assert not any(crosses((x, y), before, wall[:2], wall[2:]) for wall in WALLS.astype(float))
    if found < RANGE:
        assert min(distance_to(wall, x + found * to_x, y + found * to_y) for wall in WALLS) < 0.3


def test_what_is_sensed_at_the_start() -> None:
    inputs = np.zeros(11, np.float32)
    sense(*START, 0.0, WALLS, inputs)
    ahead, left, behind = (inputs[FINDERS.index(angle)] for angle in (0.0, -90.0, 180.0))
    assert ahead == pytest.approx(0.72) and left == pytest.approx(0.42) and behind == pytest.approx(0.28)
    assert inputs[6:].tolist() == [1, 0, 0, 0, 1]  # the goal lies ahead, within 45 degrees; and 1
    sense(*START, 180.0, WALLS, inputs)
    assert inputs[6:].tolist() == [0, 0, 1, 0, 1]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_robot_stays_clear_of_walls_and_acts_on_what_its_network_says(seed: int) -> None:
    maze = Maze()
    genome = (3 * maze.drawn(np.random.default_rng(seed))).astype(np.float32)
    met, sizes = np.empty((200, 11), np.float32), np.array(maze.model.sizes)
    x, y, reached = drive(genome, sizes, WALLS, met)
    assert free(x, y, WALLS, RADIUS)
    if reached:
        assert min(way_to_goal(x, y), 1e9) < 1e9
    outputs = maze.model.outputs_on(genome[None].astype(float), met[None])[0]
    np.testing.assert_allclose(answer(genome, sizes, met[150]), outputs[150], atol=1e-9)


def test_the_way_leads_around_the_walls() -> None:
    straight = float(np.hypot(START[0] - GOAL[0], START[1] - GOAL[1]))
    assert way_to_goal(*START) > 2 * straight
    assert way_to_goal(160, 40) == pytest.approx(np.hypot(12, 12), abs=GRID)
    assert way_to_goal(100, 110) < way_to_goal(175, 150) < way_to_goal(*START)


def test_lengths_of_the_way_are_those_of_a_graph_by_another_library() -> None:
    import networkx as nx

    found, nodes = ways(), len(ways())
    graph: nx.Graph[tuple[int, int]] = nx.Graph()
    inside = np.isfinite(found)
    for i, j in np.argwhere(inside):
        for di, dj in ((1, 0), (0, 1), (1, 1), (1, -1)):
            if 0 <= i + di < nodes and 0 <= j + dj < nodes and inside[i + di, j + dj]:
                graph.add_edge((i, j), (i + di, j + dj), weight=GRID * np.hypot(di, dj))
    goal = (int(GOAL[0] / GRID), int(GOAL[1] / GRID))
    expected = nx.single_source_dijkstra_path_length(graph, goal, weight="weight")
    assert len(expected) == inside.sum()
    for (i, j), length in expected.items():
        assert found[i, j] == pytest.approx(length)
