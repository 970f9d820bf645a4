"""Traces larger than memory: messages appended to a file on disk, and read through a memory map."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from deltasim.networks.trace import MESSAGE, NONE_LOST, Trace, require_bounds
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable, is_file, read_bytes
from deltasim.runtime.readers.json_text import read_json
from deltasim.runtime.readers.npz import map_npy, unpacked

FORM = "deltasim trace folder 1"


def store_trace(parts: Iterable[Trace], folder: str | Path) -> Trace:
    """Write traces of one network one behind the other, as one trace, and open it.

    Only one part is held in memory at a time. ``folder`` must be new: messages and bounds become ``.npy``
    files there, the description comes last, so that a folder without one is unfinished. Errors: InputError
    for a folder that exists, parts of different networks, or no part.

    >>> import tempfile
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> network = random_stack("gru", 3, (4,), np.random.default_rng(0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     parts = (dense_trace(network, [frames]) for frames in (2, 5))
    ...     trace = store_trace(parts, Path(folder) / "trace")
    ...     trace.sequences, trace.digest == dense_trace(network, [2, 5]).digest
    (2, True)
    """
    target = Path(folder)
    try:
        target.mkdir(parents=True)
    except FileExistsError:
        raise InputError(target, "exists", "a trace folder is written once", "Name a new folder.") from None
    messages = step = 0
    steps, sequences = [np.zeros(1, np.int64)], [np.zeros(1, np.int64)]
    lost = [np.zeros(0, np.int64)]
    digest: str | None = None
    with (target / "messages.npy").open("wb") as file:
        write_header(file, 0)
        for part in parts:
            if digest not in (None, part.network_digest):
                rule = "the parts of a trace belong to one network"
                raise InputError(target, part.network_digest[:12], rule, "Store them apart.")
            digest = part.network_digest
            moved = part.messages.copy()
            moved["step"] += step
            file.write(moved.data)
            steps.append(part.step_bounds[1:] + messages)
            sequences.append(part.sequence_bounds[1:] + step)
            lost.append(part.lost + messages)
            messages, step = messages + len(moved), step + part.steps
        if digest is None:
            raise InputError(target, "no part", "a trace has at least one part", "Give one or more traces.")
        file.seek(0)
        write_header(file, messages)
    np.save(target / "step_bounds.npy", np.concatenate(steps))
    np.save(target / "sequence_bounds.npy", np.concatenate(sequences))
    if any(map(len, lost)):
        np.save(target / "lost.npy", np.concatenate(lost))
    trace = mapped(target, digest)
    described = {"form": FORM, "network_digest": digest, "digest": trace.digest}
    (target / "trace.json").write_text(json.dumps(described, indent=1) + "\n")
    return trace


def open_trace(folder: str | Path) -> Trace:
    """A stored trace whose messages stay on disk until they are used; its content is held against its digest.

    ``trace.sequence(i)`` reads one sequence, which is what the engines ask for. Errors: InputError for a
    folder that is missing, unfinished, foreign or damaged.
    """
    source = Path(folder)
    try:
        described = read_json(source / "trace.json")
        digest, network = (
            described.get(name) if isinstance(described, dict) else None
            for name in ("digest", "network_digest")
        )
        if not (isinstance(digest, str) and isinstance(network, str) and described.get("form") == FORM):
            raise Unreadable("its description is of another form")
        trace = mapped(source, network)
        same = trace.digest == digest
    except Missing as error:
        rule = "a trace folder holds messages, bounds and a description"
        raise InputError(source, f"no {error.name}", rule, "Store the trace again.") from None
    except Unreadable as error:
        rule = f"this is no readable trace folder ({error.reason})"
        raise InputError(source, "damaged", rule, "Store the trace again.") from None
    if not same:
        rule = "the content of the trace does not match its digest"
        raise InputError(source, digest[:12], rule, "The folder is damaged: store the trace again.")
    return trace


def mapped(folder: Path, network_digest: str) -> Trace:
    """The files of a folder as a trace, the messages as a memory map. Errors: Unreadable, Missing."""
    messages = map_npy(folder / "messages.npy")
    steps, sequences = (unpacked(read_bytes(folder / f"{name}_bounds.npy")) for name in ("step", "sequence"))
    if messages.dtype != MESSAGE or messages.ndim != 1:
        raise Unreadable("its messages have other fields")
    if any(bounds.dtype != np.int64 or bounds.ndim != 1 for bounds in (steps, sequences)):
        raise Unreadable("its bounds are no whole numbers")
    lost = unpacked(read_bytes(folder / "lost.npy")) if is_file(folder / "lost.npy") else NONE_LOST
    trace = Trace(messages, steps, sequences, network_digest, lost)
    require_bounds(trace)
    return trace


def write_header(file: object, messages: int) -> None:
    """The head of an ``.npy`` file; numpy leaves room in it for the length to grow."""
    head = {"descr": np.lib.format.dtype_to_descr(MESSAGE), "fortran_order": False, "shape": (messages,)}
    np.lib.format.write_array_header_2_0(file, head)  # type: ignore[arg-type]
