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
    """A table; columns named in ``left`` hold words, all others numbers. A folded one opens on a click.

    With ``under`` each row has one text more than there are columns, set below it over the whole width.

    >>> Grid("Prices", ("action",), (), under=True).cells(("core.mac", "a long source"))
    (('action', 'core.mac'),)
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: tuple[str, ...] = ()
    folded: bool = False
    under: bool = False

    def cells(self, row: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Each column of a row with its text; without what is set below."""
        return tuple(zip(self.columns, row, strict=not self.under))


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
    """A whole page; ``warning`` is shown above all else, ``lead`` is the one sentence to remember.

    ``linked`` is what `linked.js` draws over several charts, for pages of many points.
    """

    title: str
    kicker: str
    lead: str
    warning: str | None
    cards: tuple[Card, ...]
    sections: tuple[Section, ...]
    footer: str
    linked: dict[str, Any] | None = None
