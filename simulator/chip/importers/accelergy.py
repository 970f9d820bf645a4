"""Accelergy's energy reference tables (ERT) as prices of a chip."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import Unreadable
from deltasim.runtime.readers.yaml_text import read_yaml
from deltasim.simulator.chip.actions import chip_actions
from deltasim.simulator.chip.description import Chip
from deltasim.simulator.chip.loading import chip_from_content

REMEDY = "Write it as ERT: {version, tables: [{name, actions: [{name, energy}]}]}."


def with_ert(chip: Chip, path: str | Path) -> Chip:
    """The chip with the prices of an ERT: ``chip.core`` and ``mac`` price ``core.mac``, in pJ.

    Of a static action, counted in picoseconds, a pJ for each is a watt. What the table does not name keeps
    its price. Errors: InputError for a file that is no ERT, and for an action that the chip does not have.
    """
    try:
        content: Any = read_yaml(path)[0]
    except Unreadable as error:
        raise InputError(error.at(Path(path)), "unreadable", error.reason, REMEDY) from None
    whole = content.get("ERT") if isinstance(content, dict) else None
    tables = whole.get("tables") if isinstance(whole, dict) else None
    if not isinstance(tables, list):
        raise InputError(path, "no ERT", "an energy reference table has tables", REMEDY)
    known = {action.name: action for action in chip_actions(chip) if action.priced}
    fields = chip.content()
    for table in tables:
        for name, energy in entries(table, str(path)):
            if name not in known:
                rule = f"chip {chip.name} has no such action"
                raise InputError(path, name, rule, nearest(name, known))
            what = {"power": f"{energy!r} W"} if known[name].static else {"energy": f"{energy!r} pJ"}
            source = {
                "node": str(chip.node),
                "kind": "estimated",
                "source": f"Accelergy ERT {Path(path).name}",
            }
            fields["prices"][name] = {**what, **source}
    return chip_from_content(fields, place=f"chip {chip.name} with {Path(path).name}")


def entries(table: Any, place: str) -> list[tuple[str, float]]:
    """The actions of one table and their energies: the last part of its name without instances, and a dot."""
    if not isinstance(table, dict) or not isinstance(table.get("actions"), list):
        raise InputError(place, "a table", "a table has a name and actions", REMEDY)
    part = re.sub(r"\[.*?\]", "", str(table.get("name", ""))).rpartition(".")[2]
    found = []
    for action in table["actions"]:
        if not isinstance(action, dict) or "name" not in action:
            raise InputError(place, "an action", "an action has a name and an energy", REMEDY)
        energy = action.get("energy")
        if isinstance(energy, bool) or not isinstance(energy, int | float) or not 0 <= energy < 1e30:
            rule = "an energy is a number of pJ of at least 0"
            raise InputError(f"{place}: {table.get('name')}.{action['name']}", energy, rule, "Mend it.")
        found.append((f"{part}.{action['name']}", float(energy)))
    return found
