"""A kernel is compiled anew when something it calls has changed, and only then."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CALLEE = "from deltasim.runtime.compiling import part\n\n\n@part\ndef step(x):\n    return x + {amount}\n"
CALLER = """
from deltasim.runtime.compiling import kernel
from callee import step

@kernel
def run(x):
    return step(x)

print(run(1), sum(run.stats.cache_hits.values()))
"""


def run_caller(folder: Path) -> list[str]:
    """What the caller prints in a process of its own: its result, and how often the cache was used."""
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment |= {
        "XDG_CACHE_HOME": str(folder / "cache"),
        "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]),
    }
    done = subprocess.run(
        [sys.executable, "caller.py"], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_a_changed_callee_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "callee.py").write_text(CALLEE.format(amount=1))
    assert run_caller(tmp_path) == ["2", "0"]
    assert run_caller(tmp_path) == ["2", "1"]
    (tmp_path / "callee.py").write_text(CALLEE.format(amount=5))
    assert run_caller(tmp_path) == ["6", "0"]
