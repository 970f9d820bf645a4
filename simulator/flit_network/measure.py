"""Measure a fabric under traffic: warm up, measure, drain, as BookSim does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.simulator.flit_network.clock import run
from deltasim.simulator.flit_network.energy import FlitCounts, count_flits
from deltasim.simulator.flit_network.fabric import HOP_CYCLES, Fabric
from deltasim.simulator.flit_network.state import Longs, Packets, fresh_state
from deltasim.simulator.flit_network.traffic import random_packets

GROWTH = 0.05  # share of the created flits by which the backlog of a stable network may grow
SLACK = 2  # packets per terminal that may be under way anyway
LIMITS = {"virtual channels": 64, "buffer": 4096, "hop cycles": 1000, "flits": 65536, "cycles": 10_000_000}
WARM_UP, MEASURED, DRAIN = 3000, 10_000, 10_000  # cycles
MOST_SLOTS = 50_000_000  # of all buffers together; each takes 8 bytes
MOST_UNDER_WAY = 20_000_000  # flits on all wires together; each takes 24 bytes


@dataclass(frozen=True, eq=False)
class Router:
    """What every router of a network has: virtual channels per input, flits of buffer in each, and speed.

    A head takes ``hop_cycles`` from router to router, wire included (:meth:`Fabric.wires`). Buffers hold
    several packets unless ``atomic_channels`` are granted again only when they are empty.
    """

    virtual_channels: int = 8
    buffer: int = 8
    hop_cycles: int = HOP_CYCLES
    atomic_channels: bool = False


@dataclass(frozen=True, eq=False)
class Phases:
    """Cycles before and of the measurement, and the most after it, while traffic goes on."""

    warm_up: int = WARM_UP
    measured: int = MEASURED
    drain: int = DRAIN


@dataclass(frozen=True, eq=False)
class Measurement:
    """What was measured. Latency in cycles runs from a packet's creation to its last flit's arrival.

    ``offered`` and ``accepted`` are flits per terminal and cycle created and received while measuring.
    ``hops_mean`` counts routers passed, as BookSim does (a packet to its own terminal passes one).
    ``stable``: every measured packet arrived, and flits under way grew by at most 5 % of those created (or 2
    packets a terminal). ``link_flits`` are those on every link between routers; ``busiest_link`` is flits a
    cycle on the link that carries most over the whole run. Links to terminals count where these have no
    routers of their own (crossbar, tree), and a bus is one link.
    """

    latency: Longs  # of every measured packet that arrived
    hops_mean: float
    offered: float
    accepted: float
    stable: bool
    missing: int
    cycles: int
    counts: FlitCounts
    delivered_flits: int
    link_flits: Longs
    busiest_link: float

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain numbers; a latency is None where no packet arrived."""
        arrived = self.latency.size > 0
        return {
            "latency_mean_cycles": float(self.latency.mean()) if arrived else None,
            "latency_p99_cycles": float(np.percentile(self.latency, 99, method="higher"))
            if arrived
            else None,
            "accepted": self.accepted,
            "offered": self.offered,
            "stable": self.stable,
            "hops_mean": self.hops_mean,
            "packets": int(self.latency.size),
            "missing": self.missing,
            "cycles": self.cycles,
            "busiest_link": self.busiest_link,
        }


def measure(
    fabric: Fabric,
    traffic: str,
    rate: float,
    flits: int = 1,
    router: Router | None = None,
    phases: Phases | None = None,
    seed: int = 0,
) -> Measurement:
    """Measure a pattern of random traffic at ``rate`` flits per terminal and cycle in packets of ``flits``.

    Errors: InputError for a size, rate or pattern that cannot be, and for routes that can deadlock.

    >>> from deltasim.simulator.flit_network.fabric import parse_fabric
    >>> quick = Phases(warm_up=100, measured=400)
    >>> quiet = measure(parse_fabric("crossbar:4"), "neighbor", 0.1, flits=3, phases=quick)
    >>> quiet.stable, int(quiet.latency.min())              # 4 * 1 router + 2 + 3 flits - 1
    (True, 8)
    """
    router, phases = router or Router(), phases or Phases()
    _check_size("--flits", flits, LIMITS["flits"])
    _check_size("--cycles", phases.measured, LIMITS["cycles"])
    _check_size("--warm-up", phases.warm_up, LIMITS["cycles"], smallest=0)
    _check_size("--seed", seed, 2**63, smallest=0)
    packets = random_packets(
        traffic,
        fabric.grid,
        rate,
        flits,
        phases.warm_up + phases.measured + phases.drain,
        np.random.default_rng(seed),
    )
    return measure_packets(fabric, packets, router, phases)


