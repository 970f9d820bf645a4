"""The flit network beside BookSim 2: cycle for cycle on its own packets, within 5 % on random ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deltasim.simulator.flit_network.measure import Phases, Router, measure
from deltasim.validation.noc import (
    PROMISED,
    PROMISED_UP_TO,
    Curve,
    Row,
    agreement,
    booksim_curves,
    booksim_rows,
    empty_latency,
    latency,
    packet_by_packet,
    square_mesh,
)

QUICK = Phases(warm_up=1000, measured=4000)
ATOMIC = Router(8, 8, atomic_channels=True)
SAMPLED = {
    (1, 4, 1, "uniform"),
    (1, 16, 4, "neighbor"),
    (2, 4, 4, "transpose"),
    (2, 8, 4, "uniform"),
    (4, 16, 1, "neighbor"),
    (8, 4, 4, "uniform"),
}
CURVES = [curve for curve in booksim_curves() if curve.setting[0] == 8 and curve.setting[1:5] in SAMPLED]


def named(curve: Curve) -> str:
    return "-".join(str(part) for part in curve.setting[:5])


def test_every_packet_of_booksims_arrives_in_its_cycle() -> None:
    carried = list(packet_by_packet())
    assert len(carried) == 7 and any(run.setting.atomic for run in carried)
    for run in carried:
        assert run.packets > run.arrived > 250 and run.different == 0


@pytest.mark.parametrize("curve", CURVES, ids=named)
def test_mean_latency_is_booksims_at_eighty_per_cent_of_saturation(curve: Curve) -> None:
    rate = min(curve.latency, key=lambda rate: abs(rate / curve.saturation - 0.8))
    assert latency(curve.setting, rate, QUICK) == pytest.approx(curve.latency[rate], rel=PROMISED)


@pytest.mark.parametrize("curve", CURVES[:3], ids=named)
def test_saturation_is_booksims(curve: Curve) -> None:
    most = 3 * empty_latency(curve.setting)
    assert latency(curve.setting, 0.95 * curve.saturation, QUICK) < most
    assert latency(curve.setting, 1.05 * curve.saturation, QUICK) >= most


@pytest.mark.parametrize("row", [row for row in booksim_rows() if row.rate == 0.3])
def test_atomic_channels_are_booksims(row: Row) -> None:
    found = measure(square_mesh(8), "uniform", row.rate, row.flits, ATOMIC, QUICK)
    assert row.stable and found.stable
    assert found.latency.mean() == pytest.approx(row.latency, rel=PROMISED)
    assert found.accepted == pytest.approx(row.accepted, rel=PROMISED)


@pytest.mark.parametrize("row", [row for row in booksim_rows() if not row.stable])
def test_booksims_unstable_rates_are_unstable(row: Row) -> None:
    brief = Phases(warm_up=1000, measured=3000, drain=2000)
    found = measure(square_mesh(8), "uniform", row.rate, row.flits, ATOMIC, brief)
    assert not found.stable and found.accepted == pytest.approx(row.accepted, rel=PROMISED)


@pytest.mark.long
@pytest.mark.parametrize("channels", [1, 2, 4, 8])
@pytest.mark.parametrize("traffic", ["uniform", "neighbor", "transpose"])
def test_every_curve_is_booksims(
    channels: int, traffic: str, record_property: Callable[[str, object], None]
) -> None:
    """Saturation, and mean latency up to 80 % of it, within 5 % of BookSim's on an 8x8 mesh."""
    found = [
        agreement(curve)
        for curve in booksim_curves()
        if curve.setting[:2] == (8, channels) and curve.setting.traffic == traffic
    ]
    record_property("saturation, worst", max((curve.saturation for curve in found), key=abs))
    record_property(
        "latency, worst", max((curve.largest(0, PROMISED_UP_TO) or 0.0 for curve in found), key=abs)
    )
    assert all(curve.kept for curve in found)
