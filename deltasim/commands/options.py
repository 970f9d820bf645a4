"""What the options of a command mean, read and checked before any work begins."""

from __future__ import annotations

import hashlib
import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from deltasim.cases import Case


def parse_thetas(text: str | None) -> list[float | None]:
    """Read ``--theta``: nothing is [None] (as trained), otherwise one number or several with commas.

    >>> parse_thetas("0, 0.1"), parse_thetas(None)
    ([0.0, 0.1], [None])
    """
    if text is None:
        return [None]
    thetas: list[float | None] = []
    for part in (word.strip() for word in text.split(",")):
        try:
            value = float(part)
        except ValueError:
            value = math.nan
        if not 0 <= value < math.inf:
            rule = "a threshold is a number of at least 0"
            raise InputError("--theta", part or "nothing", rule, "Give one, or several as 0,0.1,0.2.")
        if value in thetas:
            raise InputError("--theta", part, "a sweep takes each threshold once", "Leave one out.")
        thetas.append(value)
    return thetas


def default_folder(cases: Sequence[Case]) -> Path:
    """Name the output folder by content, so that the same run always has the same name."""
    digests = [case.digest for case in cases]
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    return Path("runs") / f"{cases[0].benchmark.name}-{cases[0].chip.name}-{digest[:8]}"


def spell_command(
    benchmark: str, chip: str, theta: float | str, limit: int | None, data: str | None, trained: Path | None
) -> str:
    """Write the command line that makes one run again.

    >>> spell_command("digits", "edgedrnn", 0.2, 20, None, None)
    'deltasim run digits --chip edgedrnn --theta 0.2 --limit 20'
    """
    words = ["deltasim", "run", benchmark, "--chip", chip]
    chosen = {
        "--theta": None if theta == "trained" else theta,
        "--limit": limit,
        "--data": data,
        "--trained": trained,
    }
    for option, value in chosen.items():
        if value is not None:
            words += [option, str(value)]
    return shlex.join(words)
