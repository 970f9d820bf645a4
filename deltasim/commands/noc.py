"""``deltasim noc``: a network on chip under traffic, flit by flit."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from deltasim.commands.arguments.options import AsJson


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
        typer.Option(
            help="uniform, neighbor, tornado, transpose, bitcomp, bitrev, shuffle; hotspot, hotspot:27,36 or "
            "hotspot:27:0.2 (terminals, share of the packets); table:FILE with source destination share a "
            "line; or a file of packets: cycle source destination [flits] a line"
        ),
    ] = "uniform",
    rate: Annotated[float, typer.Option(help="flits a terminal sends per cycle")] = 0.1,
    flits: Annotated[int | None, typer.Option(help="flits per packet; of a chip its message, else 1")] = None,
    virtual_channels: Annotated[
        int | None, typer.Option(help="virtual channels per input; of a chip its own, else 8")
    ] = None,
    buffer: Annotated[
        int | None, typer.Option(help="flits a virtual channel holds; of a chip its own, else 8")
    ] = None,
    hop_cycles: Annotated[
        int | None, typer.Option(help="cycles of a head from router to router; of a chip its own, else 4")
    ] = None,
    atomic_channels: Annotated[
        bool,
        typer.Option("--atomic-channels", help="a virtual channel is granted again only when it is empty"),
    ] = False,
    cycles: Annotated[int, typer.Option(help="cycles measured; a file is run to its end")] = 10_000,
    warm_up: Annotated[int, typer.Option(help="cycles before")] = 3000,
    seed: Annotated[int, typer.Option(help="seed of the traffic")] = 0,
    flit_bits: Annotated[
        int | None, typer.Option(help="width of a flit, for its energy; of a chip its own, else 64")
    ] = None,
    pitch_mm: Annotated[
        float | None, typer.Option(help="tile to tile, for links' energy; of a chip its own, else 1 mm")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure latency, throughput and energy of a network on chip, with routers that have virtual channels.

    Latency runs from a packet's creation to its last flit's arrival; hops are routers passed.
    """
    from pathlib import Path

    from deltasim.runtime.errors import InputError
    from deltasim.runtime.readers.files import is_file
    from deltasim.simulator.flit_network.described import described
    from deltasim.simulator.flit_network.energy import FlitPrices
    from deltasim.simulator.flit_network.fabric import parse_fabric
    from deltasim.simulator.flit_network.measure import Phases, Router, measure, measure_packets
    from deltasim.simulator.flit_network.patterns import is_pattern
    from deltasim.simulator.flit_network.traffic import read_packets

    given: dict[str, Any] = {
        "virtual_channels": virtual_channels, "buffer": buffer, "hop_cycles": hop_cycles, "flits": flits,
        "flit_bits": flit_bits, "pitch_mm": pitch_mm,
    }  # fmt: skip
    network = described(topology)._replace(
        **{name: value for name, value in given.items() if value is not None}
    )
    if not 1 <= network.flit_bits <= 65536:
        raise InputError(
            "--flit-bits", network.flit_bits, "a flit has 1 to 65,536 bits", "Give for example 64."
        )
    if not 0 <= network.pitch_mm <= 1000:
        raise InputError("--pitch-mm", network.pitch_mm, "a pitch is 0 to 1000 mm", "Give for example 1.")
    fabric = parse_fabric(topology)
    router = Router(network.virtual_channels, network.buffer, network.hop_cycles, atomic_channels)
    if not is_pattern(traffic) and is_file(traffic):
        packets = read_packets(Path(traffic), fabric.terminals, network.flits)
        measured = measure_packets(fabric, packets, router)
    else:
        phases = Phases(warm_up=warm_up, measured=cycles)
        measured = measure(fabric, traffic, rate, network.flits, router, phases, seed)
    energy = measured.counts.energy(FlitPrices.of_width(network.flit_bits), network.pitch_mm)
    energy["per_flit_j"] = energy["total_j"] / max(1, measured.delivered_flits)
    result = measured.to_dict()
    result["energy"], result["seed"], result["network"] = (
        energy,
        seed,
        network._asdict() | {"atomic_channels": atomic_channels},
    )
    if as_json:
        import json

        print(json.dumps(result, indent=2))
        return
    from deltasim.reports.quantities import quantity
    from deltasim.shell.tables import print_table

    rows = [(name.replace("_", " "), f"{value}") for name, value in result.pop("network").items()]
    for name, value in result.items():
        if name == "energy":
            rows += [
                (f"energy, {part[:-2].replace('_', ' ')}", quantity(j, "J")) for part, j in value.items()
            ]
        else:
            shown = f"{value:.4g}" if isinstance(value, float) else str(value)
            rows.append((name.replace("_", " "), "-" if value is None else shown))
    print_table(f"{topology} under {traffic} traffic", ("figure", "value"), rows)
