"""``deltasim quantise``: a float32 network in fixed point, calibrated on data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments.options import (
    AsJson,
    Calibration,
    LabelColumn,
    Layers,
    Reset,
    SequenceColumn,
    SomeSequences,
    TimeStep,
)


def quantise(
    model: Annotated[
        str, typer.Argument(help="a network folder, or a model: .onnx, .nir, .pt, .safetensors")
    ],
    data: Annotated[str, typer.Option(help="a file or folder of sequences, as for deltasim run")],
    out: Annotated[Path, typer.Option(help="a new network folder")],
    weights: Annotated[int | None, typer.Option(help="bits of a weight, 2 to 32; 8 unless given")] = None,
    activations: Annotated[
        str | None,
        typer.Option(help="integer and fraction bits of an activation, as 8.8, or its bits; 16 unless given"),
    ] = None,
    arithmetic: Annotated[
        str | None, typer.Option(help="the arithmetic of a chip instead, bit for bit: edgedrnn")
    ] = None,
    calibration: Calibration = None,
    limit: SomeSequences = None,
    layers: Layers = None,
    dt: TimeStep = None,
    reset: Reset = None,
    sequence_column: SequenceColumn = None,
    label_column: LabelColumn = None,
    as_json: AsJson = False,
) -> None:
    """Choose number formats on data, write the network in fixed point, and say what that lost."""
    from deltasim.api.own_network import copy_preparation, require_model
    from deltasim.api.quantising import quantised
    from deltasim.commands.arguments.options import Job
    from deltasim.runtime.disk.output import refuse_existing
    from deltasim.shell.progress import progress_bar

    require_model("deltasim quantise", model)
    refuse_existing(out)
    job = Job(model, data, limit, None, layers, sequence_column, label_column, dt=dt, reset=reset)
    with progress_bar("calibrating") as progress:
        found = quantised(job.read(), weights, activations, arithmetic, calibration, progress)
    found.save(out)
    copy_preparation(Path(model), out)
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, allow_nan=False))
        return
    from rich.console import Console

    Console().print(found)
    print(f"The network is in {out}")
