"""What the detector reaches on the sentences in the box, and costs on two chips: docs/vad.md.

python -m deltasim.validation.vad.page docs/vad.md
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace, dense_trace
from deltasim.reports.power import Power, power_at
from deltasim.reports.quantities import quantity
from deltasim.runtime.arrays import Floats, Integers, Numbers
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.ledger.idle import idle_watts
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import run_plan
from deltasim.validation.vad.choosing import WITHIN
from deltasim.workloads.benchmark import Benchmark
from deltasim.workloads.fetches import products_of
from deltasim.workloads.vad.benchmarks import vad
from deltasim.workloads.vad.scenes import PERIOD_S, SNR_DB
from deltasim.workloads.vad.scores import agreement
from deltasim.workloads.vad.trained import SHIPPED, in_fixed_point, load

CHIPS = ("earbud", "mcu-psram")
DRAWS = 2000  # of sentences, for the interval of a loss
NO = "–"


class Cost(NamedTuple):
    """A frame on a chip at full speed, and the chip's power where frames come at their rate."""

    joules: float
    seconds: float
    power: Power


class Line(NamedTuple):
    """One form of the detector on the test scenes."""

    name: str
    scores: tuple[float, ...]  # ROC AUC: of all scenes, then at each ratio
    loss: tuple[float, float, float]  # points of ROC AUC against the first line, with an interval of 90 %
    agree: float
    kilobytes: float
    products: float  # multiply-accumulates a frame
    costs: dict[str, Cost | None]


def cost_on(name: str, network: Network, trace: Trace, lengths: Sequence[int]) -> Cost | None:
    """A trace on a chip; None where the network does not fit."""
    chip = load_chip(name)
    try:
        plan = compile_plan(network, chip, map_network(network, chip))
    except InputError:
        return None
    ledger = run_plan(plan, trace, jobs=1)
    joules = price(ledger, chip, network).total_j
    idle_w = sum(idle_watts(plan, chip).values())
    power = power_at(ledger, list(lengths), joules, idle_w, PERIOD_S)
    return Cost(joules / trace.steps, ledger.elapsed_ps * 1e-12 / trace.steps, power)


def loss_of(
    benchmark: Benchmark, outputs: Sequence[Floats], others: Sequence[Floats]
) -> tuple[float, float, float]:
    """Points of ROC AUC that ``outputs`` lie below ``others``, and 90 % of draws of the sentences.

    A sentence is drawn with all its scenes.
    """
    targets = benchmark.targets
    assert targets is not None
    groups: Integers = np.arange(len(outputs)).reshape(-1, len(SNR_DB))

    def lost(places: Numbers) -> float:
        one, other = (
            benchmark.score([found[place] for place in places.tolist()], targets[places])
            for found in (outputs, others)
        )
        assert one is not None and other is not None
        return 100 * (other - one)

    rng = np.random.default_rng(0)
    drawn = [lost(groups[rng.integers(0, len(groups), len(groups))].ravel()) for _ in range(DRAWS)]
    low, high = np.percentile(drawn, [5, 95])
    return lost(groups.ravel()), float(low), float(high)


def lines() -> list[Line]:
    """The detector as it was given out, in fixed point, with one threshold, with tuned ones."""
    benchmark, shipped = vad("session"), load(SHIPPED)
    theta = shipped.record["naive"]["theta"]
    silent = in_fixed_point(shipped.dense)
    forms = {
        "float32, as it was given out, every value sent": (shipped.dense, True),
        "16 bits, every value sent": (silent, True),
        "16 bits, naive: what changed (θ = 0)": (silent, False),
        f"16 bits, naive: θ = {theta:g} everywhere": (silent.with_thresholds(theta), False),
        "16 bits, tuned": (shipped.delta, False),
    }
    lengths = [len(sequence) for sequence in benchmark.sequences]
    found, reference = [], None
    for name, (network, dense) in forms.items():
        trace, outputs = execute(network, benchmark.sequences)
        reference = outputs if reference is None else reference
        if dense:
            trace = dense_trace(network, lengths)
        bits = sum(
            p.connection.weight_words * network.weight_bits(n) for n, p in enumerate(network.projections)
        )
        found.append(
            Line(
                name,
                tuple(scores_of(benchmark, outputs)),
                loss_of(benchmark, outputs, reference),
                agreement(outputs, reference),
                bits / 8e3,
                products_of(network, trace),
                {chip: cost_on(chip, network, trace, lengths) for chip in CHIPS},
            )
        )
    return found


