"""The record that comes with trained networks: how they were made, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deltasim.networks.graph import Network
from deltasim.runtime.disk.unfinished import new_file
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


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write the record of a folder, aside first and then renamed."""
    with new_file(folder / RECORD) as file:
        file.write((json.dumps(record, indent=1) + "\n").encode())


def require_shape(
    folder: Path, networks: Sequence[Network], shape: tuple[int, int], rule: str, remedy: str
) -> None:
    """Refuse networks of another task: ``shape`` is how many inputs and outputs they have by the rule."""
    for network in networks:
        if (network.input_size, network.output_size) != shape:
            value = f"{network.input_size} inputs, {network.output_size} outputs"
            raise InputError(folder, value, rule, remedy)
