"""What is installed is ``deltasim`` alone: it works from wheels, and beside files with our folders' names."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

import deltasim

ROOT = Path(__file__).resolve().parents[2]
THEIRS = ("networks.py", "simulator.py", "workloads.py", "runtime.py", "validation.py", "reports/__init__.py")
JOB = """
import deltasim as ds

if __name__ == "__main__":
    digits = ds.benchmark("digits", data="synthetic")
    run = ds.simulate(digits, chip="edgedrnn", limit=2, engine={engine!r}, jobs=2)
    print(run.ledger.total("core.mac"))
"""
COMPILED, WITH_PROCESSES = JOB.format(engine="compiled"), JOB.format(engine="simpy")


def told(command: list[str | Path], folder: Path, **environment: str) -> str:
    """What a process printed that started in ``folder``."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, env=clean | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder of a user whose own modules bear the names of our folders."""
    for name in THEIRS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise ImportError('this is the user\\'s own module')\n")
    return tmp_path


def test_a_users_own_modules_stay_theirs(theirs: Path) -> None:
    (theirs / "job.py").write_text(WITH_PROCESSES)
    script = told([sys.executable, "job.py"], theirs)
    assert script == told([sys.executable, "-c", COMPILED], theirs)
    assert int(script) > 0


def test_a_notebook_kernel_beside_a_users_modules(theirs: Path) -> None:
    from jupyter_client.manager import start_new_kernel

    shown: list[dict[str, Any]] = []
    manager, client = start_new_kernel(cwd=str(theirs), kernel_name="python3")
    try:
        reply = client.execute_interactive(
            f"{COMPILED}\nassert run.sequences == 2; run",
            timeout=120,
            output_hook=shown.append,
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert reply["content"]["status"] == "ok", reply["content"]
    assert any("text/html" in message["content"].get("data", {}) for message in shown)


def tracked(target: Path) -> Path:
    """The tree as a clean clone has it, without git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this tree is no git clone")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes((ROOT / name).read_bytes())
    return target


def built(kind: str, source: Path, target: Path) -> Path:
    """A wheel or an sdist of a source tree, made by the backend that pyproject.toml names."""
    code = f"from setuptools.build_meta import build_{kind}; build_{kind}({str(target)!r})"
    told([sys.executable, "-c", code], source)
    (found,) = target.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return found


def test_wheel_and_sdist_install_and_run_from_anywhere(tmp_path: Path) -> None:
    for name in ("clone", "sdist", "wheel", "elsewhere"):
        (tmp_path / name).mkdir()
    archive = built("sdist", tracked(tmp_path / "clone"), tmp_path / "sdist")
    with tarfile.open(archive) as packed:
        inside = [name.split("/", 1)[1] for name in packed.getnames() if "/" in name]
        packed.extractall(tmp_path / "unpacked", filter="data")
    assert not [name for name in inside if name.startswith(("tests", "benchmarks", "docs"))]
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    wheel = built("wheel", unpacked, tmp_path / "wheel")
    with zipfile.ZipFile(wheel) as packed:
        top = {name.split("/", 1)[0] for name in packed.namelist()}
        assert "deltasim/py.typed" in packed.namelist()
    assert top == {"deltasim", f"deltasim-{deltasim.__version__}.dist-info"}

    fresh = tmp_path / "environment"
    told([sys.executable, "-m", "venv", "--without-pip", fresh], tmp_path)
    python, packages = fresh / "bin" / "python", next(fresh.glob("lib/python*/site-packages"))
    told(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--target",
            packages,
            wheel,
        ],
        tmp_path,
    )
    (packages / "dependencies.pth").write_text(
        sysconfig.get_path("purelib")
    )  # what deltasim needs, not deltasim
    line = "run digits --data synthetic --chip edgedrnn --limit 1 --out run"
    said = told([python, "-m", "deltasim", *line.split()], tmp_path / "elsewhere")
    assert "energy per inference" in said
    home = told([python, "-c", "import deltasim.simulator as s; print(s.__file__)"], tmp_path / "elsewhere")
    assert Path(home).is_relative_to(packages)
