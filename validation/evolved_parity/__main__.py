"""Write docs/evolved-parity.md and its chart from what evolutions left in a folder.

python -m deltasim.validation.evolved_parity OUT docs/evolved-parity.md
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.trace import dense_trace
from deltasim.reports.quantities import quantity
from deltasim.runtime.readers.json_text import read_json
from deltasim.simulator.chip import load_chip
from deltasim.validation.evolved_parity.behaviour import CHILDREN, LENGTHS, Kept, kept
from deltasim.validation.evolved_parity.claims import claim_table, mean_saving
from deltasim.validation.evolved_parity.curves import NAMES, Curve, chart, curves, table
from deltasim.validation.measure import measure_trace
from deltasim.workloads.evolved_parity.benchmarks import evolved_parity
from deltasim.workloads.evolved_parity.making import read_runs
from deltasim.workloads.evolved_parity.parity import BITS
from deltasim.workloads.evolved_parity.tasks import TASKS
from deltasim.workloads.evolved_parity.trained import SHIPPED, load

CHIPS = ("earbud", "mesh16")
TITLES = {
    "parity": "Recurrent parity",
    "maze": "A hard maze",
    "race": "A race from pixels",
}
FITNESS = {"parity": "log probability", "maze": "way left, negative", "race": "laps"}
METHODS = {
    "sm-r": "evolved, SM-R",
    "sm-g-so": "evolved, SM-G-SO",
    "plain": "evolved, plain",
    "gradients": "trained",
}


def behaviour_table(found: Sequence[Kept]) -> list[str]:
    """Answers kept at equal lengths, and the change of outputs at each magnitude."""
    rows = [
        "| mutation | " + " | ".join(f"keep all 16, {length:g} away" for length in LENGTHS)
        + " | change of outputs at its magnitude, 5 % | 50 % | 95 % |",
        "|---|" + "--:|" * (len(LENGTHS) + 3),
    ]  # fmt: skip
    for one in found:
        cells = [NAMES[one.mutation], *(f"{share:.0%}" for share in one.shares)]
        cells += [f"{change:.2g}" for change in one.changes]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def joule_table(content: Mapping[str, Any]) -> list[str]:
    """Score and joules of what was evolved and trained for both."""
    chip = content["terms"]["chip"]
    rows = [
        f"| networks | all 16 right | right, mean | log probability | joules of messages, of sending all "
        f"| energy on {chip}, of sending all | of those with all right | processor time |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, said in METHODS.items():
        own = [run for run in content["runs"] if run["method"] == name]
        if not own:
            continue
        saving = mean_saving(own)
        cells = [
            said,
            f"{sum(run['right'] == 16 for run in own)} of {len(own)}",
            f"{mean(own, 'right'):.1f}",
            f"{mean(own, 'log_probability'):.3f}",
            f"{mean(own, 'share'):.0%}",
            f"{float(np.mean([run['delta_j'] / run['dense_j'] for run in own])):.0%}",
            "–" if saving is None else f"{1 / saving:.0%}",
            f"{mean(own, 'processor_s'):.0f} s",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def mean(runs: Sequence[Mapping[str, Any]], name: str) -> float:
    """The mean of one figure."""
    return float(np.mean([run[name] for run in runs]))


def chip_table() -> list[str]:
    """The networks in the box on two chips, a sequence of four steps each."""
    found = evolved_parity()
    thresholds = {projection.name: projection.theta for projection in found.network.projections}
    naive = found.dense_network.with_thresholds(thresholds)
    lines: list[tuple[str, Network, bool]] = [
        ("dense, every value sent", found.dense_network, True),
        ("dense, what changed (θ = 0)", found.dense_network, False),
        ("naive: the dense one with the other's thresholds", naive, False),
        ("delta, evolved with its thresholds", found.network, False),
    ]
    rows = [
        "| network | right, of 16 | messages a step | "
        + " | ".join(f"{chip}: energy a sequence | time" for chip in CHIPS)
        + " |",
        "|---|--:|--:|" + "--:|" * (2 * len(CHIPS)),
    ]
    for name, network, every in lines:
        trace, outputs = execute(network, found.sequences)
        right = found.scored(outputs)
        assert right is not None
        sent = dense_trace(network, [BITS] * len(found.sequences)) if every else trace
        cells = [name, f"{16 * right:.0f}", f"{len(sent.messages) / sent.steps:.1f}"]
        for chip in CHIPS:
            run = measure_trace(network, load_chip(chip), sent)
            cells += [quantity(run.step_j * BITS, "J"), quantity(run.step_s * BITS, "s")]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def budget(tasks: Mapping[str, Sequence[Curve]], joules: Sequence[Mapping[str, Any]]) -> str:
    """Processor minutes of all that the page is made of."""
    seconds = sum(one.processor_s for found in tasks.values() for one in found)
    seconds += sum(run["processor_s"] for run in joules)
    return f"{seconds / 60:.0f} processor minutes"


def page(out: Path, command: str, drawing: str) -> tuple[str, str]:
    """The page in Markdown, and its chart."""
    tasks = {name: curves(runs) for name in TASKS if (runs := read_runs(out / f"{name}.json"))}
    behaviour = [kept(mutation) for mutation in NAMES]
    file = out / "joules.json"
    joules: dict[str, Any] = read_json(file) if file.is_file() else {"runs": []}
    record = load(SHIPPED).record
    written = ["# Safe mutations", "", f"Made by `{command}` from what"]
    making = "python -m deltasim.workloads.evolved_parity.making OUT --task"
    names = [f"`{making} {name} --seeds {len(found[0].solved)}`" for name, found in tasks.items()]
    names += [f"`{joules['command']}`"] if joules["runs"] else []
    spent = budget(tasks, joules["runs"])
    written += [*(f"{name}," for name in names[:-1]), f"{names[-1]} wrote"]
    written += [f"({spent}). Misses are left in.", ""]
    written += [ABOUT, "", "## Claims", "", *claim_table(behaviour, tasks, joules)]
    written += ["", CLAIM_WORDS, ""]
    written += ["## What a mutation does to the outputs", "", *behaviour_table(behaviour), ""]
    written += [BEHAVIOUR_WORDS.format(children=CHILDREN), "", "## Evaluations to solve", ""]
    written += [f"![Seeds solved over evaluations, every mutation]({drawing})", ""]
    for name, found in tasks.items():
        written += [f"### {TITLES[name]}", "", *table(found, FITNESS[name]), "", WORDS[name], ""]
    if joules["runs"]:
        written += ["## Score and joules at once", "", *joule_table(joules), ""]
        written += [JOULE_WORDS.format(**joules["terms"]), ""]
    written += ["## On two chips", "", *chip_table(), ""]
    commands = " and ".join(f"`{record[name]['command']}`" for name in ("dense", "delta"))
    written += [CHIP_WORDS.format(commands=commands), "", DEVIATIONS]
    return "\n".join(written) + "\n", chart({TITLES[name]: found for name, found in tasks.items()})


ABOUT = """\
Lehman, Chen, Clune and Stanley (GECCO 2018, arXiv 1712.06563) scale what a mutation changes in a network by
how much its outputs bear. With y the outputs on what the parent met, ε the noise and w the weights:

