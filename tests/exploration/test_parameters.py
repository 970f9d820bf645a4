"""Parameters: choices, ranges, and the space they span."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.exploration.space.parameters import Choice, Range, number_of, read_parameter
from deltasim.exploration.space.space import Subject, read_space
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip

MESH = load_chip("mesh16")
CHIPS = {"mesh16": MESH}


@given(
    st.integers(1, 2**30), st.integers(1, 2**30), st.booleans(), st.sampled_from(["B", "bit", ""]),
    st.floats(0, 1, exclude_max=True),
)  # fmt: skip
def test_a_range_keeps_within_its_ends(low: int, more: int, log: bool, unit: str, share: float) -> None:
    ends = [f"{one} {unit}" if unit else one for one in (low, low + more)]
    scale = "log" if log else "linear"
    found = read_parameter({"from": ends[0], "to": ends[1], "scale": scale}, "here")
    assert isinstance(found, Range) and found.whole
    value = number_of(found.at(share))
    assert isinstance(value, int | float) and low <= value <= low + more and value == int(value)
    assert number_of(found.at(0.0)) == low and number_of(found.at(1.0)) == low + more


@given(st.integers(-50, 50), st.integers(1, 60), st.integers(1, 7))
def test_steps_are_those_of_python(low: int, count: int, step: int) -> None:
    high = low + (count - 1) * step + step - 1
    if high <= low:
        return
    found = read_parameter({"from": low, "to": high, "step": step}, "here")
    assert isinstance(found, Choice) and list(found.values) == list(range(low, high + 1, step))


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ([], "at least one value"),
        ([4, 4], "once"),
        ({"from": 1}, "both ends"),
        ({"from": 1, "to": "4 KiB"}, "one unit"),
        ({"from": 2, "to": 1}, "rises"),
        ({"from": 0, "to": 1, "scale": "log"}, "above 0"),
        ({"from": 1, "to": 2, "sclae": "log"}, "Did you mean scale"),
        ({"from": 0, "to": 1, "step": 0}, "above 0"),
        ({"from": 0, "to": 1, "step": 1e-9}, "at most"),
        ({"from": 0, "to": 1, "count": 1}, "2 to"),
        ({"from": 1, "to": 2, "step": 1, "scale": "log"}, "count"),
        ("import os", "no expression"),
    ],
)
def test_what_is_no_parameter_is_told(given_: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_parameter(given_, "parameters.a")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"memories.scratchpad.sise": [1]}, "Did you mean memories.scratchpad.size"),
        ({"memories.scratchpat.size": [1]}, "Did you mean memories.scratchpad.size"),
        ({"thta": [0.1]}, "Did you mean theta"),
        ({"theta": [-1]}, "at least 0"),
        ({"weight_bits": [1]}, "2 to 16"),
        ({"cores.mac.lanes": "cores.update.lanes", "cores.update.lanes": "cores.mac.lanes"}, "circle"),
        ({"cores.mac.lanes": "cores.mac.lames * 2"}, "cores.mac.lames"),
        ({"size": [{"cores.cuont": 16}]}, "Did you mean cores.count"),
    ],
)
def test_what_is_no_space_is_told(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_space(parameters, CHIPS)


def test_a_setting_has_what_follows_and_what_goes_together() -> None:
    space = read_space(
        {
            "mesh": [
                {"cores.count": 4, "network.topology": "mesh:2x2", "memories.dram.ports": [0, 3]},
                {"cores.count": 16, "network.topology": "mesh:4x4"},
            ],
            "memories.scratchpad.width": "8 * cores.mac.lanes",
            "cores.mac.lanes": [4, 8],
            "theta": ["trained", 0.2],
            "theta.input": [0.1],
            "weight_bits": [4],
            "network": ["mine"],
        },
        CHIPS,
    )
    assert space.size == 8
    first, *_, last = list(space.grid())
    assert dict(space.setting(first).fields) == {
        "cores.count": 4, "network.topology": "mesh:2x2", "memories.1.ports": [0, 3], "cores.mac.lanes": 4,
        "memories.0.width": "32 bit",
    }  # fmt: skip
    assert space.setting(first).subject == Subject("mine", (("input", 0.1),), 4)
    assert space.setting(last).subject == Subject("mine", (("", 0.2), ("input", 0.1)), 4)
    assert MESH.changed(dict(space.setting(last).fields)).memories[0].width_bits == 64
