"""Memory by level, the flow picture's layout, the roofline's numbers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.reports.levels import Flow, flows, levels
from deltasim.reports.page.sections.flow import flow_chart, laid_out, ribbon_rows, through
from deltasim.reports.page.sections.network import link_loads
from deltasim.reports.page.sections.roofline import main_level, marks
from deltasim.simulator.chip import load_chip
from deltasim.simulator.chip.peaks import peak_bandwidth, peak_rate
from deltasim.simulator.simulate import simulate
from tests.reports.specimens import specimen
from tests.simulator.builders import chain, chip, trace_of
from tests.simulator.engines.test_hierarchy import CACHED

BOX = ("edgedrnn", "mcu-psram", "mesh16", "mesh64-hbm")


@pytest.mark.parametrize("chip", BOX)
def test_flows_add_up_to_what_the_levels_served(chip: str) -> None:
    result = specimen(chip)
    moved = flows(result.chip, result.ledger)
    for level in levels(result.chip, result.ledger, result.energy):
        assert sum(flow.bytes for flow in moved if flow.source == level.name) == level.served_bytes
        assert level.joules == result.energy.by_part.get(level.name, 0.0)


def test_peaks_are_the_published_ones() -> None:
    edgedrnn, hbm = load_chip("edgedrnn"), load_chip("mesh64-hbm")
    spartus = load_chip("spartus")
    lanes = spartus.cores.mac.arrays * spartus.cores.mac.lanes
    assert peak_rate(spartus) == lanes * spartus.cores.clock_hz  # all arrays side by side
    assert peak_rate(edgedrnn) == 1e9  # 8 multipliers at 125 MHz: 2 GOp/s
    assert peak_bandwidth(edgedrnn, edgedrnn.memories[0]) == pytest.approx(2 * 1066.667e6, rel=1e-4)
    assert peak_bandwidth(hbm, hbm.memories[1]) == pytest.approx(256e9)  # 1024 pins at 2 Gbit/s


@pytest.mark.parametrize("chip", BOX)
def test_the_marks_of_the_roofline_are_those_of_the_ledgers(chip: str) -> None:
    result = specimen(chip)
    level = main_level(result)
    assert level is not None
    dense, delta, effective = marks(result, level)
    assert effective.rate / delta.rate == pytest.approx(result.reduction["macs"])
    assert delta.rate == pytest.approx(result.ledger.total("core.mac") / (result.ledger.elapsed_ps * 1e-12))
    assert dense.rate * result.dense_ledger.elapsed_ps == pytest.approx(
        effective.rate * result.ledger.elapsed_ps
    )


@pytest.mark.parametrize("chip", BOX)
def test_link_loads_hold_every_flit(chip: str) -> None:
    ledger = specimen(chip).ledger
    assert sum(link.flits for link in link_loads(ledger)) == ledger.total("link.flit")


@st.composite
def layered_flows(draw: st.DrawFn) -> tuple[Flow, ...]:
    """Memories feeding layers, some of them through a cache."""
    found = []
    for memory in draw(st.lists(st.sampled_from(["dram", "pad", "hbm"]), min_size=1, unique=True)):
        for layer in draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, unique=True)):
            found.append(Flow(memory, layer, draw(st.integers(1, 10**9))))
    if draw(st.booleans()):
        found.append(Flow("far", found[0].source, draw(st.integers(1, 10**9))))
    return tuple(found)


@given(layered_flows())
def test_places_and_ribbons_stay_in_the_picture(found: tuple[Flow, ...]) -> None:
    places = {place.name: place for place in laid_out(found)}
    for place in places.values():
        assert -1e-9 <= place.top <= place.bottom <= 1 + 1e-9
    for flow in found:
        assert places[flow.source].column < places[flow.target].column
        rows = ribbon_rows(flow, found, places, 1, sum(f.bytes for f in found))
        for end, place in ((rows[0], places[flow.source]), (rows[-1], places[flow.target])):
            assert place.top - 1e-9 <= end["y"] <= end["y2"] <= place.bottom + 1e-9


@given(layered_flows())
def test_a_place_is_as_tall_as_what_goes_through_it(found: tuple[Flow, ...]) -> None:
    places = laid_out(found)
    scale = [(place.bottom - place.top) / through(place.name, found) for place in places]
    assert max(scale) == pytest.approx(min(scale))


def test_a_cache_takes_from_the_memory_behind_it() -> None:
    network = chain(6, 16)
    trace = trace_of(network, [[(0, source) for source in step] for step in ([0, 1], [0, 1], [0, 2])])
    ledger = simulate(network, trace, chip(CACHED))
    moved = flows(chip(CACHED), ledger)
    assert moved == (Flow("dram", "cache", 3 * 64), Flow("cache", "dense_0", 6 * 64))


@settings(max_examples=5)
@given(layered_flows())
def test_every_ribbon_has_a_colour(found: tuple[Flow, ...]) -> None:
    ribbons = flow_chart(found, 1)["layer"][0]
    assert {flow.target for flow in found} == set(ribbons["encoding"]["color"]["scale"]["domain"])
