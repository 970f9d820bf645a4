"""Checkpoints of evolutions: what is read is what was written, and every sentence about a wrong one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from deltasim.networks.evolution.checkpoint import load_evolved, save_evolved, subject_of
from deltasim.networks.evolution.population import Evolved, Plan, evolve
from deltasim.networks.files.checkpoint import FILE
from deltasim.runtime.errors import InputError
from tests.networks.evolution.test_population import PLAN, Far, same

SUBJECT = subject_of(Far(), PLAN)


@pytest.fixture
def states(tmp_path: Path) -> list[Evolved]:
    found = list(evolve(Far(), PLAN))
    for state in found[:3]:
        save_evolved(state, tmp_path, SUBJECT)
    return found


def test_what_is_read_goes_on_to_the_same_end(states: list[Evolved], tmp_path: Path) -> None:
    assert sorted(path.name[:11] for path in tmp_path.iterdir()) == ["checkpoint-", "checkpoint."]
    found = load_evolved(tmp_path, SUBJECT)
    assert same(found, states[2])
    *_, last = evolve(Far(), PLAN, state=found)
    assert same(last, states[-1])


def test_a_subject_is_task_and_plan() -> None:
    others = [
        (Far(enough=1.0), PLAN),
        *((Far(), replace(PLAN, **{name: 5})) for name in ("seed", "brood", "clip")),
    ]
    assert len({SUBJECT, *(subject_of(task, plan) for task, plan in others)}) == 5


def changed(name: str, value: object) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        record = json.loads((folder / FILE).read_text())
        (folder / FILE).write_text(json.dumps({**record, name: value}))

    return damage


def empty_tensors(folder: Path) -> None:
    """Another file, rightly named by its digest."""
    import hashlib

    save_file({"genomes": np.zeros((2, 2))}, folder / "checkpoint-0.safetensors")
    changed("tensors", "checkpoint-0.safetensors")(folder)
    digest = hashlib.sha256((folder / "checkpoint-0.safetensors").read_bytes()).hexdigest()
    changed("digest", digest)(folder)


def cut(folder: Path) -> None:
    file = next(folder.glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (
            lambda folder: (folder / FILE).unlink(),
            "no checkpoint to go on from. Name the folder of an evolution",
        ),
        (lambda folder: (folder / FILE).write_text("{"), "it is no checkpoint"),
        (changed("evaluations", "many"), "no checkpoint of this version"),
        (changed("version", 2), "no checkpoint of this version"),
        (changed("subject", "0" * 64), "it is of another task or another plan"),
        (cut, "its content is not what was written"),
        (empty_tensors, "they are those of no population"),
    ],
)
def test_a_checkpoint_that_is_none(
    states: list[Evolved], tmp_path: Path, damage: Callable[[Path], None], sentence: str
) -> None:
    damage(tmp_path)
    with pytest.raises(InputError, match=sentence):
        load_evolved(tmp_path, SUBJECT)


def test_another_seed_does_not_go_on(states: list[Evolved], tmp_path: Path) -> None:
    other: Plan = replace(PLAN, seed=4)
    with pytest.raises(InputError, match="another task or another plan"):
        load_evolved(tmp_path, subject_of(Far(), other))
