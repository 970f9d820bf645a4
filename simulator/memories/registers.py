"""Registers: the column buffers of every core, which take no time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from deltasim.simulator.memories.checks import whole_words
from deltasim.simulator.memories.instance import REGISTERS, Instance
from deltasim.simulator.memories.record import Check, MemoryRecord, Surroundings
from deltasim.simulator.schema.quantities import Bits, Bytes, plain_node, size_text


class Registers(MemoryRecord):
    """The column buffers of every core between memories and multipliers: each fetched word passes through.

    They take no time. They hold all bursts that may be on their way to the core at once; ``width`` is that of
    the port that a word is read and written through.
    """

    kind: Literal["registers"]
    scope: Literal["core"] = "core"
    size_bytes: Bytes = Field(alias="size")
    width_bits: Bits = Field(alias="width")

    unit_kind: ClassVar[str] = "registers"
    label: ClassVar[str] = "the registers"
    actions = (
        ("{}.write", "words", True),
        ("{}.read", "words", True),
        ("{}.leakage", "ps", True),
    )
    timeless: ClassVar[bool] = True
    holds_weights: ClassVar[bool] = False

    @property
    def access_bytes(self) -> int:
        return self.width_bits // 8

    def checks(self) -> tuple[Check, ...]:
        return (whole_words(self),)

    def conditions(self, action: str, chip: Surroundings) -> dict[str, Any]:
        return {
            "size": self.size_bytes,
            "width": self.width_bits,
            "node": plain_node(chip.node),
            "clock": chip.cores.clock_hz,
        }

    def rows(self) -> Mapping[str, object]:
        return {
            "kind": "registers, one in each core",
            "size": size_text(self.size_bytes),
            "width": f"{self.width_bits} bit",
        }

    def bytes_per_ps(self, chip: Surroundings) -> float:
        return self.width_bits / 8 / self.period_ps(chip.cores.period_ps)

    def instance(self, core_ps: int) -> Instance:
        return Instance(REGISTERS, core_ps, self.access_bytes)
