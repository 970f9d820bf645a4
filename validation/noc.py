"""The network on chip beside BookSim 2: ``python -m deltasim.validation.noc`` prints docs/validation/noc.md.

The table ``booksim_mesh8x8_uniform.csv`` was measured with BookSim 2: an 8x8 mesh, dimension-order routes,
uniform random traffic, 8 virtual channels of 8 flits, separable allocators.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from deltasim.simulator.flit_network.fabric import parse_fabric
from deltasim.simulator.flit_network.measure import Phases, Router, measure, measure_packets
from deltasim.simulator.flit_network.traffic import packets_of, random_packets
from deltasim.validation.noc_packets import packet_traffic

PROMISED_BELOW = 0.35  # flits per node and cycle
PROMISED = 0.05


class Row(NamedTuple):
    """One measurement of BookSim's."""

    flits: int
    rate: float
    stable: bool
    latency: float
    accepted: float


def booksim_rows() -> list[Row]:
    """The measurements, in the order of the file.

    >>> booksim_rows()[0]
    Row(flits=1, rate=0.01, stable=True, latency=26.8779, accepted=0.00972917)
    """
    text = files("deltasim.validation").joinpath("booksim_mesh8x8_uniform.csv").read_text()
    return [
        Row(
            int(row["packet_flits"]),
            float(row["inj_flits_node_cycle"]),
            row["stable"] == "1",
            float(row["pkt_lat_mean"]),
            float(row["accepted"]),
        )
        for row in csv.DictReader(text.splitlines())
    ]


def latency_difference(row: Row, phases: Phases | None = None, seed: int = 0) -> tuple[float, float, bool]:
    """Our mean latency in cycles, our accepted rate, and whether we call the run stable."""
    ours = measure(parse_fabric("mesh:8x8"), "uniform", row.rate, row.flits, None, phases, seed)
    return float(ours.latency.mean()), ours.accepted, ours.stable


def empty_network_rows() -> list[str]:
    """One packet alone on each fabric, from its first to its last terminal: closed form and simulation."""
    from deltasim.simulator.flit_network.measure import measure_packets

    rows = []
    for name in ("mesh:8x8", "torus:8x8", "ring:16", "star:16", "tree:4x3", "crossbar:16", "bus:16"):
        fabric = parse_fabric(name)
        end = fabric.terminals - 1
        routers = len(fabric.path(0, end))
        for flits in (1, 4):
            alone = measure_packets(fabric, packets_of([(0, 0, end, flits)], fabric.terminals))
            rows.append(
                f"| {name} | {routers} | {flits} | {4 * routers + 2 + flits - 1} | {alone.latency[0]} |"
            )
    return rows


def packet_rows(cycles: int = 2000) -> list[str]:
    """The engines' network under the same packets as the flit network, wherever BookSim is stable."""
    lines = [
        "## The engines' network, which moves packets",
        "",
        "The engines move packets with virtual cut-through (`docs/semantics.md`). Here the compiled one",
        f"carries the very packets of the flit network, {cycles:,} cycles of them from an empty start, all",
        "measured. A hop takes 4 cycles, sending and receiving a cycle a flit; the 6 cycles of terminals'",
        "wires are added. It has no allocators of channels and switches and no input port that two packets",
        "share, and is too fast near saturation. Latency is with unlimited buffers; *short* is the crossings",
        "that waited for room with one virtual channel of 8 flits, *longer* how much later the last packet",
        "came then.",
        "",
        "| flits | rate | BookSim | flits | packets | to BookSim | to flits | within 5 % | short | longer |",
        "|--:|--:|--:|--:|--:|--:|--:|:-:|--:|--:|",
    ]
    fabric, router = parse_fabric("mesh:8x8"), Router()
    for row in booksim_rows():
        if not row.stable:
            continue
        generator = np.random.default_rng(0)
        packets = random_packets("uniform", fabric.grid, row.rate, row.flits, cycles, generator)
        flits = float(measure_packets(fabric, packets, router).latency.mean())
        ours = packet_traffic("mesh:8x8", packets, Router(1, 8))
        difference = ours.latency / row.latency - 1
        kept = "kept" if abs(difference) <= PROMISED else "**missed**"
        lines.append(
            f"| {row.flits} | {row.rate:g} | {row.latency:.2f} | {flits:.2f} | {ours.latency:.2f} "
            f"| {100 * difference:+.1f} % | {100 * (ours.latency / flits - 1):+.1f} % | {kept} "
            f"| {100 * ours.short:.2f} % | {100 * (ours.longer - 1):.2f} % |"
        )
    return lines


def page() -> str:
    """The whole page, in Markdown."""
    lines = [
        "# Network on chip beside BookSim 2",
        "",
        "Made by `python -m deltasim.validation.noc > docs/validation/noc.md`. Misses are left in.",
        "",
        "8x8 mesh, XY routes, uniform traffic, 8 virtual channels of 8 flits. Mean packet latency in cycles,",
        "from creation to the last flit's arrival. Ours: 3,000 cycles warm-up, 10,000 measured, seed 0.",
        f"Promised: within {100 * PROMISED:.0f} % wherever BookSim is stable and the rate is below",
        f"{PROMISED_BELOW} flits per node and cycle.",
        "",
        "| flits | rate | BookSim | ours | difference | accepted | ours | stable | ours | promise |",
        "|--:|--:|--:|--:|--:|--:|--:|:-:|:-:|:-:|",
    ]
    for row in booksim_rows():
        latency, accepted, stable = latency_difference(row)
        difference = latency / row.latency - 1
        bound = row.stable and row.rate < PROMISED_BELOW
        promise = "-" if not bound else "kept" if abs(difference) <= PROMISED else "**missed**"
        lines.append(
            f"| {row.flits} | {row.rate:g} | {row.latency:.2f} | {latency:.2f} | {100 * difference:+.1f} % "
            f"| {row.accepted:.3f} | {accepted:.3f} | {'yes' if row.stable else 'no'} "
            f"| {'yes' if stable else 'no'} | {promise} |"
        )
    edge = next(row for row in booksim_rows() if row.stable and row.flits == 4 and row.rate == 0.4)
    briefly, _, _ = latency_difference(edge, Phases(measured=4000))
    lines += [
        "",
        "Beyond saturation no mean exists: what is printed there depends on how long one looks, as it does",
        f"just below. Packets of {edge.flits} flits at {edge.rate} take {briefly:.2f} cycles where 4,000 are",
        f"measured; BookSim ended after 7,702 cycles in all with {edge.latency:.2f}.",
        "",
        "## One packet on an empty network",
        "",
        "Cycles from terminal 0 to the last one; closed form 4 * routers + 2 + flits - 1.",
        "",
        "| topology | routers | flits | closed form | ours |",
        "|---|--:|--:|--:|--:|",
        *empty_network_rows(),
        "",
        *packet_rows(),
        "",
        "## When a run is called stable",
        "",
        "Every packet created while measuring arrived before the run ended (at most 10,000 cycles later),",
        "and the flits under way grew by at most 5 % of those created, or 2 packets a terminal.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
