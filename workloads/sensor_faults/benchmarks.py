"""The benchmark of faulty sensors: a recording with faults in it, and the networks that find them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.benchmark import Benchmark, CalibrationSet
from deltasim.workloads.sensor_faults.detection import alarm_auc
from deltasim.workloads.sensor_faults.faults import WASHOUT, injected
from deltasim.workloads.sensor_faults.recordings import Recording, find, read, read_test
from deltasim.workloads.sensor_faults.trained import SHIPPED, load

DEFAULT = "metr-la"
SHARE, SEED = 0.2, 22  # of nodes that fail; of the draw of nodes, kinds and times


class Trial(NamedTuple):
    """Sequences with faults in them, and which node-steps are faulty (1), sound (0) or not scored (NaN)."""

    sequences: tuple[Floats, ...]
    targets: Floats


def trial(recording: Recording, share: float, seed: int) -> Trial:
    """Inject faults into every sequence of a recording, each drawn anew.

    >>> found = trial(read_test("single-hop"), 0.5, 0)
    >>> len(found.sequences), found.targets.shape, float(np.nanmax(found.targets))
    (6, (6, 300, 8), 1.0)
    """
    parts = recording.sequences()
    faulty = [injected(part, share, np.random.default_rng([seed, place])) for place, part in enumerate(parts)]
    targets = np.full((len(parts), max(map(len, parts)), len(recording.neighbours)), np.nan, np.float32)
    for row, found in zip(targets, faulty, strict=True):
        row[WASHOUT : len(found.kind)] = found.kind[WASHOUT:] > 0
    return Trial(tuple(found.readings for found in faulty), targets)


def sensor_faults(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """A fifth of the nodes fail, a tenth of the messages are lost; an alarm level for every node and step."""
    if trained is not None and not is_folder(trained):
        remedy = "Name a folder that `python -m deltasim.workloads.sensor_faults.making` wrote."
        raise InputError("trained", trained, "no such folder", remedy)
    name = DEFAULT if data is None else str(data)
    recording = read_test(name)
    networks = load(SHIPPED / name if trained is None else trained, len(recording.neighbours))
    found = trial(recording, SHARE, SEED)
    calibration = CalibrationSet(
        f"{recording.about}, part to validate on", lambda: read(name, "validation").sequences()
    )
    losses = [projection.loss for projection in networks.delta.projections if projection.loss]
    lost = losses[0].probability if losses else 0
    return Benchmark(
        name="sensor-faults",
        about="faulty sensors found by their neighbours",
        network=networks.delta,
        dense_network=networks.dense,
        sequences=found.sequences,
        targets=found.targets,
        classes=np.zeros(len(found.sequences), np.int64),
        speakers=np.zeros(len(found.sequences), np.int64),
        score_name="ROC AUC",
        score=alarm_auc,
        data=f"{recording.about}, test part, {len(found.sequences)} sequences, in each of which"
        f" {SHARE:.0%} of the nodes fail, with {lost:.0%} of the messages lost",
        data_digest=recording.digest,
        period_s=recording.period_s,
        calibration_set=calibration if find() else None,
    )
