"""``deltasim train``: make the trained networks again, or train one on sequences of your own."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments import completing
from deltasim.runtime.errors import InputError


def train(
    out: Annotated[Path, typer.Option(help="a new folder for the networks and their record")],
    benchmark: Annotated[
        str | None,
        typer.Argument(
            help="digits, digit-strings, sequences, predistortion or fashion-spiking; "
            "left out: --data is your own",
            autocompletion=completing.benchmarks,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="of digits: fsdd, synthetic, or a folder of TIDIGITS; of sequences: a task; "
            "of predistortion: a folder; of fashion-spiking: fashion, mnist, nmnist or spoken; else your own"
        ),
    ] = None,
    recipe: Annotated[Path | None, typer.Option(help="YAML of every choice; options win over it")] = None,
    cell: Annotated[str | None, typer.Option(help="rnn, gru, gru-reset-before, lstm, sgu, dsgu")] = None,
    units: Annotated[int | None, typer.Option("--units", "--hidden", help="units of a layer")] = None,
    layers: Annotated[int | None, typer.Option(help="recurrent layers")] = None,
    theta: Annotated[float | None, typer.Option(help="every threshold, in the training loop")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="epochs with thresholds")] = None,
    l1: Annotated[float | None, typer.Option(help="weight of the cost of messages")] = None,
    noise: Annotated[float | None, typer.Option(help="deviation of noise on states")] = None,
    bits: Annotated[int | None, typer.Option(help="bits of a weight, 4, 6, 8, 16")] = None,
    sparsity: Annotated[float | None, typer.Option(help="share of weights that become 0")] = None,
    energy: Annotated[
        str | None, typer.Option(help="a chip, whose joules weigh messages", metavar="CHIP")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="seed of every random choice")] = None,
    task: Annotated[
        str | None,
        typer.Option(help="your own: classes, frames, values or transcripts; default: by the data"),
    ] = None,
    test: Annotated[
        str | None, typer.Option(help="your own: data to score once, else a part held out")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on in the folder --out")] = False,
) -> None:
    """Train a dense network, and from it one with its thresholds in the loop; print how well it does.

    Needs PyTorch: pip install 'deltasim[train]'.
    """
    from deltasim.api.training import train_benchmark, train_on
    from deltasim.shell.progress import progress_bar

    if theta is not None and not 0 <= theta < math.inf:  # said once, of what was typed
        raise InputError("--theta", theta, "a threshold is a number of at least 0", "Give one.")
    given: dict[str, object] = {
        "cell": cell,
        "units": units,
        "layers": layers,
        "theta_x": theta,
        "theta_h": theta,
        "theta_product": theta,
        "theta_readout": theta,
        "epochs": epochs,
        "l1": l1,
        "noise": noise,
        "bits": bits,
        "sparsity": sparsity,
        "seed": seed,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if benchmark is None:
        if data is None:
            rule = "a benchmark is trained for, or --data of your own"
            raise InputError("deltasim train", "nothing", rule, "Name digits, or give --data FILE.")
        with progress_bar("training") as progress:
            record = train_on(data, out, recipe, task, test, energy, resume, progress, **changes)
    else:
        for name, value in {"task": task, "test": test}.items():
            if value is not None:
                rule = "a benchmark knows its task and its test part"
                raise InputError(f"--{name}", value, rule, "Leave it out.")
        with progress_bar("training") as progress:
            record = train_benchmark(benchmark, out, data, recipe, energy, resume, progress, **changes)
    print(json.dumps(record["result"], indent=2))
