"""``deltasim tune``: thresholds that save most on a chip within a loss that is allowed."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments.options import (
    AsJson,
    Calibration,
    LabelColumn,
    Layers,
    OneChip,
    Reset,
    SequenceColumn,
    SomeSequences,
    TimeStep,
    parse_time,
)


def tune(
    model: Annotated[
        str, typer.Argument(help="a network folder, or a model: .onnx, .nir, .pt, .safetensors")
    ],
    data: Annotated[str, typer.Option(help="a file or folder of sequences, as for deltasim run")],
    within: Annotated[
        str, typer.Option(help="what may be lost: 0.5points (of accuracy, or of frames that agree), 0.02rms")
    ],
    chip: OneChip = "edgedrnn",
    per: Annotated[str, typer.Option(help="a threshold for each layer, or for each neuron")] = "layer",
    calibration: Calibration = None,
    limit: SomeSequences = None,
    layers: Layers = None,
    dt: TimeStep = None,
    reset: Reset = None,
    sequence_column: SequenceColumn = None,
    label_column: LabelColumn = None,
    out: Annotated[
        Path | None, typer.Option(help="a new network folder; default: MODEL itself, where it is a folder")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find thresholds that save most joules on a chip, and store them where deltasim run uses them."""
    from deltasim.api.own_network import chosen_model, copy_preparation, graph_of_time, require_model
    from deltasim.api.tuning import tuned
    from deltasim.reports.settings.tuned import PAGE
    from deltasim.runtime.disk.output import refuse_existing
    from deltasim.runtime.errors import InputError
    from deltasim.runtime.readers.files import is_folder
    from deltasim.shell.progress import progress_bar
    from deltasim.workloads.own.read import Columns

    require_model("deltasim tune", model)
    if out is not None:
        refuse_existing(out)
    elif not is_folder(model):
        rule = f"the thresholds of {model} need a folder to be stored in"
        raise InputError("--out", "nothing", rule, "Name a new folder for the network.")
    graph = graph_of_time(model, parse_time(dt, "--dt"), reset)
    chosen = chosen_model(graph, data, None, layers, Columns(sequence_column, label_column))
    chosen = chosen if limit is None else chosen.limited(limit)
    words = ["deltasim", "tune", model, "--data", data, "--chip", chip, "--within", within, "--per", per]
    further = {
        "--calibration": calibration,
        "--limit": limit,
        "--layers": layers,
        "--dt": dt,
        "--reset": reset,
    }
    for name, value in further.items():
        words += [] if value is None else [name, str(value)]
    with progress_bar("tuning") as progress:
        found = tuned(chosen, chip, within, per, calibration, progress, command=shlex.join(words))
    folder = out or Path(model)
    found.save(folder)
    copy_preparation(Path(model), folder)
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        from rich.console import Console

        Console().print(found)
    print(
        f"The thresholds are in {folder}; the page is {folder / PAGE}",
        file=sys.stderr if as_json else sys.stdout,
    )
