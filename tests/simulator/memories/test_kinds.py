"""What every kind of memory says of itself: its width, its bandwidth, a wider one, and a line that fits."""

from __future__ import annotations

from typing import Any

import pytest

from deltasim.simulator.chip import chip_from_content, load_chip
from deltasim.simulator.memories.buffer import Buffer
from deltasim.simulator.memories.kinds import Memory
from deltasim.simulator.memories.serial import Serial, SerialTiming
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


def test_a_serial_memory_by_hand() -> None:
    """Reads of 4 lines are twice as wide with 8, and no wider; no fetch is longer than its transactions."""
    own = next(memory for memory in load_chip("mcu-psram").memories if memory.kind == "serial")
    assert isinstance(own, Serial) and own.wider() == {"data_lines": 2 * own.data_lines}
    assert own.model_copy(update={"data_lines": 8}).wider() == {}
    timing = SerialTiming(access_ps=10, access_bytes=4, preamble_ps=100, gap_ps=7, boundary_bytes=64)
    assert timing.longest_ps(130) == (2 + 2) * 107 + (2 + 32) * 10
    assert timing._replace(boundary_bytes=0).longest_ps(130) == 107 + (2 + 32) * 10


def test_a_buffer_by_hand() -> None:
    """Three streams at once of four banks, 64 bits each in every cycle."""
    fields = {"name": "far", "kind": "buffer", "ports": [0], "size": "1 MiB", "width": "64 bit", "banks": 4}
    own = chip({"memories": [fields | {"interleave": "64 B", "latency": "1 cycle"}, DRAM]})
    memory = own.memories[0]
    assert memory.wider() == {"width": "128 bit", "interleave": "128 B"}
    assert isinstance(memory, Buffer)
    at_once = min(memory.places, 4)
    assert memory.bytes_per_ps(own) == pytest.approx(at_once * 8 / (1e12 / own.cores.clock_hz))


def test_lines_of_all_caches_have_a_bound() -> None:
    """Sixteen million are kept track of, twice as many are not."""
    most = CACHE | {"line": "64 B", "size": f"{64 * 2**20} B", "ways": 1}
    sixteen = {"cores.count": 16, "network.topology": "mesh:4x4"}
    assert chip(sixteen | {"memories": [most, DRAM]}).cores.count == 16
    with pytest.raises(Exception, match="the caches of all cores have 33,554,432 lines together; 16,777,216"):
        chip(sixteen | {"memories": [most | {"size": f"{128 * 2**20} B"}, DRAM]})
