"""How the charts of the run on paper look: axes, colours, tooltips, sizes, all but the rows they draw.

``look.json`` holds it as it was agreed. After a change that is meant,
``python -m tests.reports.by_hand.test_look`` writes it anew, and the difference is read like that of any
source. The rows themselves are held against values worked out by hand in the other files.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.networks.trace import Trace
from deltasim.reports.page.sections import activity, dram, energy, memory, network, thresholds, utilisation
from deltasim.reports.page.theme import part_colours, series
from tests.reports.by_hand.specimen import result

LOOK = Path(__file__).with_name("look.json")


def bare(value: Any) -> Any:
    """A spec without its data, the version of its language and the names that altair counts up."""
    if isinstance(value, dict):
        left_out = ("data", "datasets", "$schema", "name", "views")
        return {key: bare(inner) for key, inner in value.items() if key not in left_out}
    if isinstance(value, list):
        return [bare(inner) for inner in value]
    return round(value, 9) if isinstance(value, float) else value


def looks() -> dict[str, Any]:
    """Every chart by its name. Sequence 0, in which bytes flow, is made the typical one."""
    held = result()
    busy = replace(held, trace=Trace(held.trace.messages, np.array([0, 0, 0, 6]), np.array([0, 2, 3]), ""))
    sections = [module.section(held) for module in (energy, activity, utilisation, dram, network)]
    sections += [memory.section(busy), thresholds.section([result(theta=1.0), result(theta=3.0)])]
    found: dict[str, Any] = {}
    for section in sections:
        assert section is not None
        for figure in section.figures:
            found[figure.name] = {"title": figure.title, "wide": figure.wide, **bare(figure.spec)}
            found["config"] = found[figure.name].pop("config")
    return found


def test_parts_of_a_chip_have_their_colours_on_every_page() -> None:
    """Memories of other names take what is left."""
    parts = ["compute", "dram", "state", "scratchpad", "network", "pad", "encode", "static", "buffer"]
    colours = part_colours(parts).to_dict()
    assert colours["range"] == [f"var(--s{n})" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9)]
    assert colours["domain"][:4] == ["arithmetic", "DRAM", "state", "scratchpad"]
    few = part_colours(["compute", "cache", "registers", "buffer", "hbm"]).to_dict()
    assert few["range"] == [f"var(--s{n})" for n in (1, 6, 9, 10, 2)]
    names = [f"{n}" for n in range(12)]
    assert series(names).to_dict()["range"] == [f"var(--s{n % 10 + 1})" for n in range(12)]


def test_the_charts_look_as_agreed() -> None:
    assert looks() == json.loads(LOOK.read_text(encoding="utf-8"))


if __name__ == "__main__":
    LOOK.write_text(json.dumps(looks(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
