"""What frames go through before a network sees them: ``input.json`` in the network's folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable
from deltasim.runtime.readers.json_text import read_json
from deltasim.workloads.features import Normalisation, normalised
from deltasim.workloads.own.sequences import Sequences

FILE = "input.json"


def read_preparation(folder: Path, width: int) -> Normalisation | None:
    """Mean and deviation of each value: ``{"mean": [...], "deviation": [...]}``; None without a file.

    Errors: InputError for a file that says something else.
    """
    path = folder / FILE
    try:
        content: Any = read_json(path)
    except Missing:
        return None
    except Unreadable as error:
        raise InputError(error.at(path), error.reason, "this is no readable JSON", "Mend the file.") from None
    if not isinstance(content, dict) or set(content) != {"mean", "deviation"}:
        raise InputError(path, "other keys", "the keys are mean and deviation", "Write these two.")
    return Normalisation(
        numbers(content["mean"], width, f"{path}: mean", 0.0, False),
        numbers(content["deviation"], width, f"{path}: deviation", 0.0, True),
    )


def numbers(listed: Any, width: int, place: str, least: float, above: bool) -> NDArray[np.float32]:
    """A list of finite numbers, one for each value of a frame; ``above``: each above ``least``."""
    sound = isinstance(listed, list) and all(
        isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < 1e30 for one in listed
    )
    if not sound or len(listed) != width:
        rule = f"there is one finite number for each of the {width} values of a frame"
        value = f"{len(listed)} entries" if isinstance(listed, list) else type(listed).__name__
        raise InputError(place, value, rule, "Write a list of them.")
    if above and min(listed) <= least:
        rule = "a standard deviation is above 0"
        raise InputError(place, min(listed), rule, "Leave that value out of the data.")
    return np.array(listed, np.float32)


def prepared(data: Sequences, preparation: Normalisation | None) -> Sequences:
    """The same sequences, each value shifted and scaled.

    >>> from deltasim.workloads.own.sequences import sequences
    >>> stored = Normalisation(np.ones(1, np.float32), np.full(1, 2, np.float32))
    >>> prepared(sequences("a", [np.array([3.0, 1.0])]), stored).frames[0].tolist()
    [[1.0], [0.0]]
    """
    if preparation is None:
        return data
    return replace(data, frames=tuple(normalised(frames, preparation) for frames in data.frames))
