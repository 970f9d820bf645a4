"""The guard of speed: its verdict, and that its jobs run."""

from __future__ import annotations

import pytest

from benchmarks.guard import command
from benchmarks.guard.jobs import JOBS


def test_all_ratios_but_the_lowest_decide() -> None:
    assert command.is_slower([1.2, 0.9, 1.1, 1.06])
    assert not command.is_slower([1.2, 0.9, 1.1, 1.05])
    assert command.is_slower([1.06])


@pytest.mark.parametrize("name", ["execute", "edgedrnn", "mesh16, dense"])
def test_a_job_runs(name: str) -> None:
    job = JOBS[name]()
    assert job() is not None


def test_what_cannot_be_compared(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["edgedrn"])
    assert ended.value.code == 2
    assert "edgedrn: there is no such job; there are: execute, edgedrnn" in capsys.readouterr().err
