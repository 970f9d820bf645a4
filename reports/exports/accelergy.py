"""A run as Accelergy's three tables: energy and area of each part, and how often each action happened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.simulator.chip.area import idle_power

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured

VERSION = "0.4"
FILES = ("ERT.yaml", "ART.yaml", "action_counts.yaml")


def accelergy(result: Measured) -> dict[str, Any]:
    """The content of ``ERT.yaml`` (pJ), ``ART.yaml`` (um2 of one instance) and ``action_counts.yaml``.

    A part is called ``chip.core``, its action ``mac``. What leaks is counted in picoseconds of all its
    instances, of which a watt makes one pJ each. Counts times energies are the run's energy; the price of a
    multiply-accumulate is the mean over layers.
    """
    energies: dict[str, list[dict[str, Any]]] = {}
    counts: dict[str, list[dict[str, Any]]] = {}
    for line in result.energy.lines:
        part, _, action = line.action.partition(".")
        joules = line.price * 1e-12 if line.unit == "ps" else line.price
        energies.setdefault(part, []).append({"name": action, "arguments": {}, "energy": joules * 1e12})
        counts.setdefault(part, []).append({"name": action, "arguments": {}, "counts": int(line.count)})
    areas = [
        {"name": f"chip.{line.part}{instances(line.instances)}", "area": line.area_mm2 * 1e6 / line.instances}
        for line in idle_power(result.chip)
        if line.area_mm2 is not None
    ]
    tables = [{"name": f"chip.{part}", "actions": actions} for part, actions in energies.items()]
    local = [{"name": f"chip.{part}", "action_counts": actions} for part, actions in counts.items()]
    return {
        "ERT.yaml": {"ERT": {"version": VERSION, "tables": tables}},
        "ART.yaml": {"ART": {"version": VERSION, "tables": areas}},
        "action_counts.yaml": {"action_counts": {"version": VERSION, "local": local, "subtree": []}},
    }


def instances(count: int) -> str:
    """How Accelergy names several of one part.

    >>> instances(16), instances(1)
    ('[0..15]', '')
    """
    return f"[0..{count - 1}]" if count > 1 else ""


def write(result: Measured, folder: Path) -> None:
    """Write the three files."""
    import yaml

    for name, content in accelergy(result).items():
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