- **plain**: w + σ ε.
- **SM-R**: w + x ε / |ε|, x found by search so that the outputs' mean square change is σ.
- **SM-G**: w + σ ε / s, with s_k = sqrt(Σ_o (Σ_t ∂y_o(t)/∂w_k)²) (**SUM**),
  sqrt(Σ_o (mean_t |∂y_o(t)/∂w_k|)²) (**ABS**), or sqrt(|(∇²E v)_k|), E = mean_t |y - y_parent|²,
  v = ε / |ε| (**SO**).

Derivatives are written by hand and held against finite differences and against PyTorch's; of SO the second
derivative needs no second pass, because y - y_parent is 0 at the parent: ∇²E = 2 mean_t JᵀJ exactly.
Selection is the paper's code's: a steady state of 250, tournaments of 5, the child in place of the worst of
its parent's own tournament. Four bits one after another, all 16 sequences, two stacked layers of 15 tanh
units: `deltasim evolve evolved-parity` evolves such networks, `deltasim run evolved-parity` runs those in the
box on a chip. The abstract is all that could be read of the paper; tasks and settings are those of its
released code, magnitudes are ours."""

CLAIM_WORDS = """\
"Surely fewer" names the variants that used fewer evaluations than plain mutation, seed by seed, with 95 %
probability (seeds drawn again; of nine that are tried, one may be named by chance). An unsolved seed counts
as its whole budget, so means are lower bounds. Magnitudes were chosen among two to about ten on one to four
tuning seeds, most of them from 100 on, which leaves room; an early comparison in the race ran before its
magnitudes were fixed."""

BEHAVIOUR_WORDS = """\
{children} children of the dense network in the box, which is right about all 16. Steps of equal length, each
in the direction that the mutation gives it: what SM-G moves are weights that the outputs do not depend on.
SM-R moves in the direction of plain mutation; what it chooses is the length, so its outputs change by its
magnitude, where those of the others spread over an order."""

WORDS = {
    "parity": """\
