"""``deltasim validate``: the chips of silicon beside what was published of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments import completing
from deltasim.commands.arguments.options import AsJson


def validate(
    chip: Annotated[
        str | None,
        typer.Argument(help="one chip; without it, all of silicon", autocompletion=completing.chips),
    ] = None,
    as_json: AsJson = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="write the table as Markdown, too")] = None,
) -> None:
    """Simulate silicon at its published operating points: paper, ours, difference, and what that is worth."""
    import json

    from deltasim.runtime.errors import InputError

    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        rule = "the table is written into a file in a folder that exists"
        raise InputError("--out", out, rule, "Make the folder first, or name a file.")
    from deltasim.validation import validate as validated
    from deltasim.validation.page import HEADINGS, cells, page, tally

    rows = validated(chip)
    if as_json:
        print(json.dumps([row.to_json() for row in rows], indent=2))
    else:
        from deltasim.shell.tables import print_table

        for name in dict.fromkeys(row.chip for row in rows):
            print_table(name, HEADINGS, [cells(row) for row in rows if row.chip == name])
            print()
        print(tally(rows))
    if out is not None:
        asked = f"deltasim validate {chip}" if chip else "deltasim validate"
        write(out, page(rows, f"{asked} --out {out}"))


def write(target: Path, text: str) -> None:
    """Write the table; what was there stays whole if this is stopped."""
    from deltasim.runtime.disk.unfinished import new_file
    from deltasim.runtime.errors import InputError

    try:
        with new_file(target) as file:
            file.write(text.encode())
    except OSError as error:
        raise InputError(
            "--out", target, f"it cannot be written: {error.strerror}", "Name another."
        ) from None
