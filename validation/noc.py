"""The network on chip beside BookSim 2: ``python -m deltasim.validation.noc`` prints docs/validation/noc.md.

``booksim_packets.csv`` holds packets that BookSim carried and when each arrived; ``booksim_mesh.csv`` what it
measured on meshes with other channels, buffers, packets and traffic; ``booksim_mesh8x8_uniform.csv`` an older
measurement, with ``wait_for_tail_credit = 1``. The heads of the files say how each was made.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import NamedTuple

import numpy as np

from deltasim.reports.packet_model import MEASURED
from deltasim.simulator.flit_network.fabric import Fabric, parse_fabric
from deltasim.simulator.flit_network.measure import Phases, Router, measure, measure_packets
from deltasim.simulator.flit_network.patterns import parse_pattern
from deltasim.simulator.flit_network.traffic import packets_of, random_packets
from deltasim.validation.noc_packets import PacketTraffic, packet_traffic

PROMISED = 0.05
PROMISED_UP_TO = 0.8  # of saturation
SATURATED = 3  # times the latency of an empty network


class Setting(NamedTuple):
    """A mesh of ``side`` x ``side`` routers, what each has, and what is sent."""

    side: int
    channels: int
    buffer: int
    flits: int
    traffic: str
    atomic: bool = False

    @property
    def fabric(self) -> Fabric:
        return square_mesh(self.side)

    @property
    def router(self) -> Router:
        return Router(self.channels, self.buffer, atomic_channels=self.atomic)

    @property
    def asked(self) -> bool:
        """Whether the promise names it; the others were looked at afterwards."""
        sizes = self.side == 8 and self.channels in (1, 2, 4, 8) and self.buffer in (4, 8, 16)
        return sizes and self.flits in (1, 4) and self.traffic in ("uniform", "neighbor", "transpose")


class Curve(NamedTuple):
    """What BookSim measured: the highest rate that is not saturated, latencies below, acceptance beyond."""

    setting: Setting
    saturation: float
    latency: dict[float, float]  # offered rate -> mean latency in cycles
    accepted: dict[float, float]  # offered rate beyond saturation -> accepted rate


class Row(NamedTuple):
    """A row of the older measurement."""

    flits: int
    rate: float
    stable: bool
    latency: float
    accepted: float


@cache
def square_mesh(side: int) -> Fabric:
    return parse_fabric(f"mesh:{side}x{side}")


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of a table in this folder; lines that begin with ``#`` are its head."""
    lines = files("deltasim.validation").joinpath(name).read_text().splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def setting_of(row: dict[str, str]) -> Setting:
    side, channels, buffer, flits = (int(row[name]) for name in ("side", "channels", "buffer", "flits"))
    return Setting(side, channels, buffer, flits, row.get("traffic", ""), row.get("atomic") == "1")


def booksim_rows() -> list[Row]:
    """The older measurement: an 8x8 mesh, uniform traffic, 8 virtual channels of 8 flits.

    >>> booksim_rows()[0]
    Row(flits=1, rate=0.01, stable=True, latency=26.8779, accepted=0.00972917)
    """
    return [
        Row(
            int(row["packet_flits"]),
            float(row["inj_flits_node_cycle"]),
            row["stable"] == "1",
            float(row["pkt_lat_mean"]),
            float(row["accepted"]),
        )
        for row in rows_of("booksim_mesh8x8_uniform.csv")
    ]


def booksim_curves() -> list[Curve]:
    """The curves, in the order of the file; of several seeds the mean.

    >>> curve = booksim_curves()[0]
    >>> curve.setting, max(curve.latency) < curve.saturation < min(curve.accepted)
    (Setting(side=8, channels=1, buffer=4, flits=1, traffic='uniform', atomic=False), True)
    """

    def mean(rows: list[dict[str, str]], kind: str, figure: str) -> dict[float, float]:
        found: dict[float, list[float]] = {}
        for row in rows:
            if row["kind"] == kind:
                found.setdefault(float(row["rate"]), []).append(float(row[figure]))
        return {rate: sum(values) / len(values) for rate, values in sorted(found.items())}

    curves = []
    for key, group in groupby(rows_of("booksim_mesh.csv"), setting_of):
        rows = list(group)
        rates = [float(row["rate"]) for row in rows if row["kind"] == "saturation"]
        curves.append(
            Curve(
                key,
                sum(rates) / len(rates),
                mean(rows, "below", "latency"),
                mean(rows, "beyond", "accepted"),
            )
        )
    return curves


