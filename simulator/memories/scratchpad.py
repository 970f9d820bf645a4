"""A scratchpad: a private memory of every core, an access a cycle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from deltasim.simulator.memories.checks import answers_later, whole_words
from deltasim.simulator.memories.instance import SCRATCHPAD, Instance
from deltasim.simulator.memories.record import Check, MemoryRecord, Surroundings
from deltasim.simulator.schema.quantities import (
    Bits,
    Bytes,
    Cycles,
    Frequency,
    period_ps,
    plain_node,
    size_text,
)
from deltasim.simulator.schema.rendered import cycles, suffixes


class Scratchpad(MemoryRecord):
    """A private memory of every core: an access moves ``width`` bits and answers after ``latency`` cycles.

    A burst of *b* bytes takes ⌈8 b / width⌉ accesses, one a cycle. Every multiply array has its own bank.
    """

    kind: Literal["scratchpad"]
    scope: Literal["core"] = "core"
    size_bytes: Bytes = Field(alias="size")
    width_bits: Bits = Field(alias="width")
    latency_cycles: Cycles = Field(alias="latency")
    clock_hz: Frequency | None = Field(default=None, alias="clock")  # that of the cores where none is given

    unit_kind: ClassVar[str] = "scratchpad"
    label: ClassVar[str] = "the scratchpad"
    actions = (
        ("{}.read", "accesses", True),
        ("{}.words", "words", False),  # weights
        ("{}.leakage", "ps", True),
    )
    holds_state: ClassVar[bool] = True

    @property
    def access_bytes(self) -> int:
        """Bytes one access moves; placed blocks start at a multiple of it."""
        return self.width_bits // 8

    def period_ps(self, core_ps: int) -> int:
        return period_ps(self.clock_hz) if self.clock_hz else core_ps

    def checks(self) -> tuple[Check, ...]:
        return whole_words(self), answers_later(self)

    def conditions(self, action: str, chip: Surroundings) -> dict[str, Any]:
        return {
            "size": self.size_bytes,
            "width": self.width_bits,
            "node": plain_node(chip.node),
            "banks": chip.cores.mac.arrays,
            "clock": self.clock_hz or chip.cores.clock_hz,
        }

    def rows(self) -> Mapping[str, object]:
        return {
            "kind": "scratchpad, one in each core",
            "size": size_text(self.size_bytes),
            "width": f"{self.width_bits} bit",
            "latency": cycles(self.latency_cycles),
        }

    def bytes_per_ps(self, chip: Surroundings) -> float:
        arrays: int = chip.cores.mac.arrays
        return arrays * self.width_bits / 8 / self.period_ps(chip.cores.period_ps)

    def wider(self) -> Mapping[str, object]:
        return {"width": f"{2 * self.width_bits} bit"}

    def units(self, arrays: int) -> tuple[str, ...]:
        return suffixes(arrays)

    def instance(self, core_ps: int) -> Instance:
        period = self.period_ps(core_ps)
        return Instance(SCRATCHPAD, period, self.access_bytes, self.latency_cycles * period)
