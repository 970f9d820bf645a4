"""docs/speech.md as text, of what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deltasim.reports.quantities import quantity
from deltasim.validation.driving import spread, verdict
from deltasim.validation.speech.measured import CHIPS, COSTED, Errors, Interval, Measured, apart, rate
from deltasim.validation.speech.published import LAYERS, UNITS, Costed
from deltasim.workloads.speech.making.choosing import DEFAULT_EPOCHS, WITHIN
from deltasim.workloads.speech.recordings import FOLDS

CHART = "speech-errors.svg"
MEANINGFUL = 0.35  # character error rate above which the dense network's row means nothing
PAPER, GOAL = 5.7, 8.0  # times fewer: the paper's, on the Wall Street Journal corpus, and ours to reach
KINDS = {"dense": "every value sent", "naive": "θ given when it runs", "delta": "trained with θ"}


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def percent(value: float) -> str:
    """A rate in percent."""
    return f"{100 * value:.1f} %"


def between(found: Interval, *, signed: bool = False) -> str:
    """A figure in points of percent, with its interval.

    >>> between(Interval(0.101, 0.09, 0.12)), between(Interval(0.01, -0.02, 0.03), signed=True)
    ('10.1 (9.0 to 12.0)', '+1.0 (-2.0 to +3.0)')
    """
    form = "{:+.1f}" if signed else "{:.1f}"
    value, low, high = (form.format(100 * part) for part in found)
    return f"{value} ({low} to {high})"


def kinds_of(found: Measured) -> dict[str, Errors]:
    """The three runs, by kind."""
    return {"dense": found.dense, "naive": found.naive, "delta": found.delta}


def claim_table(found: Measured) -> list[str]:
    """The paper's claims and our goals, and ours."""
    rows = ["| claim or goal | ours | verdict |", "|---|---|---|"]
    lost = {kind: apart(one, found.dense, found.names) for kind, one in kinds_of(found).items()}
    means = found.dense.cer <= MEANINGFUL
    rows.append(
        row(
            f"(ours) the dense network's character error rate is at most {percent(MEANINGFUL)}",
            f"{between(rate(found.dense, found.names))} %",
            verdict(means),
        )
    )
    naive = found.naive.saved
    rows.append(
        row(
            "existing networks can be greatly accelerated: θ given when it runs, within a point",
            f"{naive:.2f} × fewer weight fetches, {between(lost['naive'], signed=True)} points",
            agreed(naive >= 2 and lost["naive"].value <= WITHIN, means),
        )
    )
    saved = found.delta.saved
    rows.append(
        row(
            f"training for it saves more, {PAPER} × with negligible loss",
            f"{saved:.2f} × fewer, {between(lost['delta'], signed=True)} points",
            agreed(saved >= PAPER and lost["delta"].value <= WITHIN, means),
        )
    )
    rows.append(
        row(
            f"(ours) {GOAL:g} × fewer weight fetches within 1 point of character error rate",
            f"{saved:.2f} × fewer, {between(lost['delta'], signed=True)} points",
            verdict(means and saved >= GOAL and lost["delta"].value <= WITHIN),
        )
    )
    return rows


def agreed(held: bool, means: bool) -> str:
    """Whether a claim of the paper is met here; nothing is said where the dense network errs too often."""
    if not means:
        return "**not meaningful**"
    return "agrees" if held else "**does not agree**"


