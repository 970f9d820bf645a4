"""In what several runs differ, field by field: chip, network, data, version."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from deltasim.reports.comparison.measures import Record, at
from deltasim.reports.quantities import ABSENT, count, quantity

Fields = Mapping[str, str]
SI = re.compile(r"(-?\d[\d.]*(?:e[-+]?\d+)?) (Hz|s|J|W|V|A|m)")


class Difference(NamedTuple):
    """A field that is not the same in all runs; ``values`` are those of each, a dash where it has none."""

    group: str
    field: str
    values: tuple[str, ...]

    @property
    def what(self) -> str:
        """Group and field in one text."""
        return f"{self.group} {self.field}"


def differences(records: Sequence[Record]) -> tuple[Difference, ...]:
    """Everything that sets the runs apart, chip first.

    Two records whose digests differ though no field does differ in words or were written without fields:
    then the digest is told.
    """
    found: list[Difference] = []
    for group, (fields, digests) in GROUPS.items():
        rows = [fields(record) for record in records]
        names = dict.fromkeys(name for row in rows for name in row)
        own = [
            Difference(group, name, tuple(spelled([row.get(name) for row in rows])))
            for name in names
            if len({row.get(name) for row in rows}) > 1
        ]
        for name in digests:
            held = [at(record, f"provenance.digests.{name}") for record in records]
            if len(set(held)) > 1 and not any(known(name, one) for one in (*found, *own)):
                own.append(Difference(group, f"{name} digest", tuple(str(digest)[:12] for digest in held)))
        found += own
    return tuple(found)


def known(digest: str, told: Difference) -> bool:
    """Whether a field that differs is a reason for a digest to differ."""
    if digest == "mapping":
        return told.group in ("chip", "network")
    if digest == "data":
        return told.group == "data"
    return told.group == digest and told.field not in ("thresholds", "name")


def chip(record: Record) -> Fields:
    """The fields of the chip and its prices."""
    found = {"name": str(record["chip"])} | {
        name: value for name, value in described(record, "chip").items() if name != "name"
    }
    for price in at(record, "provenance.prices") or ():
        unit = price.get("unit", "")
        low, high = (price.get(name) for name in ("low", "high"))
        spread = "" if low is None or high is None else f" ({low:.4g} {unit} to {high:.4g} {unit})"
        said = f"{price['price']:.6g} {unit}{spread}, {price.get('kind', '')}"
        found[f"prices.{price['action']}"] = said
    return found


def network(record: Record) -> Fields:
    """The fields of the network, thresholds first."""
    return {"thresholds": str(record["theta"]), **described(record, "network")}


def data(record: Record) -> Fields:
    """What ran, and how often a step comes."""
    period = at(record, "power.period_s")
    return {
        "benchmark": str(record["benchmark"]),
        "data": str(record["data"]),
        "sequences": count(record["sequences"]),
        "steps": count(record["steps"]),
        "period": ABSENT if period is None else quantity(period, "s"),
        "columns pinned by": str(at(record, "provenance.profile") or ABSENT),
    }


def version(record: Record) -> Fields:
    """The program, its packages, and which engine ran."""
    return {"engine": str(record["engine"]), **(at(record, "provenance.versions") or {})}


def described(record: Record, what: str) -> Fields:
    held = at(record, f"provenance.described.{what}")
    return {name: str(value) for name, value in held.items()} if isinstance(held, Mapping) else {}


GROUPS: dict[str, tuple[Callable[[Record], Fields], tuple[str, ...]]] = {
    "chip": (chip, ("chip",)),
    "network": (network, ("network", "mapping")),
    "data": (data, ("data",)),
    "version": (version, ()),
}


def spelled(values: Sequence[str | None]) -> Iterator[str]:
    """Values for people, where they still differ then.

    >>> list(spelled(["500000000.0 Hz", "1e9 Hz", None])), list(spelled(["1.0001 s", "1.0002 s"]))
    (['500 MHz', '1.00 GHz', '–'], ['1.0001 s', '1.0002 s'])
    """
    shown = [SI.sub(lambda found: quantity(float(found[1]), found[2]), value or ABSENT) for value in values]
    clear = len(set(shown)) == len(set(values))
    return iter(shown if clear else [value or ABSENT for value in values])
