"""What reports say of packets beside flits is what the validation measures."""

from __future__ import annotations

import numpy as np
import pytest

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.trace import random_trace
from deltasim.reports.packet_model import MEASURED, link_load, packet_error, packet_sentence
from deltasim.simulator.chip import load_chip
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.simulate import simulate
from deltasim.validation.noc import packet_difference


def ledger_on(chip: str) -> Ledger:
    rng = np.random.default_rng(0)
    network = random_stack("gru", 12, (40,), rng)
    return simulate(network, random_trace(network, [6], 0.2, rng), load_chip(chip))


def check(load: float, flits: int) -> None:
    by_flit, packets = packet_difference(load, flits)
    stated = MEASURED[load][0 if flits == 1 else 1]
    assert packets.latency / by_flit - 1 == pytest.approx(stated, abs=6e-5)


def test_the_table_is_what_is_measured() -> None:
    check(load=0.5, flits=4)


@pytest.mark.long
@pytest.mark.parametrize("flits", [1, 4])
def test_all_of_the_table_is_what_is_measured(flits: int) -> None:
    """What reports say of packets beside flits is measured at every load of their table."""
    for load in MEASURED:
        check(load, flits)


def test_between_loads_and_beyond() -> None:
    assert packet_error(0) == (0, 0)
    assert packet_error(0.35) == pytest.approx(((-0.0032 - 0.0071) / 2, (-0.0181 - 0.0411) / 2))
    assert packet_error(0.81) is None


def test_the_sentence_names_the_load_and_the_range() -> None:
    ledger = ledger_on("mesh16")
    load = link_load(ledger)
    assert 0 < load < 0.8
    sentence = packet_sentence(ledger)
    assert sentence is not None and f"{100 * load:.1f} % busy" in sentence and " too low" in sentence
    assert packet_sentence(ledger, least=1.0) is None
    ledger.busy_ps[[unit.kind == "link" for unit in ledger.units]] = ledger.elapsed_ps
    beyond = packet_sentence(ledger, least=1.0)
    assert beyond is not None and "100 % busy" in beyond and "deltasim noc" in beyond


def test_a_bus_says_nothing() -> None:
    assert packet_sentence(ledger_on("edgedrnn")) is None
