"""``deltasim train``: make the trained networks again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from networks.errors import InputError, nearest


def train(
    benchmark: Annotated[str, typer.Argument(help="digits")],
    out: Annotated[Path, typer.Option(help="folder to write the network to")],
    data: Annotated[str, typer.Option(help="fsdd, synthetic, or a folder of TIDIGITS")] = "fsdd",
    hidden: Annotated[int, typer.Option(help="hidden units")] = 128,
    theta: Annotated[
        float, typer.Option(help="threshold in the training loop; 0 trains a dense network")
    ] = 0.2,
    seed: Annotated[int, typer.Option(help="seed of every random choice")] = 0,
) -> None:
    """Train a network with its thresholds in the loop (needs PyTorch: pip install 'deltasim[train]')."""
    if benchmark != "digits":
        raise InputError(
            "deltasim train", benchmark, "there is no such recipe", nearest(benchmark, ["digits"])
        )
    from deltasim.progress import progress_bar
    from workloads.digits.train import train_digits

    with progress_bar("training") as progress:
        train_digits(data=data, hidden=hidden, theta=theta, seed=seed, out=out, progress=progress)
