"""Run folders that earlier versions wrote still load and compare."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from deltasim.main import main
from deltasim.reports.saved.folder import load_run
from deltasim.runtime.errors import InputError

OLD = Path(__file__).parent / "runs_0_1_0"


@pytest.mark.parametrize("folder", sorted(OLD.iterdir()), ids=lambda folder: folder.name)
def test_a_folder_of_version_0_1_0_loads(folder: Path) -> None:
    run = load_run(folder)
    assert "version" not in run.record
    assert run.record["score"]["name"] == "accuracy" and run.record["energy"]["inference_j"] > 0
    assert run.units().columns == ["run", "unit", "kind", "node", "action", "part", "count", "joules"]
    assert run.units()["joules"].sum() > 0 and len(run.steps()) == run.record["steps"]


def test_folders_of_version_0_1_0_compare(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(OLD / "digits-edgedrnn"), str(OLD / "digits-mesh16"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_a_folder_of_a_later_form_is_refused(tmp_path: Path) -> None:
    later = shutil.copytree(OLD / "digits-edgedrnn", tmp_path / "later")
    record = json.loads((later / "run.json").read_text())
    (later / "run.json").write_text(json.dumps(record | {"version": 3}))
    with pytest.raises(InputError, match="its form is of version 3, and this program reads up to 2"):
        load_run(later)
