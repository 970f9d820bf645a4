"""``deltasim train``: make the trained networks again."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments import completing
from deltasim.runtime.errors import InputError, nearest


def train(
    benchmark: Annotated[
        str, typer.Argument(help="digits or digit-strings", autocompletion=completing.benchmarks)
    ],
    out: Annotated[Path, typer.Option(help="a new folder for the networks and their record")],
    data: Annotated[str, typer.Option(help="fsdd, synthetic, or a folder of TIDIGITS")] = "fsdd",
    hidden: Annotated[int, typer.Option(help="hidden units")] = 200,
    theta: Annotated[float, typer.Option(help="threshold of the hidden state in the training loop")] = 0.2,
    seed: Annotated[int, typer.Option(help="seed of every random choice")] = 0,
    epochs: Annotated[int | None, typer.Option(min=1, help="epochs; default: the recipe's")] = None,
) -> None:
    """Train a dense network, and from it one with its thresholds in the loop; print how well both do.

    Needs PyTorch: pip install 'deltasim[train]'.
    """
    from deltasim.runtime.disk.output import refuse_existing

    refuse_existing(out)
    if importlib.util.find_spec("torch") is None:
        rule = "training needs PyTorch, which is not installed"
        raise InputError("deltasim train", benchmark, rule, "Run pip install 'deltasim[train]'.")
    from deltasim.shell.progress import progress_bar
    from deltasim.workloads.digits.making.train import TASKS, train_digits

    if benchmark == "driving":
        remedy = "Run `python -m deltasim.workloads.driving.making OUT --data FOLDER`."
        raise InputError(
            "deltasim train", benchmark, "it trains a family of networks with a command of its own", remedy
        )
    if benchmark not in TASKS:
        raise InputError("deltasim train", benchmark, "there is no such recipe", nearest(benchmark, TASKS))
    with progress_bar("training") as progress:
        trained = train_digits(data, hidden, theta, seed, out, progress, benchmark, epochs)
    print(json.dumps(trained.record["result"], indent=2))
