"""The benchmark: one of the tasks, and a network of one of the cells that learned it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.benchmark import Benchmark, CalibrationSet
from deltasim.workloads.features import STEP_S, normalised
from deltasim.workloads.sequences.tasks import TASKS, Task, task_of
from deltasim.workloads.sequences.trained import SHIPPED, Trained, load

CALIBRATION_SEQUENCES = 50


def sequences(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """The test part of a task; in the box are DSGU networks for the synthetic digits."""
    task = task_of(data)
    networks = networks_for(task, trained)
    part = task.read("test")
    whole = part.targets if part.targets.dtype.kind == "i" else np.zeros(len(part.targets), np.int64)
    return Benchmark(
        name="sequences",
        about="sequences told apart by simple gated units",
        network=networks.delta,
        dense_network=networks.dense,
        sequences=tuple(normalised(frames, networks.normalisation) for frames in part.sequences),
        targets=part.targets,
        classes=whole,
        speakers=part.speakers,
        score_name=task.score_name,
        score=task.score,
        points=task.points,
        data=f"{task.about}, test part, {len(part.targets)} sequences; cell {networks.record.get('cell')}",
        data_digest=part.digest,
        period_s=STEP_S if task.inputs == TASKS["synthetic"].inputs else None,
        calibration_set=CalibrationSet(
            f"{task.about}, part held out, {CALIBRATION_SEQUENCES} sequences",
            lambda: tuple(
                normalised(frames, networks.normalisation)
                for frames in task.read("held_out").sequences[:CALIBRATION_SEQUENCES]
            ),
        ),
    )


def networks_for(task: Task, trained: Path | None) -> Trained:
    """The networks in a folder, or the shipped ones."""
    remedy = f"Run `deltasim train sequences --data {task.name} --out FOLDER`, then give `--trained FOLDER`."
    if trained is not None:
        if not is_folder(trained):
            raise InputError("trained", trained, "no such folder", remedy)
        return load(trained, task)
    shipped = SHIPPED / task.name
    if not shipped.is_dir():
        raise InputError("--data", task.name, "no networks for it are in the box", remedy)
    return load(shipped, task)
