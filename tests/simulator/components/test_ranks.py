"""Who goes first is said once: in the rulebook's table, and in the module that both schedulers read."""

from __future__ import annotations

import re
from pathlib import Path

from deltasim.simulator.components import ranks

ROOT = Path(__file__).resolve().parents[3]


def test_the_table_is_that_of_the_rulebook() -> None:
    text = (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| (\w+) \|", text, re.MULTILINE)
    assert rows == [(str(rank), kind) for rank, kind in enumerate(ranks.RANKS)]
    assert [getattr(ranks, f"{kind.upper()}_KIND") for kind in ranks.RANKS] == list(range(len(ranks.RANKS)))


def test_no_engine_has_ranks_of_its_own() -> None:
    own = [
        path.name
        for path in (ROOT / "simulator" / "engines").rglob("*.py")
        if re.search(r"^\w+_KIND\b.*=", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert own == []
