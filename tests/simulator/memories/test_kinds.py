"""What every kind of memory says of itself: its width, its bandwidth, a wider one, and a line that fits."""

from __future__ import annotations

from typing import Any

import pytest

from deltasim.simulator.chip import chip_from_content, load_chip
from deltasim.simulator.memories.kinds import Memory
from tests.simulator.builders import DRAM, chip


def memory(fields: dict[str, Any]) -> Memory:
    return chip({"memories": [fields, DRAM]}).memories[0]


SCRATCHPAD = {"name": "near", "kind": "scratchpad", "size": "1 KiB", "width": "32 bit", "latency": "1 cycle"}
CACHE = SCRATCHPAD | {"kind": "cache", "line": "64 B", "ways": 2, "behind": "dram"}


@pytest.mark.parametrize("fields", [SCRATCHPAD, CACHE], ids=lambda fields: str(fields["kind"]))
def test_a_wider_one_is_twice_as_wide(fields: dict[str, Any]) -> None:
    found = memory(fields)
    wider = memory(fields | dict(found.wider()))
    assert (found.rows()["width"], wider.rows()["width"]) == ("32 bit", "64 bit")


def test_bytes_a_picosecond() -> None:
    """Of four arrays four times as many as of one."""
    one = load_chip("mesh16")
    pad = next(memory for memory in one.memories if memory.kind == "scratchpad")
    period = 1e12 / (pad.clock_hz or one.cores.clock_hz)
    assert pad.bytes_per_ps(one) == pytest.approx(one.cores.mac.arrays * pad.width_bits / 8 / period)
    content = one.content()
    content["cores"]["mac"]["arrays"] = 4
    four = chip_from_content(content)
    assert pad.bytes_per_ps(four) == pytest.approx(4 / one.cores.mac.arrays * pad.bytes_per_ps(one))


def test_a_line_is_whole_accesses_of_what_is_behind() -> None:
    burst = chip({"memories": [SCRATCHPAD, DRAM]}).memories[1].access_bytes
    for line in (burst + 4, 3 * burst - 4):
        with pytest.raises(Exception) as caught:
            memory(CACHE | {"line": f"{line} B", "size": f"{8 * line} B"})
        wanted = -(-line // burst) * burst
        assert f"a line is whole accesses of dram, {burst} B each. Use {wanted} B." in str(caught.value)
