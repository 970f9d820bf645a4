"""Every page, terminal form and drawing as it was agreed: sections, sentences, cells, charts with their rows.

After a change that is meant, ``python -m tests.reports.agreed.test_agreed`` writes the files anew, and the
difference is read like that of any source. The numbers themselves are held against values worked out by hand
in `tests/reports/by_hand`, `tests/reports/whatif` and `tests/reports/matrix`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reports.agreed.pages import SPECIMENS

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", SPECIMENS)
def test_it_is_as_agreed(name: str) -> None:
    agreed = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(SPECIMENS[name]())) == agreed


if __name__ == "__main__":
    for name, made in SPECIMENS.items():
        text = json.dumps(made(), indent=1, ensure_ascii=False) + "\n"
        (HERE / f"{name}.json").write_text(text, encoding="utf-8")
