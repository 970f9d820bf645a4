"""Numbers as a table of a description has them."""

from __future__ import annotations

from quantiphy import Quantity


def scaled(value: float, unit: str) -> str:
    """A value with a readable prefix.

    >>> scaled(1.25e8, "Hz")
    '125 MHz'
    """
    return str(Quantity(value, unit).render(prec=3))


def counted(count: int, noun: str) -> str:
    """A count with its noun.

    >>> counted(1, "cycle"), counted(2, "cycle")
    ('1 cycle', '2 cycles')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def cycles(count: int) -> str:
    return counted(count, "cycle")


def suffixes(count: int) -> tuple[str, ...]:
    """A number for each of several units; one that is alone needs none.

    >>> suffixes(1), suffixes(2)
    (('',), ('0', '1'))
    """
    return ("",) if count == 1 else tuple(str(number) for number in range(count))
