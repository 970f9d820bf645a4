"""The memory that neurons' state lies in; the stages read and write it within their own time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from deltasim.simulator.memories.checks import whole_words
from deltasim.simulator.memories.instance import STATE, Instance
from deltasim.simulator.memories.record import Check, MemoryRecord, Surroundings
from deltasim.simulator.schema.quantities import Bits, Bytes, plain_node, size_text


class StateMemory(MemoryRecord):
    """What the neurons of a core remember: last sent values, accumulators and states, apart from its weights.

    The stages read and write it within their own time. ``width`` is what an access moves.
    """

    kind: Literal["state"]
    scope: Literal["core"] = "core"
    size_bytes: Bytes = Field(alias="size")
    width_bits: Bits = Field(alias="width")

    unit_kind: ClassVar[str] = "state"
    label: ClassVar[str] = "the memory of state"
    actions = (("{}.leakage", "ps", True),)
    timeless: ClassVar[bool] = True
    holds_weights: ClassVar[bool] = False
    holds_state: ClassVar[bool] = True

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
            "kind": "state, one in each core",
            "size": size_text(self.size_bytes),
            "width": f"{self.width_bits} bit",
        }

    def bytes_per_ps(self, chip: Surroundings) -> float:
        return self.width_bits / 8 / self.period_ps(chip.cores.period_ps)

    def instance(self, core_ps: int) -> Instance:
        return Instance(STATE, core_ps, self.access_bytes)
