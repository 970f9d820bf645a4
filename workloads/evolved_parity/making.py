"""Evolve for a task with every mutation, seed after seed: what the curves of the page are made of.

    python -m deltasim.workloads.evolved_parity.making OUT --task parity --seeds 20

OUT/parity.json grows by one evolution at a time, all mutations of a seed one after another; started again,
it goes on with what is missing.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deltasim.networks.evolution.population import evolve
from deltasim.runtime.disk.unfinished import new_file
from deltasim.runtime.readers.files import Missing
from deltasim.runtime.readers.json_text import read_json
from deltasim.workloads.evolved_parity.tasks import TASKS


def one(task: str, mutation: str, seed: int) -> dict[str, Any]:
    """What came of one evolution: processor seconds of this process, evaluations, and when it was solved."""
    entry = TASKS[task]
    plan, made = entry.plan(mutation, seed), entry.make()
    began = time.process_time()
    *_, last = evolve(made, plan)
    return {
        "mutation": mutation,
        "magnitude": plan.magnitude,
        "seed": seed,
        "budget": plan.budget,
        "evaluations": last.evaluations,
        "solved_at": last.solved_at,
        "best_fitness": last.best_fitness,
        "processor_s": round(time.process_time() - began, 2),
    }


def missing(task: str, seeds: int, found: list[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    """Mutations and seeds that are not there yet, with these magnitudes and this budget."""
    entry = TASKS[task]
    done = {(run["mutation"], run["magnitude"], run["seed"], run["budget"]) for run in found}
    for seed in range(seeds):
        for mutation, (magnitude, _) in entry.mutations.items():
            if (mutation, magnitude, seed, entry.budget) not in done:
                yield mutation, seed


def read_runs(file: Path) -> list[dict[str, Any]]:
    """The evolutions in a file; none where there is none."""
    try:
        found: list[dict[str, Any]] = read_json(file)["runs"]
    except Missing:
        return []
    return found


def make(out: Path, task: str, seeds: int) -> None:
    """Do what is missing."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{task}.json"
    found = read_runs(file)
    command = f"python -m deltasim.workloads.evolved_parity.making OUT --task {task} --seeds {seeds}"
    for mutation, seed in missing(task, seeds, found):
        found.append(one(task, mutation, seed))
        with new_file(file) as part:
            part.write((json.dumps({"command": command, "runs": found}, indent=1) + "\n").encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("out", type=Path)
    parser.add_argument("--task", choices=list(TASKS), required=True)
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args()
    make(given.out, given.task, given.seeds)
