"""Train an amplifier's model and pairs of both forms: what `deltasim.validation.predistortion` scores.

python -m deltasim.workloads.predistortion.making OUT --data FOLDER --seed 0     (seeds 0 to 2)
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from deltasim.networks.files.network import load_network, save_network
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_file
from deltasim.workloads.predistortion.amplifier import Amplifier
from deltasim.workloads.predistortion.making.train import (
    AMPLIFIER,
    FORMS,
    RECIPES,
    train_amplifier,
    train_predistortion,
)
from deltasim.workloads.predistortion.sources import Source, source
from deltasim.workloads.training_record import RECORD, read_record, write_record

MODEL = "model"  # the folder of the amplifier's


def amplifier_in(folder: Path, found: Source) -> Amplifier:
    """The model in a folder; trained and written where there is none."""
    if is_file(folder / RECORD):
        read_record(folder, "Remove the folder.")
        return Amplifier(load_network(folder / "amplifier"))
    folder.mkdir(parents=True, exist_ok=True)
    model, error_db = train_amplifier(found, folder / "under-way")
    save_network(model.network, folder / "amplifier")
    recipe = AMPLIFIER.described()
    write_record(folder, {"held_out_nmse_db": error_db, "digest": model.digest, "recipe": recipe})
    return model


def main(arguments: list[str]) -> None:
    """Train as the arguments say; what stands in the folder is kept, what was stopped goes on."""
    parser = argparse.ArgumentParser(
        prog="python -m deltasim.workloads.predistortion.making", description=__doc__
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--form", action="append", choices=list(FORMS))
    given = parser.parse_args(arguments)
    found = source(given.data)
    model = amplifier_in(given.out / MODEL, found)
    for form in given.form or FORMS:
        folder = given.out / f"seed-{given.seed}" / form
        if is_file(folder / RECORD):
            continue
        made = train_predistortion(
            found,
            replace(RECIPES[form], seed=given.seed),
            folder,
            form=form,
            model=model,
            command=f"python -m deltasim.workloads.predistortion.making OUT --seed {given.seed}",
            resume=folder.is_dir(),
        )
        print(json.dumps({form: made.record["result"]}), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
