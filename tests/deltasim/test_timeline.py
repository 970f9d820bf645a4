"""``deltasim timeline``: the file it writes, what it says, and what it refuses."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Deltasim = Callable[[str], CompletedProcess[str]]


def test_a_saved_run_over_time(deltasim: Deltasim, tiny: Path) -> None:
    run = f"digits --data synthetic --trained {shlex.quote(str(tiny))} --limit 2"
    assert deltasim(f"run {run} --out saved").returncode == 0
    answer = deltasim("timeline saved --sequence 1 --steps 2:4")
    assert answer.returncode == 0 and "open it at ui.perfetto.dev" in answer.stdout
    whole = Path("digits-edgedrnn-1.pftrace")
    assert whole.is_file() and answer.stdout.startswith(f"{whole}: ")
    told = json.loads(deltasim("timeline saved --sequence 1 --steps 2:4 --out other --json").stdout)
    assert Path("other").read_bytes() == whole.read_bytes()
    assert deltasim("timeline saved --sequence 1 --steps 2:4 --out third --engine simpy").returncode == 0
    assert Path("third").read_bytes() == whole.read_bytes()
    assert told["file"] == "other" and told["slices"] == told["of"] > 0 and told["flows"] > 0
    assert told["kind"] == "timeline" and 0 < told["services"] + told["commands"] < told["slices"]
    for line, said in (
        ("timeline saved --sequence 2", "the run has 2 sequences, from 0 on"),
        ("timeline saved --steps 4:2", "Name some of them, as 0:2."),
        ("timeline saved --steps two", "steps are written from A to before B"),
        ("timeline saved --steps 2:4 --out other", "a run never overwrites what is there"),
        ("timeline digitz", "Did you mean digits?"),
        ("timeline saved --engine simp", "Did you mean simpy?"),
    ):
        refused = deltasim(line)
        assert refused.returncode == 2 and said in refused.stderr and len(refused.stderr.splitlines()) == 1
