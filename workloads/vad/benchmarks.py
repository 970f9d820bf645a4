"""The benchmark: sentences in noise, Silero's detector, and how well it tells them apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.benchmark import Benchmark, CalibrationSet
from deltasim.workloads.vad.scenes import PERIOD_S, SNR_DB, digest, scenes
from deltasim.workloads.vad.scores import detection
from deltasim.workloads.vad.sentences import Sentences, packed_file, read, read_session
from deltasim.workloads.vad.trained import SHIPPED, Trained, load

CALIBRATION_SENTENCES = 2


def vad(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """Speech or not, every 32 ms: sentences in noise of their own spectrum, at 10 and 0 dB, from rest."""
    if trained is not None and not is_folder(trained):
        raise InputError(
            "trained", trained, "no such folder", "Name a folder with dense, delta and their record."
        )
    path = packed_file(data)
    sentences = read_session() if path is None else read(path, "test")
    calibration = None
    if path is not None:
        calibration = CalibrationSet(
            f"{CALIBRATION_SENTENCES} sentences of DC-TTS in noise",
            lambda: tuple(one.frames for one in scenes(read(path, "choose").shortest(CALIBRATION_SENTENCES))),
        )
    return on(sentences, load(SHIPPED if trained is None else trained), calibration)


def on(sentences: Sentences, detector: Trained, calibration: CalibrationSet | None = None) -> Benchmark:
    """The benchmark of a detector on some sentences."""
    found = scenes(sentences)
    lengths = [len(one.speech) for one in found]
    targets: Floats = np.full((len(found), max(lengths)), np.nan, np.float32)
    for row, one in zip(targets, found, strict=True):
        row[: len(one.speech)] = one.speech
    ratios = " and ".join(f"{ratio:g} dB" for ratio in SNR_DB)
    return Benchmark(
        name="vad",
        about="whether somebody speaks",
        network=detector.delta,
        dense_network=detector.dense,
        sequences=tuple(one.frames for one in found),
        targets=targets,
        classes=np.array([SNR_DB.index(one.snr_db) for one in found]),
        speakers=np.array([one.voice for one in found]),
        score_name="ROC AUC",
        score=detection,
        data=f"{len(sentences.audio)} read sentences ({sentences.about}) in noise at {ratios}, "
        f"{sum(lengths):,} frames",
        data_digest=digest(found),
        calibration_set=calibration,
        thresholds="tuned",
        period_s=PERIOD_S,
    )
