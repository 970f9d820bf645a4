"""Train networks that steer, and write them with a record of each.

    python -m deltasim.workloads.driving.making OUT --data FOLDER --seed 0

OUT/seed-0 then holds ``alone`` (no recurrent part), ``dense-N`` (a GRU of N units) and ``gru-N`` (a dense
and a delta network, which `deltasim run driving --trained` takes), each with its record. With ``--fold`` the
part to train on is cut, and one block of it stands in for the test: that is how recipes were chosen.
`python -m deltasim.validation.driving OUT docs/driving.md` makes the page.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from deltasim.networks.files.network import save_network
from deltasim.runtime.errors import InputError
from deltasim.workloads.driving.making.batches import folds
from deltasim.workloads.driving.making.train import Made, Recipe, trained_family
from deltasim.workloads.driving.sources import source
from deltasim.workloads.training_record import RECORD, write_record

SIZES, DENSE = (512, 64, 128), (16,)


def numbers(text: str) -> tuple[int, ...]:
    """Sizes as they are given: ``64,128``; none for an empty word."""
    return tuple(int(word) for word in text.split(",") if word)


def options(given: argparse.Namespace) -> list[str]:
    """The options as they are written down: without folders, which are this machine's."""
    sizes = [",".join(map(str, given.sizes)), ",".join(map(str, given.dense))]
    found = ["--seed", str(given.seed), "--sizes", sizes[0], "--dense", sizes[1]]
    return found if given.fold is None else [*found, "--fold", str(given.fold)]


def written(made: Made, folder: Path, whence: dict[str, object]) -> dict[str, object]:
    """Save a network beside others of its shape, with the record of them all; returns how it did."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    kind = made.name.partition("-")[0]
    save_network(made.network, folder / kind)
    file = folder / RECORD
    results = json.loads(file.read_text())["results"] if file.is_file() else {}
    result = {
        **made.measured.steering._asdict(),
        "weight_fetches_saved": made.measured.saved._asdict(),
        "recurrent_columns_a_step": made.measured.columns,
        "network_digest": made.network.digest,
    }
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    content = {
        **whence,
        "recipe": asdict(made.recipe),
        "versions": versions,
        "results": {**results, kind: result},
    }
    write_record(folder, content)
    return result


def main(arguments: list[str]) -> None:
    """Train as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m deltasim.workloads.driving.making", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", default="driving", help="driving, or a folder; default: driving")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sizes", type=numbers, default=SIZES, help="units of GRUs made dense and delta")
    parser.add_argument("--dense", type=numbers, default=DENSE, help="units of GRUs made dense only")
    parser.add_argument("--fold", type=int, help="hold block 0 to 3 of the training part back for the score")
    given = parser.parse_args(arguments)
    found = source(given.data)
    drive = found.read("train")
    everything = tuple(zip(drive.bounds[:-1].tolist(), drive.bounds[1:].tolist(), strict=True))
    if given.fold is None:
        judged = found.read("test")
        stretches, chosen = everything, judged.pieces()
    else:
        judged = drive
        parts = folds(drive)
        if not 0 <= given.fold < len(parts):
            raise InputError("--fold", given.fold, f"there are folds 0 to {len(parts) - 1}", "Name one.")
        stretches, chosen = parts[given.fold]
    recipe = replace(Recipe(), seed=given.seed)
    command = " ".join(["python -m deltasim.workloads.driving.making OUT", *options(given)])

    def report(name: str, figures: dict[str, float]) -> None:
        if figures["epoch"] % 5 == 0:
            shown = " ".join(f"{key} {value:.4g}" for key, value in figures.items())
            print(f"  {name} {shown}", file=sys.stderr, flush=True)

    whence: dict[str, object] = {"command": command, "data": drive.about, "data_digest": drive.digest}
    for made in trained_family(drive, recipe, given.sizes, given.dense, chosen, stretches, judged, report):
        paired = made.recipe.hidden in given.sizes
        name = f"gru-{made.recipe.hidden}" if paired else made.name
        result = written(made, given.out / f"seed-{given.seed}" / name, whence)
        print(made.name, json.dumps(result), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
