"""Tables that both benchmarks share: what is sent, and what the threshold of a layer costs."""

from __future__ import annotations

from collections.abc import Sequence

from deltasim.reports.quantities import percent
from deltasim.validation.delta_networks.deltas import PARTS, Changed, Sent


def table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> list[str]:
    """A table whose first ``texts`` columns are words and the others numbers.

    >>> table(["a", "b"], [["x", "1"]])
    ['| a | b |', '|---|--:|', '| x | 1 |']
    """
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * texts + "--:|" * (len(head) - texts)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def sent_table(found: Sequence[Sent]) -> list[str]:
    """What every encoder sends, by the time within a sequence."""
    head = ["deltas of", "occupancy", "of the first frame"]
    head += [f"quarter {number + 1}" for number in range(PARTS)]
    rows = [
        [
            f"`{one.projection}`",
            percent(one.occupancy, 2),
            percent(one.first, 1),
            *(percent(float(part), 2) for part in one.parts),
            percent(one.words, 1),
        ]
        for one in found
    ]
    return table([*head, "share of words"], rows)


def changed_table(found: Sequence[Changed], unit: str, scale: float) -> list[str]:
    """What a threshold of each layer costs."""
    factors = sorted({one.factor for one in found})
    head = ["threshold of"]
    for factor in factors:
        head += [f"× {factor:g}: {unit}", "fetches saved"]
    rows = []
    for name in dict.fromkeys(one.projection for one in found):
        own = {one.factor: one for one in found if one.projection == name}
        cells = [f"`{name}`"]
        for factor in factors:
            text = f"{scale * own[factor].score:+.2g}".replace("-", "−")
            cells += [text, f"× {own[factor].saved:.2f}"]
        rows.append(cells)
    return table(head, rows)
