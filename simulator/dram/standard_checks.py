"""What cannot be true at once in the description of a DRAM standard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deltasim.simulator.schema.faults import Fault

if TYPE_CHECKING:
    from deltasim.simulator.dram.standard import Standard

MOST_BANKS = 4096  # of all channels together
MOST_TICKS = 1 << 24  # of one delay


def size_faults(standard: Standard) -> Iterator[Fault]:
    """Sizes are powers of two, because address bits name them."""
    for name, size in standard.organisation:
        if size & (size - 1):
            yield Fault(f"organisation.{name}", str(size), "a size is a power of two", "Use the next one.")


def total_faults(standard: Standard) -> Iterator[Fault]:
    """Bursts lie in rows, and there is not more of them than addresses reach."""
    made_of = standard.organisation
    if made_of.burst > made_of.row:
        rule = f"a burst of {made_of.burst} bytes lies in one row"
        yield Fault("organisation.burst", str(made_of.burst), rule, "Use a smaller burst or a longer row.")
    banks = made_of.channels * made_of.pseudo_channels * made_of.ranks * made_of.bank_groups * made_of.banks
    if banks > MOST_BANKS:
        yield Fault("organisation", f"{banks} banks", f"the most is {MOST_BANKS}", "Describe fewer channels.")
    if standard.capacity_bytes > 1 << 50:
        rule = "the most is 1 PiB"
        yield Fault("organisation", f"{standard.capacity_bytes} bytes", rule, "Describe fewer rows.")


# a delay, what it is at least, and why
ORDERED = (
    ("tRC", ("tRAS", "tRP"), "a row is open for tRAS and closes for tRP before the next opens"),
    ("tRAS", ("tRCD",), "a row stays open until its first command"),
    ("tCCD_S", ("tBL",), "two transactions cannot share the data bus"),
    ("tCCD_L", ("tCCD_S",), "the same bank group is no faster than another"),
    ("tRRD_L", ("tRRD_S",), "the same bank group is no faster than another"),
    ("tWTR_L", ("tWTR_S",), "the same bank group is no faster than another"),
    ("tFAW", ("tRRD_S",), "four activates take longer than one"),
    ("tCCD_S_WR", ("tBL",), "two transactions cannot share the data bus"),
    ("tCCD_L_WR", ("tBL",), "two transactions cannot share the data bus"),
)
POSITIVE = ("tBL", "tCL", "tCWL", "tRCD", "tRP", "tRAS", "tRC", "tCCD_S", "tRFC", "tRFCpb", "tRFCsb")


def delay_faults(standard: Standard) -> Iterator[Fault]:
    """No delay is shorter than what has to happen within it."""
    delays = standard.timing_
    given = {name for name in delays.__dict__ if name != "tCK" and getattr(delays, name) is not None}
    ticks = {name: delays.ticks(name) for name in type(delays).model_fields if name in given}
    for name in POSITIVE:
        if ticks.get(name) == 0:
            yield Fault(f"timing.{name}", "0", "it takes at least one tick", "Use 1 or more.")
    for name in ticks:
        if ticks[name] > MOST_TICKS:
            yield Fault(
                f"timing.{name}", f"{ticks[name]} ticks", f"the most is {MOST_TICKS}", "Check its unit."
            )
    for name, parts, why in ORDERED:
        if not {name, *parts} <= given:
            continue  # of a faulty description: told already
        least = sum(ticks[part] for part in parts)
        if ticks[name] < least:
            sum_of = " + ".join(parts)
            rule = f"{name} is at least {sum_of} = {least} ticks: {why}"
            yield Fault(f"timing.{name}", f"{ticks[name]} ticks", rule, f"Correct {name} or {sum_of}.")
    if {"tRFC", "tRP", "tRC", "tREFI"} <= given:
        busy = ticks["tRFC"] + ticks.get("tRPab", ticks["tRP"]) + ticks["tRC"]
        if 0 < ticks["tREFI"] <= busy:
            rule = f"tREFI leaves time between refreshes: it is above tRFC + tRP + tRC = {busy} ticks"
            remedy = "Correct tREFI, or 0 for no refresh."
            yield Fault("timing.tREFI", f"{ticks['tREFI']} ticks", rule, remedy)
    for one, other in (("tCKE", "tXP"), ("tRFCpb", "tREFIpb"), ("tRFCsb", "tREFIsb")):
        there, lacks = (one, other) if one in given else (other, one)
        if there in given and lacks not in given and lacks in delays.__dict__:
            yield Fault(f"timing.{lacks}", "missing", f"it belongs to {there}", f"Add it, or remove {there}.")


def own_faults(standard: Standard) -> Iterator[Fault]:
    """A delay of one's own is between commands that meet at its level."""
    for number, own in enumerate(standard.constraints):
        place, both = f"constraints.{number}", f"{own.before} to {own.after}"
        ticks = standard.timing_.in_ticks(own.delay)
        if ticks > MOST_TICKS:
            yield Fault(f"{place}.delay", f"{ticks} ticks", f"the most is {MOST_TICKS}", "Check its unit.")
        if own.level == "bank" and own.after == "refresh":
            rule = "a refresh is of a rank, or of a part of one"
            yield Fault(f"{place}.level", "bank", rule, "Use group or rank.")
        if own.level == "bus" and not {own.before, own.after} <= {"read", "write"}:
            rule = "only reads and writes take the data bus"
            yield Fault(f"{place}.level", f"bus, {both}", rule, "Use bank, group or rank.")


