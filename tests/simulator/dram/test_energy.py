"""Energy prices against the reference constants, and counts times prices."""

from __future__ import annotations

import numpy as np
import pytest

from deltasim.runtime.errors import InputError
from deltasim.simulator.dram.energy import prices
from deltasim.simulator.dram.loading import load_standard, standard_from_content
from deltasim.simulator.dram.run_trace import run_trace
from deltasim.simulator.dram.trace_reader import Records
from deltasim.validation.dram import as_dramsim_describes

# DRAMsim3, derived from its descriptions: ACT+PRE nJ, read and write pJ/bit, refresh nJ; background active,
# precharged and powered down mW; with its own tCK, tRFC and tREFI
DRAMSIM = {
    "DDR3-1600": (("1.25", 208, 6240), (9.841, 12.551, 9.176, 553.18, 410.4, 345.6, 194.4)),
    "DDR4-2400": (("0.83", 420, 9360), (3.45, 5.727, 4.98, 692.74, 412.8, 326.4, 240.0)),
}


@pytest.mark.parametrize("name", DRAMSIM)
def test_prices_are_those_of_the_reference(name: str) -> None:
    (clock, refresh, interval), expected = DRAMSIM[name]
    parameters = {"tCK_ns": clock, "tRFC": str(float(refresh)), "tREFI": str(float(interval))}
    of = prices(as_dramsim_describes(name, parameters))
    found = (of.activate_j * 1e9, of.read_j * 1e12 / 512, of.write_j * 1e12 / 512, of.refresh_j * 1e9)
    found += (of.active_w * 1e3, of.precharged_w * 1e3, of.precharged_down_w * 1e3)
    assert found == pytest.approx(expected, rel=1e-3)


def test_currents_belong_to_a_clock() -> None:
    content = load_standard("DDR4-2400").model_dump(by_alias=True)
    content["timing"]["tCK"] = "1666 ps"
    slow = standard_from_content(content)
    assert "currents of DDR4-2400 are those of a clock of 833 ps; its clock is 1666 ps" in slow.no_energy()
    with pytest.raises(
        InputError, match="energy: unknown: the currents of DDR4-2400 are those of a clock of 833 ps"
    ):
        prices(slow)
    content["power"]["tCK"] = None
    assert "does not say in tCK" in standard_from_content(content).no_energy()
    content["power"]["tCK"] = "1666 ps"
    assert prices(standard_from_content(content)).read_j > 0


def test_without_currents_there_is_timing_and_no_energy() -> None:
    content = load_standard("DDR4-2400").model_dump(by_alias=True)
    stream = Records(np.zeros(1, np.uint8), np.array([0]), np.array([1 << 14]))
    whole = run_trace(standard_from_content(content), [stream], power_down_after=0)
    del content["power"], content["timing"]["tCKE"], content["timing"]["tXP"]
    bare = run_trace(standard_from_content(content), [stream])
    assert bare.energy is None and bare.to_json()["energy"] is None
    assert bare.to_json()["no_energy"] == "DDR4-2400 states no currents"
    for name in ("elapsed_s", "latency_mean_ns", "row_hits", "counts"):
        assert getattr(bare, name) == getattr(whole, name)
    with pytest.raises(InputError, match="power_down_after: 5: DDR4-2400 states no tCKE and tXP"):
        run_trace(standard_from_content(content), [stream], power_down_after=5)


def test_a_refresh_of_a_part_costs_its_share() -> None:
    standard = load_standard("LPDDR4-3200")
    whole, part = prices(standard), prices(standard, "per-bank")
    assert part.refresh_j * 8 == pytest.approx(whole.refresh_j)
    assert part._replace(refresh_j=0) == whole._replace(refresh_j=0)


def test_hbm2_prices_are_half_of_its_legacy_channel() -> None:
    of = prices(load_standard("HBM2-2000"))
    assert of.read_j * 1e12 / 256 == pytest.approx(1.57, rel=1e-3)  # pJ/bit, as for the whole channel
    assert of.active_w * 1e3 == pytest.approx(66.0 / 2)


def test_energy_is_counts_times_prices_and_time_times_powers() -> None:
    standard = load_standard("LPDDR4-3200")
    count = 500
    address = np.random.default_rng(0).integers(0, 1 << 20, count) * 32
    writes = (np.arange(count) % 3 == 0).astype(np.uint8)
    result = run_trace(standard, [Records(writes, address, np.full(count, 32))])
    of, counts, energy = prices(standard), result.counts, result.energy
    assert energy.activate_j == pytest.approx(counts["activate"] * of.activate_j)
    assert energy.read_j == pytest.approx(counts["read"] * of.read_j)
    assert energy.write_j == pytest.approx(counts["write"] * of.write_j)
    assert energy.refresh_j == pytest.approx(counts["refresh"] * of.refresh_j)
    assert energy.io_j == pytest.approx(counts["read"] * of.io_read_j + counts["write"] * of.io_write_j)
    powers = (of.active_w, of.precharged_w, of.active_down_w, of.precharged_down_w)
    assert energy.background_j == pytest.approx(
        sum(seconds * power for seconds, power in zip(result.state_s.values(), powers, strict=True))
    )
    assert energy.total_j == pytest.approx(sum(energy[:-1]))


def test_powering_down_saves_energy_between_sparse_requests() -> None:
    standard = load_standard("HBM2-2000")
    address = np.arange(0, 64 * 1024, 32, dtype=np.int64)  # 1 KiB in one pseudo channel, then in the other
    stream = Records(np.zeros(len(address), np.uint8), address, np.full(len(address), 32))
    awake = run_trace(standard, [stream], window=1, power_down_after=0)
    asleep = run_trace(standard, [stream], window=1, power_down_after=50)
    assert asleep.state_s["active_down"] > 0.3 * awake.elapsed_s
    assert asleep.energy.background_j < 0.95 * awake.energy.background_j
    assert awake.elapsed_s < asleep.elapsed_s < 1.05 * awake.elapsed_s


def test_without_an_interface_its_lines_cost_nothing() -> None:
    content = load_standard("LPDDR4-3200").model_dump(by_alias=True)
    content["power"]["interface"] = None
    of = prices(standard_from_content(content))
    assert (of.io_read_j, of.io_write_j) == (0.0, 0.0) and of.read_j > 0