def score_table(found: Measured) -> list[str]:
    """Errors and fetches of the three runs."""
    rows = [
        "| network | character error rate, % | word error rate, % | points of character error lost "
        "| weight words a second of speech | fewer |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for kind, one in kinds_of(found).items():
        seconds = seconds_of(found)
        rows.append(
            row(
                KINDS[kind],
                between(rate(one, found.names)),
                between(rate(one, found.names, "word")),
                between(apart(one, found.dense, found.names), signed=True),
                f"{(one.every if kind == 'dense' else one.fetched) / seconds:,.0f}",
                f"{1.0 if kind == 'dense' else one.saved:.2f} ×",
            )
        )
    return rows


def seconds_of(found: Measured) -> float:
    """Seconds of speech that were tested: the words of a dense run over those of a second."""
    return found.frames * found.period_s


def curve_table(curve: dict[float, Errors], found: Measured, heading: str) -> list[str]:
    """What every threshold or scale gives, all folds pooled."""
    rows = [
        f"| {heading} | character error rate, % | word error rate, % | points lost | fewer |",
        "|--:|--:|--:|--:|--:|",
    ]
    for value, one in curve.items():
        rows.append(
            row(
                f"{value:g}",
                between(rate(one, found.names)),
                between(rate(one, found.names, "word")),
                between(apart(one, found.dense, found.names), signed=True),
                f"{one.saved:.2f} ×",
            )
        )
    return rows


def folds_of(found: Measured) -> str:
    """Which folds were trained, in words."""
    numbers = ", ".join(str(record["fold"]) for record in found.records)
    if len(found.records) == FOLDS:
        return "all five folds"
    return f"fold {numbers} alone, of 0 to {FOLDS - 1}; the others are **missing**"


def shorter(recipe: dict[str, Any], reading_epochs: int) -> str:
    """A sentence about trainings of fewer epochs than the command gives by itself; nothing about others."""
    if (reading_epochs, recipe["dense_epochs"], recipe["epochs"]) >= DEFAULT_EPOCHS:
        return ""
    listed = "{}, {} and {}".format(*DEFAULT_EPOCHS)
    return f" The command by itself trains for {listed} epochs; for want of processor time it was told less."


def fold_table(found: Measured) -> list[str]:
    """What each fold chose, on the part held out of its training part."""
    rows = [
        "| fold | learned from | chosen on | dense: character error rate there | θ when it runs "
        "| scale of the trained θ |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    for record in found.records:
        chosen, parts = record["chosen_on"], record["parts"]
        rows.append(
            row(
                str(record["fold"]),
                str(parts["training"]),
                str(parts["held_out"]),
                percent(chosen["dense"]["error"]),
                f"{chosen['naive_theta']:g}",
                f"{chosen['scale']:g}",
            )
        )
    return rows


def cost_table(found: Measured) -> list[str]:
    """Joules and seconds of a second of speech on each chip."""
    columns = " | ".join(f"{chip}: energy a second of speech | less | time" for chip in CHIPS)
    rows = [f"| network | {columns} |", "|---|" + "--:|" * (3 * len(CHIPS))]
    for kind, costs in found.costs.items():
        cells = [KINDS[kind]]
        for chip in CHIPS:
            whole = found.costs["dense"][chip].joules
            joules, seconds = costs[chip]
            cells += [quantity(joules, "J"), f"{whole / joules:.2f} ×", quantity(seconds, "s")]
        rows.append(row(*cells))
    return rows


def published_table(runs: Sequence[Costed], own: float) -> list[str]:
    """The published network at occupancies, ours among them."""
    columns = " | ".join(f"{chip}: energy a second of speech | time" for chip in CHIPS)
    rows = [
        f"| occupancy | weight words a frame | {columns} |",
        "|--:|--:|" + "--:|" * (2 * len(CHIPS)),
    ]
    for run in runs:
        cells = [percent(run.occupancy) + (" (ours)" if run.occupancy == own else ""), f"{run.words:,.0f}"]
        for chip in CHIPS:
            cells += [quantity(run.joules[chip], "J"), quantity(run.seconds[chip], "s")]
        rows.append(row(*cells))
    return rows


def example_lines(found: Measured) -> list[str]:
    """The first sentence of each fold, as it was said and as it was written down."""
    lines = []
    for said, dense, delta in found.examples:
        lines += [f"- said: {said}", f"  - dense: {dense}", f"  - trained with θ: {delta}"]
    return lines


def page(found: Measured, runs: Sequence[Costed], own: float, command: str) -> str:
    """The whole page, in Markdown."""
    record = found.records[0]
    recipe, reading = record["recipe"], record["reading"]
    scales = spread([one["chosen_on"]["scale"] for one in found.records], "{:g}".format)
    thetas = spread([one["chosen_on"]["naive_theta"] for one in found.records], "{:g}".format)
    facts = {
        "sentences": len(found.names),
        "texts": len(set(found.names)),
        "minutes": f"{seconds_of(found) / 60:.0f}",
        "reading": f"{reading['sentences']:,}",
        "hours": f"{reading['hours']:.1f}",
        "reading_epochs": reading["epochs"],
        "units": recipe["units"],
        "layers": recipe["layers"],
        "dense_epochs": recipe["dense_epochs"],
        "epochs": recipe["epochs"],
        "l1": f"{recipe['l1']:g}",
        "scales": scales,
        "thetas": thetas,
        "costed": COSTED,
        "published_layers": LAYERS,
        "published_units": UNITS,
        "own": percent(own),
        "folds": folds_of(found),
        "shorter": shorter(recipe, reading["epochs"]),
    }
    lines = [
        "# Speech",
        "",
        f"Made by `{command}`",
        f"from what `{record['command']}` wrote. Misses are left in.",
        "",
        *ABOUT.format(**facts).splitlines(),
        "",
        "## Claims",
        "",
        *claim_table(found),
        "",
        *CLAIM_WORDS.format(**facts).splitlines(),
        "",
        "## Errors and weight fetches",
        "",
        f"![Character error rate over weight fetches saved]({CHART})",
        "",
        *score_table(found),
        "",
        *SCORE_WORDS.format(**facts).splitlines(),
        "",
        "### One threshold everywhere, given when the dense network runs",
        "",
        *curve_table(found.naive_curve, found, "θ"),
        "",
        "### The trained thresholds, scaled",
        "",
        *curve_table(found.delta_curve, found, "scale"),
        "",
        *CURVE_WORDS.format(**facts).splitlines(),
        "",
        "## What is written down",
        "",
        *example_lines(found),
        "",
        "The first sentence of each fold's test part.",
        "",
        "## How the networks were made",
        "",
        *MAKING_WORDS.format(**facts).splitlines(),
        "",
        *fold_table(found),
        "",
        "## On two chips",
        "",
        *cost_table(found),
        "",
        *COST_WORDS.format(**facts).splitlines(),
        "",
        "## The published network, costed",
        "",
        *published_table(runs, own),
        "",
        *PUBLISHED_WORDS.format(**facts).splitlines(),
        "",
        "## The Wall Street Journal corpus",
        "",
        *CORPUS_WORDS.splitlines(),
    ]
    return "\n".join(lines) + "\n"


ABOUT = """\
Read sentences written down letter by letter, the job of the Wall Street Journal result of Neil et al. 2016:
log-mel bands, bidirectional GRUs, connectionist temporal classification (CTC), no dictionary and no language
model. 178 sentences (22 minutes; 141 of one voice by DC-TTS, 32 of LJ Speech, 5 of LibriVox) are dealt out by
their text in five folds. The speakers of a test part are heard in training too, and most is of one voice:
these are no error rates for other speakers.

Trained: {folds}. All figures are pooled over their test parts, {sentences} sentences ({texts} texts,
{minutes} minutes).

`deltasim run speech --chip edgedrnn` runs the networks of fold 4 on ten sentences of its test part that are
in the public domain and in the box; `--data speech` runs its whole test part, with speech.npz in the folder
that DELTASIM_DATA names."""

CLAIM_WORDS = """\
Claims are those of the paper's abstract, goals ours. In brackets 95 % of 1,000 draws of texts, paired where a
difference is told; verdicts are about the figure before them. Fetches are counted over all weights, readout
included, against a run that sends every value at every step."""

SCORE_WORDS = """\
Errors are counted by jiwer, all sentences pooled. Each fold's threshold ({thetas}) and scale ({scales}) is
the one that saved most within a point of the dense network's character error rate on the part held out of its
training part; the test part was scored once, after all was chosen. While the command line was tried, the
dense network and one with untrained thresholds were run on the ten sentences in the box; nothing was chosen
by that. A first trial with an L1 cost of 2 was given up after four epochs, by the part held out."""

CURVE_WORDS = """\
These two tables and the chart show everything that was tried, on the test parts; nothing was chosen by
them."""

MAKING_WORDS = """\
A step brings three frames of 10 ms, 40 log-mel bands each, brought to mean 0 and deviation 1 over the
sentence. {layers} layers of {units} units in each direction, weights of 8 bits. One dense network learned
{reading} sentences of LJ Speech's texts (public domain, none of them of a text that is tested) read aloud by
free synthesisers, flite (four voices) and espeak-ng (eight): {hours} hours, for {reading_epochs} epochs. From
its weights each fold's dense network learned the fold's training part for {dense_epochs} epochs, and from
those the delta network for {epochs} more, with thresholds for every neuron and rounding in the loop and an L1
cost of {l1}: it was trained for longer than the dense one. Tempo, pitch, noise and masks vary at every
epoch.{shorter}"""

COST_WORDS = """\
The first {costed} sentences of each test part, in the mean over the folds; "every value sent" sends them
whether they changed or not. A bidirectional layer needs the whole sentence, so this is no stream: time is
what the sentence takes once it is there. Both chips are as described, `mesh16` is hypothetical."""

PUBLISHED_WORDS = """\
{published_layers} layers of {published_units} units in each direction, as published, on our inputs and
symbols: weights drawn at random, of 8 bits. It was not trained here; occupancies are given, every element
sending with that probability, and say nothing of what it would reach. {own} is what is
left of the weight fetches of our own, much smaller network, for comparison."""

CORPUS_WORDS = """\
`deltasim run speech --data FOLDER` takes LDC93S6A: the test part lies in folders `si_et_*`, SPHERE files
`.wv1` beside transcripts `.dot` or `.lsn`. Samples compressed with shorten have to be unpacked first
(sph2pipe). The reader is tested with files of that form which the tests make; the corpus was not at hand, and
the networks in the box never heard it."""
