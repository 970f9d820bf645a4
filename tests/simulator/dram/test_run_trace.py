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
from deltasim.simulator.dram.standard import Standard
from deltasim.simulator.dram.trace_reader import Addressed, Records, parse_block, read_records

DDR4 = load_standard("DDR4-2400")
ADDRESSED = Addressed(DDR4.capacity_bytes, 64, 833)
KEYS = ["bandwidth_gb_s", "utilisation", "latency_mean_ns", "latency_p99_ns"]
KEYS += ["row_hits", "row_misses", "row_conflicts", "energy", "transactions", "shared_reads", "elapsed_s"]
KEYS += ["wall_s"]
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


def test_the_figures_of_one_read() -> None:
    """DDR3-1600 at 1250 ps: tRCD 11, tCL 11 and a burst of 4 ticks, 64 bytes in 32.5 ns."""
    read = Records(np.zeros(1, np.uint8), np.array([4096]), np.array([64]))
    found = run_trace(load_standard("DDR3-1600"), [read])
    assert found.elapsed_s == pytest.approx(32.5e-9, rel=1e-12)
    assert found.latency_mean_ns == found.latency_p99_ns == pytest.approx(32.5, rel=1e-12)
    assert found.bandwidth_gb_s == pytest.approx(64 / 32.5, rel=1e-12)
    assert found.utilisation == pytest.approx(4 / 26)
    assert sum(found.state_s.values()) == pytest.approx(32.5e-9, rel=1e-12)
    assert (found.transactions, found.row_misses, found.shared_reads) == (1, 1, 0)


def test_the_window_is_at_most_a_mebi() -> None:
    read = Records(np.zeros(1, np.uint8), np.array([0]), np.array([64]))
    memory = load_standard("DDR3-1600")
    assert run_trace(memory, [read], window=1 << 20).transactions == 1
    with pytest.raises(InputError, match="--window: 1048577: it is 0 to 1048576"):
        run_trace(memory, [read], window=(1 << 20) + 1)
    with pytest.raises(InputError, match="--queue: 0: it is 1 to 65536"):
        run_trace(memory, [read], queue=0)


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
        ("R 0 64 7 8\n", "a.trace:1: R 0 64 7 8: a line is R or W, a byte address and a number of bytes."),
        ("R -1 64\n", "a.trace:1: R -1 64: a line is R or W"),
        ("R 0x1g 64\n", "a.trace:1: other text: a line is R or W"),
        ("R 0 64 7 ns\n", "a.trace:1: other text: a line is R or W"),
        ("R 0 64 7x\n", "a.trace:1: other text: a line is R or W"),
        ("R 0 64 1.2.3ns\n", "a.trace:1: R 0 64 1.2.3ns: a line is R or W"),
        ("R 0 64 1001s\n", "a.trace:1: R 0 64 1001s: a time is at most 1000 s. Write ticks, or a time like"),
        ("R 0 64 9000000000000\n", "a.trace:1: R 0 64 9000000000000: a time is at most 1000 s."),
        ("R 0,0,0,0,7,2\n", "a.trace:1: R 0,0,0,0,7,2: it names bank, row and column instead of an address."),
        ("LD 64 64\n", "a.trace:1: LD 64 64: a line is R or W"),
        ("64 READ x\n", "a.trace:1: other text: a line is R or W"),
        ("LD 0x200000000\n", "a.trace:1: LD 0x200000000: the memory ends at 8589934592 bytes."),
        ("\n\nR64 1\n", "a.trace:3: other text: a line is R or W"),
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
    assert max(len(block.size) for block in read_records(trace, ADDRESSED)) <= 64
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


