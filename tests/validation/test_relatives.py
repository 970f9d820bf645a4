"""The page of the related papers' claims is what its command compiles from the benchmarks' pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from deltasim.runtime.errors import InputError
from deltasim.validation.relatives import PAGE, RELATIVES, claims, page

DOCS = Path(__file__).resolve().parents[2] / "docs"
ROWS = "| claim | ours | verdict |\n|---|---|---|\n| small \\| fast | 3 | **missed** |\n"
TABLE = f"# A\n\n## Claims\n\n{ROWS}\n## B\n"


def test_the_page_is_what_the_command_compiles() -> None:
    assert (DOCS / PAGE).read_text(encoding="utf-8") == page(DOCS)


def test_every_claim_of_a_page_is_there_and_a_missing_page_gives_none(tmp_path: Path) -> None:
    (tmp_path / RELATIVES[1].page).write_text(TABLE)
    made = page(tmp_path)
    assert "| small \\| fast | 3 | **missed** |" in made
    assert RELATIVES[1].paper in made and RELATIVES[0].paper not in made


def test_no_verdict_is_left_out() -> None:
    """Each row of a table ends with a word that says how it came out."""
    for relative in RELATIVES:
        file = DOCS / relative.page
        if file.is_file():
            assert all(claim.verdict for claim in claims(file.read_text(encoding="utf-8"), relative.page))


@pytest.mark.parametrize(
    "text", ["# A\n", "## Claims\n\n| claim | ours |\n|---|---|\n| a | b |\n", "## Claims\n"]
)
def test_a_page_without_such_a_table_is_told(text: str) -> None:
    with pytest.raises(InputError, match="its section Claims has a table"):
        claims(text, "a.md")
