"""The benchmark: read sentences, the networks that write them down, and how many characters are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.benchmark import Benchmark, CalibrationSet
from deltasim.workloads.speech import wsj
from deltasim.workloads.speech.box import FOLD, Heard, heard_of, read_box
from deltasim.workloads.speech.frames import PERIOD_S, heard
from deltasim.workloads.speech.letters import numbered
from deltasim.workloads.speech.recordings import folds_of, read
from deltasim.workloads.speech.scores import character_accuracy, points
from deltasim.workloads.speech.trained import SHIPPED, Trained, load
from deltasim.workloads.vad.sentences import packed_file

CALIBRATION_SENTENCES = 4


def speech(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """Sentences that the networks have not learned from, each from rest, in both directions."""
    if trained is not None and not is_folder(trained):
        remedy = "Name a folder fold-N that `python -m deltasim.workloads.speech.making` wrote."
        raise InputError("trained", trained, "no such folder", remedy)
    networks = load(SHIPPED if trained is None else trained)
    if data is not None and wsj.is_wsj(Path(data)):
        said = ", test part; the networks were trained on other sentences"
        return on(heard_of(wsj.read(Path(data), "test")), networks, said)
    path = packed_file(data)
    if path is None:
        if networks.fold != FOLD:
            rule = f"the sentences in the box are of fold {FOLD}'s test part, which these networks learned"
            raise InputError("trained", f"fold {networks.fold}", rule, "Add --data speech.")
        return on(read_box(), networks, f", of fold {networks.fold}'s test part")
    recordings = read(path)
    tested = folds_of(recordings.names) == networks.fold
    learned = np.flatnonzero(~tested)[:CALIBRATION_SENTENCES]
    calibration = CalibrationSet(
        f"{len(learned)} sentences of the part that the networks learned from",
        lambda: tuple(heard(features) for features in heard_of(recordings.chosen(learned)).features),
    )
    part = heard_of(recordings.chosen(np.flatnonzero(tested)))
    return on(part, networks, f", test part of fold {networks.fold}", calibration)


def on(
    sentences: Heard, networks: Trained, said: str, calibration: CalibrationSet | None = None
) -> Benchmark:
    """The benchmark of a pair of networks on some sentences; ``said`` stands behind what the data are."""
    longest = max(len(text) for text in sentences.texts)
    targets = np.full((len(sentences.texts), longest), -1, np.int64)
    for row, text in zip(targets, sentences.texts, strict=True):
        row[: len(text)] = numbered(text)
    return Benchmark(
        name="speech",
        about="read sentences, letter by letter",
        network=networks.delta,
        dense_network=networks.dense,
        sequences=tuple(heard(features) for features in sentences.features),
        targets=targets,
        classes=np.zeros(len(sentences.texts), np.int64),
        speakers=sentences.voices,
        score_name="character accuracy",
        score=character_accuracy,
        points=points,
        data=f"{len(sentences.texts)} {sentences.about}{said}",
        data_digest=sentences.digest,
        period_s=PERIOD_S,
        calibration_set=calibration,
    )
