"""``deltasim whatif``: of a saved run, of a benchmark, and what it refuses."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.commands.arguments.options import Job, parse_time, read_command, spell_command
from deltasim.runtime.errors import InputError

Deltasim = Callable[[str], CompletedProcess[str]]
WORDS = st.text("abcdefgh /.'\"ü-_", min_size=1, max_size=8).filter(lambda text: text.strip() == text)


@settings(max_examples=30)
@given(
    WORDS.filter(lambda text: not text.startswith("-")),
    st.none() | WORDS,
    st.none() | st.integers(1, 1000),
    st.none() | WORDS.map(Path),
    st.none() | st.floats(1e-6, 10.0).map(lambda value: float(f"{value:.4g}")),
    WORDS,
    st.none() | st.floats(0, 10),
)
def test_a_command_is_read_as_it_was_spelled(
    benchmark: str,
    data: str | None,
    limit: int | None,
    trained: Path | None,
    period_s: float | None,
    chip: str,
    theta: float | None,
) -> None:
    job = Job(benchmark, data, limit, trained, period_s=period_s)
    text = spell_command(job, chip, "trained" if theta is None else theta)
    assert read_command(text, "runs/a") == (job, chip, theta)


def test_a_period_is_at_most_a_day() -> None:
    assert parse_time("86400 s") == 86400.0
    with pytest.raises(InputError, match="at most 86400 s"):
        parse_time("86401 s")


def test_of_a_saved_run_and_of_its_benchmark_it_says_the_same(deltasim: Deltasim, tiny: Path) -> None:
    run = f"digits --data synthetic --trained {shlex.quote(str(tiny))} --limit 2 --theta 0.3"
    assert deltasim(f"run {run} --out saved").returncode == 0
    answer = deltasim("whatif saved --out helped --json")
    assert answer.returncode == 0 and "The page is helped/report.html" in answer.stderr
    record = json.loads(Path("helped/whatif.json").read_text())
    assert record["run"] == json.loads(Path("saved/run.json").read_text())["digest"]
    assert json.loads(Path("helped/run.json").read_text())["digest"] == record["run"]
    assert json.loads(answer.stdout) == record
    assert "What would help" in Path("helped/report.html").read_text(encoding="utf-8")
    beside = deltasim(f"run {run} --what-if --out beside --json")
    told = json.loads(beside.stdout)["what_if"]
    assert told == record == json.loads(Path("beside/whatif.json").read_text())
    assert "What would help" in Path("beside/report.html").read_text(encoding="utf-8")
    two = deltasim(f"run {run} --what-if --chip edgedrnn,mesh16")
    assert two.returncode == 2 and "--what-if: 2 runs: what would help is asked of one run" in two.stderr


def test_what_cannot_be_asked_gets_one_sentence(deltasim: Deltasim, tiny: Path) -> None:
    run = f"digits --data synthetic --trained {shlex.quote(str(tiny))} --limit 2"
    deltasim(f"run {run} --out saved")
    record = json.loads(Path("saved/run.json").read_text())

    def altered(change: Callable[[], None]) -> str:
        change()
        Path("saved/run.json").write_text(json.dumps(record))
        answer = deltasim("whatif saved")
        assert answer.returncode == 2 and answer.stdout == ""
        return answer.stderr

    for line, said in (
        ("whatif saved --limit 3", "--limit: 3: a saved run says itself what it ran"),
        ("whatif runs/none", "a run folder holds run.json"),
        ("whatif digitz", "Did you mean digits?"),
        ("whatif digits --chip mesh61", "Did you mean"),
    ):
        answer = deltasim(line)
        assert answer.returncode == 2 and said in answer.stderr and len(answer.stderr.splitlines()) == 1
    digests = record["provenance"]["digests"]
    assert "its command now makes another chip" in altered(lambda: digests.update(chip="0" * 64))
    said = altered(lambda: record["provenance"].update(command="deltasim.simulate"))
    assert "not by one run of the command line" in said