def turn_faults(standard: Standard) -> Iterator[Fault]:
    """Every rank has its turn to be refreshed, one after another, and banks have time to work between."""
    delays, made_of = standard.timing_, standard.organisation
    ranks = made_of.ranks * made_of.pseudo_channels
    closing = delays.ticks("tRP" if delays.tRPab is None else "tRPab")
    emptying = sum(delays.ticks(name) for name in ("tRC", "tCWL", "tBL", "tWR"))  # what a bank has under way
    for suffix, parts in (("", 1), ("pb", made_of.bank_groups * made_of.banks), ("sb", made_of.banks)):
        taken, every = f"tRFC{suffix}", f"tREFI{suffix}"
        if getattr(delays, taken) is None or getattr(delays, every) is None or not delays.ticks(every):
            continue
        least = ranks * (closing + 2)
        if suffix:
            busy = delays.ticks(taken) + delays.ticks("tRP") + delays.ticks("tRC")
            least = max(busy // parts, delays.ticks("tREF_REF"), ranks * emptying)
        if delays.ticks(every) <= least:
            rule = f"{every} leaves time between refreshes: it is above {least} ticks for {ranks} ranks"
            yield Fault(f"timing.{every}", f"{delays.ticks(every)} ticks", rule, f"Correct {every}.")


def bus_faults(standard: Standard) -> Iterator[Fault]:
    """An activate in two halves has one bus, that both find free."""
    bus, delays = standard.command_bus, standard.timing_
    if bus.activate_apart and (bus.split or bus.activate > 1):
        rule = "an activate of two commands has ticks of one bus, of one tick each"
        yield Fault("command_bus.activate_apart", str(bus.activate_apart), rule, "Use 0, or one bus.")
    if bus.activate_apart and bus.activate_apart >= delays.ticks("tRCD"):
        rule = f"both halves of an activate come before its row is open: tRCD = {delays.ticks('tRCD')} ticks"
        yield Fault("command_bus.activate_apart", str(bus.activate_apart), rule, "Correct it.")
    if bus.half_clock and (bus.activate_apart or delays.tWCKPST is not None):
        rule = "activates of two commands and a write clock that stops take every tick of the clock"
        yield Fault("command_bus.half_clock", "true", rule, "Leave it out, or activate_apart and tWCKPST.")
    if bus.split and delays.tWCKPST is not None:
        rule = "a write clock that stops is started on the one bus of all commands"
        yield Fault("timing.tWCKPST", str(delays.ticks("tWCKPST")), rule, "Leave it out, or use one bus.")


def current_faults(standard: Standard) -> Iterator[Fault]:
    """A device that does more draws more; no command has negative energy."""
    if standard.power is None:
        return
    for name, rail in standard.power.rails.items():
        for more, less in (
            ("IDD2N", "IDD2P"),
            ("IDD3N", "IDD3P"),
            ("IDD3P", "IDD2P"),
            ("IDD3N", "IDD2N"),
            ("IDD4R", "IDD3N"),
            ("IDD4W", "IDD3N"),
            ("IDD5", "IDD3N"),
        ):
            high, low = getattr(rail, more), getattr(rail, less)
            if high < low:
                value = f"{high * 1e3:g} mA"
                rule = f"{more} is at least {less} = {low * 1e3:g} mA"
                yield Fault(f"power.rails.{name}.{more}", value, rule, f"Correct {more} or {less}.")
        delays = standard.timing_
        cycle, row_open = max(1, delays.ticks("tRC")), delays.ticks("tRAS")
        idle = (rail.IDD3N * row_open + rail.IDD2N * (cycle - row_open)) / cycle
        if idle > rail.IDD0:
            rule = f"IDD0 is at least the standby current over a row cycle, {idle * 1e3:g} mA"
            yield Fault(f"power.rails.{name}.IDD0", f"{rail.IDD0 * 1e3:g} mA", rule, "Correct IDD0.")


RULES = (size_faults, total_faults, delay_faults, own_faults, turn_faults, bus_faults, current_faults)
"""All rules between the parts of a standard."""


def contradictions(standard: Standard) -> Iterator[Fault]:
    """Give everything between the parts of a standard that does not agree."""
    for rule in RULES:
        yield from rule(standard)
