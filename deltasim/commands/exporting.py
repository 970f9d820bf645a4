"""``deltasim export``: a network as a file that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export_network(
    network: Annotated[str, typer.Argument(help="a network folder, or a model: .onnx, .pt, .nir")],
    out: Annotated[Path, typer.Option(help="a new .nir file")],
    dt: Annotated[str, typer.Option(help="the time that a step stands for, as 1ms")] = "0.1ms",
) -> None:
    """Write a spiking network as a NIR graph; thresholds of deltas go into its metadata.

    Needs pip install 'deltasim[import]'. What NIR has no node for is named.
    """
    from deltasim.api.own_network import read_model, require_model
    from deltasim.commands.arguments.options import parse_time
    from deltasim.networks.importers.nir.writing import export_nir
    from deltasim.runtime.disk.output import refuse_existing, told_in_a_sentence
    from deltasim.runtime.errors import InputError

    require_model("deltasim export", network)
    refuse_existing(out)
    if out.suffix != ".nir":
        raise InputError("--out", out, "a NIR graph is a file .nir", "Name it like graph.nir.")
    step = parse_time(dt, "--dt")
    assert step is not None
    with told_in_a_sentence(out):
        export_nir(read_model(network), out, step)
    print(f"The graph is {out}")
