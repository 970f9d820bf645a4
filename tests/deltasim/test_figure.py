"""``deltasim figure``: the files it writes, what it lists, and what it refuses."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Deltasim = Callable[[str], CompletedProcess[str]]


def test_a_figure_of_a_saved_run(deltasim: Deltasim, tiny: Path) -> None:
    run = f"digits --data synthetic --trained {shlex.quote(str(tiny))} --limit 2"
    assert deltasim(f"run {run} --out saved").returncode == 0
    listed = deltasim("figure saved").stdout
    assert "energy " in listed and "Energy of one inference by layer (joules)" in listed
    answer = deltasim("figure saved energy --out energy.svg --columns 2")
    assert answer.stdout == "energy.svg: 180 mm wide; its data are in energy.csv\n"
    assert Path("energy.csv").read_text().startswith("part,run,joules,shown,share\n")
    for line, said in (
        ("figure saved enrgy", "Did you mean energy?"),
        ("figure saved matrix", "it belongs to deltasim report"),
        ("figure saved energy --out energy.svg", "a run never overwrites what is there"),
        ("figure saved energy --out energy.gif", "a figure is written as .svg, .pdf or .png"),
        ("figure saved energy --out other.svg --columns 3", "a figure takes one column or two"),
        ("figure nowhere", "a page is read"),
    ):
        refused = deltasim(line)
        assert refused.returncode == 2 and said in refused.stderr and len(refused.stderr.splitlines()) == 1
