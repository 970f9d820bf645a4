"""The page docs/predistortion.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from deltasim.networks.graph import Network
from deltasim.reports.quantities import quantity
from deltasim.simulator.chip import load_chip
from deltasim.validation.predistortion.measured import (
    BITS,
    CHIPS,
    DENSE,
    GIVEN,
    OURS,
    OURS_52,
    OURS_EQUAL,
    OURS_GIVEN,
    PLAIN,
    PLAIN_52,
    Amplified,
    Line,
)
from deltasim.validation.predistortion.published import DELTADPD, ENGINE_J_PER_OPERATION, ROWS
from deltasim.validation.predistortion.words import (
    ABOUT,
    COST_WORDS,
    FIXED_WORDS,
    MODEL_WORDS,
    SCORE_WORDS,
    TRAINED_WORDS,
)
from deltasim.workloads.predistortion.capture import Band
from deltasim.workloads.predistortion.trained import Trained

ON = CHIPS[0]


class Found(NamedTuple):
    """All that the page tells: lines by seed and name, the model, and one network in fixed point."""

    lines: Mapping[int, Mapping[str, Line]]
    pairs: Mapping[int, Mapping[str, Trained]]
    amplified: Amplified
    fixed: Mapping[int, Line]
    band: Band
    samples: int


def of(found: Found, name: str) -> list[Line]:
    """The lines of a name, a seed each."""
    return [lines[name] for lines in found.lines.values()]


def mean(values: Sequence[float]) -> float:
    """Mean."""
    return float(np.mean(values))


def spread(values: Sequence[float], form: str) -> str:
    """The mean, and from seed to seed.

    >>> spread([1.0, 2.0], ".1f"), spread([2.0], ".1f")
    ('1.5 (1.0 to 2.0)', '2.0')
    """
    if len(values) == 1:
        return f"{values[0]:{form}}"
    return f"{mean(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def told(lines: Sequence[Line], of_one: Callable[[Line], float], form: str) -> str:
    """A cell."""
    return spread([of_one(line) for line in lines], form)


def linearity_cells(lines: Sequence[Line]) -> list[str]:
    """NMSE, ACPR and EVM."""
    return [told(lines, lambda one, k=k: one.linearity[k], ".2f") for k in range(3)]  # type: ignore[misc]


def score_table(found: Found) -> list[str]:
    """Linearity and sparsity, what was published first."""
    rows = [
        "| network | temporal sparsity | NMSE, dB | ACPR, dBc | EVM, dB | words fetched a sample |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for row in ROWS:
        figures = [
            "–" if value is None else f"{value:.2f}" for value in (row.nmse_db, row.acpr_db, row.evm_db)
        ]
        rows.append(f"| published: {row.name} | {row.sparsity:.0%} | {' | '.join(figures)} | – |")
    for name, measured in (
        ("no predistortion, as measured", found.amplified.measured),
        ("no predistortion, through the model", found.amplified.modelled),
    ):
        rows.append(f"| {name} | – | {' | '.join(f'{value:.2f}' for value in measured)} | – |")
    for name in names_of(found):
        lines = of(found, name)
        cells = [name, told(lines, lambda one: 100 * one.sparsity, ".1f") + " %", *linearity_cells(lines)]
        cells += [told(lines, lambda one: one.words, ",.0f")]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def names_of(found: Found) -> list[str]:
    """The names of the lines."""
    return list(next(iter(found.lines.values())))


def verdict(reached: bool) -> str:
    """One word."""
    return "reached" if reached else "**missed**"


def claim_table(found: Found) -> list[str]:
    """What was published or set as a goal, ours, and a verdict: means over the seeds."""

    def average(name: str, of_one: Callable[[Line], float]) -> float:
        return mean([of_one(line) for line in of(found, name)])

    def nmse(name: str) -> float:
        return average(name, lambda one: one.linearity.nmse_db)

    def sparsity(name: str) -> float:
        return average(name, lambda one: one.sparsity)

    def joules(name: str) -> float:
        return average(name, lambda one: one.costs[ON].joules)

    plain, ours, equal = nmse(PLAIN_52), nmse(OURS_52), nmse(OURS_EQUAL)
    rate, published = found.band.rate_hz, DELTADPD.nmse_db or 0.0
    saved = joules(DENSE[PLAIN]) / joules(PLAIN_52)
    our_saved = joules(DENSE[OURS]) / joules(OURS_EQUAL)
    at_once = average(OURS_EQUAL, lambda one: one.costs[ON].seconds) * rate
    rows = ["| claim or goal | ours | verdict |", "|---|---|---|"]
    for k, name in enumerate(("NMSE", "ACPR", "EVM")):
        value = (DELTADPD.nmse_db, DELTADPD.acpr_db, DELTADPD.evm_db)[k] or 0.0
        own = average(OURS_52, lambda one, k=k: one.linearity[k])  # type: ignore[misc]
        form = average(PLAIN_52, lambda one, k=k: one.linearity[k])  # type: ignore[misc]
        unit = "dBc" if name == "ACPR" else "dB"
        rows.append(
            f"| DeltaDPD, 52 % unsent, another model: {name} {value} {unit} | {own:.2f} {unit} at "
            f"{sparsity(OURS_52):.0%}; its form as trained here {form:.2f} {unit} | {verdict(own <= value)} |"
        )
    rows += [
        f"| more sparsity at DeltaDPD's NMSE, {published} dB | {sparsity(OURS_EQUAL):.1%} against 52 %, at "
        f"{equal:.2f} dB | {verdict(sparsity(OURS_EQUAL) > DELTADPD.sparsity and equal <= published)} |",
        "| better NMSE at 52 % than DeltaDPD's form trained as long through the same model "
        f"| {ours:.2f} against {plain:.2f} dB | {verdict(ours < plain)} |",
        f"| DeltaDPD: {DELTADPD.saved} × less energy (estimated there) | on `{ON}` {saved:.2f} × less with "
        f"its form, {our_saved:.2f} × with ours as linear as DeltaDPD, each against itself with all sent "
        f"| {verdict(our_saved >= (DELTADPD.saved or 0))} |",
        "| training with thresholds is better than giving one when it runs | "
        f"plain {plain:.2f} against {nmse(GIVEN):.2f} dB, ours {ours:.2f} against {nmse(OURS_GIVEN):.2f} dB "
        f"| {verdict(plain < nmse(GIVEN) and ours < nmse(OURS_GIVEN))} |",
        f"| one core keeps up with {rate / 1e6:g} MHz | {quantity(rate / at_once, 'Hz')} on `{ON}`: "
        f"{at_once:.0f} of them would have to share the samples | {verdict(at_once <= 1)} |",
    ]
    return rows


def cost_table(found: Found) -> list[str]:
    """Joules and seconds of a sample, and how many chips keep up."""
    rows = [
        "| network | chip | energy a sample | of it at rest | time a sample | samples a second | chips at "
        f"{found.band.rate_hz / 1e6:g} MHz | power of these |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    rate = found.band.rate_hz
    for chip in CHIPS:
        for name in names_of(found):
            costs = [line.costs[chip] for line in of(found, name)]
            joules, seconds = mean([one.joules for one in costs]), mean([one.seconds for one in costs])
            rest = 1 - mean([one.dynamic_j for one in costs]) / joules
            cells = [name, f"`{chip}`", quantity(joules, "J"), f"{rest:.0%}", quantity(seconds, "s")]
            cells += [quantity(1 / seconds, "Hz"), f"{seconds * rate:,.0f}", quantity(joules * rate, "W")]
            rows.append(f"| {' | '.join(cells)} |")
    return rows


def fixed_table(found: Found) -> list[str]:
    """One network in fixed point."""
    first = next(iter(found.lines.values()))[OURS_EQUAL]
    rows = [
        "| arithmetic | temporal sparsity | NMSE, dB | ACPR, dBc | EVM, dB |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, line in (("float32", first), *((f"{bits} bits", found.fixed[bits]) for bits in BITS)):
        figures = " | ".join(f"{value:.2f}" for value in line.linearity)
        rows.append(f"| {name} | {line.sparsity:.1%} | {figures} |")
    return rows


def parameters(network: Network) -> int:
    """Weights and biases."""
    biases = sum(p.bias.size for p in network.populations if p.bias is not None)
    return network.weight_words + biases


def engine_words(found: Found) -> str:
    """The chip beside the accelerator that it has its size from."""
    line = next(iter(found.lines.values()))[DENSE[PLAIN]]
    ours = line.costs[ON].joules / (2 * line.words)
    return (
        f"The plain network without thresholds takes {quantity(ours, 'J')} an operation on `{ON}`, a "
        f"product being two; DPD-NeuralEngine is published at {quantity(ENGINE_J_PER_OPERATION, 'J')}, with "
        "clocks, control and pads, which are not modelled here."
    )


def page(found: Found, chart: str, command: str) -> str:
    """The whole page, in Markdown."""
    pairs = next(iter(found.pairs.values()))
    model = found.amplified
    recipe = pairs[PLAIN].record["recipe"]
    our_recipe = pairs[OURS].record["recipe"]
    plain, ours = parameters(pairs[PLAIN].dense), parameters(pairs[OURS].dense)
    written = [
        "# Predistortion",
        "",
        f"Made by `{command}`",
        "from what `python -m deltasim.workloads.predistortion.making OUT --data FOLDER --seed 0` and its",
        f"like wrote ({len(found.lines)} seeds). A cell is the mean over the seeds, with the least and the",
        "largest. Misses are left in.",
        "",
        ABOUT.format(
            rate=f"{found.band.rate_hz / 1e6:g}",
            width=f"{found.band.width_hz / 1e6:g}",
            channels=found.band.channels,
            samples=f"{found.samples:,}",
            plain=f"{plain:,}",
            ours=f"{ours:,}",
        ),
        "",
        "## Claims",
        "",
        *claim_table(found),
        "",
        "## Linearity and sparsity",
        "",
        *score_table(found),
        "",
        SCORE_WORDS,
        "",
        f"![NMSE over temporal sparsity, on the part held out]({chart})",
        "",
        "## The model of the amplifier",
        "",
        MODEL_WORDS.format(
            digest=model.digest[:16], test=f"{model.nmse_db:.2f}", held_out=f"{model.held_out_db:.2f}"
        ),
        "",
        "## On chips",
        "",
        *cost_table(found),
        "",
        COST_WORDS.format(on=ON, about=load_chip(ON).about[0].lower() + load_chip(ON).about[1:]),
        engine_words(found),
        "",
        "## In fixed point",
        "",
        FIXED_WORDS,
        "",
        *fixed_table(found),
        "",
        "## How they were trained",
        "",
        TRAINED_WORDS.format(
            dense=recipe["dense_epochs"],
            epochs=recipe["epochs"],
            our_dense=our_recipe["dense_epochs"],
            our_epochs=our_recipe["epochs"],
            l1=our_recipe["l1"],
        ),
    ]
    return "\n".join(written) + "\n"
