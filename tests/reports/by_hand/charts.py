"""What the charts of a page draw, read from their Vega-Lite specs."""

from __future__ import annotations

from typing import Any

from deltasim.reports.page.parts import Section, Spec
from tests.reports.by_hand.expected import approx


def drawn(spec: Spec, layer: int = 0) -> list[dict[str, Any]]:
    """The rows that a layer of a chart draws."""
    data = spec["layer"][layer].get("data", spec.get("data")) if "layer" in spec else spec["data"]
    rows: list[dict[str, Any]] = data["values"] if "values" in data else spec["datasets"][data["name"]]
    return rows


def agree(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """The same rows in the same order, fractions but for their last digits."""
    told = [
        {key: approx(value) if isinstance(value, float) else value for key, value in row.items()}
        for row in expected
    ]
    assert found == told


def charts(section: Section) -> dict[str, Spec]:
    return {figure.name: figure.spec for figure in section.figures}


def domain(spec: Spec, channel: str, layer: int = 0) -> list[Any]:
    part = spec["layer"][layer] if "layer" in spec else spec
    found: list[Any] = part["encoding"][channel]["scale"]["domain"]
    return found
