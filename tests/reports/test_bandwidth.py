"""Bandwidth over time: what is drawn is what flowed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.trace import dense_trace, random_trace
from deltasim.reports.page.sections.bandwidth import MOST_BINS, figures, rates
from deltasim.reports.run import Run
from deltasim.simulator.chip import load_chip
from deltasim.simulator.chip.peaks import peak_bandwidth
from deltasim.simulator.ledger.timeline import empty_timelines, enter
from deltasim.simulator.simulate import simulate
from tests.reports.specimens import specimen


@given(
    st.lists(st.tuples(st.integers(0, 10**8), st.integers(1, 10**5), st.integers(1, 10**4)), min_size=1),
    st.integers(0, 10**9),
)
def test_what_is_drawn_is_what_flowed(entries: list[tuple[int, int, int]], rest: int) -> None:
    """Rates times their spans are all bytes, also where nothing flows for long at the end."""
    row = empty_timelines(1)[0]
    for first, span, amount in entries:
        enter(row, first, first + span, amount)
    elapsed = max(first + span for first, span, _ in entries) + rest
    width, found = rates(row, elapsed)
    assert len(found) <= MOST_BINS and (len(found) - 1) * width < elapsed <= len(found) * width
    spans = [min(width, elapsed - place * width) for place in range(len(found))]
    flowed = sum(rate * span for rate, span in zip(found, spans, strict=True)) * 1e-12
    assert flowed == pytest.approx(sum(amount for _, _, amount in entries))


def run_on(chip_name: str) -> Run:
    """A small network, really simulated."""
    rng = np.random.default_rng(3)
    network, chip = random_stack("gru", 12, (40,), rng), load_chip(chip_name)
    trace = random_trace(network, [4, 6], 0.2, rng)
    ledger, dense = simulate(network, trace, chip), simulate(network, dense_trace(network, [4, 6]), chip)
    parts = {"network": network, "trace": trace, "ledger": ledger, "dense_ledger": dense}
    return replace(specimen(chip_name), **parts)


def test_a_run_shows_both_its_runs_below_the_peak() -> None:
    result = run_on("edgedrnn")
    assert [figure.name for figure in figures(result)] == ["bandwidth-delta", "bandwidth-dense"]
    peak = peak_bandwidth(result.chip, result.chip.memory("dram"))
    for place in range(result.sequences):
        elapsed = int(result.ledger.sequence_latency_ps[place])
        _, found = rates(result.ledger.traffic[place, 0], elapsed)
        assert 0 < max(found) <= peak * (1 + 1e-9)


def test_nothing_is_drawn_where_nothing_was_read() -> None:
    result = run_on("mesh16")
    assert figures(result) == []
    assert result.ledger.memories == ("dram",)
    assert not np.any(result.ledger.traffic[:, 0, 1:])
