"""From a page's parts to one HTML file that needs nothing else: libraries, data and style are inside."""

from __future__ import annotations

import functools
import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

from deltasim.reports.page.parts import Page
from deltasim.reports.page.script import libraries

if TYPE_CHECKING:
    import jinja2


@functools.cache
def template() -> jinja2.Template:
    """The page's template; everything put into it is escaped."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["tied"] = tied
    return environment.from_string(text("page.html"))


def text(name: str) -> str:
    """A file beside this module."""
    return resources.files("deltasim.reports.page").joinpath(name).read_text(encoding="utf-8")


def tied(sentence: str) -> str:
    """A sentence whose numbers stay on one line with their units.

    >>> tied("< 0.3 % in 3.2 µs, 5 runs") == "<\\u00a00.3\\u00a0% in 3.2\\u00a0µs, 5\\u00a0runs"
    True
    """
    return re.sub(r"(?<=\d) (?=[^\W\d]|[%×])|(?<=<) (?=\d)", "\u00a0", sentence)


def on_one_line(value: Any) -> Any:
    """The same with every text in it on one line.

    >>> on_one_line({"a\\u2028b": ["c\\n", 1]})
    {'a b': ['c', 1]}
    """
    if isinstance(value, str):
        return " ".join(value.splitlines())
    if isinstance(value, dict):
        return {on_one_line(name): on_one_line(inner) for name, inner in value.items()}
    return [on_one_line(inner) for inner in value] if isinstance(value, list | tuple) else value


def script_json(data: dict[str, Any]) -> str:
    """JSON that is safe inside a script element: no text in it can end the element or open a comment.

    Vega writes texts into expressions of its own, which end with a line: what breaks a line is a space.

    >>> script_json({"a": {"title": "</script>\\u2028<!--"}})
    '{"a": {"title": "\\\\u003c/script\\\\u003e \\\\u003c!--"}}'
    """
    plain = json.dumps(on_one_line(data), ensure_ascii=False, allow_nan=False)
    for sign in "<>&":
        plain = plain.replace(sign, f"\\u{ord(sign):04x}")
    return plain


def document(page: Page) -> str:
    """The whole HTML file."""
    from markupsafe import Markup

    specs = {
        figure.name: figure.spec | {"usermeta": {"title": figure.title}}
        for section in page.sections
        for figure in section.figures
    }
    html: str = template().render(
        page=page,
        style=Markup(text("page.css")),
        libraries=Markup(libraries()),
        script=Markup(text("page.js")),
        specs=Markup(script_json(specs)),
        linked=None if page.linked is None else Markup(script_json(page.linked)),
        linked_script=Markup(text("linked.js")),
    )
    return html
