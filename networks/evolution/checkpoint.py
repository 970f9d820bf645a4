"""Where an evolution is, as a checkpoint (`deltasim.networks.files.checkpoint`)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.networks.evolution.population import Evolved, Plan, Task
from deltasim.networks.files.checkpoint import Form, read_checkpoint, write_checkpoint
from deltasim.runtime.errors import InputError

FORM = Form(
    "deltasim evolution",
    1,
    {
        "evaluations": int,
        "best_fitness": (float, int),
        "solved_at": (int, type(None)),
        "curve": list,
    },
    "another task or another plan",
    "Evolve anew into another folder.",
    "an evolution",
)
TENSORS = ("genomes", "fitness", "met", "best")


def subject_of(task: Task, plan: Plan) -> str:
    """A digest of all that an evolution follows from: what a checkpoint belongs to."""
    content = {"task": task.described(), "plan": {**asdict(plan), "clip": str(plan.clip)}}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def save_evolved(state: Evolved, folder: Path, subject: str) -> None:
    """Write a state. Errors: InputError where the disk does not take it."""
    fields: dict[str, Any] = {name: getattr(state, name) for name in FORM.fields}
    tensors = {name: np.ascontiguousarray(getattr(state, name)) for name in TENSORS}
    place = f"evaluation {state.evaluations}"
    write_checkpoint(FORM, folder, subject, fields, tensors, place, "The one before")


def load_evolved(folder: Path, subject: str) -> Evolved:
    """Read the last state of a folder. Errors: InputError for none, a damaged one, or that of another run."""
    record, tensors = read_checkpoint(FORM, folder, subject)
    sound = (
        set(tensors) == set(TENSORS)
        and tensors["genomes"].ndim == 2
        and tensors["fitness"].shape == (len(tensors["genomes"]),)
        and len(tensors["met"]) == len(tensors["genomes"])
        and tensors["best"].shape == tensors["genomes"].shape[1:]
    )
    if not sound:
        raise InputError(folder, "other tensors", "they are those of no population", FORM.remedy)
    curve = tuple((int(at), float(fitness)) for at, fitness in record["curve"])
    return Evolved(
        **tensors,
        evaluations=record["evaluations"],
        best_fitness=float(record["best_fitness"]),
        solved_at=record["solved_at"],
        curve=curve,
    )
