"""What every kind of memory says of itself; its own file says where it differs (table: ``kinds``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Protocol

from deltasim.simulator.memories.instance import Instance
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.part import Part
from deltasim.simulator.schema.quantities import Name


class Surroundings(Protocol):
    """What a memory sees of the chip that it is on."""

    @property
    def node(self) -> str: ...
    @property
    def cores(self) -> Any: ...
    @property
    def memories(self) -> Any: ...
    @property
    def topology(self) -> Any: ...


Check = Callable[[str, Surroundings], Iterator[Fault]]
Counted = tuple[str, str, bool]
"""Name of an action ("{}" is the memory's own), what it counts, and whether it has a price."""


class MemoryRecord(Part):
    """A memory of a chip.

    The class says what all of a kind share: ``unit_kind`` is what its units are called, ``label`` and
    ``several`` what one and many are in a sentence, ``actions`` what is counted of it, ``requests`` which of
    these counts what was asked of it, ``found`` what it had ready and out of how many (an open row, a line),
    None where it always has, ``at_rest`` which counts time for as long as the chip is on, "" where that
    depends on what happens. ``no_model`` is why a price that is not stated cannot be derived.
    """

    name: Name

    unit_kind: ClassVar[str]
    label: ClassVar[str]
    several: ClassVar[str] = "memories"
    actions: ClassVar[tuple[Counted, ...]]
    requests: ClassVar[str] = "read"
    found: ClassVar[tuple[str, str] | None] = None
    at_rest: ClassVar[str] = "leakage"
    no_model: ClassVar[str] = "no model prices it"

    shared: ClassVar[bool] = (
        False  # one at each of ``ports``, reached over the network; else one in each core
    )
    off_chip: ClassVar[bool] = False
    timeless: ClassVar[bool] = False  # what it takes is within the stages that use it
    holds_weights: ClassVar[bool] = True
    holds_state: ClassVar[bool] = False

    @property
    def fetches_from(self) -> str | None:
        """The memory that it fetches its contents from, of a cache."""
        return None

    @property
    def read_bytes(self) -> int:
        """What one read moves towards the cores, where it is not shared."""
        size: int = self.access_bytes
        return size

    @property
    def drawn_at_rest(self) -> tuple[str, int]:
        """The static action that one of it causes when nothing moves, and how many draw so."""
        return self.at_rest, 1

    def period_ps(self, core_ps: int) -> int:
        """Of its clock; ``core_ps`` is the period of the cores."""
        return core_ps

    def checks(self) -> tuple[Check, ...]:
        """What it may not be, alone and on its chip: each is given its path and the chip."""
        return ()

    def conditions(self, action: str, chip: Surroundings) -> dict[str, Any]:
        """What the price of an action depends on."""
        raise NotImplementedError

    def rows(self) -> Mapping[str, object]:
        """What it says of itself in a table, but for its clock."""
        raise NotImplementedError

    def bytes_per_ps(self, chip: Surroundings) -> float:
        """What one of it moves at most."""
        raise NotImplementedError

    def wider(self) -> Mapping[str, object]:
        """Fields that let it move twice as much at once; none where no field says how much it moves."""
        return {}

    def units(self, arrays: int) -> tuple[str, ...]:
        """What follows its name in the names of its units; ``arrays`` are multiply arrays of a core."""
        return ("",)

    def instance(self, core_ps: int) -> Instance:
        """One of it as engines have it."""
        raise NotImplementedError
