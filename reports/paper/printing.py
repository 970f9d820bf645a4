"""A chart on paper: white ground, the page's light colours, as wide as one or two columns of a journal."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from importlib import resources

from deltasim.reports.page.parts import Spec
from deltasim.runtime.errors import InputError, nearest

WIDTHS_MM = {1: 88, 2: 180}
"""Of a figure that takes so many columns: IEEE has 88.9 and 181.9 mm, Nature 89 and 183 mm."""

MM_PER_PIXEL = 0.22  # so the page's labels of 12 pixels are of 7.5 points
PNG_PER_INCH = 600
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"  # the first comes with vl-convert


@functools.cache
def light_colours() -> dict[str, str]:
    """The page's colours by the names of its variables, of the light theme."""
    css = resources.files("deltasim.reports.page").joinpath("page.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([\w-]+): (#\w+)", css[: css.index("}")]))


def on_paper(spec: Spec, columns: int) -> Spec:
    """The chart with colours for names of variables, a width in pixels, and a font that is there."""
    colours = light_colours()
    text = json.dumps(spec)
    plain: Spec = json.loads(re.sub(r"var\(--([\w-]+)\)", lambda found: colours.get(found[1], "#000"), text))
    config = plain.get("config", {})
    config |= {"font": FONT, "background": "white", "text": config.get("text", {}) | {"font": FONT}}
    if plain.get("width") == "container":
        plain["width"] = round(WIDTHS_MM[columns] / MM_PER_PIXEL)
    return plain | {"config": config, "padding": 8}  # where a font is a little wider than the one measured


def svg(spec: Spec, columns: int, unit: str = "mm", units_per_mm: float = 1.0) -> str:
    """The chart as SVG text, its size in a unit; errors: InputError for what is no chart."""
    import altair
    import vl_convert

    version = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    try:
        drawn = vl_convert.vegalite_to_svg(on_paper(spec, columns), version, allowed_base_urls=[])
    except ValueError as error:
        said = str(error).splitlines()[0][:120]
        raise InputError("figure", said, "its chart cannot be drawn", "Make its page again.") from None
    size = re.match(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"', drawn)
    if size is None:
        raise InputError("figure", "empty", "its chart cannot be drawn", "Make its page again.")
    width = WIDTHS_MM[columns] * units_per_mm
    height = width * float(size[2]) / float(size[1])
    sized = f'width="{width:.6g}{unit}" height="{height:.6g}{unit}"'
    return drawn.replace(f'width="{size[1]}" height="{size[2]}"', sized, 1)


def as_svg(spec: Spec, columns: int) -> bytes:
    return svg(spec, columns).encode()


def as_pdf(spec: Spec, columns: int) -> bytes:
    import vl_convert

    made: bytes = vl_convert.svg_to_pdf(svg(spec, columns, "", 72 / 25.4))  # a unit is a point
    return made


def as_png(spec: Spec, columns: int) -> bytes:
    import vl_convert

    made: bytes = vl_convert.svg_to_png(svg(spec, columns, "", 72 / 25.4), ppi=PNG_PER_INCH)
    return made


FORMS: dict[str, Callable[[Spec, int], bytes]] = {".svg": as_svg, ".pdf": as_pdf, ".png": as_png}
"""By the end of a file's name."""


def require_form(suffix: str, columns: int, place: str) -> None:
    """Raise InputError for a form or a width that there is not.

    >>> require_form(".jpg", 1, "--out")
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: --out: .jpg: a figure is written as .svg, .pdf or .png. ...
    """
    if suffix not in FORMS:
        shown = suffix or "no suffix"
        raise InputError(place, shown, "a figure is written as .svg, .pdf or .png", nearest(suffix, FORMS))
    if columns not in WIDTHS_MM:
        raise InputError("columns", columns, "a figure takes one column or two", "Give 1 or 2.")
