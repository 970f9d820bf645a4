"""The page docs/sequences.md."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.trace import dense_trace
from deltasim.reports.cells.equations import CELL_EQUATIONS
from deltasim.reports.quantities import quantity
from deltasim.simulator.chip import load_chip
from deltasim.validation.driving import spread, verdict
from deltasim.validation.measure import Measured, measure_trace
from deltasim.validation.sequences.measured import GOAL, Line, of
from deltasim.validation.sequences.stability import END, STEPS, Long
from deltasim.validation.sequences.words import (
    ABOUT,
    CHIP_WORDS,
    CLAIM_WORDS,
    COSTED,
    DELTA_WORDS,
    ENCODER_WORDS,
    LEARNING_WORDS,
    SIZE_WORDS,
    STABILITY_WORDS,
)
from deltasim.workloads.features import normalised
from deltasim.workloads.sequences.making.__main__ import CELLS, TAUGHT
from deltasim.workloads.sequences.tasks import TASKS

CHIPS = ("mesh16", "mesh64-hbm")
DENSE_STEPS = 10  # of a dense run: each costs the same
OURS, THEIRS = ("sgu", "dsgu"), ("gru", "lstm")
AS_GOOD = 0.01  # of accuracy
NAMES = {"fsdd": "spoken digits (FSDD)", "mnist": "MNIST by rows", "adding": "adding problem"}
ENCODERS = {"x": "inputs", "h": "states", "u": "u = x_g h", "g": "g = z_g h", "readout": "readout"}


def row(*cells: str) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def head(*cells: str) -> list[str]:
    """The head of a table whose first column is text."""
    return [row(*cells), "|---|" + "--:|" * (len(cells) - 1)]


def mean(lines: Sequence[Line], read: Callable[[Line], float]) -> float:
    """Over the seeds."""
    return float(np.mean([read(line) for line in lines]))


def shown(lines: Sequence[Line], read: Callable[[Line], float], form: str) -> str:
    """Mean, least and largest over the seeds."""
    return spread([read(line) for line in lines], lambda value: format(value, form))


def score_form(task: str) -> str:
    """How a score is written."""
    return ".4f" if task == "adding" else ".1%"


def size_table(lines: Sequence[Line]) -> list[str]:
    """Parameters, products and time of training."""
    table = head(
        "task", "cell", "parameters", "products a step, dense", "score, dense", "processor seconds an epoch"
    )
    for task in TAUGHT:
        for cell in CELLS:
            own = of(lines, task, cell)
            table.append(
                row(
                    NAMES[task],
                    cell.upper(),
                    f"{own[0].parameters:,}",
                    f"{own[0].dense_words:,.0f}",
                    shown(own, lambda line: line.dense_score, score_form(task)),
                    shown(own, lambda line: line.pair.record["epoch_processor_s"], ".2f"),
                )
            )
    return table


def updates_of(lines: Sequence[Line]) -> str:
    """Updates until the adding problem is learned, seed by seed."""
    return ", ".join("never" if line.updates is None else f"{line.updates:,}" for line in lines)


def learning_table(lines: Sequence[Line]) -> list[str]:
    """How soon the adding problem is learned."""
    marks = (4, 8, 12, 20)
    table = head(
        "cell", f"updates until below {GOAL:g}, by seed", *(f"after {mark} epochs" for mark in marks)
    )
    for cell in CELLS:
        own = of(lines, "adding", cell)
        curves = [line.pair.record["learning"] for line in own]
        cells = [
            spread([curve[min(mark, len(curve)) - 1] for curve in curves], "{:.4f}".format) for mark in marks
        ]
        table.append(row(cell.upper(), updates_of(own), *cells))
    return table


def delta_table(lines: Sequence[Line]) -> list[str]:
    """What deltas save."""
    table = head(
        "task", "cell", "score, dense", "score, delta", "words a step, dense", "words a step, delta", "fewer",
        "scale of θ",
    )  # fmt: skip
    for task in TAUGHT:
        form = score_form(task)
        for cell in CELLS:
            own = of(lines, task, cell)
            table.append(
                row(
                    NAMES[task],
                    cell.upper(),
                    shown(own, lambda line: line.dense_score, form),
                    shown(own, lambda line: line.score, form),
                    f"{own[0].dense_words:,.0f}",
                    shown(own, lambda line: line.words, ",.0f"),
                    shown(own, lambda line: line.saved, ".1f") + " ×",
                    ", ".join(f"{line.pair.record['result']['scale']:g}" for line in own),
                )
            )
    return table


def encoder_of(projection: str) -> str:
    """Which encoder a projection is: of inputs, states, a product, or of what the readout hears.

    >>> [encoder_of(name) for name in ("input->sgu_0_u", "sgu_0->sgu_0", "sgu_0_u->sgu_0", "gru_0->readout")]
    ['x', 'h', 'u', 'readout']
    """
    source, _, target = projection.partition("->")
    if target == "readout":
        return "readout"
    if source == "input":
        return "x"
    return source[-1] if source.endswith(("_u", "_g")) else "h"


def encoder_table(lines: Sequence[Line], task: str) -> list[str]:
    """By encoder: the share that was sent, and the share of all words that was fetched for it."""
    table = head("cell", *ENCODERS.values())
    for cell in CELLS:
        own, cells = of(lines, task, cell), []
        for encoder in ENCODERS:
            names = [name for name in own[0].encoders if encoder_of(name) == encoder]
            if not names:
                cells.append("–")
                continue
            shares = float(np.mean([line.encoders[name].share for line in own for name in names]))
            words = float(
                np.mean([sum(line.encoders[name].words for name in names) / line.words for line in own])
            )
            cells.append(f"{shares:.1%} sent, {words:.0%} of words")
        table.append(row(cell.upper(), *cells))
    return table


def stability_table(runs: Sequence[Long]) -> list[str]:
    """Ten thousand steps."""
    table = head(
        "cell",
        "largest state",
        f"float32, first {END:,} steps",
        f"float32, last {END:,}",
        f"fixed point, first {END:,}",
        f"fixed point, last {END:,}",
    )
    for one in runs:
        cells = [f"{value:.1e}" for value in one[2:4]] + [f"{value:.3f}" for value in one[4:]]
        table.append(row(one.cell.upper(), f"{one.largest:.3f}", *cells))
    return table


def costs_of(line: Line) -> dict[str, tuple[Measured, Measured]]:
    """Dense and delta on each chip."""
    recordings = TASKS[line.task].read("test").sequences[:COSTED]
    frames = [normalised(sequence, line.pair.normalisation) for sequence in recordings]
    made, (trace, _) = dense_trace(line.pair.dense, [DENSE_STEPS]), execute(line.pair.delta, frames)
    return {
        chip: (
            measure_trace(line.pair.dense, load_chip(chip), made),
            measure_trace(line.pair.delta, load_chip(chip), trace),
        )
        for chip in CHIPS
    }


def chip_table(costs: dict[str, dict[str, tuple[Measured, Measured]]]) -> list[str]:
    """Joules and seconds a step on the chips."""
    table = head(
        "cell", *(f"{chip}: {what}" for chip in CHIPS for what in ("dense", "delta", "less", "time, delta"))
    )
    for cell, found in costs.items():
        cells = []
        for dense, delta in found.values():
            cells += [quantity(dense.step_j, "J"), quantity(delta.step_j, "J")]
            cells += [f"{dense.step_j / delta.step_j:.1f} ×", quantity(delta.step_s, "s")]
        table.append(row(cell.upper(), *cells))
    return table


def soonest(lines: Sequence[Line], cells: Sequence[str]) -> float:
    """The least mean of updates until the adding problem is learned; infinite where a seed never does."""
    found = [
        [float("inf") if line.updates is None else float(line.updates) for line in of(lines, "adding", cell)]
        for cell in cells
    ]
    return min(float(np.mean(each)) for each in found)


def claim_table(
    lines: Sequence[Line],
    runs: Sequence[Long],
    drive: dict[str, dict[str, float]],
    costs: dict[str, dict[str, tuple[Measured, Measured]]],
) -> list[str]:
    """What the paper's abstract claims, and ours, in the mean over the seeds; joules are of one."""
    size = {cell: of(lines, "fsdd", cell)[0].parameters for cell in CELLS}
    time = {
        cell: mean(of(lines, "fsdd", cell), lambda line: line.pair.record["epoch_processor_s"])
        for cell in CELLS
    }
    named = ", ".join(f"{cell.upper()} {size[cell]:,}" for cell in CELLS)
    timed = ", ".join(f"{cell.upper()} {time[cell]:.2f} s" for cell in CELLS)
    table = ["| claim | ours | verdict |", "|---|---|---|"]
    table.append(
        row(
            "fewer parameters than LSTM and GRU",
            f"of 64 units on 40 inputs: {named}",
            verdict(max(size[cell] for cell in OURS) < min(size[cell] for cell in THEIRS)),
        )
    )
    products = {cell: of(lines, "fsdd", cell)[0].dense_words for cell in CELLS}
    table.append(
        row(
            "less computation: products a step",
            ", ".join(f"{cell.upper()} {products[cell]:,.0f}" for cell in CELLS),
            verdict(max(products[cell] for cell in OURS) < min(products[cell] for cell in THEIRS)),
        )
    )
    table.append(
        row(
            "less computation: processor time of an epoch",
            timed,
            verdict(max(time[cell] for cell in OURS) < min(time[cell] for cell in THEIRS)),
        )
    )
    for task in ("fsdd", "mnist"):
        scores = {cell: mean(of(lines, task, cell), lambda line: line.dense_score) for cell in CELLS}
        least = max(scores[cell] for cell in THEIRS) - AS_GOOD
        for cell in OURS:
            table.append(
                row(
                    f"(ours) {cell.upper()} within {AS_GOOD:.0%} of the best of the others: {NAMES[task]}",
                    f"{scores[cell]:.1%}; "
                    + ", ".join(f"{other.upper()} {scores[other]:.1%}" for other in THEIRS),
                    verdict(scores[cell] >= least),
                )
            )
    table.append(
        row(
            "one multiplicative gate",
            "z alone is a gate, beside the products u and g; a GRU has 2 and an LSTM 3",
            verdict(all(gates(cell) == 1 for cell in OURS)),
        )
    )
    for cell in OURS:
        own = soonest(lines, [cell])
        table.append(
            row(
                f"faster learning where long dependencies matter: {cell.upper()}",
                f"adding problem, updates by seed: {updates_of(of(lines, 'adding', cell))}; "
                + "; ".join(f"{other.upper()} {updates_of(of(lines, 'adding', other))}" for other in THEIRS),
                verdict(own < soonest(lines, THEIRS)),
            )
        )
    deep, flat = (next(one for one in runs if one.cell == cell) for cell in ("dsgu", "sgu"))
    table.append(
        row(
            "DSGU numerically more stable than SGU",
            f"largest state {deep.largest:.2f} against {flat.largest:.2f}; driven upwards for {STEPS:,} "
            f"steps {drive['dsgu']['float32']:.2f} against {drive['sgu']['float32']:.2f}; float32 off by "
            f"{deep.float_last:.1e} against {flat.float_last:.1e}",
            verdict(deep.largest <= min(1.0, flat.largest) and deep.float_last <= flat.float_last),
        )
    )
    table.append(
        row(
            "a standard drawing of a network's inner structure",
            f"`deltasim describe cell NAME --draw FILE.svg`, {len(CELL_EQUATIONS)} cells; "
            "the paper's own signs could not be read",
            verdict(True),
        )
    )
    words = {cell: mean(of(lines, "fsdd", cell), lambda line: line.words) for cell in CELLS}
    scores = {cell: mean(of(lines, "fsdd", cell), lambda line: line.score) for cell in CELLS}
    equal = [cell for cell in CELLS if scores[cell] >= max(scores.values()) - AS_GOOD]
    named = ", ".join(f"{cell.upper()} {words[cell]:,.0f} a step ({scores[cell]:.1%})" for cell in CELLS)
    table.append(
        row(
            f"(ours) fewest words at equal score, within {AS_GOOD:.0%} of the best, are those of a simple "
            f"gated unit: {NAMES['fsdd']}",
            named,
            verdict(min(equal, key=lambda cell: words[cell]) in OURS),
        )
    )
    for chip in CHIPS:
        joules = {cell: costs[cell][chip][1].step_j for cell in equal}
        table.append(
            row(
                f"(ours) the same in joules on {chip}",
                ", ".join(f"{cell.upper()} {quantity(value, 'J')} a step" for cell, value in joules.items()),
                verdict(min(joules, key=lambda cell: joules[cell]) in OURS),
            )
        )
    return table