Fitness is the mean log probability of the right answer (guessing has -0.693); solved is 16 of 16. SM-R looks
at outputs 15 times for a child, SM-G differentiates them once: processor time has it.""",
    "maze": """\
Walls of our own, after the description: the robot has six range finders, sees in which quarter the goal lies,
and drives 600 steps; seven layers of 15 rectified units. Fitness is minus the way left to the goal around
the walls (434 at the start); solved is within 10 of it. SM-G changes no weight by more than 0.2 at once.""",
    "race": """\
A track of our own, seen by a camera of 10 x 10 pixels above the car; four layers of 16 rectified units.
Fitness is laps driven in 500 steps or until the car leaves the road; solved is one lap.""",
}

JOULE_WORDS = """\
Weights and a threshold for each of the five encoders, evolved together for log probability minus {weight:g}
times the joules of messages over those of sending all, at {chip}'s price of a message
(`deltasim evolve evolved-parity --energy {chip}`); {budget:,} evaluations each. Trained is the same network,
loss and price by gradients, thresholds learned too, {epochs:,} steps
(`deltasim.workloads.evolved_parity.joules.trained`). The last columns simulate the chip, whose energy has
more in it than messages."""

CHIP_WORDS = """\
The networks in the box, by {commands}. Means over all 16 sequences, in float32. They were evolved on all the
sequences there are: nothing is held out, as in the paper."""

DEVIATIONS = """\
## What differs from the paper's code

- A round makes a brood of 50 children before they enter (its code: one), so that processors share the work;
  a brood of 1 is its algorithm. What is drawn follows from seed and number of the child: any number of
  processes gives the same bytes, and so does an evolution that was killed and went on.
- SM-R doubles and halves the length; its code minimises with Brent's method. In parity its code has SM-R look
  at 3 sequences, by the length of a tuple; ours looks at all 16.
- Its parity cell is the plain one whatever `--celltype` says, which is ours too; `--cell gru` evolves a GRU.
- Budgets are ours: its code has 100,000 evaluations, of which the maze here has a thirtieth, parity a
  third."""


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    drawing = target.with_suffix(".svg")
    text, svg = page(
        source, f"python -m deltasim.validation.evolved_parity OUT {target.as_posix()}", drawing.name
    )
    target.write_text(text, encoding="utf-8")
    drawing.write_text(svg, encoding="utf-8")
