"""What a chip does that is counted: the one list of actions, and what each counts.

Energy is counts times prices, so an action's name is also the key of its price. Static actions count
picoseconds, summed over all instances (a chip of 16 cores counts 16 ps of ``core.leakage`` each picosecond),
and are priced in watts. Unpriced actions are counted because a reader wants them, not because they cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip


class Action(NamedTuple):
    """One counted action: name, part of the energy report it belongs to, and what it counts."""

    name: str
    part: str
    counts: str
    priced: bool = True

    @property
    def static(self) -> bool:
        """Counted in picoseconds, priced in watts."""
        return self.counts == "ps"


CORE_ACTIONS = (
    Action("core.scan", "encode", "elements"),
    Action("core.send", "encode", "messages"),
    Action("core.receive", "encode", "messages"),
    Action("core.mac", "compute", "multiply-accumulates"),
    Action("core.update", "compute", "neurons"),
    Action(
        "core.state_read", "state", "words"
    ),  # last sent values, accumulators, states: at most 32 bits each
    Action("core.state_write", "state", "words"),
    Action("core.leakage", "static", "ps"),
)

# of a chip that sends a copy to each core: what its neurons send, where core.send counts copies, those of
# inputs too
EMIT = Action("core.emit", "encode", "messages")

# of a chip that tells neurons at rest from those that move, where core.update counts the latter
ACCESS = Action("core.access", "compute", "neurons")

DIRECTIONS = ("east", "west", "north", "south")
"""Where a link of a mesh leads, as a description names it."""

FLITS_BY_DIRECTION = tuple(f"link.{direction}" for direction in DIRECTIONS)

# of a core's memory that state lies in besides: bits of last sent values, accumulators and states
REMEMBERED = ("{}.state_read", "{}.state_write")

# the parts of a router, where a chip states its pitch; else one price for all of them, router.flit
ROUTER_ACTIONS = ("router.buffer_write", "router.buffer_read", "router.crossbar")


def state_homes(chip: Chip) -> tuple[str, ...]:
    """The memories that neurons' state lies in, first choice first; none where a chip does not say.

    Those that ``placement.state`` names, else the chip's memories of that kind.
    """
    named = chip.placement.state
    if named is not None:
        return named
    return tuple(memory.name for memory in chip.memories if memory.holds_state and not memory.holds_weights)


def chip_actions(chip: Chip) -> tuple[Action, ...]:
    """All actions a chip can cause, in the order every ledger of it counts them.

    >>> from deltasim.simulator.chip import load_chip
    >>> [action.name for action in chip_actions(load_chip("edgedrnn")) if action.part == "network"]
    ['link.flit']
    """
    memories = [
        Action(name.format(memory.name), "static" if "leakage" in name else memory.name, counts, priced)
        for memory in chip.memories
        for name, counts, priced in memory.actions
    ]
    homes = state_homes(chip)
    core = [action for action in CORE_ACTIONS if not (homes and action.part == "state")]
    core += [Action(name.format(home), "state", "bits") for home in homes for name in REMEMBERED]
    core += [EMIT] if chip.network.unicast else []
    core += [ACCESS] if chip.cores.update.access_cycles is not None else []
    split, bus = chip.network.pitch_m is not None, chip.network.is_bus  # a bus has no routers
    plain = not split and (chip.network.directions is None or chip.network.topology.startswith("cmesh"))
    links = [Action("link.flit", "network", "flits", priced=plain)]
    if chip.network.directions is not None:  # the links between cores and routers of a cmesh have none
        links += [Action(name, "network", "flits") for name in FLITS_BY_DIRECTION]
    if chip.network.joined is not None:
        links.append(Action("joined.flit", "network", "flits"))
    if split:
        links.append(Action("link.flit_um", "network", "flit micrometres"))
        links += [] if bus else [Action(name, "network", "flits") for name in ROUTER_ACTIONS]
    elif not bus:
        links.append(Action("router.flit", "network", "flits"))
    if chip.network.buffer_flits is not None:  # packets for which a link was stalled for want of credits
        links.append(Action("link.credit_stall", "network", "packets", priced=False))
    return (*core, *memories, *links, Action("network.leakage", "static", "ps"))
