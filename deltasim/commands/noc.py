"""``deltasim noc``: a network on chip under traffic, flit by flit."""

from __future__ import annotations

from typing import Annotated

import typer


def noc(
    topology: Annotated[
        str,
        typer.Option(
            help="bus:16, crossbar:16, mesh:8x8, ring:16, star:16, torus:8x8, tree:4x3 (arity x levels), "
            "a file with an edge a line, or a chip: its name in the box, or its YAML description"
        ),
    ] = "mesh:8x8",
    traffic: Annotated[
        str,
        typer.Option(help="uniform, neighbor, transpose, or a file: cycle source destination [flits] a line"),
    ] = "uniform",
    rate: Annotated[float, typer.Option(help="flits a terminal sends per cycle")] = 0.1,
    flits: Annotated[int, typer.Option(help="flits per packet")] = 1,
    virtual_channels: Annotated[int, typer.Option(help="virtual channels per input")] = 8,
    buffer: Annotated[int, typer.Option(help="flits a virtual channel holds")] = 8,
    cycles: Annotated[int, typer.Option(help="cycles measured; a file is run to its end")] = 10_000,
    warm_up: Annotated[int, typer.Option(help="cycles before")] = 3000,
    seed: Annotated[int, typer.Option(help="seed of the traffic")] = 0,
    flit_bits: Annotated[int, typer.Option(help="width of a flit, for its energy")] = 64,
    pitch_mm: Annotated[float, typer.Option(help="millimetres from tile to tile, for links' energy")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON and nothing else")] = False,
) -> None:
    """Measure latency, throughput and energy of a network on chip, with routers that have virtual channels.

    Latency runs from a packet's creation to its last flit's arrival; hops are routers passed.
    """
    from pathlib import Path

    from deltasim.interrupt import interruptible
    from deltasim.runtime.errors import InputError
    from deltasim.runtime.readers.files import is_file
    from deltasim.simulator.flit_network.energy import FlitPrices
    from deltasim.simulator.flit_network.fabric import parse_fabric
    from deltasim.simulator.flit_network.measure import Phases, Router, measure, measure_packets
    from deltasim.simulator.flit_network.traffic import PATTERNS, read_packets

    if not 1 <= flit_bits <= 65536:
        raise InputError("--flit-bits", flit_bits, "a flit has 1 to 65,536 bits", "Give for example 64.")
    if not 0 <= pitch_mm <= 1000:
        raise InputError("--pitch-mm", pitch_mm, "a pitch is 0 to 1000 mm", "Give for example 1.")
    fabric, router = parse_fabric(topology), Router(virtual_channels, buffer)
    if traffic not in PATTERNS and is_file(traffic):
        packets = read_packets(Path(traffic), fabric.terminals, flits)
        measured = interruptible(lambda: measure_packets(fabric, packets, router))
    else:
        phases = Phases(warm_up=warm_up, measured=cycles)
        measured = interruptible(lambda: measure(fabric, traffic, rate, flits, router, phases, seed))
    result = measured.to_dict()
    energy = measured.counts.energy(FlitPrices.of_width(flit_bits), pitch_mm)
    result["energy"] = energy | {"per_flit_j": energy["total_j"] / max(1, measured.delivered_flits)}
    result["seed"] = seed
    if as_json:
        import json

        print(json.dumps(result, indent=2))
        return
    from deltasim.reports.quantities import quantity
    from deltasim.tables import print_table

    rows: list[tuple[str, str]] = []
    for name, value in result.items():
        if isinstance(value, dict):
            rows += [
                (f"energy, {part[:-2].replace('_', ' ')}", quantity(j, "J")) for part, j in value.items()
            ]
        else:
            shown = f"{value:.4g}" if isinstance(value, float) else str(value)
            rows.append((name.replace("_", " "), "-" if value is None else shown))
    print_table(f"{topology} under {traffic} traffic", ("figure", "value"), rows)
