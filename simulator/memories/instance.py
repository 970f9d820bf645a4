"""One memory of a core or port as plain numbers: what a kind has no use for stays at its default."""

from __future__ import annotations

from typing import Any, NamedTuple

SCRATCHPAD, DRAM, CACHE, BUFFER, REGISTERS, CONTROLLER, STATE, SERIAL = range(8)
"""Kinds as engines tell them apart. A controller is a DRAM of a standard."""

OVER_NETWORK = (DRAM, BUFFER, CONTROLLER, SERIAL)
"""Those that answer requests over the network."""


class Instance(NamedTuple):
    """A memory in numbers: ``timing`` by its own figures, ``controlled`` of a DRAM of a standard."""

    kind: int
    period_ps: int
    width_bytes: int  # of an access
    latency_ps: int = 0
    line_bytes: int = 1
    sets: int = 1
    ways: int = 1
    buffer_banks: int = 1
    interleave: int = 1  # words of a bank that follow each other
    slots: int = 0  # streams a buffer serves at once, requests a controller holds
    timing: Any = None
    controlled: Any = None


NUMBERS = tuple(field for field in Instance._fields if field not in ("timing", "controlled"))
"""What all memories have, each kind its own default."""