def measure_packets(
    fabric: Fabric, packets: Packets, router: Router | None = None, phases: Phases | None = None
) -> Measurement:
    """Measure given packets; without ``phases``, all of them, until the last has arrived."""
    router = router or Router()
    _check_size("--virtual-channels", router.virtual_channels, LIMITS["virtual channels"])
    _check_size("--buffer", router.buffer, LIMITS["buffer"])
    _check_size("--hop-cycles", router.hop_cycles, LIMITS["hop cycles"])
    wires = fabric.wires(router.virtual_channels, router.hop_cycles, router.atomic_channels)
    slots = wires.into.size * router.virtual_channels * router.buffer
    if slots > MOST_SLOTS:
        rule = f"the buffers of {fabric.name} hold {slots:,} flits together; {MOST_SLOTS:,} is the most"
        raise InputError("--buffer", f"{router.buffer:,}", rule, "Give smaller buffers or fewer channels.")
    longest = int(max(wires.flight_cycles.max(), wires.credit_cycles.max()))
    if longest * wires.into.size > MOST_UNDER_WAY:
        rule = (
            f"{longest:,} cycles on each of {wires.into.size:,} wires hold more than {MOST_UNDER_WAY:,} flits"
        )
        raise InputError(
            "--hop-cycles", f"{router.hop_cycles:,}", rule, "Give fewer cycles or shorter links."
        )
    state = fresh_state(wires, packets, router.virtual_channels, router.buffer)
    if phases is None:
        first, last, limit = 0, int(packets.created.max()) + 1, np.iinfo(np.int64).max
    else:
        first, last = phases.warm_up, phases.warm_up + phases.measured
        limit = last + phases.drain
    cycles, missing = run(wires, packets, state, 0, first, last, limit)

    records = state.records
    measured = (packets.created >= first) & (packets.created < last)
    arrived = measured & (records.arrived >= 0)
    visited = fabric.routers_visited()[packets.source[arrived], packets.destination[arrived]]
    terminal_cycles = (cycles if phases is None else phases.measured) * fabric.terminals
    created = int(packets.flits[measured].sum())
    accepted = int(records.ejected.sum()) if phases is not None else int(records.received.sum())
    largest = int(packets.flits.max()) if packets.flits.size else 1
    growth = created - accepted
    entrance = int(wires.first[-1])
    carried, entered = records.crossings[:entrance], records.crossings[entrance:]
    is_link = wires.into[:entrance] >= 0
    left = np.zeros(fabric.terminals, np.int64)
    left[-1 - wires.into[:entrance][~is_link]] = carried[~is_link]
    link_flits = np.zeros(len(fabric.links), np.int64)
    link_flits[fabric.port_order] = carried[is_link]
    at_ends = [entered, left] if fabric.terminal_links else []
    loads = left.sum(keepdims=True) if fabric.shared else np.concatenate([link_flits, *at_ends])
    return Measurement(
        latency=records.arrived[arrived] - packets.created[arrived],
        hops_mean=float(visited.mean()) if visited.size else 0.0,
        offered=created / terminal_cycles,
        accepted=accepted / terminal_cycles,
        stable=missing == 0 and growth <= max(GROWTH * created, SLACK * largest * fabric.terminals),
        missing=missing,
        cycles=cycles,
        counts=count_flits(fabric, link_flits, entered, left),
        delivered_flits=int(records.received.sum()),
        link_flits=link_flits,
        busiest_link=float(loads.max(initial=0) / max(1, cycles)),
    )


def _check_size(place: str, value: int, largest: int, smallest: int = 1) -> None:
    if not smallest <= value <= largest:
        rule = f"it is a whole number from {smallest} to {largest:,}"
        raise InputError(place, f"{value:,}", rule, "Give one of these.")
