"""A probability in words."""

from __future__ import annotations

from deltasim.reports.quantities import percent

CERTAIN = 0.9995  # from here on a probability is written as more than 99.9 %


def likely(probability: float) -> str:
    """A probability in per cent, and never more than 99.9.

    >>> likely(0.97), likely(0.9999)
    ('97.0 %', '> 99.9 %')
    """
    return percent(probability) if probability < CERTAIN else "> 99.9 %"
