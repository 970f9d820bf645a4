"""The forms a run is exported in, and what writes each."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from deltasim.runtime.errors import InputError, nearest

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured


def write_neurobench(result: Measured, folder: Path) -> None:
    """``neurobench.json``."""
    from deltasim.reports.exports.neurobench import neurobench

    (folder / "neurobench.json").write_text(json.dumps(neurobench(result), indent=2) + "\n", encoding="utf-8")


def write_accelergy(result: Measured, folder: Path) -> None:
    """``ERT.yaml``, ``ART.yaml``, ``action_counts.yaml``."""
    from deltasim.reports.exports import accelergy

    accelergy.write(result, folder)


def write_messages(result: Measured, folder: Path) -> None:
    """``messages.parquet``."""
    import io

    from deltasim.reports.exports.messages import message_frame

    content = io.BytesIO()  # what cannot be written is an OSError then, and not one of polars' own
    message_frame(result).write_parquet(content)
    (folder / "messages.parquet").write_bytes(content.getvalue())


def write_dram(form: str, result: Measured, folder: Path) -> None:
    """A trace for each port of the DRAM, of the first sequence."""
    from deltasim.reports.exports import dram

    dram.write(result, folder, form)


EXPORTS: dict[str, Callable[[Measured, Path], None]] = {
    "neurobench": write_neurobench,
    "accelergy": write_accelergy,
    "messages": write_messages,
    "dramsim3": partial(write_dram, "dramsim3"),
    "ramulator": partial(write_dram, "ramulator"),
}


def exports_named(text: str) -> tuple[str, ...]:
    """The exports of a list with commas. Errors: InputError for one there is not.

    >>> exports_named("neurobench, messages")
    ('neurobench', 'messages')
    """
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in EXPORTS:
            raise InputError("--export", name, "there is no such form", nearest(name, EXPORTS))
    return names


def write_exports(result: Measured, folder: Path, names: Sequence[str]) -> None:
    """Write a run in each of these forms into a folder that is there."""
    for name in names:
        EXPORTS[name](result, folder)
