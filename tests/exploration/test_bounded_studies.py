"""Random studies have the same front with bounds and without, and every bound is a proof that holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deltasim.api.exploring import setup_of
from deltasim.exploration.description import as_study
from deltasim.exploration.explore import explored
from deltasim.exploration.study import Study, figures_of
from deltasim.exploration.workbench import Setup, Workbench

Describe = Callable[..., dict[str, Any]]

SPACES: dict[str, dict[str, list[Any]]] = {
    "mesh16": {
        "memories.scratchpad.size": ["512 B", "4 KiB"],
        "cores.mac.lanes": [1, 2, 8],
        "theta": ["trained", 0.4],
    },
    "mesh16-cached": {
        "memories.cache.size": ["16 KiB", "32 KiB"],
        "cores.mac.lanes": [1, 4],
        "theta": [0.2, 0.5],
    },
}
OBJECTIVES = ("energy", "latency", "area", "energy_latency", "dram_bytes", "power", "off_chip")


class Remembering:
    """Works in this process, and does nothing twice in all studies of a test."""

    def __init__(self, setup: Setup, known: dict[Any, Any]) -> None:
        self.bench, self.known = Workbench(setup), known

    def each(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        for place, given in enumerate(arguments):
            one = (given[0], True) if name == "prepare" else given
            key = (name, repr(one))
            if key not in self.known:
                self.known[key] = getattr(self.bench, name)(*one)
            yield place, self.known[key]


def ran(study: dict[str, Any], path: Path, bounds: bool, known: dict[Any, Any], number: int) -> Study:
    described = as_study(study).model_copy(update={"name": f"study{number}{bounds}"})
    setup = known.setdefault("setup", None) or setup_of(described)
    known["setup"] = setup

    @contextmanager
    def start(_: str, setup: Setup) -> Iterator[Remembering]:
        yield Remembering(setup, known)

    return explored(described, setup, "", str(number), path, start, bounds)


def same_fronts(describe: Describe, folder: Path, count: int, seed: int, most: int) -> dict[str, int]:
    """Explore random parts of the spaces with bounds and without; how many points were bounded."""
    rng = np.random.default_rng(seed)
    known: dict[str, dict[Any, Any]] = {base: {} for base in SPACES}
    tally = {"studies": 0, "points": 0, "bounded": 0}
    for number in range(count):
        base = str(rng.choice(list(SPACES)))
        space = SPACES[base]
        names = rng.choice(list(space), rng.integers(2, min(most, len(space)) + 1), replace=False).tolist()
        parameters = {name: rng.permutation(len(space[name])).tolist() for name in names}
        parameters = {name: [space[name][place] for place in order] for name, order in parameters.items()}
        objectives = rng.choice(OBJECTIVES, rng.integers(1, 4), replace=False).tolist()
        fields = {"base": base, "parameters": parameters, "objectives": objectives}
        fields["constraints"] = ["cores.mac.lanes < 8"] if rng.random() < 0.3 else []
        study = describe(**fields)
        with_bounds = ran(study, folder / "a.db", True, known[base], number)
        without = ran(study, folder / "b.db", False, known[base], number)
        front = [without.points[int(without.done[place])] for place in without.front_places]
        kept = [with_bounds.points[int(with_bounds.done[place])] for place in with_bounds.front_places]
        assert [point.number for point in kept] == [point.number for point in front]
        assert with_bounds.figures.keys() == without.figures.keys()
        for point in with_bounds.points:
            if point.state == "bounded":
                assert_proved(point.number, with_bounds, without)
        tally["studies"] += 1
        tally["points"] += len(with_bounds.points)
        tally["bounded"] += with_bounds.tally()["bounded"]
    return tally


def assert_proved(number: int, study: Study, whole: Study) -> None:
    """The stored counts are no more than were counted, and the point named dominates what they come to."""
    point, truth = study.points[number], whole.points[number]
    counted = whole.counted[truth.evaluation]
    for name, least, real in zip(
        whole.tables[truth.prices].form.names, point.proof["counts"], counted.counts, strict=True
    ):
        assert ".background" in name or least <= real, name
    assert point.proof["elapsed_ps"] <= counted.elapsed_ps
    best = study.points[point.proof["by"]]
    pair = figures_of([best, truth], {**whole.counted}, whole.tables, study.objectives, {})
    values = [column if name != "score" else -column for name, column in pair.items()]
    assert all(first <= second for first, second in values)
    assert any(first < second for first, second in values)


def test_fifty_random_studies(described: Describe, tmp_path: Path) -> None:
    tally = same_fronts(described, tmp_path, 50, seed=1, most=2)
    assert tally["studies"] == 50 and tally["bounded"] > 0.05 * tally["points"], tally


@pytest.mark.long
def test_two_thousand_random_studies(
    described: Describe, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """2,000 random studies: the same front with bounds and without."""
    for name, value in same_fronts(described, tmp_path, 2000, seed=2, most=4).items():
        record_property(name, value)