def empty_latency(setting: Setting) -> float:
    """Mean cycles of a packet on the empty network: 4 a router, 2 to enter, and one for each further flit.

    >>> empty_latency(Setting(8, 1, 4, 1, "uniform"))
    27.0
    """
    everyone = np.arange(setting.side**2)
    if setting.traffic == "uniform":
        visited = setting.fabric.routers_visited()
    else:
        pattern = parse_pattern(setting.traffic, setting.fabric.grid)
        ends = pattern(setting.fabric.grid, everyone, np.random.default_rng(0))
        visited = setting.fabric.routers_visited()[everyone, ends]
    return float(4 * visited.mean() + 2 + setting.flits - 1)


def latency(setting: Setting, rate: float, phases: Phases | None = None) -> float:
    """Our mean latency in cycles; infinite where a packet did not arrive."""
    ours = measure(setting.fabric, setting.traffic, rate, setting.flits, setting.router, phases)
    return float(ours.latency.mean()) if ours.missing == 0 else np.inf


def saturation(setting: Setting, near: float, phases: Phases | None = None) -> float:
    """The highest rate, within 0.5 %, at which our mean latency is under three times an empty network's.

    It is looked for upwards and downwards from ``near``, by 1 % a step.
    """
    most = SATURATED * empty_latency(setting)

    def saturated(rate: float) -> bool:
        return latency(setting, rate, phases) >= most

    below = near
    while saturated(below):
        below /= 1.01
    if below < near:
        return below * 1.005
    while below < 1 and not saturated(min(1.0, below * 1.01)):
        below = min(1.0, below * 1.01)
    return min(1.0, below * 1.005)


def accepted(setting: Setting, rate: float) -> float:
    """Our accepted rate, flits a terminal and cycle, at a rate beyond saturation."""
    brief = Phases(measured=5000, drain=0)
    return measure(setting.fabric, setting.traffic, rate, setting.flits, setting.router, brief).accepted


class Agreement(NamedTuple):
    """How a curve of ours differs from BookSim's: ours over BookSim's, less 1."""

    curve: Curve
    saturation: float
    latency: dict[float, float]
    accepted: dict[float, float]

    def largest(self, first: float, last: float) -> float | None:
        """The largest difference in latency at rates from ``first`` to ``last`` times saturation, if any."""
        rates = [rate for rate in self.latency if first <= rate / self.curve.saturation <= last]
        return max((self.latency[rate] for rate in rates), key=abs, default=None)

    @property
    def kept(self) -> bool:
        """Whether what is promised holds."""
        below = self.largest(0, PROMISED_UP_TO + 0.005)
        return below is not None and max(abs(below), abs(self.saturation)) <= PROMISED


def agreement(curve: Curve, phases: Phases | None = None) -> Agreement:
    """Measure a curve's points."""
    setting = curve.setting
    return Agreement(
        curve,
        saturation(setting, curve.saturation, phases) / curve.saturation - 1,
        {rate: latency(setting, rate, phases) / theirs - 1 for rate, theirs in curve.latency.items()},
        {rate: accepted(setting, rate) / theirs - 1 for rate, theirs in curve.accepted.items()},
    )


class Carried(NamedTuple):
    """Packets that BookSim carried, and how many of them arrive in another cycle here."""

    setting: Setting
    packets: int
    arrived: int
    different: int


