"""The colours of charts can be told apart with any colour vision, on white and in the dark."""

from __future__ import annotations

import itertools
import re
from importlib import resources

import numpy as np
import pytest

from deltasim.reports.page.theme import SERIES
from deltasim.runtime.arrays import Floats

# Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency,
# IEEE TVCG 2009, table 1 at severity 1; applied to linear RGB.
SEEN = {
    "trichromat": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanope": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranope": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanope": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour: str) -> Floats:
    coded = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def lab(rgb: Floats) -> Floats:
    """CIE L*a*b* of linear RGB."""
    x, y, z = (
        np.cbrt(v) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116
        for v in XYZ @ np.clip(rgb, 0, 1) / WHITE
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def palettes() -> dict[str, list[str]]:
    css = resources.files("deltasim.reports.page").joinpath("page.css").read_text()
    held = [re.findall(rf"--{name[6:-1]}: (#\w+)", css) for name in SERIES]
    return {"light": [colours[0] for colours in held], "dark": [colours[1] for colours in held]}


def test_the_model_is_that_of_the_literature() -> None:
    """Red and green of equal lightness are near each other for a deuteranope, and far for others."""
    red, green = lab(linear("#d55e00")), lab(linear("#7f8a00"))
    blind = [lab(np.array(SEEN["deuteranope"]) @ linear(colour)) for colour in ("#d55e00", "#7f8a00")]
    assert np.linalg.norm(red - green) > 60 > 20 > np.linalg.norm(blind[0] - blind[1])
    assert lab(linear("#ffffff")) == pytest.approx([100, 0, 0], abs=0.02)


@pytest.mark.parametrize("eyes", SEEN)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_any_two_colours_differ(theme: str, eyes: str) -> None:
    """By 18 in L*a*b*, where 2.3 is just noticeable."""
    seen = [lab(np.array(SEEN[eyes]) @ linear(colour)) for colour in palettes()[theme]]
    least = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert len(seen) == len(SERIES) == 10 and least > 18


@pytest.mark.parametrize(("theme", "ground"), [("light", "#ffffff"), ("dark", "#161b22")])
def test_every_colour_stands_out_from_the_ground(theme: str, ground: str) -> None:
    for colour in palettes()[theme]:
        low, high = sorted((float(XYZ[1] @ linear(colour)), float(XYZ[1] @ linear(ground))))
        assert (high + 0.05) / (low + 0.05) > 2.2