def test_the_same_trace_in_every_form(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    asked = [(bool(write), 64 * int(place)) for write, place in random.integers(0, (2, 1 << 20), (300, 2))]
    forms = [
        "".join(f"{'RW'[write]} {place} 64\n" for write, place in asked),
        "# ours, with comments\n"
        + "".join(f"{'RW'[write]} {place:#x} 64  # {place}\n" for write, place in asked),
        "".join(f"{('LD', 'ST')[write]} {place + 5:#x}\n" for write, place in asked),
        "".join(f"{('LD', 'ST')[write]} {place}\n" for write, place in asked),
        "".join(f"{place:#010x} {'RW'[write]}\r\n" for write, place in asked),
        "".join(f"{place + 63:X} {('READ', 'write')[write]} 0\n" for write, place in asked),
        "".join(f"{place:#x} {('P_FETCH', 'P_MEM_WR')[write]} 0\n" for write, place in asked),
    ]
    results = [run_trace(DDR4, trace_of(tmp_path, text)).to_json() | {"wall_s": 0} for text in forms]
    assert all(result == results[0] for result in results)


def test_records_wait_for_their_time(tmp_path: Path) -> None:
    tick, alone = 0.833, run_trace(DDR4, trace_of(tmp_path, "R 0 64\n")).elapsed_s * 1e9
    for when, ticks in (("600", 600), ("0x258", 600), ("0.5us", 601), ("499.8ns", 600), ("499801ps", 601)):
        late = run_trace(DDR4, trace_of(tmp_path, f"R 0 64 {when}\n"))
        assert late.elapsed_s * 1e9 == pytest.approx(alone + ticks * tick), when
        assert late.latency_mean_ns == pytest.approx(alone)
    # times that have passed when their turn comes wait no longer, and the order is that of the file
    text = "R 0 64 600\nR 64 64 3\nR 128 64 100us\n"
    result = run_trace(DDR4, trace_of(tmp_path, text))
    again = run_trace(DDR4, trace_of(tmp_path, text.replace("R 64 64 3", "R 64 64")))
    assert result.to_json() | {"wall_s": 0} == again.to_json() | {"wall_s": 0}
    assert result.elapsed_s > 100e-6


def test_a_part_of_the_banks_is_refreshed_at_a_time(tmp_path: Path) -> None:
    """100 us of waiting: the same bank of every group every 487.5 ns, or all banks every 3.9 us."""
    late = trace_of(tmp_path, "R 0 64 100us\n")
    for refresh, count in (("same-bank", 205), ("all-bank", 25)):
        assert run_trace(load_standard("DDR5-4800"), late, refresh=refresh).counts["refresh"] == count


def test_two_waiting_reads_of_one_burst_are_one_read(tmp_path: Path) -> None:
    both = run_trace(DDR4, trace_of(tmp_path, "R 0 32\nR 32 32\n"))
    assert (both.transactions, both.shared_reads, both.counts["read"]) == (1, 1, 1)
    assert both.latency_mean_ns == run_trace(DDR4, trace_of(tmp_path, "R 0 64\n")).latency_mean_ns
    one_at_a_time = run_trace(DDR4, trace_of(tmp_path, "R 0 32\nR 32 32\n"), window=1)
    assert (one_at_a_time.transactions, one_at_a_time.shared_reads) == (2, 0)
    written = run_trace(DDR4, trace_of(tmp_path, "R 0 32\nW 0 32\nR 32 32\n"))
    assert (written.transactions, written.shared_reads) == (3, 0)


def two_channels() -> Standard:
    made_of = DDR4.organisation.model_copy(update={"channels": 2})
    return DDR4.model_copy(update={"organisation": made_of})


def test_the_99th_percentile_is_exact_beyond_any_table() -> None:
    """5200 reads of a row each and 4 long runs in the other channel: latencies beyond 2^16 ticks."""
    rows = [n * 131072 for n in range(5200)]
    runs = [2**33 + n * 6_400_000 for n in range(4)]
    records = Records(
        np.zeros(5204, np.uint8), np.array(rows + runs), np.array([64] * 5200 + [6_400_000] * 4, np.int64)
    )
    result = run_trace(two_channels(), [records], mapping="channel row bank bank_group column", queue=8192)
    assert result.latency_p99_ns == pytest.approx(56_061.73, rel=2e-3)


@settings(max_examples=20, deadline=None)
@given(count=st.integers(1, 3000), queue=st.sampled_from([1, 7, 4096]))
def test_the_99th_percentile_is_that_of_all_latencies(count: int, queue: int) -> None:
    """Reads of ever other rows of one bank: all times are known; the queue has room once a row is opened."""
    standard = load_standard("DDR4-2400")
    cycle, first = 56 * 833, (17 + 17 + 4) * 833
    still = standard.model_copy(update={"timing_": standard.timing_.model_copy(update={"tREFI": 0})})
    records = Records(np.zeros(count, np.uint8), np.arange(count) * 131072, np.full(count, 64))
    result = run_trace(still, [records], queue=queue, power_down_after=0)
    done = first + cycle * np.arange(count)
    came = np.concatenate([np.zeros(min(queue, count)), done[: max(0, count - queue)] - first + 833])
    latencies = np.sort(done - came)
    assert result.latency_p99_ns * 1000 == pytest.approx(latencies[-(-99 * count // 100) - 1], abs=1e-3)
    assert result.latency_mean_ns * 1000 == pytest.approx(latencies.mean(), rel=1e-9)


NUMBER = r"0[xX][0-9a-fA-F]+|[0-9]+"
TIME = r"([0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)([pnum]?s)"
PICOSECONDS = {"ps": 1, "ns": 10**3, "us": 10**6, "ms": 10**9, "s": 10**12}
READS = ("R", "READ", "LD", "P_FETCH", "P_MEM_RD")
WRITES = ("W", "WRITE", "ST", "P_MEM_WR")


def value(word: str) -> int:
    return int(word, 0) if word[1:2] in "xX" and word[1:2] else int(word)


def understood(line: str, memory: Addressed) -> tuple[int, int, int, int] | None:
    """A record as the table in the reader says it, by regular expressions: write, address, size, tick."""
    words = line.split("#")[0].split()
    since: float = 0
    if re.fullmatch(f"[RW] ({NUMBER}) ({NUMBER})( {NUMBER}| {TIME})?", " ".join(words)):
        write, at, size = words[0] == "W", value(words[1]), value(words[2])
        if len(words) == 4 and re.fullmatch(NUMBER, words[3]):
            since = value(words[3])
        elif len(words) == 4:
            number, unit = re.fullmatch(TIME, words[3]).groups()  # type: ignore[union-attr]
            since = -(-round(float(number) * PICOSECONDS[unit]) // memory.tick_ps)
    else:
        size = memory.burst
        if len(words) == 2 and words[0] in ("LD", "ST") and re.fullmatch(NUMBER, words[1]):
            kind, address = words
        elif len(words) == 2 and re.fullmatch(NUMBER, words[0]):
            address, kind = words
        elif len(words) == 3 and re.fullmatch(f"(0[xX])?[0-9a-fA-F]+ [^ ]+ ({NUMBER})", " ".join(words)):
            address, kind, since = f"0x{words[0].lower().removeprefix('0x')}", words[1], value(words[2])
        else:
            return None
        kind = kind if kind in ("LD", "ST") else kind.upper().replace("LD", "?").replace("ST", "?")
        if kind not in READS + WRITES:
            return None
        write, at = kind in WRITES, value(address) // memory.burst * memory.burst
    if not 1 <= size <= 1 << 30 or at + size > memory.capacity or since * memory.tick_ps > 10**15:
        return None
    return int(write), at, size, int(since)


WORDS = """R W LD ST READ write P_FETCH P_MEM_WR 0 64 0x40 1F 999 1000000 0x -1 1,2 7ns 1.5us .5ns .ns 1.2.3s
3s 2000s 5x # #1 999999"""
records_in_words = st.lists(st.sampled_from(WORDS.split()), max_size=5).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(
        st.binary(max_size=60),
        st.text("RW 0123456789\n\t\r-x#LDST", max_size=60).map(str.encode),
        st.lists(records_in_words, max_size=4).map("\n".join).map(str.encode),
    )
)
def test_any_text_is_read_as_the_table_says_or_refused_in_one_sentence(text: bytes) -> None:
    memory = Addressed(10**6, 32, 833)
    lines = [line for line in text.decode("latin-1").split("\n") if line.split("#")[0].strip(" \t\r")]
    plain = all(sign in " \t\r" or sign > " " for line in lines for sign in line.split("#")[0])
    wanted = [understood(line, memory) if line.isascii() else None for line in lines] if plain else [None]
    try:
        parsed, _ = parse_block("t", text, 0, memory)
    except InputError as error:
        assert "\n" not in str(error)
        assert None in wanted
        return
    assert parsed.start is not None
    assert list(zip(*(part.tolist() for part in parsed), strict=True)) == wanted
