"""What a comparison says in words: the caution, the verdict, its reason."""

from __future__ import annotations

from collections.abc import Sequence

from deltasim.reports.comparison.inputs import letter
from deltasim.reports.comparison.likely import CERTAIN, likely
from deltasim.reports.comparison.measures import Record, at, joules
from deltasim.reports.comparison.verdict import Verdict
from deltasim.reports.quantities import count, percent
from deltasim.reports.summary import part_label

NAMED = 4  # so many others are told one by one


def sentence(found: Verdict) -> str:
    """The verdict in words.

    >>> from deltasim.reports.comparison.verdict import Against, Decides, Verdict
    >>> sentence(Verdict(1, 0.97, (Against(0, 0.97, Decides("core.leakage", "both", 0.8)),)))
    'B needs less energy than A with 97.0 %. The price of core.leakage (both) makes 80.0 % of the doubt.'
    """
    name, closest = letter(found.least), found.closest
    if closest.probability is None or found.probability is None:
        return f"{name} and {letter(closest.run)} need the same energy, whatever the prices are."
    if len(found.against) == 1:
        said = f"{name} needs less energy than {letter(closest.run)} with {likely(closest.probability)}."
    elif closest.probability >= CERTAIN:
        said = f"{name} needs least energy, less than each of the others with > 99.9 %."
    else:
        said = f"{name} needs least energy with {likely(found.probability)}: less {one_by_one(found)}."
    return f"{said} {doubt(found)}".strip()


def one_by_one(found: Verdict) -> str:
    """With which probability less than each other, the closest first."""
    told = [
        f"than {letter(one.run)} with {likely(one.probability)}"
        for one in found.against[:NAMED]
        if one.probability is not None
    ]
    more = len(found.against) - len(told)
    return ", ".join(told) + (f", and than {count(more)} more, still more surely" if more else "")


def doubt(found: Verdict) -> str:
    """What would settle it; nothing where it is settled."""
    closest = found.closest
    if closest.decides is None or (closest.probability or 0.0) >= CERTAIN:
        return ""
    against = "" if len(found.against) == 1 else f"Against {letter(closest.run)}, "
    share = percent(closest.decides.share)
    if closest.decides.action is None:
        said = f"hich sequences there are makes {share} of the doubt: more of them would settle it."
        return f"{against}{'w' if against else 'W'}{said}"
    price = f"he price of {closest.decides.action} ({closest.decides.of})"
    return f"{against}{'t' if against else 'T'}{price} makes {share} of the doubt."


def reason(records: Sequence[Record], found: Verdict) -> tuple[str, float, float] | None:
    """The part of the chip that makes most of the difference to the closest run: its name, both's joules."""
    least, other = (at(records[run], "energy.parts") for run in (found.least, found.closest.run))
    parts = dict.fromkeys([*least, *other])
    apart = {part: (other.get(part) or 0.0) - (least.get(part) or 0.0) for part in parts}
    if not apart or not any(apart.values()):
        return None
    whole = sum(apart.values())
    most = max(apart, key=lambda part: apart[part] if whole >= 0 else -apart[part])
    return most, float(least.get(most) or 0.0), float(other.get(most) or 0.0)


def because(records: Sequence[Record], found: Verdict) -> str:
    """The reason in words."""
    held = reason(records, found)
    if held is None or found.probability is None:
        return ""
    part, least, other = held
    return (
        f"Most of the difference is {part_label(part)}: {joules(least)} in {letter(found.least)}, "
        f"{joules(other)} in {letter(found.closest.run)}."
    )


def caution(records: Sequence[Record]) -> str | None:
    """What a reader has to know before any ratio: runs on other inputs differ by these too.

    >>> caution([{"benchmark": "digits", "sequences": 100}, {"benchmark": "digits", "sequences": 20}])
    'A ran 100 sequences and B 20: a ratio also holds what sets these apart. Give both runs one --limit.'
    """
    first = records[0]
    runs = "both runs" if len(records) == 2 else "all runs"
    for number, other in enumerate(records[1:], 1):
        name = letter(number)
        if at(first, "benchmark") != at(other, "benchmark"):
            said = f"A ran {at(first, 'benchmark')} and {name} {at(other, 'benchmark')}"
            return f"{said}: no ratio says anything about the chips."
        sequences = at(first, "sequences"), at(other, "sequences")
        if sequences[0] != sequences[1]:
            said = f"A ran {count(sequences[0])} sequences and {name} {count(sequences[1])}"
            return f"{said}: a ratio also holds what sets these apart. Give {runs} one --limit."
        if at(first, "provenance.digests.data") != at(other, "provenance.digests.data"):
            return f"A and {name} ran on different data: a ratio also holds what sets these apart."
    return None
