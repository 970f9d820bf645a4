"""What the networks that steer reach, in score, weight fetches, joules and time: docs/driving.md.

python -m deltasim.workloads.driving.making OUT --data FOLDER --seed 0      (and 1, and 2)
python -m deltasim.validation.driving OUT docs/driving.md
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from deltasim.networks.execute import execute
from deltasim.networks.files.network import load_network
from deltasim.networks.graph import Network
from deltasim.networks.trace import dense_trace
from deltasim.reports.quantities import quantity
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.validation.measure import measure_trace
from deltasim.workloads.driving.drive import Drive, inputs, padded
from deltasim.workloads.driving.parts import Parts, words_of
from deltasim.workloads.driving.recorded import read_session
from deltasim.workloads.driving.scores import Steering, steering

CHIPS = ("mesh16", "edgedrnn")
DENSE_STEPS = 10  # of a dense run: each costs the same
PUBLISHED = 512  # units, of the paper's network
NAIVE = {"alone": (0.1,), f"dense-{PUBLISHED}": (0.05, 0.1, 0.2)}  # thresholds given when a network runs
GOALS = {"saved": 100.0, "rmse": 1.05, "recurrent": 0.97}
SHAPES = (PUBLISHED, 128, 64)


class Cost(NamedTuple):
    """Joules and seconds of a step on a chip."""

    joules: float
    seconds: float


class Line(NamedTuple):
    """One network on the test session: how it steers, words fetched a step in either part, its costs."""

    steering: Steering
    words: Parts
    saved: Parts
    columns: float
    states: float  # share of the GRU's states that are sent to it
    costs: dict[str, Cost]


def measured(network: Network, drive: Drive, dense: bool) -> Line:
    """Run a network on the session; ``dense``: every element is sent at every step, whatever its value."""
    pieces = drive.pieces()
    trace, outputs = execute(network, [inputs(drive.frames[first:end]) for first, end in pieces])
    found = steering(outputs, padded(drive.steering, pieces))
    assert found is not None
    if dense:
        trace = dense_trace(network, [DENSE_STEPS])
    every, fetched, sent = words_of(network, trace)
    costs = {}
    for name in CHIPS:
        run = measure_trace(network, load_chip(name), trace)
        costs[name] = Cost(run.step_j, run.step_s)
    return Line(
        found,
        Parts(*(part / trace.steps for part in fetched)),
        Parts(*(whole / max(1, part) for whole, part in zip(every, fetched, strict=True))),
        sent.recurrent / trace.steps,
        trace.occupancy(network)["hidden"],
        costs,
    )


def lines_in(folder: Path) -> dict[str, list[Line]]:
    """Every network of every seed by its name, naive conversions among them."""
    seeds = sorted(folder.glob("seed-*"))
    if not seeds:
        rule = "it holds no folder seed-0, seed-1, ..."
        raise InputError(
            folder, "no networks", rule, "Run `python -m deltasim.workloads.driving.making` first."
        )
    drive = read_session()
    found: dict[str, list[Line]] = {}
    for seed in seeds:
        for file in sorted(seed.glob("*/*.safetensors")):
            kind, (_, _, size) = file.stem, file.parent.name.partition("-")
            network = load_network(file.with_suffix(""))
            name = f"{kind}-{size}" if size else kind
            found.setdefault(name, []).append(measured(network, drive, kind != "delta"))
            for theta in NAIVE.get(name, ()):
                changed = measured(network.with_thresholds(theta), drive, dense=False)
                found.setdefault(f"{name} θ {theta:g}", []).append(changed)
    return found


def spread(values: Sequence[float], form: Callable[[float], str]) -> str:
    """Mean over the seeds, with the least and the largest.

    >>> spread([1.0, 2.0], "{:.1f}".format)
    '1.5 (1.0–2.0)'
    """
    mean = sum(values) / len(values)
    if len(values) == 1:
        return form(mean)
    return f"{form(mean)} ({form(min(values))}–{form(max(values))})"


def name_of(network: str) -> str:
    """What a row calls a network.

    >>> name_of("alone"), name_of("dense-64"), name_of("dense-512 θ 0.1")
    ('features without a recurrent part', 'GRU of 64, dense', 'GRU of 512, dense, θ = 0.1 when it runs')
    """
    trained, _, theta = network.partition(" θ ")
    kind, _, size = trained.partition("-")
    name = f"GRU of {size}, {'dense' if kind == 'dense' else 'trained delta network'}"
    if kind == "alone":
        name = "features without a recurrent part"
    return f"{name}, θ = {theta} when it runs" if theta else name


def ordered(found: dict[str, list[Line]]) -> list[str]:
    """Names in the order of the table: features alone, dense by size, with thresholds, delta by size."""

    def key(name: str) -> tuple[int, float, float]:
        trained, _, theta = name.partition(" θ ")
        kind, _, size = trained.partition("-")
        return ("alone", "dense", "delta").index(kind), float(size or 0), float(theta or 0)

    return sorted(found, key=key)


def mean_rmse(lines: Sequence[Line]) -> float:
    """Mean over the seeds."""
    return sum(line.steering.rmse for line in lines) / len(lines)


def smallest_equal(found: dict[str, list[Line]], delta: str) -> str | None:
    """The dense network with the fewest words, of those that steer as well as a delta network, or None."""
    least = mean_rmse(found[delta])
    dense = [name for name in found if " θ " not in name and not name.startswith("delta")]
    able = [name for name in dense if mean_rmse(found[name]) <= least]
    return min(able, key=lambda name: sum(found[name][0].words), default=None)


def score_table(found: dict[str, list[Line]]) -> list[str]:
    """How each network steers, and what it fetches a step."""
    rows = [
        "| network | RMSE | MAE | correlation | recurrent part: words a step | fewer | columns a step "
        "| states sent | convolutional part: words a step | fewer |",
        "|---|" + "--:|" * 9,
    ]
    for name in ordered(found):
        lines = found[name]

        def cell(read: Callable[[Line], float], form: str, own: Sequence[Line] = lines) -> str:
            return spread([read(line) for line in own], form.format)

        cells = [
            name_of(name),
            cell(lambda line: line.steering.rmse, "{:.4f}"),
            cell(lambda line: line.steering.mae, "{:.3f}"),
            cell(lambda line: line.steering.correlation, "{:.3f}"),
            cell(lambda line: line.words.recurrent, "{:,.0f}"),
            cell(lambda line: line.saved.recurrent, "{:.3g} ×"),
            cell(lambda line: line.columns, "{:.1f}"),
            cell(lambda line: line.states, "{:.2%}"),
            cell(lambda line: line.words.convolutional, "{:,.0f}"),
            cell(lambda line: line.saved.convolutional, "{:.2f} ×"),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def cost_table(found: dict[str, list[Line]]) -> list[str]:
    """Joules and seconds of a step on each chip, both parts together."""
    rows = [
        "| network | " + " | ".join(f"{chip}: energy a step | time a step" for chip in CHIPS) + " |",
        "|---|" + "--:|" * (2 * len(CHIPS)),
    ]
    for name in ordered(found):
        cells = [name_of(name)]
        for chip in CHIPS:
            costs = [line.costs[chip] for line in found[name]]
            cells.append(spread([cost.joules for cost in costs], lambda value: quantity(value, "J")))
            cells.append(spread([cost.seconds for cost in costs], lambda value: quantity(value, "s")))
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def verdict(reached: bool) -> str:
    """One word."""
    return "reached" if reached else "**missed**"


def goal_table(found: dict[str, list[Line]]) -> list[str]:
    """The goals, size by size, and what came of them, in the mean over the seeds."""
    rows = ["| goal | network | ours | verdict |", "|---|---|--:|---|"]
    alone = mean_rmse(found["alone"])
    for size in SHAPES:
        dense, delta = f"dense-{size}", f"delta-{size}"
        if dense not in found or delta not in found:
            continue
        saved = sum(line.saved.recurrent for line in found[delta]) / len(found[delta])
        worse = mean_rmse(found[delta]) / mean_rmse(found[dense])
        better = mean_rmse(found[delta]) / alone
        rows += [
            f"| {GOALS['saved']:g} × fewer recurrent fetches | delta, {size} | {saved:.1f} × "
            f"| {verdict(saved >= GOALS['saved'])} |",
            f"| RMSE within 5 % of dense | delta, {size} | {100 * (worse - 1):+.1f} % "
            f"| {verdict(worse <= GOALS['rmse'])} |",
            f"| RMSE 3 % better than the features alone | delta, {size} | {100 * (better - 1):+.1f} % "
            f"| {verdict(better <= GOALS['recurrent'])} |",
            f"| the same | dense, {size} | {100 * (mean_rmse(found[dense]) / alone - 1):+.1f} % "
            f"| {verdict(mean_rmse(found[dense]) / alone <= GOALS['recurrent'])} |",
        ]
    return rows


def equal_table(found: dict[str, list[Line]]) -> list[str]:
    """Every delta network beside the smallest dense one that steers as well, at the same 8 bits."""
    rows = [
        "| delta network | RMSE | smallest dense network as good | RMSE | its words a step over the delta's "
        "| recurrent alone | " + " | ".join(f"its energy over the delta's, {chip}" for chip in CHIPS) + " |",
        "|---|--:|---|--:|--:|--:|" + "--:|" * len(CHIPS),
    ]
    for name in (name for name in ordered(found) if name.startswith("delta")):
        other = smallest_equal(found, name)
        cells = [name_of(name), f"{mean_rmse(found[name]):.4f}"]
        if other is None:
            cells += ["none of the sizes tried", *["–"] * (3 + len(CHIPS))]
        else:
            ratios = [
                mean(found[other], lambda line: sum(line.words))
                / mean(found[name], lambda line: sum(line.words)),
                mean(found[other], lambda line: line.words.recurrent)
                / mean(found[name], lambda line: line.words.recurrent),
            ]
            for chip in CHIPS:
                joules = [
                    mean(found[own], lambda line, chip=chip: line.costs[chip].joules) for own in (other, name)
                ]
                ratios.append(joules[0] / joules[1])
            cells += [
                name_of(other),
                f"{mean_rmse(found[other]):.4f}",
                *(f"{ratio:.2f} ×" for ratio in ratios),
            ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def mean(lines: Sequence[Line], read: Callable[..., float]) -> float:
    """Mean of a figure over the seeds."""
    return sum(read(line) for line in lines) / len(lines)


def record_of(folder: Path) -> dict[str, Any]:
    """The record of one training."""
    place = next(folder.glob(f"seed-*/gru-{PUBLISHED}/training.json"), None)
    if place is None:
        rule = f"it holds no trained delta network of {PUBLISHED} units"
        raise InputError(folder, "no record", rule, "Train it first.")
    found: dict[str, Any] = json.loads(place.read_text())
    return found


def page(folder: Path, command: str) -> str:
    """The whole page, in Markdown."""
    return written(lines_in(folder), record_of(folder), command)


def written(found: dict[str, list[Line]], record: dict[str, Any], command: str) -> str:
    """The page of what was measured of trainings with this record."""
    seeds = len(found["alone"])
    lines = [
        "# Driving",
        "",
        f"Made by `{command}`",
        f"from what `{record['command']}` and its like wrote",
        f"({seeds} {'seed' if seeds == 1 else 'seeds'}).",
        "A cell is the mean over the seeds, with the least and the largest. Misses are left in.",
        "",
        *ABOUT.splitlines(),
        "",
        "## Goals",
        "",
        *goal_table(found),
        "",
        *GOAL_WORDS.splitlines(),
        "",
        "## Score and weight fetches",
        "",
        *score_table(found),
        "",
        *SCORE_WORDS.splitlines(),
        "",
        "## Beside the smallest dense network as good",
        "",
        *equal_table(found),
        "",
        *EQUAL_WORDS.splitlines(),
        "",
        "## On two chips",
        "",
        *cost_table(found),
        "",
        *COST_WORDS.splitlines(),
    ]
    return "\n".join(lines) + "\n"


ABOUT = """\
A radio-controlled car on a track: 7354 frames of one part train the networks, the 2447 frames of another
session test them, scored once for each network here. A network sees one grey picture of 32 x 64 pixels
every 50 ms and says how the driver steers, -1 to 1. Four convolutions (8, 16, 24, 32 planes, stride 2) and
a dense layer make 16 features of it; a GRU behind them, whose transmitted state is read out, is the
recurrent part. All networks run in fixed point: weights Q1.7, activations Q8.8. Those of a seed start from
the same features. Recipes were chosen on a block of the training part held back
([decision 40](decisions/0040-few-features-and-a-finer-readout.md)). A car that never steers has an RMSE of
0.36."""

GOAL_WORDS = """\
The goals are those of the published 512 units; smaller networks are told beside, and have less to save (words
a step below)."""

SCORE_WORDS = """\
The recurrent part is what reads the features or the states, its readout included; a column is the weights
of one feature or one unit of the GRU. "Dense" sends every element at every step. "States sent" are those the
GRU hears of itself: where they are next to none it is driven by its features alone, and what it keeps is in
its update gates."""

EQUAL_WORDS = """\
Of the dense networks above, features alone among them, the one with the fewest weights whose mean RMSE is
at most the delta network's. Above 1 × the delta network is the cheaper one."""

COST_WORDS = """\
Whole networks, both parts, in series. Energy and time are those of the chips as described; `edgedrnn` never
ran convolutions in silicon, they are simulated on its multipliers and memory."""


if __name__ == "__main__":
    try:
        source, target = Path(sys.argv[1]), Path(sys.argv[2])
        target.write_text(page(source, f"python -m deltasim.validation.driving OUT {target.as_posix()}"))
    except InputError as error:
        sys.exit(str(error))
