"""The folder of recorded data that stands beside the project, which DELTASIM_DATA names."""

from __future__ import annotations

from pathlib import Path

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import folder_in, is_file, is_folder

VARIABLE = "DELTASIM_DATA"


def in_data_folder(name: str) -> Path | None:
    """Path of a file in that folder; None where it is not there, or no folder is named.

    Errors: InputError where the variable names no readable folder.
    """
    folder = folder_in(VARIABLE)
    if folder is None:
        return None
    if not is_folder(folder):
        remedy = f"Name the folder of {name}, or unset it."
        raise InputError(VARIABLE, folder, "it names no readable folder", remedy)
    return folder / name if is_file(folder / name) else None
