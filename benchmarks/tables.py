"""What a benchmark hands over, how contestants are timed, and how a table is written."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One measured table: ``about`` says what is in it and what is not, ``command`` makes it again."""

    heading: str
    about: str
    command: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The table with its heading, its command and its explanation."""
        lines = [f"## {self.heading}", "", self.about, "", f"`{self.command}`", ""]
        lines.append(f"| {' | '.join(self.columns)} |")
        lines.append(f"|---|{'---:|' * (len(self.columns) - 1)}")
        lines += [f"| {' | '.join(row)} |" for row in self.rows]
        return "\n".join(lines) + "\n"


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def side_by_side(work: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of every contestant: each runs once unmeasured, then they take turns, ``repeats`` times.

    >>> sorted(side_by_side({"a": int, "b": str}, 3)) == ["a", "b"]
    True
    """
    for contestant in work.values():
        contestant()
    rounds = [{name: seconds(contestant) for name, contestant in work.items()} for _ in range(repeats)]
    return {name: [taken[name] for taken in rounds] for name in work}


def ratios(slow: Sequence[float], fast: Sequence[float]) -> list[float]:
    """How many times faster, round by round."""
    return [a / b for a, b in zip(slow, fast, strict=True)]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median, with the lowest and the highest.

    >>> spread([1.0, 2.0, 4.0])
    '2.00 (1.00 to 4.00)'
    """
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def against(values: Sequence[float], goal: float) -> str:
    """Whether the median reaches a goal; a miss is called a miss.

    >>> against([2.0, 2.5, 2.6], 3.0), against([3.0], 3.0)
    ('missed', 'reached')
    """
    return "reached" if statistics.median(values) >= goal else "missed"
