"""What the run on paper counts and what it costs: the numbers of ``specimen``'s arithmetic."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

NS, PJ = 1e-9, 1e-12


def approx(expected: Any) -> Any:
    """Equal but for the last digits, however small: by itself pytest lets 1e-12 pass, which is 1 pJ."""
    return pytest.approx(expected, rel=1e-12, abs=0.0)


class Counted(NamedTuple):
    """What a run counts of an action, by the layer that caused it."""

    hidden: int = 0
    out: int = 0
    shared: int = 0


class Times(NamedTuple):
    """What a unit did, in ns, and its queue: the waits in it, and how many waited at most."""

    busy: int
    stalled: int = 0
    waited: int = 0
    longest: int = 1


class Run(NamedTuple):
    """All that is counted; ``time`` is the end of the recordings added up, in ns."""

    steps: tuple[int, ...]
    recordings: tuple[int, ...]
    counts: dict[str, Counted]
    units: dict[str, Times]
    energy: dict[str, Counted]  # pJ, by part

    @property
    def time(self) -> int:
        return sum(self.recordings)

    @property
    def joules(self) -> float:
        return sum(map(sum, self.energy.values())) * 1e-12


# Scans: 2 inputs, 2 hidden values and ``out`` a step. A scan reads two words an element and writes one a
# message; a multiply-accumulate reads and writes one; an update reads 2 words a neuron and writes 1; the
# start of a recording writes sum and value of every neuron, 4 words and 2, and what was last sent: 2 inputs
# for hidden, 2 hidden values and ``out`` for out.
#   read     hidden 2 * 6 + 4 + 12     out 2 * 9 + 4 + 6         dense   12 + 12 + 12, 18 + 9 + 6
#   written  hidden 2 + 4 + 6 + 2 * 6  out 4 + 4 + 3 + 2 * 5     dense   6 + 12 + 6 + 12, 9 + 9 + 3 + 10
# Flits: 2 a message from A to B, 1 a request, 1 a response; each passes two routers, one more than links.
#   link     3 * 2 + 3 + 3             dense   6 * 2 + 7 + 7
# The DRAM has a row open from its first activate to the refresh at 84, or to the end: 84 - 20. In the dense
# run the refresh waits for the data until 92: 92 - 20, and 61 - 20 in the second recording.
# Leakage counts ps of every instance: two cores, two pads, two caches, one network.
DELTA = Run(
    steps=(33, 51, 9),  # 0-33, 34-85; 0-9
    recordings=(85, 9),
    counts={
        "core.scan": Counted(6, 9),
        "core.send": Counted(2, 4),
        "core.receive": Counted(2, 4),
        "core.mac": Counted(4, 4),
        "core.update": Counted(6, 3),
        "core.state_read": Counted(28, 28),
        "core.state_write": Counted(24, 21),
        "core.leakage": Counted(shared=2 * 94_000),
        "registers.write": Counted(4, 4),
        "registers.read": Counted(4, 4),
        "registers.leakage": Counted(shared=2 * 94_000),
        "pad.read": Counted(4),
        "pad.words": Counted(4),
        "pad.leakage": Counted(shared=2 * 94_000),
        "cache.lookup": Counted(out=3),
        "cache.read": Counted(out=3),
        "cache.fill": Counted(out=2),
        "cache.words": Counted(out=3),
        "cache.hit": Counted(out=1),
        "cache.miss": Counted(out=2),
        "cache.eviction": Counted(),
        "cache.write_back": Counted(),
        "cache.fetched": Counted(out=8),
        "cache.leakage": Counted(shared=2 * 94_000),
        "dram.activate": Counted(out=3),
        "dram.read": Counted(out=6),
        "dram.io": Counted(out=96),
        "dram.refresh": Counted(shared=1),
        "dram.background_active": Counted(shared=64_000),
        "dram.background_precharged": Counted(shared=30_000),
        "dram.words": Counted(out=1),
        "dram.row_hit": Counted(out=3),
        "dram.row_miss": Counted(out=1),
        "dram.row_conflict": Counted(out=2),
        "dram.bytes": Counted(out=12),
        "link.flit": Counted(out=12),
        "router.flit": Counted(out=24),
        "network.leakage": Counted(shared=94_000),
    },
    units={
        "core0.scan": Times(12),
        "core0.send": Times(5),
        "core0.receive": Times(2),
        "core0.fetch": Times(8),  # 3-7, 38-42
        "core0.mac": Times(4),
        "core0.update": Times(6),
        "core1.scan": Times(3),
        "core1.send": Times(1),
        "core1.receive": Times(4),
        "core1.fetch": Times(50, waited=24, longest=2),  # 16-31, 48-62, 62-66, 66-83; 51-62 and 53-66
        "core1.mac": Times(4, stalled=2),
        "core1.update": Times(6),
        "core0.registers": Times(0, longest=0),
        "core1.registers": Times(0, longest=0),
        "core0.pad": Times(4),
        "core1.pad": Times(0, longest=0),
        "core0.cache.tags": Times(0, longest=0),
        "core0.cache.data": Times(0, longest=0),
        "core1.cache.tags": Times(3),
        "core1.cache.data": Times(3),
        "dram0": Times(12, stalled=16),  # of 20-28, 51-61, 70-80 the data take 3 * 4
        "link0-1": Times(9, stalled=9, waited=1),  # a response of 1 flit holds it for 4; h1 waits 48-49
        "link1-0": Times(3),
        "core0": Times(0, longest=0),
        "core1": Times(0, longest=0),
        "chip": Times(0, longest=0),
    },
    energy={
        "encode": Counted(6 * 3 + 2 * 2 + 2 * 3, 9 * 3 + 4 * 2 + 4 * 3),  # 28 and 47
        "compute": Counted(4 * 5 + 6 * 8, 4 * 5 + 3 * 8),  # 68 and 44
        "state": Counted(28 + 24 * 3, 28 + 21 * 3),  # 100 and 91
        "static": Counted(shared=94 * (2 * 1 + 2 * 1 + 2 * 2 + 4)),  # 1128; 1 mW for 1 ns is 1 pJ
        "registers": Counted(4 * 3, 4 * 3),
        "pad": Counted(4 * 4),
        "cache": Counted(out=3 * 1 + 3 * 2 + 2 * 3),  # 15
        "dram": Counted(out=3 * 10 + 6 * 6 + 96, shared=20 + 64 * 3 + 30),  # 162 and 242
        "network": Counted(out=12 * 2 + 24 * 3),  # 96
    },
)
DENSE = Run(
    steps=(61, 41, 61),  # 0-61, 62-103; 0-61
    recordings=(103, 61),
    counts={
        "core.scan": Counted(6, 9),
        "core.send": Counted(6, 9),
        "core.receive": Counted(6, 9),
        "core.mac": Counted(12, 9),
        "core.update": Counted(6, 3),
        "core.state_read": Counted(36, 33),
        "core.state_write": Counted(36, 31),
        "core.leakage": Counted(shared=2 * 164_000),
        "registers.write": Counted(12, 9),
        "registers.read": Counted(12, 9),
        "registers.leakage": Counted(shared=2 * 164_000),
        "pad.read": Counted(12),
        "pad.words": Counted(12),
        "pad.leakage": Counted(shared=2 * 164_000),
        "cache.lookup": Counted(out=6),
        "cache.read": Counted(out=6),
        "cache.fill": Counted(out=4),
        "cache.words": Counted(out=6),
        "cache.hit": Counted(out=2),
        "cache.miss": Counted(out=4),
        "cache.eviction": Counted(),
        "cache.write_back": Counted(),
        "cache.fetched": Counted(out=16),
        "cache.leakage": Counted(shared=2 * 164_000),
        "dram.activate": Counted(out=5),
        "dram.read": Counted(out=14),
        "dram.io": Counted(out=224),
        "dram.refresh": Counted(shared=1),
        "dram.background_active": Counted(shared=113_000),
        "dram.background_precharged": Counted(shared=51_000),
        "dram.words": Counted(out=3),
        "dram.row_hit": Counted(out=9),
        "dram.row_miss": Counted(out=2),
        "dram.row_conflict": Counted(out=3),
        "dram.bytes": Counted(out=28),
        "link.flit": Counted(out=26),
        "router.flit": Counted(out=52),
        "network.leakage": Counted(shared=164_000),
    },
    units={
        "core0.scan": Times(12),
        "core0.send": Times(12),
        "core0.receive": Times(6),
        "core0.fetch": Times(24, waited=9),  # input 1 waits 4-7 in each step
        "core0.mac": Times(12),
        "core0.update": Times(6),
        "core1.scan": Times(3),
        "core1.send": Times(3),
        "core1.receive": Times(9),
        # twice 17-29, 29-46, 46-59, then 79-93, 93-97, 97-101; twice 20-29 and 22-46, then 82-93 and 84-97
        "core1.fetch": Times(106, waited=90, longest=2),
        "core1.mac": Times(9, stalled=6),
        "core1.update": Times(6),
        "core0.registers": Times(0, longest=0),
        "core1.registers": Times(0, longest=0),
        "core0.pad": Times(12),
        "core1.pad": Times(0, longest=0),
        "core0.cache.tags": Times(0, longest=0),
        "core0.cache.data": Times(0, longest=0),
        "core1.cache.tags": Times(6),
        "core1.cache.data": Times(6),
        "dram0": Times(28, stalled=30),  # twice 20-28, 33-43, 50-56, then 82-92
        "link0-1": Times(19, stalled=21, waited=3),
        "link1-0": Times(7),
        "core0": Times(0, longest=0),
        "core1": Times(0, longest=0),
        "chip": Times(0, longest=0),
    },
    energy={
        "encode": Counted(6 * 3 + 6 * 2 + 6 * 3, 9 * 3 + 9 * 2 + 9 * 3),  # 48 and 72
        "compute": Counted(12 * 5 + 6 * 8, 9 * 5 + 3 * 8),  # 108 and 69
        "state": Counted(36 + 36 * 3, 33 + 31 * 3),  # 144 and 126
        "static": Counted(shared=164 * 12),  # 1968
        "registers": Counted(12 * 3, 9 * 3),
        "pad": Counted(12 * 4),
        "cache": Counted(out=6 * 1 + 6 * 2 + 4 * 3),  # 30
        "dram": Counted(out=5 * 10 + 14 * 6 + 224, shared=20 + 113 * 3 + 51),  # 358 and 410
        "network": Counted(out=26 * 2 + 52 * 3),  # 208
    },
)
# (unit, action): count of the delta run. State is written at the start of both recordings: on core 0 the sums
# and values of hidden and what it and the inputs last sent, 4 + 2 + 2; on core 1 those of out, 2 + 1.
WHERE = {
    ("core0.scan", "core.scan"): 12,
    ("core0.scan", "core.state_read"): 24,
    ("core0.scan", "core.state_write"): 5,
    ("core0.send", "core.send"): 5,
    ("core0.receive", "core.receive"): 2,
    ("core0.mac", "core.mac"): 4,
    ("core0.mac", "core.state_read"): 4,
    ("core0.mac", "core.state_write"): 4,
    ("core0.update", "core.update"): 6,
    ("core0.update", "core.state_read"): 12,
    ("core0.update", "core.state_write"): 6,
    ("core1.scan", "core.scan"): 3,
    ("core1.scan", "core.state_read"): 6,
    ("core1.scan", "core.state_write"): 1,
    ("core1.send", "core.send"): 1,
    ("core1.receive", "core.receive"): 4,
    ("core1.mac", "core.mac"): 4,
    ("core1.mac", "core.state_read"): 4,
    ("core1.mac", "core.state_write"): 4,
    ("core1.update", "core.update"): 3,
    ("core1.update", "core.state_read"): 6,
    ("core1.update", "core.state_write"): 3,
    ("core0.registers", "registers.write"): 4,
    ("core0.registers", "registers.read"): 4,
    ("core1.registers", "registers.write"): 4,
    ("core1.registers", "registers.read"): 4,
    ("core0.pad", "pad.read"): 4,
    ("core0.pad", "pad.words"): 4,
    ("core1.cache.tags", "cache.words"): 3,
    ("core1.cache.tags", "cache.lookup"): 3,
    ("core1.cache.tags", "cache.hit"): 1,
    ("core1.cache.tags", "cache.miss"): 2,
    ("core1.cache.data", "cache.read"): 3,
    ("core1.cache.data", "cache.fill"): 2,
    ("core1.cache.data", "cache.fetched"): 8,
    ("dram0", "dram.activate"): 3,
    ("dram0", "dram.read"): 6,
    ("dram0", "dram.io"): 96,
    ("dram0", "dram.refresh"): 1,
    ("dram0", "dram.background_active"): 64_000,
    ("dram0", "dram.background_precharged"): 30_000,
    ("dram0", "dram.words"): 1,
    ("dram0", "dram.row_hit"): 3,
    ("dram0", "dram.row_miss"): 1,
    ("dram0", "dram.row_conflict"): 2,
    ("dram0", "dram.bytes"): 12,
    ("link0-1", "link.flit"): 9,
    ("link1-0", "link.flit"): 3,
    **{(f"core{core}.{name}", f"{name}.leakage"): 94_000 for core in (0, 1) for name in ("registers", "pad")},
    **{(f"core{core}.cache.tags", "cache.leakage"): 94_000 for core in (0, 1)},
    **{(f"core{core}", "core.leakage"): 94_000 for core in (0, 1)},
    ("core0", "core.state_write"): 2 * 8,
    ("core1", "core.state_write"): 2 * 3,
    ("chip", "network.leakage"): 94_000,
}