def packet_by_packet() -> Iterator[Carried]:
    """Send the very packets that BookSim sent.

    Those that had not arrived when the table ends must not arrive before its end here.
    """

    for setting, group in groupby(rows_of("booksim_packets.csv"), setting_of):
        rows = list(group)
        sent = [(int(row["created"]), int(row["source"]), int(row["destination"])) for row in rows]
        created, source = np.array(sent).T[:2]
        theirs = np.array([int(row["arrived"]) for row in rows])[np.lexsort((source, created))]
        packets = packets_of([(*ends, setting.flits) for ends in sent], setting.fabric.terminals)
        ours = measure_packets(setting.fabric, packets, setting.router).latency + packets.created
        ours = np.where(ours <= theirs.max(), ours, -1)
        yield Carried(setting, len(rows), int((theirs >= 0).sum()), int((ours != theirs).sum()))


def packets_lines() -> Iterator[str]:
    yield "## Packet by packet"
    yield ""
    yield "The packets that BookSim sent, in the cycles in which it created them, sent here: how many of them"
    yield "arrive in another cycle. Meshes with XY routes; atomic: ``wait_for_tail_credit = 1``."
    yield ""
    yield "| mesh | channels | buffer | flits | atomic | packets | arrived by the end | in another cycle |"
    yield "|---|--:|--:|--:|:-:|--:|--:|--:|"
    for setting, packets, arrived, different in packet_by_packet():
        side, channels, buffer, flits, _, atomic = setting
        yield (
            f"| {side}x{side} | {channels} | {buffer} | {flits} | {'yes' if atomic else 'no'} "
            f"| {packets:,} | {arrived:,} | {different:,} |"
        )
    yield ""


def curves_lines(curves: list[Curve], phases: Phases | None = None) -> Iterator[str]:
    """The curves: where ours saturate, and how far our latencies are from BookSim's."""
    yield (
        "| mesh | channels | buffer | flits | traffic | saturation, BookSim | ours | % "
        "| up to 80 %: worst latency, % | 90 % | 95 % | beyond: worst acceptance, % | promise |"
    )
    yield "|---|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|:-:|"
    for curve in curves:
        found = agreement(curve, phases)
        side, channels, buffer, flits, traffic, _ = curve.setting
        beyond = max(found.accepted.values(), key=abs, default=None)
        shown = (found.largest(0, 0.805), found.largest(0.805, 0.91), found.largest(0.91, 0.99), beyond)
        percents = " | ".join(
            "–" if difference is None else f"{100 * difference:+.1f}" for difference in shown
        )
        yield (
            f"| {side}x{side} | {channels} | {buffer} | {flits} | {traffic} | {curve.saturation:.4f} "
            f"| {curve.saturation * (1 + found.saturation):.4f} | {100 * found.saturation:+.1f} | {percents} "
            f"| {'kept' if found.kept else '**missed**'} |"
        )
    yield ""


def older_lines() -> Iterator[str]:
    """The older measurement: the whole of two curves, beyond saturation too."""
    yield "| flits | rate | BookSim | ours | difference | accepted | ours | stable | ours |"
    yield "|--:|--:|--:|--:|--:|--:|--:|:-:|:-:|"
    for row in booksim_rows():
        found = measure(square_mesh(8), "uniform", row.rate, row.flits, Router(8, 8, atomic_channels=True))
        mean = float(found.latency.mean())
        yield (
            f"| {row.flits} | {row.rate:g} | {row.latency:.2f} | {mean:.2f} "
            f"| {100 * (mean / row.latency - 1):+.1f} % | {row.accepted:.3f} | {found.accepted:.3f} "
            f"| {'yes' if row.stable else 'no'} | {'yes' if found.stable else 'no'} |"
        )
    yield ""


def empty_network_rows() -> list[str]:
    """One packet alone on each fabric, from its first to its last terminal: closed form and simulation."""
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


def packet_difference(load: float, flits: int, cycles: int = 2000) -> tuple[float, PacketTraffic]:
    """Mean latency of the flit network, and the engines' network under the very same packets.

    ``load`` is flits a cycle on the busiest links of an 8x8 mesh under uniform traffic, twice the rate.
    """
    packets = random_packets(
        "uniform", square_mesh(8).grid, load / 2, flits, cycles, np.random.default_rng(0)
    )
    by_flit = float(measure_packets(square_mesh(8), packets, Router()).latency.mean())
    return by_flit, packet_traffic("mesh:8x8", packets, Router(1, 8))