def scores_of(benchmark: Benchmark, outputs: Sequence[Floats]) -> list[float]:
    """ROC AUC over all scenes, and over those of each ratio."""
    found = [benchmark.scored(outputs)]
    for number in range(len(SNR_DB)):
        places = np.flatnonzero(benchmark.classes == number)
        found.append(
            benchmark.chosen(places, "one ratio").scored([outputs[place] for place in places.tolist()])
        )
    return [float("nan") if score is None else score for score in found]


def score_table(found: Sequence[Line]) -> list[str]:
    """How well each form tells speech from noise, and what it multiplies."""
    ratios = " | ".join(f"at {ratio:g} dB" for ratio in SNR_DB)
    rows = [
        f"| detector | ROC AUC | {ratios} | points lost (90 % of draws of sentences) | frames decided alike "
        "| weights | multiply-accumulates a frame |",
        "|---|--:|" + "--:|" * (len(SNR_DB) + 4),
    ]
    for line in found:
        cells = [line.name, *(f"{score:.4f}" for score in line.scores)]
        cells += ["{:.2f} ({:.2f}–{:.2f})".format(*line.loss), f"{line.agree:.2%}"]
        cells += [f"{line.kilobytes:,.0f} kB", f"{line.products:,.0f}"]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def cost_table(found: Sequence[Line], chip: str) -> list[str]:
    """What a frame takes on a chip, and the chip at the rate of the frames."""
    rows = [
        "| detector | energy a frame | time a frame | longest | frames late | works | mean power |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for line in found:
        cost = line.costs[chip]
        if cost is None:
            rows.append(f"| {line.name} | does not fit |" + f" {NO} |" * 5)
            continue
        power = cost.power
        cells = [line.name, quantity(cost.joules, "J"), quantity(cost.seconds, "s")]
        cells += [quantity(power.worst_step_s, "s"), f"{power.late_steps:,}", f"{power.duty:.1%}"]
        rows.append(f"| {' | '.join([*cells, quantity(power.mean_w, 'W')])} |")
    return rows


def claim_table(found: Sequence[Line]) -> list[str]:
    """What was claimed or set as a goal, and what came of it."""
    given, whole, _, naive, tuned = found
    most = float(WITHIN.removesuffix("points"))

    def saved(line: Line) -> float:
        return whole.products / line.products

    def lost(line: Line) -> str:
        return "{:.2f} points lost ({:.2f} to {:.2f})".format(*line.loss)

    def on_time(line: Line) -> str:
        power = power_of(line, "mcu-psram")
        return f"{power.late_steps:,} late, at work {power.duty:.0%} of the time"

    return [
        "| claim or goal | ours | verdict |",
        "|---|---|---|",
        "| existing networks can be accelerated (Neil et al. 2016), within half a point "
        f"| {saved(tuned):.2f} × fewer products, {lost(tuned)} "
        f"| {verdict(saved(tuned) > 1 and tuned.loss[0] <= most)} |",
        "| thresholds given at run time save modestly (the same) "
        f"| {saved(naive):.2f} × fewer products, {lost(naive)} "
        f"| {'agrees' if saved(naive) < 2 else '**does not agree**'} |",
        f"| 16 bits lose at most half a point against float32 | {lost(whole)} "
        f"| {verdict(whole.loss[0] <= most)} |",
        f"| tuning saves more than one threshold | {saved(tuned) / saved(naive):.2f} × "
        f"| {verdict(saved(tuned) > saved(naive))} |",
        f"| every frame in time on mcu-psram, tuned | {on_time(tuned)} "
        f"| {verdict(not power_of(tuned, 'mcu-psram').late_steps)} |",
        f"| the same, as it was given out | {on_time(given)} "
        f"| {verdict(not power_of(given, 'mcu-psram').late_steps)} |",
    ]


def power_of(line: Line, chip: str) -> Power:
    """The power of a line on a chip that it fits on."""
    cost = line.costs[chip]
    assert cost is not None
    return cost.power


def verdict(reached: bool) -> str:
    """One word."""
    return "reached" if reached else "**missed**"


def page(command: str) -> str:
    """The whole page, in Markdown."""
    found, record = lines(), load(SHIPPED).record
    written = [
        "# A voice activity detector in an earphone",
        "",
        f"Made by `{command}`. Misses are left in.",
        "",
    ]
    written += [ABOUT.format(data=vad("session").data, **{"within": WITHIN.replace("points", " points")}), ""]
    written += ["## Claims", "", *claim_table(found), "", "## Score and work", "", *score_table(found), ""]
    written += [SCORE_WORDS, ""]
    for chip in CHIPS:
        written += [f"## On {chip}", "", f"{load_chip(chip).about}.", "", *cost_table(found, chip), ""]
    written += [COST_WORDS, "", "## How the thresholds were chosen", "", *choice(record)]
    return "\n".join(written) + "\n"


def choice(record: dict[str, object]) -> list[str]:
    """What the record of the search says."""
    thresholds, naive = record["thresholds"], record["naive"]
    assert isinstance(thresholds, dict) and isinstance(naive, dict)
    rows = [
        f"`{record['command']}` tried {record['trials']} settings on {record['data']}, a voice that is not "
        f"in the test, for the least energy on `{record['chip']}`.",
        "",
        "| projection | threshold |",
        "|---|--:|",
        *(f"| {name} | {theta:.3g} |" for name, theta in thresholds.items()),
        "",
        "One threshold for all layers, on the same sentences; the largest whose score, and that of all "
        f"below, stays within: {naive['theta']:g}.",
        "",
        "| θ | ROC AUC |",
        "|--:|--:|",
        *(f"| {theta} | {score:.4f} |" for theta, score in naive["scores"].items()),
    ]
    return rows


ABOUT = """\
[Silero's voice activity detector](silero.md) (MIT) says for every 32 ms of sound whether somebody speaks: a
short-time Fourier transform, four convolutions, an LSTM of 128 units and an output. It is trained; nothing is
trained here. `deltasim run vad` runs it, with nothing to fetch.

Data: {data}.
A sentence lies between 0.77 s of silence on either side, at -26 dB of full scale; the noise is stationary and
has the sentence's own mean spectrum. A block of 32 ms is speech where the recording without noise is within
30 dB of its loudest block, and in pauses within the sentence below 320 ms. Weights, activations and tables
take 16 bits, sums 32; each layer's weights have the fraction bits that its largest weight leaves. Thresholds
may lose {within} of ROC AUC against the same network at threshold 0, and were chosen on
[another voice](#how-the-thresholds-were-chosen); the test was scored once they stood."""

SCORE_WORDS = """\
Points are hundredths of ROC AUC, lost against the first row; below 0 a row is better. "Decided alike": both
on the same side of a probability of 0.5, as the first row. A few sentences of two voices are little: the
intervals say what they are worth for other sentences, and nothing of other voices or noises. Verdicts are
about these sentences."""

COST_WORDS = """\
Energy and time are of a frame after the other at full speed; the other columns are of frames that come every
32 ms, where the chip waits in between: longest from a frame's arrival to its answer, late where the next one
comes first, and the mean power with what leaks meanwhile. Both chips are hypothetical; what their prices rest
on is in `deltasim describe chip NAME`. `mcu-psram` is not known to draw anything while its processor waits,
so its mean power is a lower bound."""


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(page(f"python -m deltasim.validation.vad.page {target.as_posix()}"), encoding="utf-8")
