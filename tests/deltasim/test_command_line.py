"""The command line: help, what it prints where, and the folder it leaves."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from deltasim.command_line import COMMANDS
from deltasim.commands import run as run_command
from deltasim.commands.arguments.options import Job

Deltasim = Callable[[str], CompletedProcess[str]]

# Keys as promised to programs that read --json.
KEYS = {
    "kind", "version",
    "benchmark", "data", "chip", "engine", "theta", "sequences", "steps", "messages", "occupancy", "score",
    "reduction", "energy", "intervals", "latency", "power", "dram", "limits", "digest", "wall_s",
}  # fmt: skip
INNER_KEYS = {
    "occupancy": {"input", "hidden"},
    "score": {"name", "value", "dense"},
    "reduction": {"weight_fetches", "macs", "dram_bytes", "energy", "latency"},
    "energy": {"inference_j", "step_j", "parts", "interval_j", "estimated_share"},
    "latency": {"step_mean_s", "step_p99_s", "inference_mean_s", "inference_p99_s"},
    "dram": {"reads", "bytes", "row_hits", "row_misses", "row_conflicts"},
}


@pytest.fixture
def run(tiny: Path) -> str:
    """A quick run of two recordings."""
    return f"run digits --data synthetic --trained {tiny} --chip edgedrnn --limit 2"


@pytest.mark.parametrize("command", [name for name, *_ in COMMANDS])
def test_every_command_has_an_example_in_its_help(command: str, deltasim: Deltasim) -> None:
    answer = deltasim(f"{command} --help")
    assert answer.returncode == 0
    assert f"Example: deltasim {command} " in answer.stdout.splitlines()[-1]


def test_help_and_nothing_at_all_say_what_there_is(deltasim: Deltasim) -> None:
    answer = deltasim("--help")
    assert answer.returncode == 0
    assert all(f"  {name} " in answer.stdout for name, *_ in COMMANDS)
    assert deltasim("").stdout == answer.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from deltasim.main import main; main(['--help']);"
        "heavy = {'numpy', 'numba', 'torch', 'altair', 'polars', 'rich', 'networkx', 'pydantic', 'librosa'};"
        "sys.exit(','.join(sorted(heavy & set(sys.modules))) or None)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_version(deltasim: Deltasim) -> None:
    from deltasim import __version__

    assert deltasim("--version").stdout == f"deltasim {__version__}\n"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("chips", "edgedrnn"), ("benchmarks", "digits"), ("cells", "gru"), ("cells", "alif")],
)
def test_list(kind: str, name: str, deltasim: Deltasim) -> None:
    answer = deltasim(f"list {kind}")
    assert answer.returncode == 0
    assert any(line.startswith(f"{name} ") for line in answer.stdout.splitlines())


def test_list_alone_lists_everything(deltasim: Deltasim) -> None:
    answer = deltasim("list").stdout
    for word in (
        "Chips",
        "edgedrnn",
        "Benchmarks",
        "digits",
        "Cells",
        "gru",
        "Standards",
        "DDR4-2400",
        "mesh:4x4",
    ):
        assert any(line.split()[:1] == [word] for line in answer.splitlines()), word
    assert "``" not in answer and ":func:" not in answer


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("benchmark digits", ["a step every", "10.0 ms", "gru_0"]),
        ("cell gru", ["r = sigmoid(M_r)"]),
        ("cell dsgu", ["a0 = W_zxh u\n", "a1 = h\n", "a1 = W_xz x + W_hz h + b"]),
        ("standard DDR4-2400", ["19.2 GB/s", "timing.tRCD", "DRAMsim3"]),
        ("topology mesh:4x4", ["2.67 links", "6 links", "48"]),
        ("topology bus", ["One link"]),
    ],
)
def test_describe_tells_without_python(what: str, said: list[str], deltasim: Deltasim) -> None:
    """Of the 16 * 15 routes of a 4x4 mesh the mean is 2 * (4 - 1 / 4) / 3 * 16 / 15 = 2.67 links."""
    answer = deltasim(f"describe {what}")
    assert answer.returncode == 0 and [words for words in said if words not in answer.stdout] == []
    assert ">>>" not in answer.stdout and "``" not in answer.stdout


def test_a_cell_is_drawn(deltasim: Deltasim, tmp_path: Path) -> None:
    answer = deltasim("describe cell sgu --draw sgu.svg")
    assert answer.returncode == 0 and answer.stdout.startswith("sgu.svg: what a step of sgu computes")
    assert "softplus" in (tmp_path / "sgu.svg").read_text(encoding="utf-8")


def test_describe_shows_every_price_with_its_kind(deltasim: Deltasim) -> None:
    from deltasim.simulator.chip import load_chip

    said = deltasim("describe chip loihi").stdout
    assert [name for name in load_chip("loihi").prices if name not in said] == []
    assert "estimated" in said and "measured" in said


def test_the_file_of_a_chip_makes_the_same_chip(deltasim: Deltasim, tmp_path: Path) -> None:
    from deltasim.simulator.chip import load_chip

    (tmp_path / "mine.yaml").write_text(deltasim("describe chip edgedrnn --yaml").stdout)
    assert load_chip(tmp_path / "mine.yaml").digest == load_chip("edgedrnn").digest


def test_map_prints_every_population(deltasim: Deltasim) -> None:
    said = deltasim("map digits --data synthetic --chip mesh16").stdout
    assert "gru_0" in said and "input->gru_0" in said


def test_json_and_nothing_else(run: str, deltasim: Deltasim, tmp_path: Path) -> None:
    answer = deltasim(f"{run} --json --out out")
    assert answer.returncode == 0, answer.stderr
    record = json.loads(answer.stdout)
    assert set(record) - {"provenance"} == KEYS
    assert {key: set(record[key]) for key in INNER_KEYS} == INNER_KEYS
    assert record["benchmark"] == "digits" and record["theta"] == "trained" and record["sequences"] == 2
    assert record["energy"]["inference_j"] == pytest.approx(sum(record["energy"]["parts"].values()))
    assert json.loads((tmp_path / "out" / "run.json").read_text()) == record
    assert (tmp_path / "out" / "report.html").is_file()


def test_both_engines_say_the_same(run: str, deltasim: Deltasim) -> None:
    compiled = json.loads(deltasim(f"{run} --jobs 1 --json --out compiled").stdout)
    simpy = json.loads(deltasim(f"{run} --jobs 1 --json --engine simpy --out simpy").stdout)
    differing = {key for key in KEYS if compiled[key] != simpy[key]}
    assert differing == {"engine", "wall_s"}


def test_a_run_twice_has_one_name(run: str, deltasim: Deltasim, tmp_path: Path) -> None:
    first = deltasim(run)
    assert first.returncode == 0, first.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.startswith("digits-edgedrnn-")
    assert str(Path("runs") / folder.name / "report.html") in first.stdout
    again = deltasim(run)
    assert again.returncode == 2 and folder.name in again.stderr


def test_a_sweep_and_a_comparison(run: str, deltasim: Deltasim, tmp_path: Path) -> None:
    assert deltasim(f"{run} --out trained").returncode == 0
    sweep = deltasim(f"{run} --theta 0,0.5 --out sweep --json")
    assert sweep.returncode == 0, sweep.stderr
    json.loads(sweep.stdout)
    assert (tmp_path / "sweep" / "report.html").is_file()
    assert deltasim(f"{run} --theta 0.5 --out sparse").returncode == 0
    compared = deltasim("compare trained sparse --json")
    assert compared.returncode == 0, compared.stderr
    assert [run["name"] for run in json.loads(compared.stdout)["runs"]] == ["trained", "sparse"]
    several = deltasim("compare trained sweep sparse --out compared")
    assert several.returncode == 0 and "C: sweep/theta-0.5" in several.stdout
    assert several.stdout.splitlines()[-1] == "The page is compared/report.html"
    assert "4 runs of digits" in (tmp_path / "compared" / "report.html").read_text()
    again = deltasim("compare trained sparse --out compared")
    assert again.returncode == 2 and "compared" in again.stderr
    page = deltasim("compare trained sparse --out page.html")
    assert page.returncode == 2 and "Write page." in page.stderr
    alone = deltasim("compare trained")
    assert alone.returncode == 2 and "1 run is nothing to compare" in alone.stderr


def test_stopping_a_run_leaves_nothing(
    run: str, deltasim: Deltasim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deltasim.api import cases

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cases, "dense_baseline", stop)
    answer = deltasim(f"{run} --out out")
    assert answer.returncode == 130
    said = answer.stderr.splitlines()[-1]
    assert said.startswith("deltasim: stopped. No run was written; messages that were computed")
    assert list(tmp_path.iterdir()) == []


def test_stopping_a_sweep_keeps_what_is_finished(
    run: str, deltasim: Deltasim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deltasim.api import cases

    whole = cases.run_case

    def stop_at_the_second(case: cases.Case, *rest: object) -> object:
        if case.theta == 0.5:
            raise KeyboardInterrupt
        return whole(case, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(cases, "run_case", stop_at_the_second)
    answer = deltasim(f"{run} --theta 0.1,0.5 --out out")
    assert answer.returncode == 130
    assert answer.stderr.splitlines()[-1] == (
        "deltasim: stopped. The finished thresholds 0.1 are saved in out, without pages."
    )
    record = json.loads((tmp_path / "out" / "sweep.json").read_text())
    assert [run["theta"] for run in record["runs"]] == [0.1]
    kept = json.loads((tmp_path / "out" / "theta-0.1" / "run.json").read_text())
    assert kept == record["runs"][0]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_two_runs_into_one_folder(
    run: str, deltasim: Deltasim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that ends first wins; the other says so and leaves nothing."""
    from deltasim.api import cases

    whole = cases.run_case

    def with_another_meanwhile(case: cases.Case, *rest: object) -> object:
        result = whole(case, *rest)  # type: ignore[arg-type]
        if not (tmp_path / "out").exists():
            result.save("out", page=False)
        return result

    monkeypatch.setattr(cases, "run_case", with_another_meanwhile)
    slower = "another run has taken this name meanwhile"
    for theta, rule in (("0.1", "a run never overwrites what is there"), ("0.1,0.5", slower)):
        answer = deltasim(f"{run} --theta {theta} --out out")
        assert answer.returncode == 2
        assert answer.stderr.splitlines()[-1].startswith(f"deltasim: --out: out: {rule}. ")
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        assert json.loads((tmp_path / "out" / "run.json").read_text())["theta"] == 0.1
        shutil.rmtree(tmp_path / "out")


