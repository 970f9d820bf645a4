"""Memspecs of DRAMSys as standards: what they say where, and what they are refused for."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.dram.energy import prices
from deltasim.simulator.dram.loading import load_standard

# MICRON_1Gb_DDR3-1600_8bit_G of DRAMSys 5
DDR3: dict[str, Any] = {
    "memoryId": "MICRON_1Gb_DDR3-1600_8bit_G",
    "memoryType": "DDR3",
    "memarchitecturespec": {
        "burstLength": 8, "dataRate": 2, "nbrOfBanks": 8, "nbrOfColumns": 1024, "nbrOfRanks": 1,
        "nbrOfRows": 16384, "width": 8, "nbrOfDevices": 8, "nbrOfChannels": 1,
    },
    "mempowerspec": {
        "idd0": 0.07, "idd2n": 0.045, "idd2p0": 0.012, "idd2p1": 0.03, "idd3n": 0.045, "idd3p0": 0.035,
        "idd3p1": 0.035, "idd4r": 0.14, "idd4w": 0.145, "idd5": 0.17, "idd6": 0.008, "vdd": 1.5,
    },
    "memtimingspec": {
        "AL": 0, "CCD": 4, "CKE": 4, "CKESR": 5, "CL": 10, "DQSCK": 0, "FAW": 24, "RAS": 28, "RC": 38,
        "RCD": 10, "REFI": 6240, "RFC": 88, "RL": 10, "RP": 10, "RRD": 5, "RTP": 6, "WL": 8, "WR": 12,
        "WTR": 6, "XP": 6, "XPDLL": 20, "XS": 96, "XSDLL": 512, "ACTPDEN": 1, "PRPDEN": 1, "REFPDEN": 1,
        "RTRS": 1, "tCK": 1.25e-09,
    },
}  # fmt: skip


def changed(**parts: Any) -> dict[str, Any]:
    """The memspec with fields of its parts changed, or a part replaced."""
    content = copy.deepcopy(DDR3)
    for name, value in parts.items():
        content[name] = content[name] | value if isinstance(value, dict) and value else value
    return content


def written(folder: Path, content: dict[str, Any]) -> Path:
    file = folder / "a.json"
    file.write_text(json.dumps({"memspec": content}))
    return file


def test_sizes_delays_and_energy_follow_by_hand(tmp_path: Path) -> None:
    standard = load_standard(written(tmp_path, DDR3))
    assert standard.name == "MICRON_1Gb_DDR3-1600_8bit_G"
    assert standard.capacity_bytes == 1 << 30  # 8 devices of 1 Gbit
    assert standard.peak_bandwidth == pytest.approx(12.8e9)
    timing = standard.timing()
    assert (timing.tick_ps, timing.burst, timing.read_latency) == (1250, 4, 14)
    assert (timing.wait("rank read write"), timing.wait("rank write read")) == (
        10 + 4 - 8 + 2,
        8 + 4 + 6,
    )
    assert (timing.power_down_least, timing.power_down_exit) == (4, 6)
    found = prices(standard)
    assert found.read_j == pytest.approx(8 * 1.5 * (0.14 - 0.045) * 4 * 1.25e-9)
    assert found.activate_j == pytest.approx(8 * 1.5 * (0.07 * 38 - 0.045 * 28 - 0.045 * 10) * 1.25e-9)
    assert found.refresh_j == pytest.approx(8 * 1.5 * (0.17 - 0.045) * 88 * 1.25e-9)
    assert found.precharged_down_w == pytest.approx(8 * 1.5 * 0.03)


def test_currents_that_say_nothing_give_no_energy(tmp_path: Path) -> None:
    zero = dict.fromkeys(DDR3["mempowerspec"], 0.0)
    for content, reason in (
        (changed(mempowerspec=zero), "states no currents: all currents in the memspec are zero"),
        (changed(mempowerspec=None), "states no currents: the memspec has no mempowerspec"),
        (
            changed(mempowerspec={"idd4r": 0.01}),
            "not sound: power.rails.VDD.IDD4R is 10 mA; IDD4R is at least",
        ),
    ):
        standard = load_standard(written(tmp_path, content))
        assert reason in standard.no_energy()
        with pytest.raises(InputError, match="energy: unknown"):
            prices(standard)
        sound = load_standard(written(tmp_path, DDR3)).timing()
        assert all(np.array_equal(*both) for both in zip(standard.timing(), sound, strict=True))


def test_a_burst_is_never_cut_short_and_a_name_is_a_name(tmp_path: Path) -> None:
    content = changed(memtimingspec={"CCD": 2}, memoryType="DDR2", memoryId="https://a.b/c")
    standard = load_standard(written(tmp_path, content))
    assert (standard.name, standard.timing().wait("rank read read")) == ("a", 4)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            changed(memoryType="DDR"),
            "memspec.memoryType: DDR: memspecs of DDR2, DDR3, DDR4, LPDDR4, HBM2 are",
        ),
        (changed(memoryType="a\nb"), "memspec.memoryType: other text: memspecs of"),
        (changed(memtimingspec={"AL": 3}), "memtimingspec.AL: 3: columns are posted in time"),
        (changed(memtimingspec={"RL": -1}), "memtimingspec.RL: -1: it is a whole number from 0 to 2^40."),
        (changed(memtimingspec={"RL": None}), "memtimingspec.RL: missing: the field is required. Add it."),
        (changed(memtimingspec={"tCK": "x"}), "memtimingspec.tCK: 'x': it is a number."),
        (changed(memarchitecturespec={"nbrOfRows": 3}), "organisation.rows: 3: a size is a power of two."),
        (changed(memtimingspec=None), "memtimingspec: missing: a memspec has this part."),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        load_standard(written(tmp_path, content))
    assert sentence in str(caught.value)
    assert len(str(caught.value).splitlines()) == str(caught.value).count("a.json: ")


def test_a_file_that_is_no_memspec_is_named(tmp_path: Path) -> None:
    for text, sentence in (
        ("[1]", "memspec: missing: a memspec has this part. Name a memspec of DRAMSys 5."),
        ("{", "a memspec is a JSON file (it is no JSON"),
    ):
        file = tmp_path / "b.json"
        file.write_text(text)
        with pytest.raises(InputError) as caught:
            load_standard(file)
        assert sentence in str(caught.value)


FIELDS = [
    (part, name) for part in ("memarchitecturespec", "memtimingspec", "mempowerspec") for name in DDR3[part]
]
anything = st.one_of(st.integers(-5, 5000), st.floats(0, 10), st.text(max_size=5), st.none(), st.booleans())


@settings(max_examples=100, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(FIELDS), anything, min_size=1, max_size=3))
def test_any_memspec_is_read_or_refused(tmp_path_factory: Any, changes: dict[tuple[str, str], Any]) -> None:
    content = copy.deepcopy(DDR3)
    for (part, name), value in changes.items():
        content[part][name] = value
    folder = tmp_path_factory.getbasetemp()
    try:
        standard = load_standard(written(folder, content))
    except InputError as error:
        assert all("a.json: " in line and line.endswith(".") for line in str(error).splitlines())
        return
    between, *others = standard.timing()
    assert min(others) >= 0 <= between.min()
    assert standard.no_energy() or prices(standard).read_j >= 0


def test_public_memspecs_of_the_reference() -> None:
    folder = Path(os.environ.get("DELTASIM_REFERENCE", "reference")) / "dram" / "memspec"
    if not folder.is_dir():
        pytest.skip("the reference files are not at hand: set DELTASIM_REFERENCE")
    lpddr4 = prices(load_standard(folder / "JEDEC_8Gb_LPDDR4-3200_16bit.json"))
    ours = prices(load_standard("LPDDR4-3200"))
    assert lpddr4.read_j == pytest.approx(ours.read_j, rel=0.02)
    assert lpddr4.activate_j == pytest.approx(ours.activate_j, rel=0.02)
    assert lpddr4.io_read_j == pytest.approx(ours.io_read_j, rel=0.02)
