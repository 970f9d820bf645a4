"""Traces: what a user may write, and the figures that come out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.dram import trace_reader
from deltasim.simulator.dram.loading import load_standard, standard_names
from deltasim.simulator.dram.mapping import MAPPINGS
from deltasim.simulator.dram.run_trace import run_trace
from deltasim.simulator.dram.trace_reader import parse_block, read_records

DDR4 = load_standard("DDR4-2400")
KEYS = ["bandwidth_gb_s", "utilisation", "latency_mean_ns", "latency_p99_ns"]
KEYS += ["row_hits", "row_misses", "row_conflicts", "energy", "transactions", "elapsed_s", "wall_s"]
CAUSES = ["activate_j", "read_j", "write_j", "refresh_j", "background_j", "io_j", "total_j"]


def trace_of(folder: Path, text: str) -> Path:
    path = folder / "a.trace"
    path.write_text(text)
    return path


def test_the_figures_are_plain_numbers_under_fixed_names(tmp_path: Path) -> None:
    trace = trace_of(tmp_path, "R 0 64\nW 64 64\n\n  R\t4096   100 \r\n")
    figures = json.loads(json.dumps(run_trace(DDR4, trace).to_json()))
    assert list(figures) == KEYS
    assert list(figures["energy"]) == CAUSES
    assert figures["transactions"] == 4
    assert figures["row_hits"] + figures["row_misses"] + figures["row_conflicts"] == 4
    assert figures["energy"]["total_j"] == pytest.approx(sum(list(figures["energy"].values())[:-1]))


@pytest.mark.parametrize("standard", standard_names())
@pytest.mark.parametrize("mapping", [*MAPPINGS, "row,rank,pseudo_channel,bank,bank_group,column,channel"])
@pytest.mark.parametrize("closed_page", [False, True])
def test_every_memory_runs_under_every_mapping(
    standard: str, mapping: str, closed_page: bool, tmp_path: Path
) -> None:
    trace = trace_of(
        tmp_path, "".join(f"{'RW'[n % 3 == 0]} {n * 1111 % 50_000_000} {n % 300 + 1}\n" for n in range(300))
    )
    memory = load_standard(standard)
    result = run_trace(memory, trace, window=6, mapping=mapping, closed_page=closed_page)
    assert result.counts["read"] + result.counts["write"] == result.transactions
    assert 0 < result.utilisation <= 1
    assert result.latency_p99_ns >= result.latency_mean_ns > 0
    assert sum(result.state_s.values()) == pytest.approx(
        result.elapsed_s * memory.organisation.ranks * memory.organisation.pseudo_channels
    )


def test_an_empty_trace_takes_no_time(tmp_path: Path) -> None:
    result = run_trace(DDR4, trace_of(tmp_path, ""))
    assert result.transactions == result.elapsed_s == result.bandwidth_gb_s == result.energy.total_j == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "R 0 64\nX 0 64\n",
            "a.trace:2: other text: a line is R or W, a byte address and a number of bytes.",
        ),
        ("R 0\n", "a.trace:1: R 0: a line is R or W, a byte address and a number of bytes."),
        ("R 0 64 7\n", "a.trace:1: R 0 64 7: a line is R or W, a byte address and a number of bytes."),
        ("R -1 64\n", "a.trace:1: R -1 64: a line is R or W"),
        ("R 0x10 64\n", "a.trace:1: other text: a line is R or W"),
        ("\n\nR64 1\n", "a.trace:3: R64 1: a line is R or W"),
        ("R 99999999999999999999 64\n", "a.trace:1: R 99999999999999999999 64: a line is R or W"),
        ("R 0 64\nR 8589934592 64\n", "a.trace:2: R 8589934592 64: the memory ends at 8589934592 bytes."),
        ("R 8589934528 65\n", "a.trace:1: R 8589934528 65: the memory ends at 8589934592 bytes."),
        ("R 0 0\n", "a.trace:1: R 0 0: a record is 1 to 1073741824 bytes."),
        ("R 0 64", ""),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    trace = trace_of(tmp_path, text)
    if not sentence:
        assert run_trace(DDR4, trace).transactions == 1
        return
    with pytest.raises(InputError, match=re.escape(sentence)):
        run_trace(DDR4, trace)


def test_a_bad_line_is_counted_over_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_reader, "BLOCK", 100)
    trace = trace_of(tmp_path, "R 0 64\n" * 500 + "what\n")
    with pytest.raises(InputError, match=re.escape("a.trace:501: other text:")):
        run_trace(DDR4, trace)
    trace.write_text("R" * 1000)
    with pytest.raises(InputError, match=re.escape("a.trace:1: ")):
        run_trace(DDR4, trace)


def test_blocks_make_no_difference_and_memory_does_not_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(3)
    lines = [f"R {address} {size}\n" for address, size in random.integers(1, 90_000, (800, 2))]
    trace = trace_of(tmp_path, "".join(lines))
    whole = run_trace(DDR4, trace).to_json() | {"wall_s": 0}
    monkeypatch.setattr(trace_reader, "BLOCK", 64)
    assert max(len(block.size) for block in read_records(trace, DDR4.capacity_bytes)) <= 64
    assert run_trace(DDR4, trace).to_json() | {"wall_s": 0} == whole


def test_a_missing_trace_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.trace: unreadable: a trace is a text file"):
        run_trace(DDR4, tmp_path / "nowhere.trace")
    with pytest.raises(InputError, match="unreadable: a trace is a text file"):
        run_trace(DDR4, tmp_path)


@pytest.mark.parametrize(("option", "value"), [("window", -1), ("queue", 0), ("power_down_after", -5)])
def test_options_out_of_range_are_named(option: str, value: int) -> None:
    with pytest.raises(InputError, match=f"--{option.replace('_', '-')}: {value}: it is"):
        run_trace(DDR4, [], **{option: value})


@settings(max_examples=100, deadline=None)
@given(text=st.one_of(st.binary(max_size=60), st.text("RW 0123456789\n\t\r-x", max_size=60).map(str.encode)))
def test_any_text_parses_or_is_refused_in_one_sentence(text: bytes) -> None:
    try:
        parsed, _ = parse_block("t", text, 0, 10**6)
    except InputError as error:
        assert "\n" not in str(error)
        return
    lines = [line.split() for line in text.decode("ascii").split("\n") if line.strip(" \t\r")]
    assert [("RW"[flag], place, size) for flag, place, size in zip(*parsed, strict=True)] == [
        (kind, int(place), int(size)) for kind, place, size in lines
    ]
