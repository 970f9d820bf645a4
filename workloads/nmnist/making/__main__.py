"""Train a spiking network on events of digits, and write it with a record.

    python -m deltasim.workloads.nmnist.making OUT --data recorded --seed 0

`deltasim run nmnist --trained OUT` takes what is written. The recipe is fixed; the test part is read once, at
the end.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.workloads.nmnist.making.model import Recipe
from deltasim.workloads.nmnist.making.train import measured, trained_on
from deltasim.workloads.nmnist.sources import source
from deltasim.workloads.nmnist.trained import Trained, save

STEP_US = 10_000.0


def main(arguments: list[str]) -> None:
    """Train as the arguments say."""
    import torch

    parser = argparse.ArgumentParser(prog="python -m deltasim.workloads.nmnist.making", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", default="recorded", help="recorded, synthetic, or a folder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    found, recipe = source(given.data), Recipe(seed=given.seed, epochs=given.epochs)
    train = found.read("train")

    def report(epoch: int, loss: float, fired: float) -> None:
        print(f"epoch {epoch} loss {loss:.4f} spikes {fired:.4f}", file=sys.stderr, flush=True)

    model = trained_on(train, STEP_US, recipe, report)
    network = model.network(f"nmnist-{found.name}")
    test = found.read("test")
    results = {"test": measured(network, test, STEP_US), "network_digest": network.digest}
    record = {
        "command": f"python -m deltasim.workloads.nmnist.making OUT --data {found.name} --seed {given.seed}"
        f" --epochs {given.epochs}",
        "data": train.about,
        "data_digest": train.digest,
        "step_us": STEP_US,
        "recipe": asdict(recipe),
        "versions": {
            "python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__,
        },
        "results": results,
    }  # fmt: skip
    save(Trained(network, record), given.out)
    print(json.dumps(results))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
