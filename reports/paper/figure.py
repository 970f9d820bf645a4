"""One figure that leaves its page: a picture of a stated width, with its data beside it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deltasim.reports.page.parts import Figure
from deltasim.reports.paper.names import require_figure
from deltasim.reports.paper.printing import as_svg, require_form
from deltasim.reports.paper.rows import Row, as_csv, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars


@dataclass(frozen=True)
class PaperFigure:
    """A chart of a page, by its name (`deltasim.reports.paper.names.NAMES`), to be saved or shown."""

    drawn: Figure

    @property
    def name(self) -> str:
        return self.drawn.name

    @property
    def title(self) -> str:
        """What it shows, with units."""
        return self.drawn.title

    @property
    def rows(self) -> list[Row]:
        """Its data."""
        return rows_of(self.drawn.spec)

    def to_frame(self) -> polars.DataFrame:
        """Its data as a frame."""
        import polars

        return polars.DataFrame(self.rows, infer_schema_length=None, strict=False)

    def save(self, path: str | Path, columns: int = 1) -> tuple[Path, Path]:
        """Write it as ``.svg``, ``.pdf`` or ``.png`` (600 dots an inch), and its data as ``.csv`` beside it.

        It is as wide as one column of a journal, 88 mm, or as two, 180 mm; no network is needed.
        Gives both paths. Errors: InputError for another suffix, and where one of the files is there already.
        """
        from deltasim.reports.paper.printing import FORMS
        from deltasim.runtime.disk.output import refuse_existing, told_in_a_sentence
        from deltasim.runtime.disk.unfinished import new_file

        path = Path(path)
        require_form(path.suffix, columns, str(path))
        data = path.with_suffix(".csv")
        for one in (path, data):
            refuse_existing(one)
        content, rows = FORMS[path.suffix](self.drawn.spec, columns), as_csv(self.rows).encode()
        with told_in_a_sentence(path), new_file(data) as table, new_file(path) as picture:
            table.write(rows)
            picture.write(content)
        return path, data

    def __repr__(self) -> str:
        return f"figure {self.name}: {self.title}"

    def _repr_html_(self) -> str:
        """Notebook form: the picture itself, on white."""
        from html import escape

        content = base64.b64encode(as_svg(self.drawn.spec, 1 + self.drawn.wide)).decode()
        return f'<img alt="{escape(self.title, quote=True)}" src="data:image/svg+xml;base64,{content}"/>'


def chosen(figures: Iterable[Figure], name: str, place: str = "figure") -> PaperFigure:
    """The figure of this name. Errors: InputError with the nearest, or with what it belongs to."""
    there = {figure.name: figure for figure in figures}
    require_figure(name, there, place)
    return PaperFigure(there[name])
