"""Rows as text: cells for a terminal, and the page docs/validation/silicon.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from deltasim.reports.quantities import ABSENT, quantity
from deltasim.validation.row import AGREEMENTS, ORIGINS, Row

HEADINGS = (
    "figure", "at", "paper", "derived", "model", "ours", "difference", "promise", "verdict", "agreement",
)  # fmt: skip


def value_text(value: float | None, unit: str) -> str:
    """A figure with its unit; a ratio has a multiplication sign, a share is in percent, counts are whole.

    >>> value_text(1.2e12, "Op/s"), value_text(5.7, "x"), value_text(0.9375, ""), value_text(None, "s")
    ('1.20 TOp/s', '5.70 ×', '93.8 %', '–')
    >>> value_text(133700.12, "ops"), value_text(13.46, "ops")
    ('133,700', '13.46')
    """
    if value is None:
        return ABSENT
    if unit == "x":
        return f"{value:.3g} ×" if value >= 10 else f"{value:.2f} ×"
    if unit == "ops":
        return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
    return f"{100 * value:.1f} %" if unit == "" else quantity(value, unit)


def cells(row: Row) -> tuple[str, ...]:
    """A row as text, in the order of ``HEADINGS``."""
    difference = ABSENT if row.difference is None else f"{100 * row.difference:+.1f} %"
    promise = ABSENT if row.bound is None else f"{100 * row.bound:g} %"
    figures = (value_text(value, row.unit) for value in (row.paper, row.derived, row.model, row.ours))
    return (row.figure, row.at, *figures, difference, promise, row.verdict, row.agreement)


def tally(rows: Sequence[Row]) -> str:
    """In one sentence, how many promises were kept, and what the kept ones are worth.

    >>> kept = Row("a", "latency", "", 1.0, 1.0, "s", 0.05, "predicted", "", "")
    >>> tally([kept])
    '1 kept (1 predicted), 0 missed, 0 open.'
    """
    kept = Counter(row.agreement for row in rows if row.verdict == "kept")
    words = ", ".join(f"{kept[agreement]} {agreement}" for agreement in AGREEMENTS if kept[agreement])
    missed, unanswered = (sum(row.verdict == verdict for row in rows) for verdict in ("missed", "open"))
    return f"{kept.total()} kept ({words or 'none'}), {missed} missed, {unanswered} open."


def page(rows: Sequence[Row], command: str) -> str:
    """The whole page, in Markdown; ``command`` is what makes it."""
    lines = [
        "# Chips beside silicon",
        "",
        f"Made by `{command}`. Misses and gaps are left in.",
        "",
        "G is the share of elements that send nothing. What ours is held against stands in one of three",
        "columns:",
        "",
        *(f"- **{name}**: {meaning}." for name, meaning in ORIGINS.items()),
        "",
        "The promise is a largest difference: 5 % for time, 10 % for energy. What agreement is worth depends",
        "on where a description's numbers are from:",
        "",
        *(f"- **{name}**: {meaning}." for name, meaning in AGREEMENTS.items()),
        "",
        tally(rows),
    ]
    for chip, group in groupby(rows, attrgetter("chip")):
        own = list(group)
        lines += ["", f"## {chip}", "", f"| {' | '.join(HEADINGS)} | source and words |"]
        lines.append("|---|---|--:|--:|--:|--:|--:|--:|---|---|---|")
        for row in own:
            words = "; ".join(part for part in (row.source, row.words) if part not in ("", "-"))
            lines.append(f"| {' | '.join(cells(row))} | {words or ABSENT} |")
    return "\n".join(lines) + "\n"
