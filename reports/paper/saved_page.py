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
    for name, spec in specs.items():
        if not is_chart(spec) or not is_small(spec):
            rule = f"its figure {name[:40]} is a chart"
            raise InputError("figure", page, rule, "Make the page again.")
    return tuple(Figure(name, title(name, spec), spec) for name, spec in specs.items())


MOST_PIXELS = 100_000
SHOWN = ("values", "datasets", "domain", "datum")
PARTS = ("layer", "concat", "hconcat", "vconcat")
OBJECTS = ("config", "usermeta", "datasets", "data", "encoding")


def is_chart(spec: object) -> bool:
    """Whether what deltasim itself reads of a chart is there as it writes it; the rest is Vega-Lite's.

    >>> is_chart({"mark": "bar", "layer": [{"encoding": {"x": {}}}]}), is_chart({"layer": [3]})
    (True, False)
    """
    if not isinstance(spec, dict):
        return False
    whole = all(isinstance(spec.get(field, {}), dict) for field in OBJECTS)
    if not whole or not all(isinstance(spec.get(field, []), list) for field in PARTS):
        return False
    inner = spec.get("config", {}).get("text", {}), spec.get("encoding", {}).get("opacity", {})
    return all(isinstance(held, dict) for held in inner) and all(
        is_chart(part) for name in PARTS for part in spec.get(name, ())
    )


def is_small(held: object) -> bool:
    """Whether sizes, in pixels or ticks, are those of a page: what is drawn larger would fill the memory.

    What a chart shows may be of any size: its data, domains, positions of ticks.

    >>> is_small({"width": 400, "domain": [0, 1e12]}), is_small({"layer": [{"width": 1 << 31}]})
    (True, False)
    """
    if isinstance(held, dict):
        return all(is_small(value) for field, value in held.items() if field not in SHOWN)
    if isinstance(held, list):
        return all(map(is_small, held))
    return not isinstance(held, int | float) or abs(held) <= MOST_PIXELS


def title(name: str, spec: dict[str, object]) -> str:
    """What a figure shows, as its page says; of pages that hold no titles, its name."""
    told = spec.get("usermeta")
    return str(told.get("title", name)) if isinstance(told, dict) else name