@pytest.mark.parametrize("limit_bytes", [1000, 20_000])
def test_a_full_disk(
    limit_bytes: int, run: str, deltasim: Deltasim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one where no file holds more than some bytes: the record does not fit, or the page."""
    from deltasim.reports.saved import folder

    write = folder.write_run

    def write_to_a_full_disk(*arguments: Any) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
        write(*arguments)

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(folder, "write_run", write_to_a_full_disk)
    try:
        answer = deltasim(f"{run} --out runs/out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert answer.returncode == 2
    assert "--out: runs/out: the folder must be writable (File too large)." in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_leaves_early_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "deltasim", "describe", "chip", "edgedrnn", "--yaml"]
    with os.fdopen(write, "w") as closed:
        ended = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, text=True, check=False)
    assert "Traceback" not in ended.stderr


def test_the_command_that_makes_a_run_again_is_kept() -> None:
    job = Job("digits", data="synthetic")
    assert run_command.spell_command(job, "my chip.yaml", 0.0) == (
        "deltasim run digits --chip 'my chip.yaml' --theta 0.0 --data synthetic"
    )


def test_the_files_of_a_run_do_not_show_the_number_of_jobs(
    tiny: Path, deltasim: Deltasim, tmp_path: Path
) -> None:
    """But for the time it took, which the record and the page tell."""
    for jobs in (1, 3):
        line = f"run digits --data synthetic --trained {tiny} --limit 7 --jobs {jobs} --out {jobs}"
        answer = deltasim(line)
        assert answer.returncode == 0, answer.stderr
    for table in ("units", "layers", "steps"):
        name = f"{table}.parquet"
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()
    records = [json.loads((tmp_path / jobs / "run.json").read_text()) for jobs in ("1", "3")]
    for record in records:
        assert record.pop("wall_s") > 0
    assert json.dumps(records[0]) == json.dumps(records[1])


def test_a_damaged_trace_in_the_cache_is_told_in_one_line(
    tiny: Path, deltasim: Deltasim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DELTASIM_CACHE", str(tmp_path / "cache"))
    line = f"run digits --data synthetic --trained {tiny} --limit 1 --json --out"
    first = json.loads(deltasim(f"{line} first").stdout)
    kept = sorted((tmp_path / "cache" / "traces").iterdir())
    assert len(kept) == 2  # the delta network and the dense-trained one
    kept[0].write_bytes(kept[0].read_bytes()[:100])
    with warnings.catch_warnings():
        warnings.simplefilter("always")  # in tests it is an error
        again = deltasim(f"{line} again")
    assert again.stderr.splitlines()[0] == f"deltasim: {kept[0]} is damaged and is made again."
    assert json.loads(again.stdout)["digest"] == first["digest"]
    without = json.loads(deltasim(f"{line} without --no-cache").stdout)
    assert without["digest"] == first["digest"]
