"""Whatever a person gets wrong is told in one sentence, exits with 2, and leaves nothing behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from deltasim.simulator.chip.description import packaged_chips

Answer = CompletedProcess[str]
Deltasim = Callable[[str], Answer]
EDGEDRNN = (packaged_chips() / "edgedrnn.yaml").read_text()


def refused(answer: Answer, *words: str) -> None:
    """The answer is one sentence on stderr with these words in it."""
    assert answer.returncode == 2, answer
    assert answer.stdout == ""
    assert answer.stderr.startswith("deltasim: ")
    assert answer.stderr.count("\n") == 1, answer.stderr
    assert "Traceback" not in answer.stderr
    assert [word for word in words if word not in answer.stderr] == [], answer.stderr


def nothing_in(folder: Path) -> bool:
    return list(folder.rglob("*")) == []


COMMAND_LINES = [
    ("rum", "rum", "Did you mean 'run'?"),
    ("run", "benchmark"),
    ("run digits --limit 0", "--limit"),
    ("run digits --limit many", "--limit"),
    ("run digits --jobs 0", "--jobs"),
    ("run digits --bogus", "--bogus"),
    ("run digitz", "digitz", "Did you mean digits?"),
    ("run digits --data synthetic --chip edgedrn", "edgedrn", "Did you mean edgedrnn?"),
    ("run digits --data synthetic --chip nowhere.yaml", "nowhere.yaml"),
    ("run digits --data synthetic --engine simpi", "simpi", "Did you mean simpy?"),
    ("run digits --data nowhere/at/all", "nowhere/at/all"),
    ("run digits --data synthetic --trained nowhere", "nowhere"),
    ("run digits --theta -0.1", "--theta: -0.1", "at least 0"),
    ("run digits --theta nan", "--theta: nan"),
    ("run digits --theta inf", "--theta: inf"),
    ("run digits --theta 0,,1", "--theta: nothing"),
    ("run digits --theta 0.1,0.1", "each threshold once"),
    ("list chip", "Did you mean chips?"),
    ("describe chop edgedrnn", "Did you mean chip?"),
    ("describe chip mesh17", "Did you mean mesh16?"),
    ("describe cell gruu", "Did you mean gru?"),
    ("describe cell gru --draw gru.png", "a drawing is an SVG", "gru.svg"),
    ("describe cell gru --draw .", "a drawing is an SVG", "gru.svg"),
    ("describe cell input --draw input.svg", "no step of this name is drawn"),
    ("describe chip mesh16 --draw chip.svg", "cells are drawn"),
    ("map digits --chip edgedrn", "Did you mean edgedrnn?"),
    ("map digitz", "Did you mean digits?"),
    ("compare nowhere neither", "nowhere"),
    ("train digitz --out trained", "Did you mean digits?"),
    ("train sequences --data fsd --out trained", "--data: fsd: there is no such task. Did you mean fsdd?"),
    ("train sequences --data adding --bits 8 --out trained", "trained in float32 alone"),
    (
        "train sequences --data adding --cell gru --bits 8 --out trained",
        "with all weights",
    ),
    ("run sequences --data adding", "no networks for it are in the box", "deltasim train sequences"),
    ("train digits --theta -1 --out trained", "-1"),
    ("train digits --hidden 0 --out trained", "0"),
    ("data fetch fsd", "Did you mean fsdd?"),
    ("data steal fsdd", "steal"),
]


@pytest.mark.parametrize(("line", "words"), [(line, words) for line, *words in COMMAND_LINES])
def test_a_wrong_word(line: str, words: list[str], deltasim: Deltasim, tmp_path: Path) -> None:
    refused(deltasim(line), *words)
    assert nothing_in(tmp_path)


DESCRIPTIONS = {
    "a missing unit": ("clock: 125 MHz\n  scan", "clock: 125\n  scan", ["cores.clock", "unit"]),
    "a wrong unit": ("clock: 125 MHz\n  scan", "clock: 125 kg\n  scan", ["cores.clock", "125 kg"]),
    "a negative size": ("size: 512 MiB", "size: -512 MiB", ["memories", "size", "-512 MiB"]),
    "an unknown field": ("lanes: 8}\n  update", "lanes: 8, lames: 8}\n  update", ["lames"]),
    "a missing price": ("  link.flit:", "  link.flot:", ["link.flot"]),
    "no YAML": ("name: edgedrnn", "name: [edgedrnn", ["not YAML"]),
    "a tag that runs code": ("name: edgedrnn", "name: !!python/object/apply:os.getcwd []", ["not YAML"]),
}


@pytest.mark.parametrize("fault", DESCRIPTIONS)
def test_a_wrong_description(fault: str, deltasim: Deltasim, tmp_path: Path) -> None:
    old, new, words = DESCRIPTIONS[fault]
    assert old in EDGEDRNN
    chip = tmp_path / "mine.yaml"
    chip.write_text(EDGEDRNN.replace(old, new, 1))
    answer = deltasim("run digits --data synthetic --limit 1 --chip mine.yaml")
    assert answer.returncode == 2, answer
    assert answer.stdout == ""
    lines = answer.stderr.splitlines()
    assert re.match(r"deltasim: mine\.yaml(:\d+)?: ", lines[0]), lines
    assert "Traceback" not in answer.stderr
    assert [word for word in words if word not in answer.stderr] == [], answer.stderr
    assert list(tmp_path.iterdir()) == [chip]


def test_all_faults_of_a_description_at_once(deltasim: Deltasim, tmp_path: Path) -> None:
    faulty = EDGEDRNN.replace("clock: 125 MHz", "clock: 125").replace("size: 512 MiB", "size: 512 kg")
    (tmp_path / "mine.yaml").write_text(faulty)
    answer = deltasim("describe chip mine.yaml")
    assert answer.returncode == 2
    said = answer.stderr.splitlines()
    assert len(said) == 3
    assert all(re.match(r"deltasim: mine\.yaml:\d+: [a-z.0-9]+: ", line) for line in said)


def test_a_network_that_does_not_fit(deltasim: Deltasim, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(EDGEDRNN.replace("size: 512 MiB", "size: 16 KiB"))
    answer = deltasim("run digits --data synthetic --limit 1 --chip mine.yaml")
    refused(answer, "16 KiB", "needs")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_an_output_folder_that_exists(kind: str, deltasim: Deltasim, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if kind == "folder":
        out.mkdir()
    elif kind == "file":
        out.touch()
    else:
        out.symlink_to(tmp_path / "nowhere")
    refused(deltasim("run digits --data synthetic --limit 1 --out out"), "--out: out", "never overwrites")
    assert list(tmp_path.iterdir()) == [out]


def test_an_output_folder_that_cannot_be_written(deltasim: Deltasim, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = deltasim("run digits --data synthetic --limit 1 --out file/out")
    refused(answer, "--out", "file/out")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_is_no_run(deltasim: Deltasim, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "run.json").write_text("{}")
    refused(deltasim("compare a a"), "a")


def test_data_that_is_no_data(deltasim: Deltasim, tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    refused(deltasim("run digits --data recordings --limit 1"), "recordings")


def test_a_damaged_data_file(deltasim: Deltasim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fsdd.npz").write_bytes(b"PK\x03\x04 and then nothing")
    monkeypatch.setenv("DELTASIM_DATA", str(tmp_path))
    refused(deltasim("run digits --data fsdd --limit 1"), "fsdd.npz")
