"""What a page is made of: cards, charts, tables, sections; plain text, which the template escapes."""

from __future__ import annotations

from typing import Any, NamedTuple

Spec = dict[str, Any]


class Card(NamedTuple):
    """A headline figure; ``key`` names its place in run.json and ``value`` is the number found there."""

    label: str
    shown: str
    remark: str
    key: str
    value: float | int | None


class Figure(NamedTuple):
    """A chart: its name in the page, its title with units, its Vega-Lite spec; wide ones take a whole row."""

    name: str
    title: str
    spec: Spec
    wide: bool = False


class Grid(NamedTuple):
    """A table; columns named in ``left`` hold words, all others numbers. A folded one opens on a click."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: tuple[str, ...] = ()
    folded: bool = False


class Link(NamedTuple):
    """A relative link to another page of the same folder."""

    text: str
    target: str


class Section(NamedTuple):
    """One question answered: a title, a sentence on what to see, charts, tables, links."""

    name: str
    title: str
    sentence: str
    figures: tuple[Figure, ...] = ()
    grids: tuple[Grid, ...] = ()
    links: tuple[Link, ...] = ()


class Page(NamedTuple):
    """A whole page; ``warning`` is shown above all else, ``lead`` is the one sentence to remember."""

    title: str
    kicker: str
    lead: str
    warning: str | None
    cards: tuple[Card, ...]
    sections: tuple[Section, ...]
    footer: str
