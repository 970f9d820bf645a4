"""``deltasim train``: make the trained networks again, or train one on sequences of your own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments import completing
from deltasim.runtime.errors import InputError, nearest

FEWER = ("units", "theta", "seed", "epochs")


def train(
    out: Annotated[Path, typer.Option(help="a new folder for the networks and their record")],
    benchmark: Annotated[
        str | None,
        typer.Argument(
            help="digits or digit-strings; left out: --data is your own", autocompletion=completing.benchmarks
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="of digits: fsdd, synthetic, or a folder of TIDIGITS; else your own sequences"),
    ] = None,
    units: Annotated[int | None, typer.Option("--units", "--hidden", help="units of a layer")] = None,
    theta: Annotated[float | None, typer.Option(help="threshold in the training loop")] = None,
    seed: Annotated[int | None, typer.Option(help="seed of every random choice")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="epochs with thresholds")] = None,
    recipe: Annotated[Path | None, typer.Option(help="your own: YAML of every choice")] = None,
    task: Annotated[
        str | None,
        typer.Option(help="your own: classes, frames, values or transcripts; default: by the data"),
    ] = None,
    test: Annotated[
        str | None, typer.Option(help="your own: data to score once, else a part held out")
    ] = None,
    cell: Annotated[str | None, typer.Option(help="your own: rnn, gru, gru-reset-before, lstm")] = None,
    layers: Annotated[int | None, typer.Option(help="your own: recurrent layers")] = None,
    l1: Annotated[float | None, typer.Option(help="your own: weight of the cost of messages")] = None,
    noise: Annotated[float | None, typer.Option(help="your own: deviation of noise on states")] = None,
    bits: Annotated[int | None, typer.Option(help="your own: bits of a weight, 4, 6, 8, 16")] = None,
    sparsity: Annotated[float | None, typer.Option(help="your own: share of weights that become 0")] = None,
    energy: Annotated[
        str | None, typer.Option(help="your own: a chip, whose joules weigh messages", metavar="CHIP")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="your own: go on in the folder --out")] = False,
) -> None:
    """Train a dense network, and from it one with its thresholds in the loop; print how well it does.

    Needs PyTorch: pip install 'deltasim[train]'.
    """
    from deltasim.shell.progress import progress_bar

    fields: dict[str, object] = {"units": units, "seed": seed, "epochs": epochs}
    of_own: dict[str, object] = {
        "cell": cell,
        "layers": layers,
        "l1": l1,
        "noise": noise,
        "bits": bits,
        "sparsity": sparsity,
    }
    if benchmark is None:
        from deltasim.api.training import train_on

        if data is None:
            rule = "a benchmark is trained for, or --data of your own"
            raise InputError("deltasim train", "nothing", rule, "Name digits, or give --data FILE.")
        thetas = {} if theta is None else {"theta_x": theta, "theta_h": theta}
        given = {**fields, **of_own, **thetas}
        changes = {name: value for name, value in given.items() if value is not None}
        with progress_bar("training") as progress:
            record = train_on(data, out, recipe, task, test, energy, resume, progress, **changes)
        print(json.dumps(record["result"], indent=2))
        return
    from deltasim.api.training import require_torch
    from deltasim.runtime.disk.output import refuse_existing

    refuse_existing(out)
    require_torch(benchmark)
    from deltasim.workloads.digits.making.train import TASKS, train_digits

    rooms = {"driving": "driving", "sensor-faults": "sensor_faults"}
    if benchmark in rooms:
        remedy = f"Run `python -m deltasim.workloads.{rooms[benchmark]}.making OUT --help`."
        raise InputError(
            "deltasim train", benchmark, "it trains a family of networks with a command of its own", remedy
        )
    if benchmark not in TASKS:
        raise InputError("deltasim train", benchmark, "there is no such recipe", nearest(benchmark, TASKS))
    others = {"recipe": recipe, "task": task, "test": test, "energy": energy, "resume": resume or None}
    for name, value in {**of_own, **others}.items():
        if value is not None:
            rule = f"the recipe of {benchmark} is fixed but for {', '.join(FEWER)}"
            raise InputError(f"--{name}", value, rule, "Leave it out.")
    size, threshold = 200 if units is None else units, 0.2 if theta is None else theta
    with progress_bar("training") as progress:
        trained = train_digits(data or "fsdd", size, threshold, seed or 0, out, progress, benchmark, epochs)
    print(json.dumps(trained.record["result"], indent=2))
