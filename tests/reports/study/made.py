"""A study of any size, made up of random counts: what a reader sees of many points."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deltasim.exploration.description import as_study
from deltasim.exploration.pricing import PriceTable, form_of
from deltasim.exploration.store import Point, Store, as_text
from deltasim.exploration.study import Study, load_study
from deltasim.exploration.workbench import Evaluation
from deltasim.simulator.chip import load_chip

LAYERS = ("input", "gru_0", "shared")
SIZES = ["4 KiB", "8 KiB", "16 KiB"]


def made_study(count: int, path: Path, sequences: int = 2, chunk: int = 5000) -> Study:
    """So many points, some of them failed or outside the constraints."""
    rng = np.random.default_rng(0)
    chip = load_chip("mesh16")
    form = form_of(chip, LAYERS)
    names = len(form.names)
    parameters = {
        "memories.scratchpad.size": SIZES,
        "cores.mac.lanes": {"from": 1, "to": 10**6},
        "network.topology": ["mesh:4x4", "torus:4x4"],
    }
    described = as_study(
        {
            "base": "mesh16",
            "benchmark": "digits",
            "parameters": parameters,
            "objectives": ["energy", "latency", "area", "score"],
            "search": "sobol",
            "budget": count,
        }
    ).model_copy(update={"name": "made"})
    joules = tuple(1e-12 if unit != "ps" else 1e-18 for unit in form.units)
    tables = [PriceTable(form, tuple(value * (1 + k) for value in joules)) for k in range(3)]
    with Store.opened(path, writing=True) as store:
        chips = as_text({"mesh16": chip.content()})
        store.add_study("0" * 64, "made", described.model_dump_json(), chips, "made up", "0")
        for first in range(0, count, chunk):
            points, evaluations = [], {}
            for number in range(first, min(count, first + chunk)):
                state = "failed" if number % 50 == 7 else "infeasible" if number % 50 == 9 else "done"
                lanes = int(rng.integers(1, 10**6))
                each = rng.integers(0, 10**7, (sequences, names)) * (1 + lanes % 7)
                rows = tuple(tuple(row) for row in each.tolist())
                digest = f"{number:064x}"
                if state == "done":
                    total = tuple(each.sum(axis=0).tolist())
                    times = tuple((rng.integers(10**7, 10**9, sequences)).tolist())
                    evaluations[digest] = Evaluation(form, total, times, rows, "It is <b>.")
                values = {
                    "memories.scratchpad.size": SIZES[number % 3],
                    "cores.mac.lanes": lanes,
                    "network.topology": "mesh:4x4" if number % 2 else "torus:4x4",
                }
                points.append(
                    Point(
                        number, 0, values, {}, state, "" if state == "done" else f"reason {number % 50}",
                        digest if state == "done" else "", tables[number % 3].digest,
                        0.1 + 0.1 * (number % 3) + float(rng.random()) / 10, ["network"], 0,
                        float(rng.integers(90, 100)) / 100, sequences if state == "done" else 0, {},
                    )
                )  # fmt: skip
            store.settle("0" * 64, points, tables, evaluations)
    return load_study(path)
