"""Train networks that find faulty sensors, and write them with a record.

    python -m deltasim.workloads.sensor_faults.making OUT --data metr-la --seed 0

OUT/seed-0/metr-la then holds a dense and a delta network, which ``deltasim run sensor-faults --trained``
takes. Readouts are trained on the part to train on, alarms and recipes set on the part to validate on, whose
ROC AUC with faults is printed; the test part is not touched. `python -m deltasim.validation.sensor_faults OUT
docs/sensor-faults.md` makes the page.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.loss import Loss
from deltasim.runtime.errors import InputError
from deltasim.workloads.sensor_faults.benchmarks import DEFAULT, SHARE, trial
from deltasim.workloads.sensor_faults.detection import alarm_auc
from deltasim.workloads.sensor_faults.learning import RECIPES, Recipe, Trained, trained
from deltasim.workloads.sensor_faults.network import RADIO, Thresholds
from deltasim.workloads.sensor_faults.recordings import Recording, read
from deltasim.workloads.sensor_faults.trained import Pair, save

LOST = 0.1  # of the messages between nodes
DRAWS = 5  # of the faults that recipes are chosen by


def result(made: Trained, validation: Recording) -> dict[str, object]:
    """How a network does on the part to validate on, with faults."""
    trials = [trial(validation, SHARE, seed) for seed in range(DRAWS)]
    runs = [execute(made.network, found.sequences) for found in trials]
    aucs = [alarm_auc(outputs, found.targets) for found, (_, outputs) in zip(trials, runs, strict=True)]
    trace = runs[0][0]
    (air,) = (number for number, p in enumerate(made.network.projections) if p.name == RADIO)
    states = np.isfinite(np.asarray(made.network.projections[air].theta)).sum()
    return {
        "level": made.level,
        "validation_roc_auc": float(np.mean([auc for auc in aucs if auc is not None])),
        "states_sent": float(trace.sent(made.network)[air] / (states * trace.steps)),
        "network_digest": made.network.digest,
    }


def main(arguments: list[str]) -> None:
    """Train as the arguments say."""
    parser = argparse.ArgumentParser(
        prog="python -m deltasim.workloads.sensor_faults.making", description=__doc__
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", default=DEFAULT, help="metr-la, single-hop or multi-hop")
    parser.add_argument("--seed", type=int, default=0)
    for field, value in Recipe()._asdict().items():
        parser.add_argument(f"--{field.replace('_', '-')}", type=type(value), help="default: of the recipe")
    given = parser.parse_args(arguments)
    train, validation = read(given.data, "train"), read(given.data, "validation")
    changed = {field: getattr(given, field) for field in Recipe._fields if getattr(given, field) is not None}
    recipe = RECIPES[given.data]._replace(**changed)
    kinds = {
        "dense": (Thresholds(), Loss(LOST, given.seed)),
        "delta": (
            Thresholds(recipe.radio, recipe.local),
            Loss(LOST, given.seed, refresh=recipe.refresh),
        ),
    }
    made = {
        kind: trained(train, validation, recipe, *settings, given.seed) for kind, settings in kinds.items()
    }
    results = {kind: result(one, validation) for kind, one in made.items()}
    record = {
        "command": f"python -m deltasim.workloads.sensor_faults.making OUT --data {given.data}"
        f" --seed {given.seed}" + "".join(f" --{field} {value}" for field, value in changed.items()),
        "data_digest": {part.about: part.digest for part in (train,)},
        "recipe": recipe._asdict(),
        "lost": LOST,
        "results": results,
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
    }
    folder = given.out / f"seed-{given.seed}" / given.data
    save(Pair(made["dense"].network, made["delta"].network, record), folder)
    print(json.dumps({given.data: results}, indent=1))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
