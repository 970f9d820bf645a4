"""Where a training is, as a checkpoint (`deltasim.networks.files.checkpoint`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deltasim.networks.files.checkpoint import Form, read_checkpoint, write_checkpoint
from deltasim.runtime.errors import InputError

FORM = Form(
    "deltasim checkpoint",
    1,
    {"stage": int, "epoch": int, "key": (float, int, type(None)), "waited": int, "history": list},
    "another recipe, other data or another network",
    "Train anew into another folder.",
    "a training",
)


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

    Errors: InputError where the disk does not take it.
    """
    tensors = {
        f"{part}.{name}": np.asarray(tensor.detach().cpu().numpy(), order="C")
        for part in PARTS
        for name, tensor in getattr(state, part).items()
    }
    fields = {name: getattr(state, name) for name in FORM.fields}
    place = f"epoch {state.epoch}"
    write_checkpoint(FORM, folder, subject, fields, tensors, place, "The one of the epoch before")


def load_checkpoint(folder: Path, subject: str) -> State:
    """Read the last state of a folder. Errors: InputError for none, a damaged one, or that of another run."""
    record, tensors = read_checkpoint(FORM, folder, subject)
    if record["stage"] not in (0, 1):
        raise InputError(folder, f"stage {record['stage']}", "a training has stages 0 and 1", FORM.remedy)
    parts: dict[str, dict[str, Tensor]] = {part: {} for part in PARTS}
    for name, array in tensors.items():
        part, _, own = name.partition(".")
        if part in parts:
            parts[part][own] = torch.from_numpy(array.copy())
    return State(
        record["stage"], record["epoch"], record["key"], record["waited"],
        parts["weights"], parts["best"], parts["optimiser"], record["history"],
    )  # fmt: skip


def restore(model: torch.nn.Module, weights: Mapping[str, Tensor], place: Path | str) -> None:
    """Put weights into a model. Errors: InputError where they are another model's."""
    own = model.state_dict()
    if own.keys() != weights.keys() or any(own[name].shape != weights[name].shape for name in own):
        rule = "its weights are those of another network"
        raise InputError(place, f"{len(weights)} tensors", rule, "Give the network it was begun with.")
    model.load_state_dict(dict(weights))
