"""The digit benchmarks: recordings of the test part, their networks and their score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.benchmark import Benchmark, CalibrationSet, stratified_order
from deltasim.workloads.digits.corpus import Corpus, digest_of
from deltasim.workloads.digits.scores import accuracy, digit_accuracy, digits_right, recognised
from deltasim.workloads.digits.sources import STRING_SEED, Source, source
from deltasim.workloads.digits.strings import Strings
from deltasim.workloads.digits.trained import SHIPPED, Trained, load
from deltasim.workloads.features import STEP_S, Normalisation, normalised

MADE_FOR = {
    "fsdd": "fsdd",
    "synthetic": "synthetic",
    "tidigits": "fsdd",
}  # which shipped networks receive which data

CALIBRATION_SEQUENCES = 20  # sequences of the training part

STRINGS_FALLBACK = (
    "The networks shipped for connected digits were trained on the embedded synthetic digits, "
    "so these are used."
)


def digits(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """Isolated digits: one of ten outputs is to be the largest, later frames counting for more."""
    found = source(data)
    networks = networks_for("digits", found, trained)
    corpus = found.read("test")
    count, voices = len(corpus.labels), len(set(corpus.speakers.tolist()))
    return Benchmark(
        name="digits",
        about="isolated spoken digits",
        network=networks.delta,
        dense_network=networks.dense,
        sequences=tuple(normalised(frames, networks.normalisation) for frames in corpus.features),
        targets=corpus.labels,
        classes=corpus.labels,
        speakers=corpus.speakers,
        score_name="accuracy",
        score=accuracy,
        points=recognised,
        data=f"{corpus.about}, test part, {count} recordings by {voices} speakers{_foreign(found, trained)}",
        data_digest=corpus.digest,
        fallback=found.fallback,
        period_s=STEP_S,
        calibration_set=CalibrationSet(
            f"{found.about}, training part, {CALIBRATION_SEQUENCES} recordings",
            lambda: calibration_set(found.read("train"), networks.normalisation),
        ),
    )


def digit_strings(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """Connected digits: each frame says a digit or nothing, and repeats merge."""
    found = source("synthetic" if data is None and trained is None else data)
    networks = networks_for("digit-strings", found, trained)
    strings = found.read_strings("test")
    made = "" if found.name == "tidigits" else f" joined from single recordings (seed {STRING_SEED})"
    count, said = len(strings.features), int((strings.digits >= 0).sum())
    return Benchmark(
        name="digit-strings",
        about="one to seven digits spoken in a row",
        network=networks.delta,
        dense_network=networks.dense,
        sequences=tuple(normalised(frames, networks.normalisation) for frames in strings.features),
        targets=strings.digits,
        classes=(strings.digits >= 0).sum(1),
        speakers=strings.speakers,
        score_name="digit accuracy",
        score=digit_accuracy,
        points=digits_right,
        data=f"{found.about}, test part, {count} strings of {said} digits{made}{_foreign(found, trained)}",
        data_digest=digest_of(strings.digits, *strings.features),
        fallback=found.fallback if data is not None or trained is not None else STRINGS_FALLBACK,
        period_s=STEP_S,
        calibration_set=CalibrationSet(
            f"{found.about}, training part, {CALIBRATION_SEQUENCES} strings",
            lambda: calibration_set(found.read_strings("train"), networks.normalisation),
        ),
    )


def calibration_set(
    corpus: Corpus | Strings, normalisation: Normalisation
) -> tuple[NDArray[np.float32], ...]:
    """A few sequences of a part, evenly over classes and speakers."""
    classes = corpus.labels if isinstance(corpus, Corpus) else (corpus.digits >= 0).sum(1)
    chosen = np.sort(stratified_order(classes, corpus.speakers)[:CALIBRATION_SEQUENCES])
    return tuple(normalised(corpus.features[place], normalisation) for place in chosen)


def networks_for(task: str, found: Source, trained: Path | None) -> Trained:
    """The networks in a folder, or the shipped ones that were trained for a task and a source."""
    if trained is None:
        shipped = SHIPPED / f"{task}-{MADE_FOR[found.name]}"
        if not shipped.is_dir():
            remedy = f"Run `deltasim train {task} --data DATA --out FOLDER`, then give `--trained FOLDER`."
            raise InputError("--data", found.name, f"no {task} networks for it are shipped", remedy)
        return load(shipped)
    if not is_folder(trained):
        remedy = f"Name a folder that `deltasim train {task}` wrote."
        raise InputError("trained", trained, "no such folder", remedy)
    return load(trained)


def _foreign(found: Source, trained: Path | None) -> str:
    """What has to be said where the shipped networks were trained on other recordings."""
    if trained is not None or MADE_FOR[found.name] == found.name:
        return ""
    return "; the networks were trained on the Free Spoken Digit Dataset"
