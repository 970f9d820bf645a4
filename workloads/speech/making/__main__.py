"""Train the networks of the speech benchmark, and write each fold's pair with its record.

    python -m deltasim.workloads.speech.making OUT --reading READING.npz --data speech

READING.npz is what `python -m deltasim.workloads.speech.making.reading` wrote. OUT then holds
reading.safetensors, the weights of the network that learned the reading, and fold-0 to fold-4, a dense and a
delta network each, which `deltasim run speech --data speech --trained` takes. What was stopped goes on with
the same command. Everything is chosen on a part of each fold's training part; no test part is touched.
`python -m deltasim.validation.speech OUT docs/speech.md` makes the page.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

from safetensors.torch import load_file, save_file

from deltasim.runtime.errors import InputError
from deltasim.workloads.features import STEP_S
from deltasim.workloads.speech.making import reading
from deltasim.workloads.speech.making.choosing import DEFAULT_EPOCHS
from deltasim.workloads.speech.making.lesson import Sentences
from deltasim.workloads.speech.making.train import (
    RECIPE,
    UNDER_WAY,
    fold_of,
    pretrained,
    trained_fold,
)
from deltasim.workloads.speech.recordings import FOLDS, spoken_sentences
from deltasim.workloads.speech.trained import Trained, save
from deltasim.workloads.training_record import RECORD


def main(arguments: list[str]) -> None:
    """Train as the arguments say; a fold that stands in the folder is kept."""
    parser = argparse.ArgumentParser(prog="python -m deltasim.workloads.speech.making", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--reading", type=Path, required=True, help="the synthetic reading")
    parser.add_argument("--data", default="speech", help="speech, or a folder with speech.npz")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--units", type=int, default=RECIPE.units)
    parser.add_argument("--l1", type=float, default=RECIPE.l1)
    parser.add_argument("--reading-epochs", type=int, default=DEFAULT_EPOCHS[0])
    parser.add_argument("--dense-epochs", type=int, default=RECIPE.dense_epochs, help="on a fold")
    parser.add_argument("--epochs", type=int, default=RECIPE.epochs, help="on a fold, with thresholds")
    parser.add_argument("--folds", type=int, nargs="*", default=list(range(FOLDS)))
    given = parser.parse_args(arguments)
    recipe = replace(
        RECIPE, seed=given.seed, units=given.units, l1=given.l1,
        dense_epochs=given.dense_epochs, epochs=given.epochs,
    )  # fmt: skip
    recordings = spoken_sentences(given.data)
    spoken = reading.read(given.reading)
    beside = Sentences(spoken.features, spoken.texts)
    command = "python -m deltasim.workloads.speech.making OUT --reading READING.npz --data speech"
    for option in ("seed", "units", "l1", "reading_epochs", "dense_epochs", "epochs"):
        if getattr(given, option) != parser.get_default(option):
            command += f" --{option.replace('_', '-')} {getattr(given, option)}"

    def report(name: str, figures: dict[str, float]) -> None:
        shown = " ".join(f"{key} {value:.4g}" for key, value in figures.items())
        print(f"  {time.strftime('%T')} {name} {shown}", file=sys.stderr, flush=True)

    file = given.out / "reading.safetensors"
    if not file.is_file():
        given.out.mkdir(parents=True, exist_ok=True)
        save_file(pretrained(beside, given.reading_epochs, recipe, report), file)
    weights = load_file(file)
    for number in given.folds:
        if not 0 <= number < FOLDS:
            raise InputError("--folds", number, f"there are folds 0 to {FOLDS - 1}", "Name some of them.")
        folder = given.out / f"fold-{number}"
        if (folder / RECORD).is_file():
            continue
        own = fold_of(recordings, number, recipe.seed)
        made = trained_fold(own, weights, recipe, folder, report)
        record = {
            "command": command,
            "data": recordings.about,
            "data_digest": recordings.digest,
            "reading": {
                "sentences": len(spoken.texts),
                "hours": STEP_S * sum(map(len, spoken.features)) / 3600,
                "epochs": given.reading_epochs,
                "digest": spoken.digest,
            },
            **made.record,
        }
        save(Trained(made.dense, made.delta, record), folder)
        shutil.rmtree(folder / UNDER_WAY, ignore_errors=True)
        print(number, json.dumps(made.record["chosen_on"]), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
