"""Train every cell on every task, for `deltasim.validation.sequences` to make its page of.

python -m deltasim.workloads.sequences.making OUT --seed 0     (seeds 0 to 2; MNIST and FSDD in DELTASIM_DATA)
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from deltasim.runtime.errors import InputError
from deltasim.workloads.sequences.making.train import RECIPES, train_sequences
from deltasim.workloads.sequences.tasks import TASKS
from deltasim.workloads.training_record import RECORD

CELLS = ("sgu", "dsgu", "gru", "lstm")
TAUGHT = ("fsdd", "mnist", "adding")


def main(arguments: list[str]) -> None:
    """Train as the arguments say; what stands in the folder is kept."""
    parser = argparse.ArgumentParser(
        prog="python -m deltasim.workloads.sequences.making", description=__doc__
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--task", action="append", choices=list(TASKS))
    given = parser.parse_args(arguments)
    for name in given.task or TAUGHT:
        for cell in CELLS:
            folder = given.out / f"seed-{given.seed}" / name / cell
            if (folder / RECORD).is_file():
                continue
            recipe = replace(RECIPES[name], cell=cell, seed=given.seed)
            command = f"deltasim train sequences --data {name} --cell {cell} --seed {given.seed}"
            made = train_sequences(TASKS[name], recipe, folder, command=command)
            found = {name: {cell: made.record["result"]}, "epoch_s": made.record["epoch_processor_s"]}
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
