"""kill -9, in a real process: nothing that was written is lost, and the next run removes what was not."""

from __future__ import annotations

import hashlib
import random
import signal
from pathlib import Path

import pytest

from tests.deltasim.signalled import Ended, ended_by, litter

LINES = (
    "run digits --data synthetic --chip mesh16 --limit 2 --out runs/OUT",
    "run digits --data synthetic --chip edgedrnn --limit 2 --theta 0.1,0.3 --out runs/OUT",
    "run digits --data synthetic --chip edgedrnn --limit 3 --engine simpy --jobs 2 --out runs/OUT",
)


def whole(ended: Ended) -> bool:
    return (ended.code, ended.said, ended.left) == (0, "", ())


def contents(folder: Path) -> dict[str, str]:
    """Every file with a name of its own, by a digest over its content."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "/.deltasim-" not in str(path)]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_what_a_killed_run_leaves_is_removed_by_the_next(tiny: Path, tmp_path: Path) -> None:
    line = f"{LINES[0]} --trained {tiny}"
    for number, change in enumerate((2, 3)):
        ended = ended_by(signal.SIGKILL, line.replace("OUT", str(number)), tmp_path, None, change=change)
        assert ended.code == -signal.SIGKILL and ended.left == ()
        (part,) = litter(tmp_path)  # that of the run before is gone
        assert part.startswith("runs/.deltasim-")
    assert ended_by(signal.SIGKILL, line, tmp_path, None, change=99).code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["OUT"]


@pytest.mark.long
def test_a_hundred_kills(tmp_path: Path) -> None:
    """50 by the clock and 50 at a change on the disk; the cache is empty at first, and shared."""
    moments = random.Random(9)
    killed = 0
    cache, number = tmp_path / "cache", 0
    while killed < 100:
        line = moments.choice(LINES)
        number += 1
        before = contents(tmp_path)
        after_s, change = (moments.uniform(0, 5), 0) if killed % 2 else (0, moments.randint(1, 12))
        ended = ended_by(
            signal.SIGKILL, line.replace("OUT", str(number)), tmp_path, cache, after_s=after_s, change=change
        )
        killed += ended.code == -signal.SIGKILL
        after = contents(tmp_path)
        lost = {name for name, digest in before.items() if after.get(name) != digest}
        moment = f"change {change}" if change else f"{after_s:.3f} s"
        print(f"kill -9 at {moment} of `deltasim {line}`: expected nothing lost, no process left; ", end="")
        print(f"got {ended.code}, lost {sorted(lost)}, left {ended.left}, unfinished {len(litter(tmp_path))}")
        assert not lost and ended.left == () and "damaged" not in ended.said and "Traceback" not in ended.said
        assert ended.code in (0, -signal.SIGKILL)
    for name, line in zip("abc", LINES, strict=True):
        ended_by(signal.SIGKILL, line.replace("OUT", f"{name}1"), tmp_path, cache, change=9999)
        ended = ended_by(signal.SIGKILL, line.replace("OUT", f"{name}2"), tmp_path, cache, change=9999)
        assert whole(ended), ended
    print(f"after {killed} kills and six whole runs: expected nothing unfinished; got {litter(tmp_path)}")
    assert litter(tmp_path) == []
    for run in (tmp_path / "runs").iterdir():
        assert (run / "report.html").is_file(), run
