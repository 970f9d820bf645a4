"""``python -m benchmarks guard``: this tree beside the last released version, job by job, taking turns."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.guard.jobs import JOBS
from benchmarks.machine import machine
from benchmarks.tables import Table

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks-guard.md"

RELEASED = ("0.1.0", "5272e4231a71b88dd9c0ac8029ced8c70eaa160a")
"""The last released version and its commit."""

ROUNDS, SLOWER = 7, 1.05
ABOUT = """\
Processor time of short jobs in this tree and in version {version}, each in an environment of its own: two GRU
layers of 96 units and 8-bit weights, a tenth of all elements sent, or all where it says dense, on chips as
each version has them; `execute` computes values and messages (`benchmarks/guard/jobs.py`). {rounds} rounds in
turns, a process each; a figure is the ratio of this tree to that version, median (lowest to highest). A job
is called slower where all ratios but the lowest are above {slower:.2f}."""


def main(arguments: Sequence[str]) -> None:
    """Measure, write the page, and exit with 1 where a job has become slower."""
    version, commit = RELEASED
    parser = argparse.ArgumentParser(prog="python -m benchmarks guard", description=__doc__)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"{', '.join(JOBS)}; default: all, as a page")
    parser.add_argument("--base", default=commit, help=f"a commit or tag to compare with; default: {version}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default: {ROUNDS}")
    asked = parser.parse_args(arguments)
    names = asked.jobs or list(JOBS)
    if unknown := [name for name in names if name not in JOBS]:
        parser.error(f"{unknown[0]}: there is no such job; there are: {', '.join(JOBS)}")
    with tempfile.TemporaryDirectory() as folder:
        pythons = [installed(asked.base, Path(folder) / "before"), installed(None, Path(folder) / "now")]
        rounds: list[list[dict[str, float]]] = []
        for number in range(asked.rounds + 1):
            print(f"round {number} of {asked.rounds} ...", file=sys.stderr, flush=True)
            turns = {place: measured(pythons[place], names) for place in ((0, 1) if number % 2 else (1, 0))}
            rounds.append([turns[0], turns[1]])
    ratios = {name: [now[name] / before[name] for before, now in rounds[1:]] for name in names}
    rows = []
    for name, found in ratios.items():
        before, now = (statistics.median(pair[place][name] for pair in rounds[1:]) for place in (0, 1))
        spread = f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"
        rows.append((name, f"{1e3 * before:.1f}", f"{1e3 * now:.1f}", spread, "slower" * is_slower(found)))
    other = version if asked.base == commit else asked.base
    about = ABOUT.format(version=other, rounds=asked.rounds, slower=SLOWER)
    columns = ("job", f"{other}, ms", "now, ms", "ratio", "")
    page = (
        f"# Nothing slower\n\n{machine()}\n"
        + Table("Beside the last release", about, "make bench-guard", columns, tuple(rows)).markdown()
    )
    if asked.jobs:
        print(page)
    else:
        PAGE.write_text(page, encoding="utf-8")
        print(f"The page is {PAGE}", file=sys.stderr)
    slower = [name for name, found in ratios.items() if is_slower(found)]
    if slower:
        raise SystemExit(f"slower than {other}: {', '.join(slower)}")


def is_slower(ratios: Sequence[float]) -> bool:
    """Whether all ratios but the lowest are above the limit.

    >>> is_slower([1.2, 0.9, 1.1, 1.06]), is_slower([1.2, 0.9, 1.1, 1.04])
    (True, False)
    """
    return sorted(ratios)[min(1, len(ratios) - 1)] > SLOWER


def installed(commit: str | None, folder: Path) -> Path:
    """An environment with a commit, or with this tree (None), over the packages of this one; its Python."""
    source = folder / "source"
    source.mkdir(parents=True)
    if commit is None:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True).stdout
        packing = ["tar", "-c", "-T", "-"]
    else:
        listed, packing = b"", ["git", "archive", commit]
    packed = subprocess.run(packing, cwd=ROOT, input=listed, capture_output=True)
    if packed.returncode:
        raise SystemExit(f"{commit}: the repository has no such commit: {packed.stderr.decode().strip()}")
    subprocess.run(["tar", "-x"], cwd=source, input=packed.stdout, check=True)
    venv.create(folder / "environment", with_pip=False)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "environment" / "lib" / version / "site-packages"
    (site / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    install = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(source)]
    subprocess.run(install, check=True)
    return folder / "environment" / "bin" / "python"


def measured(python: Path, names: Sequence[str]) -> dict[str, float]:
    """Seconds of every job in one process of its own; each version has its own kernels on disk."""
    cache = python.parents[2] / "cache"
    cache.mkdir(mode=0o700, exist_ok=True)
    job = [str(python), str(Path(__file__).with_name("jobs.py")), *names]
    surroundings = os.environ | {
        "DELTASIM_CACHE": str(cache),
        "OMP_NUM_THREADS": "1",
        "NUMBA_NUM_THREADS": "1",
    }
    done = subprocess.run(job, cwd=python.parents[2], env=surroundings, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    return found
