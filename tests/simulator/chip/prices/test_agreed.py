"""What every action costs, on every chip in the box and on changed ones, as it was agreed.

After a change that is meant, ``python -m tests.simulator.chip.prices.test_agreed`` writes the file anew, and
the difference is read like that of any source.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import chip_names, load_chip
from deltasim.simulator.chip.prices.resolve import Resolved

AGREED = Path(__file__).with_name("agreed.json")
CHANGES = {  # of mesh16
    "finer": {"node": "45 nm"},
    "unknown": {"node": "16 nm"},
    "coarser": {"node": "65 nm", "cores.mac.lanes": 5},
    "buffers": {"network.buffer": 6, "network.virtual_channels": 3, "network.link_width": "48 bit"},
    "torus": {"network.topology": "torus:4x4", "network.buffer": 4, "network.virtual_channels": 6},
    "bus": {"network.topology": "bus"},
    "wires": {"network.pitch": "0.7 mm"},
    "small": {"memories.0.size": "4 KiB", "memories.0.width": "32 bit"},
    "unpriced": {"prices": {}},
}


NAMES = [
    *chip_names(),
    *(f"{name}, {what}" for name in chip_names() for what in ("unpriced", "finer", "wires")),
    *(f"mesh16, {what}" for what in ("coarser", "buffers", "torus", "bus", "small", "unknown")),
]


def prices(name: str) -> list[str]:
    """A line for every action of a chip, or for everything why it cannot be changed so."""
    chip, _, change = name.partition(", ")
    try:
        found = load_chip(chip).changed(CHANGES[change]) if change else load_chip(chip)
    except InputError as error:
        return str(error).splitlines()
    return [line(action, resolved) for action, resolved in found.resolved.items()]


def line(action: str, found: Resolved) -> str:
    """What it costs, how far that may be off, and where it is from; or why there is no price."""
    price, origin = found.price, f"{found.by} {found.reason}".strip()
    if price is None:
        return f"{action}: {origin}"
    values = (price.value, price.low, price.high)
    shown = " ".join(f"{value:.6g}" for value in values if value is not None)
    return f"{action}: {shown} {price.kind} {origin} ({price.source})"


@pytest.mark.parametrize("name", NAMES)
def test_every_action_costs_what_was_agreed(name: str) -> None:
    assert prices(name) == json.loads(AGREED.read_text(encoding="utf-8"))[name]


if __name__ == "__main__":
    text = json.dumps({name: prices(name) for name in NAMES}, indent=1, ensure_ascii=False)
    AGREED.write_text(text + "\n", encoding="utf-8")
