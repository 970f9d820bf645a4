"""What five related papers claim, and what is measured here, from the pages of their benchmarks.

python -m deltasim.validation.relatives docs
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

from deltasim.runtime.errors import InputError

PAGE = "relatives.md"


class Relative(NamedTuple):
    """A paper, and the page in ``docs`` of the benchmark that was made for it."""

    paper: str
    page: str


RELATIVES = (
    Relative("SODESN: sensors that find their faults (Obst 2009)", "sensor-faults.md"),
    Relative("Convolutions and recurrence for music tags (Choi et al. 2016)", "music-tags.md"),
    Relative("SGU and DSGU: one multiplicative gate (Gao and Glowacka 2016)", "sequences.md"),
    Relative("ST-RSBP: spike-train backpropagation (Zhang and Li 2019)", "fashion-spiking.md"),
    Relative("Safe mutations (Lehman et al. 2018)", "evolved-parity.md"),
)
HEADER = ("claim", "ours", "verdict")


class Claim(NamedTuple):
    """A row of a page's table of claims."""

    claim: str
    ours: str
    verdict: str


def claims(text: str, place: str) -> list[Claim]:
    """The rows of the table in a page's section ``## Claims``. Errors: InputError for a page without one.

    >>> table = "| claim | ours | verdict |\\n|---|---|---|\\n| fast | 2 s | reached |\\n"
    >>> claims(f"## Claims\\n\\n{table}", "a.md")
    [Claim(claim='fast', ours='2 s', verdict='reached')]
    """
    section = re.search(r"^## Claims$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    lines = section.group(1).splitlines() if section else []
    rows = [cells(line) for line in lines if line.startswith("|")]
    if len(rows) < 3 or tuple(rows[0]) != HEADER or any(len(row) != len(HEADER) for row in rows):
        rule = f"its section Claims has a table with the columns {', '.join(HEADER)}, and rows"
        raise InputError(place, "no such table", rule, "Make the page anew.")
    return [Claim(*row) for row in rows[2:]]


def cells(line: str) -> list[str]:
    """The cells of a row; a bar that is escaped belongs to a cell.

    >>> cells("| a | b \\\\| c |")
    ['a', 'b \\\\| c']
    """
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def page(docs: Path) -> str:
    """The whole page, in Markdown, from those pages that there are."""
    written = [
        "# Five relatives",
        "",
        f"Made by `python -m deltasim.validation.relatives {docs.name}`.",
        "",
        ABOUT,
    ]
    for relative in RELATIVES:
        file = docs / relative.page
        if not file.is_file():
            continue
        written += ["", f"## {relative.paper}", "", f"| {' | '.join(HEADER)} |", "|---|---|---|"]
        found = claims(file.read_text(encoding="utf-8"), str(file))
        written += [f"| {' | '.join(claim)} |" for claim in found]
        written += ["", f"From [its page]({relative.page})."]
    return "\n".join(written) + "\n"


ABOUT = """\
The claims of the papers' abstracts, in the words of the pages on which each was measured; misses are left in.
A claim marked (ours) is not the paper's. Only abstracts and introductions could be read: details come from
released code or are designs of our own, as each page says."""


if __name__ == "__main__":
    target = Path(sys.argv[1])
    (target / PAGE).write_text(page(target), encoding="utf-8")
