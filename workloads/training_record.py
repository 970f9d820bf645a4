"""The record that comes with trained networks: how they were made, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable
from deltasim.runtime.readers.json_text import read_json

RECORD = "training.json"


def read_record(folder: Path, remedy: str) -> Any:
    """The record of a folder, as plain types. Errors: InputError for a missing or damaged file."""
    file = folder / RECORD
    try:
        return read_json(file)
    except Missing:
        raise InputError(file, "no such file", "trained networks come with their record", remedy) from None
    except Unreadable as error:
        rule = f"it is not a record of a training ({error.reason})"
        raise InputError(error.at(file), "damaged", rule, remedy) from None
