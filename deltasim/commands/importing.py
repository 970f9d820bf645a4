"""``deltasim import``: a model made elsewhere as a network folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deltasim.commands.arguments.options import Reset, TimeStep


def import_model(
    model: Annotated[Path, typer.Argument(help="a file: .onnx, .nir, .pt, .pth or .safetensors")],
    out: Annotated[Path, typer.Option(help="a new folder for the network")],
    check: Annotated[
        bool, typer.Option("--check", help="run the original beside it and print the largest difference")
    ] = False,
    inputs: Annotated[
        Path | None, typer.Option(help="frames to check with as well: .npy (frames, values), or .npz of such")
    ] = None,
    wide_sums: Annotated[
        bool,
        typer.Option("--wide-sums", help="keep running sums in 64 bits: no drift, twice the words of each"),
    ] = False,
    layers: Annotated[
        str | None,
        typer.Option(help='layers of a file of weights in order, such as "gru relu fc" or "rnn:tanh fc"'),
    ] = None,
    dt: TimeStep = None,
    reset: Reset = None,
) -> None:
    """Write the network of a PyTorch or ONNX model or a NIR graph, every threshold 0, into a folder.

    A file of weights (.pt, .pth, .safetensors) says neither what stands between its layers nor whether an
    nn.RNN computes tanh or relu: name them with --layers. ONNX and NIR need
    pip install 'deltasim[import]'. A NIR graph says neither its time step nor how a spike resets: name them
    with --dt and --reset.
    """
    from dataclasses import replace

    from deltasim.commands.arguments.options import parse_time
    from deltasim.networks.files.network import save_network
    from deltasim.networks.importers.models import import_model as read
    from deltasim.networks.numbers.arithmetic import WideSums
    from deltasim.runtime.disk.output import new_folder, refuse_existing, told_in_a_sentence

    refuse_existing(out)
    imported = read(model, layers=layers, dt=parse_time(dt, "--dt"), reset=reset)
    if wide_sums:
        imported = replace(imported, network=replace(imported.network, arithmetic=WideSums()))
    network = imported.network
    lines = []
    if check or inputs is not None:
        from deltasim.networks.importers.check import difference, noise, original_of, read_frames

        sequences = {"random frames": noise(imported)}
        if inputs is not None:
            sequences[str(inputs)] = read_frames(inputs, network.input_size)
        library, original = original_of(model, layers)
        for title, frames in sequences.items():
            apart = f"largest difference from {library} on {title}"
            lines.append(f"{apart}: {difference(imported, original, frames)}")
            if not wide_sums:
                exact = difference(imported, original, frames, WideSums())
                lines.append(f"{apart}, sums of 64 bits: {exact}")
    with new_folder(out) as aside, told_in_a_sentence(out):
        save_network(network, aside)
    for population in network.populations:
        print(
            f"{population.name:<{max(len(p.name) for p in network.populations)}}  {population.cell.kind:<8}"
            f"{population.size:>8,}"
        )
    weights = f"{network.weight_words:,} weights"
    print(f"{len(network.populations)} populations, {len(network.projections)} projections, {weights}")
    for line in lines:
        print(line)
    print(f"The network is in {out}")
