"""Checkpoints: tensors as safetensors, all else as JSON beside them; never pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.disk.unfinished import new_file
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable, read_bytes
from deltasim.runtime.readers.json_text import read_json
from deltasim.runtime.readers.tensors import read_tensors

FILE = "checkpoint.json"
FORMAT = "deltasim checkpoint"
VERSION = 1


@dataclass
class State:
    """Where a training is: stage (0 dense, 1 delta), epochs done in it, and what is needed to go on.

    ``weights``, ``best`` and ``optimiser`` are tensors by name. ``key`` is the best (validation) figure so
    far, ``waited`` the epochs since. ``history`` has a record for each epoch of both stages.
    """

    stage: int = 0
    epoch: int = 0
    key: float | None = None
    waited: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    optimiser: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)


PARTS = ("weights", "best", "optimiser")


def save_checkpoint(state: State, folder: Path, subject: str) -> None:
    """Write a state; ``subject`` says what is trained on what: only that is resumed from it.

    The tensors get a file of their own name, then the JSON names it, then older ones go: whenever this is
    stopped, a whole checkpoint is there. Errors: InputError where the disk does not take it.
    """
    from safetensors.numpy import save

    tensors = {
        f"{part}.{name}": np.asarray(tensor.detach().cpu().numpy(), order="C")
        for part in PARTS
        for name, tensor in getattr(state, part).items()
    }
    content = save(tensors)
    digest = hashlib.sha256(content).hexdigest()
    file = f"checkpoint-{digest[:16]}.safetensors"
    record = {
        "format": FORMAT,
        "version": VERSION,
        "subject": subject,
        "tensors": file,
        "digest": digest,
        "stage": state.stage,
        "epoch": state.epoch,
        "key": state.key,
        "waited": state.waited,
        "history": state.history,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with new_file(folder / file) as part:
            part.write(content)
        with new_file(folder / FILE) as part:
            part.write((json.dumps(record, indent=1) + "\n").encode())
        for older in folder.glob("checkpoint-*.safetensors"):
            if older.name != file:
                older.unlink()
    except OSError as error:
        rule = f"a checkpoint could not be written ({error.strerror or error})"
        remedy = "The one of the epoch before is kept: make room, then resume."
        raise InputError(folder, f"epoch {state.epoch}", rule, remedy) from None


def load_checkpoint(folder: Path, subject: str) -> State:
    """Read the last state of a folder. Errors: InputError for none, a damaged one, or that of another run."""
    place = folder / FILE
    remedy = "Train anew into another folder."
    try:
        record = read_json(place)
    except Missing:
        rule = "there is no checkpoint to go on from"
        raise InputError(place, "no such file", rule, "Name the folder of a training.") from None
    except Unreadable as error:
        rule = f"it is no checkpoint ({error.reason})"
        raise InputError(error.at(place), "damaged", rule, remedy) from None
    require_record(record, place, remedy)
    if record["subject"] != subject:
        rule = "it is of another recipe, other data or another network"
        raise InputError(place, f"subject {record['subject'][:12]}", rule, "Give what it was begun with.")
    tensors = tensors_of(folder / Path(record["tensors"]).name, record["digest"], remedy)
    parts: dict[str, dict[str, Tensor]] = {part: {} for part in PARTS}
    for name, array in tensors.items():
        part, _, own = name.partition(".")
        if part in parts:
            parts[part][own] = torch.from_numpy(array.copy())
    return State(
        record["stage"], record["epoch"], record["key"], record["waited"],
        parts["weights"], parts["best"], parts["optimiser"], record["history"],
    )  # fmt: skip


def require_record(record: Any, place: Path, remedy: str) -> None:
    """Refuse JSON that is no checkpoint's."""
    kinds: Mapping[str, Any] = {
        "format": str, "version": int, "subject": str, "tensors": str, "digest": str, "stage": int,
        "epoch": int, "key": (float, int, type(None)), "waited": int, "history": list,
    }  # fmt: skip
    sound = isinstance(record, dict) and record.get("format") == FORMAT and record.get("version") == VERSION
    sound = sound and record.get("stage") in (0, 1)
    if not sound or any(not isinstance(record.get(name), kind) for name, kind in kinds.items()):
        rule = "it is no checkpoint of this version"
        raise InputError(place, "other content", rule, remedy)


def tensors_of(place: Path, digest: str, remedy: str) -> dict[str, Numbers]:
    """The tensors of a checkpoint."""
    try:
        if hashlib.sha256(read_bytes(place)).hexdigest() != digest:
            raise Unreadable("its content is not what was written")
        return read_tensors(place)
    except Unreadable as error:
        rule = f"the tensors of a checkpoint are safetensors ({error.reason})"
        raise InputError(place, "damaged", rule, remedy) from None


def restore(model: torch.nn.Module, weights: Mapping[str, Tensor], place: Path | str) -> None:
    """Put weights into a model. Errors: InputError where they are another model's."""
    own = model.state_dict()
    if own.keys() != weights.keys() or any(own[name].shape != weights[name].shape for name in own):
        rule = "its weights are those of another network"
        raise InputError(place, f"{len(weights)} tensors", rule, "Give the network it was begun with.")
    model.load_state_dict(dict(weights))
