"""Train the networks that docs/delta-networks.md compares: every aid alone, all together, dense ones by size.

    python -m deltasim.workloads.digits.making OUT --seed 0

OUT/seed-0 then holds a folder for each method, a network and its record; what is there already is kept, and
what was stopped goes on. All of a seed start from the same dense weights of their size, and have the same
recordings held out. `python -m deltasim.validation.delta_networks OUT docs/delta-networks.md` makes the page.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from deltasim.networks.execute import execute
from deltasim.networks.files.network import save_network
from deltasim.runtime.errors import InputError
from deltasim.workloads.digits.making.lesson import TASKS
from deltasim.workloads.digits.making.methods import AIDS, changed
from deltasim.workloads.digits.making.recipes import recipe_of
from deltasim.workloads.digits.making.train import (
    Learned,
    Material,
    described,
    material_of,
    pretrained,
    retrained,
)
from deltasim.workloads.digits.sources import source
from deltasim.workloads.fetches import fetches_saved
from deltasim.workloads.training_record import RECORD, write_record

SIZES = (8, 16, 32, 64, 96)


def methods(text: str) -> tuple[str, ...]:
    """Names as they are given: ``plain,together``."""
    return tuple(word for word in text.split(",") if word)


def scored(own: Material, learned: Learned) -> dict[str, object]:
    """How a network does on what its choices are made on."""
    trace, outputs = execute(learned.network, own.chosen_on.sequences)
    right, every = own.task.points(outputs, own.chosen_on.targets).sum(0).tolist()
    return {
        "score": right / every,
        "weight_fetches_saved": fetches_saved(learned.network, trace),
        "epoch": next(
            (f["epoch"] for f in learned.state.history if f["objective"] == learned.state.key), None
        ),
    }


def main(arguments: list[str]) -> None:
    """Train as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m deltasim.workloads.digits.making", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--task", default="digits", choices=sorted(TASKS))
    parser.add_argument("--data", default="fsdd", help="fsdd, synthetic or a folder; default: fsdd")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--methods", type=methods, default=(*AIDS, *(f"dense-{size}" for size in SIZES)))
    given = parser.parse_args(arguments)
    found = source(given.data)
    own = material_of(TASKS[given.task], found, given.seed)
    folder = given.out / f"seed-{given.seed}"
    for method in given.methods:
        if (folder / method / RECORD).is_file():
            continue
        recipe = changed(replace(recipe_of(given.task), seed=given.seed), method)
        begun = f"{recipe.units}-units-{recipe.dense_epochs}-epochs"
        first, part = (folder / f"under-way-{name}" for name in (begun, method))
        weights = pretrained(own, recipe, first)
        learned = retrained(own, recipe, weights, part, f"{given.task}-{found.name}-{method}")
        record = {
            "method": method,
            "task": given.task,
            "source": found.name,
            **described(own, recipe),
            "chosen_on": scored(own, learned),
            "network_digest": learned.network.digest,
            "mean": [float(value) for value in own.stored.mean],
            "deviation": [float(value) for value in own.stored.deviation],
        }
        (folder / method).mkdir(exist_ok=True)
        save_network(learned.network, folder / method / "network")
        write_record(folder / method, record)
        shutil.rmtree(part)
        print(given.seed, method, json.dumps(record["chosen_on"]), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
