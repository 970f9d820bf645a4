"""Descriptions of memories: the box, a user's own YAML, and every sentence about a wrong one."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.dram.loading import BOX, load_standard, standard_from_content, standard_names
from deltasim.simulator.dram.run_trace import run_trace
from tests.simulator.dram.stepping import Channel

DDR4: dict[str, Any] = yaml.safe_load((BOX / "DDR4-2400.yaml").read_text())


def changed(path: str, value: object) -> dict[str, Any]:
    """DDR4-2400 with one field replaced; None removes it."""
    content = copy.deepcopy(DDR4)
    *parents, last = path.split(".")
    place = content
    for name in parents:
        place = place[name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return content


@pytest.mark.parametrize("name", standard_names())
def test_what_is_in_the_box_names_its_sources(name: str) -> None:
    standard = load_standard(name)
    assert standard.name == name
    assert standard.source and (standard.power is None or standard.power.source)
    assert standard.power is not None or standard.no_energy() == f"{name} states no currents"


@pytest.mark.parametrize(
    ("name", "capacity_mib", "peak_gb_s"),
    [
        ("DDR3-1600", 4096, 12.8),
        ("DDR4-2400", 8192, 19.2),
        ("LPDDR4-3200", 1024, 6.4),
        ("LPDDR5-6400", 1024, 12.8),
        ("HBM2-2000", 512, 32.0),
        ("DDR5-4800", 8192, 19.23),
        ("LPDDR5X-8533", 2048, 17.06),
        ("HBM3-6400", 512, 51.28),
    ],
)
def test_capacity_and_peak(name: str, capacity_mib: int, peak_gb_s: float) -> None:
    standard = load_standard(name)
    assert standard.capacity_bytes == capacity_mib << 20
    assert standard.peak_bandwidth / 1e9 == pytest.approx(peak_gb_s, rel=1e-3)


def test_a_user_adds_a_memory_in_a_yaml_file(tmp_path: Path) -> None:
    content = changed("timing.tCL", "14.1 ns")  # 16.93 ticks of 0.833 ns
    content["organisation"] |= {"channels": 2, "ranks": 2}
    content["name"] = "mine"
    file, trace = tmp_path / "mine.yaml", tmp_path / "t.trace"
    file.write_text(yaml.safe_dump(content))
    trace.write_text("".join(f"R {64 * n} 64\n" for n in range(100)))
    standard = load_standard(file)
    assert standard.timing().read_latency == 17 + 4
    assert run_trace(standard, trace).transactions == 100


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (
            "timing.tRAS",
            80,
            "mine: timing.tRC: 56 ticks: tRC is at least tRAS + tRP = 97 ticks: a row is open for tRAS and"
            " closes for tRP before the next opens. Correct tRC or tRAS + tRP.",
        ),
        (
            "timing.tRCD",
            40,
            "mine: timing.tRAS: 39 ticks: tRAS is at least tRCD = 40 ticks: a row stays open until",
        ),
        (
            "timing.tCCD_L",
            3,
            "mine: timing.tCCD_L: 3 ticks: tCCD_L is at least tCCD_S = 4 ticks: the same bank group",
        ),
        (
            "timing.tCCD_S",
            3,
            "mine: timing.tCCD_S: 3 ticks: tCCD_S is at least tBL = 4 ticks: two transactions cannot",
        ),
        (
            "timing.tRRD_L",
            1,
            "mine: timing.tRRD_L: 1 ticks: tRRD_L is at least tRRD_S = 4 ticks: the same bank group",
        ),
        (
            "timing.tWTR_L",
            1,
            "mine: timing.tWTR_L: 1 ticks: tWTR_L is at least tWTR_S = 3 ticks: the same bank group",
        ),
        (
            "timing.tFAW",
            2,
            "mine: timing.tFAW: 2 ticks: tFAW is at least tRRD_S = 4 ticks: four activates take longer",
        ),
        (
            "timing.tREFI",
            500,
            "mine: timing.tREFI: 500 ticks: tREFI leaves time between refreshes: it is above",
        ),
        (
            "timing.tCCD_L_WR",
            2,
            "mine: timing.tCCD_L_WR: 2 ticks: tCCD_L_WR is at least tBL = 4 ticks: two transactions cannot",
        ),
        ("timing.tXP", None, "mine: timing.tXP: missing: it belongs to tCKE. Add it, or remove tCKE."),
        ("timing.tREFIpb", 4000, "mine: timing.tRFCpb: missing: it belongs to tREFIpb. Add it, or remove"),
        (
            "command_bus",
            {"activate_apart": 17},
            "mine: command_bus.activate_apart: 17: both halves of an activate",
        ),
        (
            "command_bus",
            {"activate_apart": 2, "activate": 2},
            "mine: command_bus.activate_apart: 2: an activate of",
        ),
        (
            "command_bus",
            {"activate_apart": 2, "half_clock": True},
            "mine: command_bus.half_clock: true: activates of two commands and a write clock that stops take",
        ),
        ("timing.tBL", 0, "mine: timing.tBL: 0: it takes at least one tick. Use 1 or more."),
        ("timing.tRP", "1 s", "mine: timing.tRP: 1200480193 ticks: the most is 16777216. Check its unit."),
        (
            "timing.tRP",
            -1,
            "mine: timing.tRP: -1: a delay is at least 0. Write ticks like 17, or a time like 7.5 ns.",
        ),
        ("timing.tRP", "7.5", "mine: timing.tRP: 7.5: a delay needs its unit. Write it like 7.5 ns."),
        ("timing.tRP", None, "mine: timing.tRP: missing: the field is required. Add it."),
        ("timing.tQQ", 3, "mine: timing.tQQ: 3: there is no field tQQ here. There are: tBL, tCCD_L"),
        ("timing.tCK", "0.1 ps", "mine: timing."),
        ("organisation.banks", 3, "mine: organisation.banks: 3: a size is a power of two. Use the next one."),
        ("organisation.row", "32 B", "mine: organisation.burst: 64: a burst of 64 bytes lies in one row."),
        (
            "organisation.channels",
            4096,
            "mine: organisation: 65536 banks: the most is 4096. Describe fewer channels.",
        ),
        ("organisation.rows", 1 << 40, "mine: organisation: 144115188075855872 bytes: the most is 1 PiB."),
        (
            "power.rails.VDD.IDD3N",
            "30 mA",
            "mine: power.rails.VDD.IDD3N: 30 mA: IDD3N is at least IDD3P = 37 mA.",
        ),
        (
            "power.rails.VDD.IDD4R",
            "10 mA",
            "mine: power.rails.VDD.IDD4R: 10 mA: IDD4R is at least IDD3N = 43 mA.",
        ),
        (
            "power.rails.VDD.IDD0",
            "20 mA",
            "mine: power.rails.VDD.IDD0: 20 mA: IDD0 is at least the standby current",
        ),
        ("power.rails.VDD.IDD0", "20 V", "mine: power.rails.VDD.IDD0: 20 V: expected a current, not V."),
    ],
)
def test_contradictions_are_named(path: str, value: object, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        standard_from_content(changed(path, value), place="mine")
    lines = str(caught.value).splitlines()
    assert any(line.startswith(sentence) for line in lines), lines
    assert all(line.startswith("mine: ") for line in lines)


def test_a_file_that_is_no_description_is_named(tmp_path: Path) -> None:
    for text, sentence in (
        (":\n- [", "a.yaml:1: not YAML: expected <block end>, but found ':'. Mend the line."),
        ("[1, 2]", "something else: a description has the fields name, source, organisation, timing"),
        ("", "an empty file: a description has the fields name, source, organisation, timing"),
    ):
        file = tmp_path / "a.yaml"
        file.write_text(text)
        with pytest.raises(InputError) as caught:
            load_standard(file)
        assert sentence in str(caught.value)
    with pytest.raises(InputError, match="unreadable: a memory is a YAML file"):
        load_standard(tmp_path / "none.yaml")


OWN = {"level": "rank", "before": "read", "after": "activate", "delay": "75 ns"}


def test_a_delay_of_ones_own_needs_no_kernel() -> None:
    """From a read to an activate of another bank of its rank: 75 ns are 91 ticks of 833 ps, rounded up."""
    timing = standard_from_content(DDR4 | {"constraints": [OWN]}).timing(power_down_after=0)
    assert timing.wait("rank read activate") == 91
    for free, least in ((load_standard("DDR4-2400").timing(power_down_after=0), 1), (timing, 91)):
        channel = Channel(free)
        channel.ask(0, 0)
        read = channel.serve(1)[-1].tick
        channel.ask(4, 0, tick=read)
        assert channel.step().tick - read == least


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"level": "chip"}, "constraints.0.level: chip"),
        ({"before": "reed"}, "constraints.0.before: reed"),
        ({"delay": -1}, "constraints.0.delay: -1: a delay is at least 0"),
        ({"delay": "1 s"}, "constraints.0.delay: 1200480193 ticks: the most is"),
        ({"level": "bank", "after": "refresh"}, "constraints.0.level: bank: a refresh is of a rank"),
        ({"level": "bus"}, "constraints.0.level: bus, read to activate: only reads and writes"),
        ({"latency": 3}, "constraints.0.latency"),
    ],
)
def test_what_is_no_delay_of_ones_own_is_refused(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as told:
        standard_from_content(DDR4 | {"constraints": [OWN | change]})
    assert f"standard: {sentence}" in str(told.value)


NAMES = [f"timing.{name}" for name in DDR4["timing"]] + [
    f"organisation.{name}" for name in DDR4["organisation"]
]
anything = st.one_of(
    st.integers(-5, 5000),
    st.floats(),
    st.text(max_size=5),
    st.none(),
    st.sampled_from(["3 ns", "1 B", "x", "5 mA"]),
)


@settings(max_examples=150, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(NAMES), anything, min_size=1, max_size=3))
def test_any_description_runs_or_is_refused_in_one_sentence(changes: dict[str, object]) -> None:
    content = copy.deepcopy(DDR4)
    for path, value in changes.items():
        part, name = path.split(".")
        content[part][name] = value
    try:
        standard = standard_from_content(content)
    except InputError as error:
        assert all(line.startswith("standard: ") and line.endswith(".") for line in str(error).splitlines())
        return
    timing = standard.timing()
    between, *others = timing
    assert min(others) >= 0 <= between.min()
    assert timing.read_latency >= timing.burst > 0
