"""The order is said once: in the rulebook's tables, and in the module that both schedulers read."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.trace import random_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.components import order
from deltasim.simulator.components.order import RANKS, STAGES
from deltasim.simulator.engines.compiled.services import services_of as compiled_services
from deltasim.simulator.engines.reference.services import services_of as reference_services
from deltasim.simulator.engines.services import Service
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.plan import Plan, Unit

ROOT = Path(__file__).resolve().parents[3]
RULEBOOK = (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8")


def test_the_ranks_are_those_of_the_rulebook() -> None:
    rows = re.findall(r"^\| (\d) \| (\w+) \|", RULEBOOK, re.MULTILINE)
    assert rows == [(str(rank), kind) for rank, kind in enumerate(RANKS)]
    assert [getattr(order, f"{kind.upper()}_KIND") for kind in RANKS] == list(range(len(RANKS)))


def test_the_stages_are_those_of_the_rulebook() -> None:
    section = RULEBOOK.split("### Stage by stage")[1].split("\n#")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", section, re.MULTILINE)[1:]
    assert rows == [(one.name, one.unit, one.kind, ", ".join(one.then)) for one in STAGES]
    names = {one.name for one in STAGES}
    assert all(set(one.then) <= names for one in STAGES)


def test_no_engine_has_ranks_of_its_own() -> None:
    text = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "simulator" / "engines").rglob("*.py")
    )
    assert not re.search(r"^\w+_KIND\b.*=", text, re.MULTILINE)


def stage_of(unit: Unit, kind: int) -> str:
    """The stage at which a unit, perhaps one that stages share, serves a job of a rank."""
    parts = unit.name.rpartition(".")[2].split("+")
    parts = [f"cache {part}" for part in parts] if unit.kind == "cache" else [*parts, unit.kind]
    at = {"link" if part == "bus" else part for part in parts}
    (found,) = (one.name for one in STAGES if at & set(one.unit.split(" or ")) and one.kind == RANKS[kind])
    return found


def reached(stage: str, hidden: set[str]) -> set[str]:
    """The stages that may come after one, and after those of them at which units do not tell their jobs."""
    found = set(next(one.then for one in STAGES if one.name == stage))
    for passed in found & hidden:
        found |= reached(passed, hidden)
    return found


def follow(plan: Plan, served: tuple[Service, ...]) -> set[str]:
    """Every service is of a stage of the table, behind one that leads there; returns the stages seen."""
    hidden = {"place", "queue"} | ({"fetch"} if plan.stages.fetch_slots > 1 else set())
    seen: dict[tuple[int, int, int], list[tuple[int, str]]] = {}
    stages = set()
    jobs = [(one, one.job, stage_of(plan.units[one.unit], one.job.kind)) for one in served if one.job]
    for one, job, stage in jobs:
        stages.add(stage)
        seen.setdefault((job.step, job.number, job.source), []).append((one.start_ps, stage))
    for one, job, stage in jobs:
        if stage in ("scan", "update"):
            continue
        begun = [other for start, other in seen[job.step, job.number, job.source] if start < one.end_ps]
        begun += [other for start, other in seen[job.step, job.number, -1] if start < one.end_ps]
        assert any(stage in reached(other, hidden) for other in begun), (stage, begun)
    return stages


ONE_SLOT = {"cores.outstanding_fetches": 1}
CHIPS = {
    "mcu-psram": {"scan", "fetch", "request", "serve", "respond", "multiply", "update"},
    "mesh16": {"scan", "link", "fetch", "read", "multiply", "update"},
    "mesh16-cached": {"look up", "read lines", "request", "respond"},
}


@pytest.mark.parametrize("name", CHIPS)
def test_jobs_go_through_the_stages_in_this_order(name: str) -> None:
    """What both engines note of two steps, service by service."""
    chip, rng = load_chip(name).changed(ONE_SLOT), np.random.default_rng(5)
    network = random_stack("gru", 6, (24, 24), rng)
    plan = compile_plan(network, chip, map_network(network, chip))
    trace = random_trace(network, [2], 0.3, rng)
    for services_of in (reference_services, compiled_services):
        assert follow(plan, services_of(plan, trace).served) >= CHIPS[name]
