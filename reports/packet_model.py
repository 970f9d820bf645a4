"""How far the engines' packets are from single flits, said beside every network that is reported.

The engines move packets (`docs/decisions/0009-packets-not-flits-in-the-engines.md`). `docs/validation/noc.md`
measures what that costs: an 8x8 mesh under steady uniform traffic, the same packets in both networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deltasim.reports.quantities import percent

if TYPE_CHECKING:
    from deltasim.simulator.ledger.ledger import Ledger

# load of the busiest link -> mean latency of packets over that of flits, less 1: packets of 1 and of 4 flits
MEASURED = {
    0.1: (-0.0002, -0.0030),
    0.2: (-0.0012, -0.0094),
    0.3: (-0.0032, -0.0181),
    0.4: (-0.0071, -0.0411),
    0.5: (-0.0144, -0.0668),
    0.6: (-0.0308, -0.1131),
    0.7: (-0.0659, -0.1990),
    0.8: (-0.2281, -0.3630),
}


def packet_error(load: float) -> tuple[float, float] | None:
    """The differences at a load, for packets of 1 and of 4 flits, between those measured; None beyond them.

    >>> packet_error(0.3), packet_error(0.9)
    ((-0.0032, -0.0181), None)
    """
    loads = [0.0, *MEASURED]
    if load > loads[-1]:
        return None
    short, long = np.array([(0.0, 0.0), *MEASURED.values()]).T
    return float(np.interp(load, loads, short)), float(np.interp(load, loads, long))


def link_load(ledger: Ledger) -> float:
    """Share of the time in which the busiest link carried flits; 0 without links between routers."""
    busy = [ledger.busy_ps[row] for row, unit in enumerate(ledger.units) if unit.kind == "link"]
    return float(max(busy, default=0) / max(ledger.elapsed_ps, 1))


def packet_sentence(ledger: Ledger, least: float = 0.0) -> str | None:
    """What the load of a ledger's busiest link means for its latencies.

    None where no flit crossed a link, and where the difference is below ``least``.
    """
    load = link_load(ledger)
    error = packet_error(load)
    if load == 0 or (error is not None and max(map(abs, error)) < least):
        return None
    if error is None:
        return (
            f"With a link {percent(load)} busy the packets simulated wait much less than single flits would; "
            "deltasim noc measures flits."
        )
    low, high = (percent(share) for share in sorted(map(abs, error)))
    return (
        f"Packets are simulated, not flits: with the busiest link {percent(load)} busy a packet's mean "
        f"latency is {low} to {high} too low under steady uniform traffic."
    )
