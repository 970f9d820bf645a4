"""The race: what the camera sees, and what a lap is."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.workloads.evolved_parity.race import (
    APART,
    CENTRE,
    ROAD,
    VIEW,
    Race,
    brightness,
    drive,
    look,
    radius,
    track,
)


@settings(max_examples=30, deadline=None)
@given(st.floats(-np.pi, np.pi), st.floats(-0.8, 0.8))
def test_the_road_is_where_its_middle_is_near(angle: float, share: float) -> None:
    """Within its half width of the middle, along the radius, it is bright; and dark three away."""
    away = float(radius(angle))
    place = away + share * ROAD
    assert brightness(CENTRE + place * np.cos(angle), CENTRE + place * np.sin(angle), track()) > 0.4
    for beyond in (away - 3.5 * ROAD, away + 3.5 * ROAD):
        x, y = CENTRE + beyond * np.cos(angle), CENTRE + beyond * np.sin(angle)
        middle = np.array([(a, float(radius(a))) for a in np.linspace(-np.pi, np.pi, 721)])
        points = CENTRE + middle[:, 1:] * np.stack([np.cos(middle[:, 0]), np.sin(middle[:, 0])], 1)
        if np.hypot(*(points - [x, y]).T).min() > 2 * ROAD:
            assert brightness(x, y, track()) < 0.5


def test_the_camera_turns_with_the_car() -> None:
    """Pixels ahead, from left to right: a picture with one bright quarter is seen from four sides."""
    picture = np.zeros((128, 128), np.float32)
    picture[64:, 64:] = 1  # x and y above the middle
    seen = np.zeros(VIEW * VIEW, np.float32)
    look(64.0, 64.0, 0.0, picture, seen)  # along x: y grows to the one side
    assert seen.reshape(VIEW, VIEW).mean(0).tolist() == [0] * 5 + [1] * 5
    look(64.0, 64.0, 90.0, picture, seen)
    assert seen.reshape(VIEW, VIEW).mean(0).tolist() == [1] * 5 + [0] * 5
    look(64.0, 64.0, 180.0, picture, seen)
    assert not seen.any()
    look(64.0 - 5 * APART, 64.0, 0.0, picture, seen)  # the first five rows lie before it
    assert seen.reshape(VIEW, VIEW).sum(1).tolist() == [0] * 5 + [5] * 5


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_laps_are_driven_on_the_road_alone(seed: int) -> None:
    race = Race()
    genomes = np.stack([race.drawn(np.random.default_rng(seed))]).astype(np.float32)
    found = race.evaluate(genomes)
    sizes, met = np.array(race.model.sizes), np.zeros((250, 100), np.float32)
    dark = np.zeros_like(track())
    assert 0 <= found.fitness[0] < 5
    assert drive(genomes[0], sizes, dark, CENTRE + 50.0, CENTRE, met) < 0.01  # no road, no lap
    assert found.solved[0] == (found.fitness[0] >= 1)


def test_a_lap_is_an_angle_around_the_centre() -> None:
    """Straight on over a picture that is all road, to its edge: 63.5 ahead, 40 aside of the centre."""
    race = Race()
    whole, met = np.ones_like(track()), np.zeros((250, 100), np.float32)
    genome = np.zeros(race.model.parameters, np.float32)
    genome[-1] = 20.0  # full throttle, and no steering
    laps = drive(genome, np.array(race.model.sizes), whole, CENTRE + 40.0, CENTRE, met)
    reached = np.arctan2(np.array([63.5, 63.5 + 2]), 40) / (2 * np.pi)  # it moves by 2 at most
    assert reached[0] <= laps <= reached[1]
    genome[-1] = -20.0  # none: it stays
    assert drive(genome, np.array(race.model.sizes), whole, CENTRE + 40.0, CENTRE, met) < 1e-6
