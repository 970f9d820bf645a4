"""The description of a whole chip."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import Field, PrivateAttr, model_validator

from deltasim.simulator.chip.parts import Cores, Interconnect, Placement, Synchronisation
from deltasim.simulator.chip.prices.price import Price, Prices
from deltasim.simulator.chip.wiring import described_topology
from deltasim.simulator.memories.kinds import Memory
from deltasim.simulator.schema.part import Part
from deltasim.simulator.schema.quantities import Name, Node, Text
from deltasim.simulator.topology import Topology

if TYPE_CHECKING:
    from deltasim.simulator.chip.prices.resolve import Resolved


class Origin(NamedTuple):
    """The file a chip was read from and the line of every field in it."""

    file: str
    lines: dict[str, int]

    def line(self, path: str) -> int:
        """The line of a field, or of the nearest one around it that is in the file."""
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines.get(path, 1)

    def place(self, path: str) -> str:
        """``file:line: path``."""
        return ": ".join(filter(None, (f"{self.file}:{self.line(path)}", path)))


class Chip(Part):
    """A chip: cores, memories (nearest first), network, placement, synchronisation and prices.

    Times are whole picoseconds (a clock's period is rounded to the nearest), sizes bytes or bits, energies
    joules.

    >>> from deltasim.simulator.chip import load_chip
    >>> chip = load_chip("edgedrnn")
    >>> chip.cores.mac.lanes, chip.cores.period_ps, chip.memories[0].name
    (8, 8000, 'dram')
    >>> chip.changed({"cores.mac.lanes": 16}).cores.mac.lanes
    16
    """

    name: Name
    about: Text
    status: Literal["silicon", "hypothetical"]
    node: Node
    sources: tuple[Text, ...]
    cores: Cores
    memories: tuple[Memory, ...]
    network: Interconnect
    placement: Placement = Placement()
    synchronisation: Synchronisation
    prices: Prices = Field(default_factory=dict)
    _origin: Origin | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _agrees(self) -> Chip:
        from deltasim.simulator.chip.checks import faults
        from deltasim.simulator.schema.faults import Faults

        if found := faults(self):
            raise Faults(found)
        return self

    def __eq__(self, other: object) -> bool:
        """Chips are equal when their content is, wherever they were read from."""
        return isinstance(other, Chip) and self.content() == other.content()

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def topology(self) -> Topology:
        return described_topology(self.network, self.cores.count)

    @cached_property
    def resolved(self) -> dict[str, Resolved]:
        """For every priced action its price and where that is from, or why there is none."""
        from deltasim.simulator.chip.prices.resolve import resolve

        return resolve(self)

    @cached_property
    def priced(self) -> dict[str, Price]:
        """The price of every action: as stated where it holds, else as the models make it."""
        return {name: found.price for name, found in self.resolved.items() if found.price is not None}

    @property
    def digest(self) -> str:
        """sha256 over the content: everything but where the file lies and how it is laid out."""
        return hashlib.sha256(json.dumps(self.content(), sort_keys=True).encode()).hexdigest()

    def content(self) -> dict[str, Any]:
        """The description as plain data in the form of the YAML file, quantities with their units.

        What a price would inherit anyway is left out of what it holds for.
        """
        from deltasim.simulator.chip.prices.resolve import own_conditions

        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        for name, price in self.prices.items():
            if price.holds_for is not None:
                own = own_conditions(self, name, price)
                content["prices"][name].pop("holds_for")
                content["prices"][name] |= {"holds_for": own} if own else {}
        return content

    def memory(self, name: str) -> Memory:
        return next(memory for memory in self.memories if memory.name == name)

    def memory_period_ps(self, memory: Memory) -> int:
        """The clock period of a memory; one on the chip without its own clock has that of the cores."""
        return memory.period_ps(self.cores.period_ps)

    def place(self, path: str) -> str:
        """How an error names a field: ``chips/a.yaml:14: cores.mac``, else ``chip a: cores.mac``."""
        return self._origin.place(path) if self._origin else f"chip {self.name}: {path}"

    def changed(self, fields: Mapping[str, object]) -> Chip:
        """A chip with other values, each named by its path in the file (``memories.0.size``), checked again.

        None takes a field away. Prices keep what they were given for: one that does not hold any more is
        given anew by its model, or refused.

        Errors: InputError for every value that is not allowed.

        >>> from deltasim.simulator.chip import load_chip
        >>> mesh = load_chip("mesh16")
        >>> small = mesh.changed({"memories.0.size": "16 KiB"})
        >>> [f"{chip.priced['scratchpad.read'].value * 1e12:.2f} pJ" for chip in (mesh, small)]
        ['15.32 pJ', '2.64 pJ']
        """
        from deltasim.simulator.chip.loading import chip_from_content
        from deltasim.simulator.schema.changes import with_changes

        place = f"chip {self.name}"
        return chip_from_content(with_changes(self._with_all_conditions, fields, place), place=place)

    @cached_property
    def _with_all_conditions(self) -> dict[str, Any]:
        """The content, where every price says all that it holds for."""
        from deltasim.simulator.chip.prices.resolve import all_conditions

        content = self.content()
        for name, price in self.prices.items():
            content["prices"][name]["holds_for"] = all_conditions(self, name, price)
        return content


def packaged_chips() -> Path:
    """The folder of the chips in the box."""
    return Path(__file__).parent.parent / "chips"