def packet_lines() -> Iterator[str]:
    """The engines' network beside the flit network."""
    yield from (
        "## The engines' network, which moves packets",
        "",
        "The engines move packets with virtual cut-through (`docs/semantics.md`). Here the compiled one",
        "carries the very packets of the flit network, 2,000 cycles of uniform traffic on an 8x8 mesh from",
        "an empty start, all measured. A hop takes 4 cycles, sending and receiving a cycle a flit; the 6",
        "cycles of terminals' wires are added. It has no allocators of channels and switches and no input",
        "port that two packets share, and is too fast near saturation. Latency is with unlimited buffers;",
        "*short* is the crossings that waited for room with one virtual channel of 8 flits, *longer* how",
        "much later the last packet came then. *Load* is that of the busiest links. Reports say the",
        "difference beside the network's figures.",
        "",
        "| flits | load | flit network | packets | difference | within 5 % | short | longer |",
        "|--:|--:|--:|--:|--:|:-:|--:|--:|",
    )
    for flits in (1, 4):
        for load in MEASURED:
            by_flit, ours = packet_difference(load, flits)
            difference = ours.latency / by_flit - 1
            yield (
                f"| {flits} | {load:g} | {by_flit:.2f} | {ours.latency:.2f} | {100 * difference:+.1f} % "
                f"| {'kept' if abs(difference) <= PROMISED else '**missed**'} "
                f"| {100 * ours.short:.2f} % | {100 * (ours.longer - 1):.2f} % |"
            )


def page() -> str:
    """The whole page, in Markdown."""
    curves = booksim_curves()
    asked = [curve for curve in curves if curve.setting.asked]
    lines = [
        "# Network on chip beside BookSim 2",
        "",
        "Made by `python -m deltasim.validation.noc > docs/validation/noc.md`. Misses are left in.",
        "",
        "BookSim 2 at the commit and with the options named in the heads of `validation/booksim_mesh.csv`",
        "and `booksim_packets.csv`: input-queued routers, both allocators separable with inputs first, a",
        "credit delay of 1, `wait_for_tail_credit = 0`, no speculation. Latency is in cycles from a packet's",
        "creation to its last flit's arrival, the mean of all packets. *Saturation* is the highest rate at",
        f"which it is under {SATURATED} times that of an empty network. Ours: 3,000 cycles warm-up, 10,000",
        f"measured, seed 0. Promised: saturation within {100 * PROMISED:.0f} %, latency within "
        f"{100 * PROMISED:.0f} % up to {100 * PROMISED_UP_TO:.0f} % of",
        "saturation.",
        "",
        *packets_lines(),
        "## Channels, buffers, packets, traffic",
        "",
        "Both draw their packets at random, so what is left here is the draw: BookSim's own seeds differ as",
        "much. Between 80 % of saturation and saturation latency climbs steeply and the draw decides.",
        "",
        *curves_lines(asked),
        "## Other meshes, channels, buffers, lengths and patterns",
        "",
        "Measured once all was written, to see whether the rule holds where nobody looked.",
        "",
        *curves_lines([curve for curve in curves if not curve.setting.asked]),
        "## Whole curves, and what is beyond",
        "",
        "An older measurement of BookSim's (`booksim_mesh8x8_uniform.csv`): 8x8 mesh, uniform traffic, 8",
        "channels of 8 flits, `wait_for_tail_credit = 1`, ours with `atomic_channels`. Beyond saturation no",
        "mean exists: what is printed there depends on how long one looks.",
        "",
        *older_lines(),
        "## One packet on an empty network",
        "",
        "Cycles from terminal 0 to the last one; closed form 4 * routers + 2 + flits - 1.",
        "",
        "| topology | routers | flits | closed form | ours |",
        "|---|--:|--:|--:|--:|",
        *empty_network_rows(),
        "",
        *packet_lines(),
        "",
        "## When a run is called stable",
        "",
        "Every packet created while measuring arrived before the run ended (at most 10,000 cycles later),",
        "and the flits under way grew by at most 5 % of those created, or 2 packets a terminal.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
