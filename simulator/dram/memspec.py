"""Memspec files of DRAMSys 5 and DRAMPower 5 (JSON) as standards.

Each type of memory is a table: a delay of ours and the field it is, with the ticks that DRAMSys's checker of
that type adds to it. Delays in the files are whole numbers of tCK. What the files say beside (self-refresh,
DLL, impedances, masked writes) plays no part here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.names import is_name
from deltasim.runtime.readers.files import Unreadable
from deltasim.runtime.readers.json_text import read_json

Fields = Mapping[str, Any]


class Kind(NamedTuple):
    """What one type of memory says where."""

    delays: dict[str, str]  # ours: theirs
    added: dict[str, int]  # ticks to some of them
    read_to_write: tuple[str, ...]  # added up, with those behind a minus taken off; BL is the burst
    read_to_write_added: int
    rails: dict[str, tuple[str, dict[str, str]]]  # supply: its voltage, and currents, ours: theirs
    command_bus: dict[str, object]
    banks: str = "nbrOfRanks"  # what a channel's banks come in


SAME = {name: name.removeprefix("t") for name in ("tRCD", "tRP", "tRAS", "tRC", "tRTP", "tWR", "tFAW")}
SAME |= {"tCL": "RL", "tCWL": "WL", "tREFI": "REFI", "tCKE": "CKE", "tXP": "XP"}
ONE_GROUP = {f"t{name}_{group}": name for name in ("CCD", "RRD", "WTR") for group in "SL"}
GROUPS = {f"t{name}_{group}": f"{name}_{group}" for name in ("CCD", "RRD", "WTR") for group in "SL"}
CURRENTS = ("IDD0", "IDD2N", "IDD2P", "IDD3N", "IDD3P", "IDD4R", "IDD4W", "IDD5")


def currents(kind: str, end: str, **others: str) -> dict[str, str]:
    """The names that a file gives to the currents of one supply."""
    return {name: f"{name.lower().replace('idd', kind)}{end}" for name in CURRENTS} | others


SDRAM = Kind(
    delays=SAME | ONE_GROUP | {"tRFC": "RFC", "tCS": "RTRS"},
    added={},
    read_to_write=("RL", "BL", "-WL"),
    read_to_write_added=2,
    rails={"VDD": ("vdd", currents("idd", "", IDD2P="idd2p1", IDD3P="idd3p1"))},  # left in tXP
    command_bus={},
)
KINDS = {
    "DDR2": SDRAM._replace(delays={ours: name for ours, name in SDRAM.delays.items() if name != "RTRS"}),
    "DDR3": SDRAM,
    "DDR4": SDRAM._replace(
        delays=SAME | GROUPS | {"tRFC": "RFC1", "tCS": "RTRS"},
        read_to_write=("RL", "BL", "-WL", "WPRE"),
        read_to_write_added=1,
        rails={
            "VDD": ("vdd", currents("idd", "", IDD5="idd5B")),
            "VPP": ("vpp", currents("ipp", "", IDD5="ipp5B")),
        },
    ),
    "LPDDR4": Kind(
        delays=SAME
        | ONE_GROUP
        | {"tRP": "RPpb", "tRPab": "RPab", "tRC": "RCpb", "tDQSCK": "DQSCK", "tPPD": "PPD", "tCS": "RTRS"}
        | {"tRFC": "RFCab", "tRFCpb": "RFCpb", "tREFIpb": "REFIpb", "tREF_REF": "RFCpb", "tREF_ACT": "RRD"},
        added={"tWR": 1, "tWTR_S": 1, "tWTR_L": 1},  # of the write strobe
        read_to_write=("RL", "DQSCK", "BL", "-WL", "WPRE", "RPST"),
        read_to_write_added=0,
        rails={"VDD1": ("vdd1", currents("idd", "1")), "VDD2": ("vdd2", currents("idd", "2"))},
        command_bus={"activate": 4, "column": 4, "precharge": 2, "latency_from": "last"},
    ),
    "HBM2": Kind(
        delays=SAME
        | {ours: name.replace("_", "") for ours, name in GROUPS.items()}
        | {"tRCD": "RCDRD", "tRCD_WR": "RCDWR", "tDQSCK": "DQSCK", "tRFC": "RFC"}
        | {"tRFCpb": "RFCSB", "tREFIpb": "REFISB", "tREF_REF": "RREFD", "tREF_ACT": "RREFD"},
        added={},
        read_to_write=("RTW",),
        read_to_write_added=0,
        rails={},
        command_bus={"activate": 2, "split": True},
        banks="nbrOfPseudoChannels",
    ),
}


def memspec_content(path: Path, place: str) -> dict[str, Any]:
    """What a memspec says, in the form of a YAML file of ours.

    Errors: InputError for a file that is none, a type of memory that is not in the table, a field missing.
    """
    try:
        told = read_json(path)
    except Unreadable as error:
        rule = f"a memspec is a JSON file ({error.reason})"
        raise InputError(error.at(place), "unreadable", rule, "Name one.") from None
    spec = inside(place, told, "memspec")
    kind_of = str(spec.get("memoryType"))
    if kind_of not in KINDS:
        shown = kind_of if is_name(kind_of) else "other text"
        rule = f"memspecs of {', '.join(KINDS)} are read"
        raise InputError(f"{place}: memspec.memoryType", shown, rule, nearest(shown, KINDS))
    kind = KINDS[kind_of]
    made_of = inside(place, spec, "memarchitecturespec")
    times = inside(place, spec, "memtimingspec")

    def size(name: str, otherwise: int | None = None) -> int:
        return count(place, "memarchitecturespec", made_of, name, otherwise)

    def ticks(name: str) -> int:
        return count(place, "memtimingspec", times, name, None, least=0)

    groups = size("nbrOfBankGroups", 1)
    width = size("width") * size("nbrOfDevices")
    burst = size("burstLength") // size("dataRate")
    if "AL" in times and ticks("AL"):
        rule = "columns are posted in time: an additive latency is not modelled"
        raise InputError(f"{place}: memtimingspec.AL", times["AL"], rule, "Use 0.")
    row = size("nbrOfColumns") * width // 8
    if kind_of == "HBM2":  # its columns count bursts
        row *= size("burstLength")
        if size("nbrOfStacks", 1) > 1 and ticks("CCDR") > ticks("CCDS"):
            rule = "banks of other stacks are told apart from others by no delay"
            raise InputError(f"{place}: memtimingspec.CCDR", times["CCDR"], rule, "Use that of CCDS.")
    delays: dict[str, Any] = {
        ours: ticks(name) + kind.added.get(ours, 0) for ours, name in kind.delays.items()
    }
    parts = [
        burst if name == "BL" else -ticks(name[1:]) if name[0] == "-" else ticks(name)
        for name in kind.read_to_write
    ]
    delays |= {"tBL": burst, "tRTW": max(0, sum(parts) + kind.read_to_write_added)}
    mode = size("RefMode", 1)
    if mode > 1:
        delays |= {"tRFC": ticks(f"RFC{mode}"), "tREFI": delays["tREFI"] // mode}
    for gap in ("tCCD_S", "tCCD_L"):
        delays[gap] = max(delays[gap], burst)  # DDR2 may cut a burst short, which is not done here
    clock = number(place, "memtimingspec", times, "tCK")
    told_name = str(spec.get("memoryId", ""))
    content: dict[str, Any] = {
        "name": told_name if is_name(told_name) else path.stem,
        "source": f"memspec {path.name}, as DRAMSys reads it",
        "organisation": {
            "channels": size("nbrOfChannels"),
            "ranks" if kind.banks == "nbrOfRanks" else "pseudo_channels": size(kind.banks, 1),
            "bank_groups": groups,
            "banks": size("nbrOfBanks") // groups,
            "rows": size("nbrOfRows"),
            "row": f"{row} B",
            "burst": f"{size('burstLength') * width // 8} B",
        },
        "timing": delays | {"tCK": f"{clock!r} s"},
        "command_bus": kind.command_bus,
    }
    return content | power_of(place, kind, spec, clock, burst, mode)


def power_of(place: str, kind: Kind, spec: Fields, clock: float, burst: int, mode: int) -> dict[str, Any]:
    """The currents of a memspec, or why they are no basis of an energy."""
    if not spec.get("mempowerspec"):
        return {"no_power": "the memspec has no mempowerspec"}
    if not kind.rails:
        return {"no_power": f"those of a memspec of {spec['memoryType']} are not read"}
    said, made_of = inside(place, spec, "mempowerspec"), inside(place, spec, "memarchitecturespec")
    rails = {}
    for supply, (volts, names) in kind.rails.items():
        if mode > 1:
            names = names | {"IDD5": names["IDD5"].replace("5B", f"5F{mode}")}
        drawn = {ours: number(place, "mempowerspec", said, name) for ours, name in names.items()}
        if any(drawn.values()):
            voltage = number(place, "mempowerspec", said, volts)
            rails[supply] = {"voltage": f"{voltage!r} V"} | {name: f"{of!r} A" for name, of in drawn.items()}
    if not rails:
        return {"no_power": "all currents in the memspec are zero"}
    power = {
        "tCK": f"{clock!r} s",
        "devices": count(place, "memarchitecturespec", made_of, "nbrOfDevices", None),
        "rails": rails,
        "status": "datasheet",
        "source": f"memspec {spec.get('memoryId', '')}".strip(),
    }
    pins = {way: said.get(name) for way, name in (("read", "idd4rq"), ("write", "idd4wq"))}
    if all(pins.values()):
        idle = number(place, "mempowerspec", said, "idd3nQ" if "idd3nQ" in said else "idd3nq")
        volts_q = number(place, "mempowerspec", said, "vddq")
        bits = made_of["burstLength"] * made_of["width"]
        power["interface"] = {
            way: f"{volts_q * (number(place, 'mempowerspec', said, name) - idle) * burst * clock / bits!r} J"
            for way, name in (("read", "idd4rq"), ("write", "idd4wq"))
        }
    return {"power": power}


def inside(place: str, content: object, name: str) -> Fields:
    """A part of the file. Errors: InputError where it is missing or no part."""
    found = content.get(name) if isinstance(content, dict) else None
    if not isinstance(found, dict):
        rule = "a memspec has this part"
        raise InputError(f"{place}: {name}", "missing", rule, "Name a memspec of DRAMSys 5.")
    return found


def count(place: str, part: str, fields: Fields, name: str, otherwise: int | None, least: int = 1) -> int:
    """A whole number of the file. Errors: InputError where it is missing, or none."""
    value = fields.get(name, otherwise)
    if value is None:
        raise InputError(f"{place}: {part}.{name}", "missing", "the field is required", "Add it.")
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 1 << 40:
        rule = f"it is a whole number from {least} to 2^40"
        raise InputError(f"{place}: {part}.{name}", repr(value)[:40], rule, "Correct it.")
    return value


def number(place: str, part: str, fields: Fields, name: str) -> float:
    """A number of the file. Errors: InputError where it is missing, or none."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        told = "missing" if value is None else repr(value)[:40]
        raise InputError(f"{place}: {part}.{name}", told, "it is a number", "Add it, or correct it.")
    return float(value)