def gates(cell: str) -> int:
    """Gates in the equations of a cell: what a sigmoid makes, but for what a state becomes.

    >>> [gates(cell) for cell in ("sgu", "dsgu", "gru", "lstm")]
    [1, 1, 2, 3]
    """
    statements = "; ".join(part.statements for part in CELL_EQUATIONS[cell]).split("; ")
    return sum(" = sigmoid(" in line or " = hard_sigmoid(" in line for line in statements)


def page(
    lines: Sequence[Line],
    runs: Sequence[Long],
    drive: dict[str, dict[str, float]],
    costs: dict[str, dict[str, tuple[Measured, Measured]]],
    drawing: str,
    command: str,
) -> str:
    """The whole page, in Markdown; ``drawing`` is the file of a cell's drawing beside it."""
    counts = {task: len(of(lines, task, "sgu")) for task in TAUGHT}
    seeds = f"{counts['fsdd']} seeds"
    if len(set(counts.values())) > 1:
        seeds = "seeds: " + ", ".join(f"{count} of {NAMES[task]}" for task, count in counts.items())
    made = (
        f"Made by `{command}`\n"
        "from what `python -m deltasim.workloads.sequences.making OUT --seed 0` and its like wrote\n"
        f"({seeds}).\n"
        "A cell is the mean over the seeds, with the least and the largest. Misses are left in."
    )
    parts = [
        "# Simple gated units",
        made,
        flowed(ABOUT),
        f"![what a step of a DSGU computes]({drawing})",
        "## Claims",
        "\n".join(claim_table(lines, runs, drive, costs)),
        flowed(CLAIM_WORDS),
        "## Size, time and score",
        "\n".join(size_table(lines)),
        flowed(SIZE_WORDS),
        "## A long dependency",
        "\n".join(learning_table(lines)),
        flowed(LEARNING_WORDS),
        "## As delta networks",
        "\n".join(delta_table(lines)),
        flowed(DELTA_WORDS),
        "### Where the deltas come from",
        "\n".join(encoder_table(lines, "fsdd")),
        flowed(ENCODER_WORDS),
        "## Ten thousand steps",
        "\n".join(stability_table(runs)),
        flowed(STABILITY_WORDS + driven_words(drive)),
        "## On two chips",
        "\n".join(chip_table(costs)),
        flowed(CHIP_WORDS),
    ]
    return "\n\n".join(parts) + "\n"


def flowed(text: str) -> str:
    """Paragraphs in lines of at most 108 characters.

    >>> flowed("one\\ntwo\\n\\nthree")
    'one two\\n\\nthree'
    """
    return "\n\n".join(
        textwrap.fill(" ".join(part.split()), 108, break_long_words=False, break_on_hyphens=False)
        for part in text.split("\n\n")
    )


def driven_words(drive: dict[str, dict[str, float]]) -> str:
    """How far units are driven."""
    found = "; ".join(
        f"{cell.upper()} {own['float32']:.2f} in float32, {own['fixed point']:.2f} in fixed point"
        for cell, own in drive.items()
    )
    return (
        f"\n\nA unit whose gate is open and whose product drives it upwards stands after {STEPS:,} steps at "
        f"{found}.\n"
        f"The logarithm of {STEPS:,} is {math.log(STEPS):.2f}."
    )
