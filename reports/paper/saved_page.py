"""The figures of a page that was written: of a run, a sweep, several chips, a study, a matrix, a tuning."""

from __future__ import annotations

import re
from pathlib import Path

from deltasim.reports.page.parts import Figure
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable, is_folder, read_text
from deltasim.runtime.readers.json_text import parse_json

PAGE = "report.html"
MOST_BYTES = 1 << 28
HELD = re.compile(r'<script type="application/json" id="specs">([^<]*)</script>')


def figures_of(path: str | Path) -> tuple[Figure, ...]:
    """All figures of a page, or of the page in a folder.

    Errors: InputError where there is no page, or one that deltasim did not write.
    """
    page = Path(path) / PAGE if is_folder(path) else Path(path)
    try:
        found = HELD.search(read_text(page, MOST_BYTES))
        specs = parse_json(found[1]) if found else None
    except Missing as error:
        rule = f"a page is read ({error.reason})"
        raise InputError("figure", page, rule, "Name a page, or the folder of a run that has one.") from None
    except Unreadable as error:
        raise InputError(error.at(page), "damaged", error.reason, "Make the page again.") from None
    if not isinstance(specs, dict) or not all(isinstance(spec, dict) for spec in specs.values()):
        raise InputError("figure", page, "deltasim wrote no such page", "Name a page of a run or a study.")
    return tuple(Figure(name, title(name, spec), spec) for name, spec in specs.items())


def title(name: str, spec: dict[str, object]) -> str:
    """What a figure shows, as its page says; of pages that hold no titles, its name."""
    told = spec.get("usermeta")
    return str(told.get("title", name)) if isinstance(told, dict) else name
