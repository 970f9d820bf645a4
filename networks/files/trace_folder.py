"""Traces larger than memory: messages appended to a file on disk, and read through a memory map."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from deltasim.networks.trace import MESSAGE, Trace
from deltasim.runtime.disk_cache import UNREADABLE
from deltasim.runtime.errors import InputError

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
            messages, step = messages + len(moved), step + part.steps
        if digest is None:
            raise InputError(target, "no part", "a trace has at least one part", "Give one or more traces.")
        file.seek(0)
        write_header(file, messages)
    np.save(target / "step_bounds.npy", np.concatenate(steps))
    np.save(target / "sequence_bounds.npy", np.concatenate(sequences))
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
        described = json.loads((source / "trace.json").read_text())
        if described["form"] != FORM:
            raise ValueError("form")
        trace = mapped(source, str(described["network_digest"]))
        digest = str(described["digest"])
        same = trace.digest == digest
    except FileNotFoundError as error:
        rule = "a trace folder holds messages, bounds and a description"
        raise InputError(source, f"no {Path(error.filename).name}", rule, "Store the trace again.") from None
    except UNREADABLE as error:
        rule = "this is no readable trace folder"
        raise InputError(source, type(error).__name__, rule, "Store the trace again.") from None
    if not same:
        rule = "the content of the trace does not match its digest"
        raise InputError(source, digest[:12], rule, "The folder is damaged: store the trace again.")
    return trace


def mapped(folder: Path, network_digest: str) -> Trace:
    """The files of a folder as a trace, the messages as a memory map."""
    messages = np.load(folder / "messages.npy", mmap_mode="r", allow_pickle=False)
    steps, sequences = (
        np.load(folder / f"{name}_bounds.npy", allow_pickle=False).astype(np.int64, casting="no")
        for name in ("step", "sequence")
    )
    if messages.dtype != MESSAGE or messages.ndim != 1:
        raise ValueError("messages")
    if steps[-1] != len(messages) or sequences[-1] != len(steps) - 1:
        raise ValueError("bounds")
    return Trace(messages, steps, sequences, network_digest)


def write_header(file: object, messages: int) -> None:
    """The head of an ``.npy`` file; numpy leaves room in it for the length to grow."""
    head = {"descr": np.lib.format.dtype_to_descr(MESSAGE), "fortran_order": False, "shape": (messages,)}
    np.lib.format.write_array_header_2_0(file, head)  # type: ignore[arg-type]
