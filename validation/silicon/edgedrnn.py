"""EdgeDRNN: 2 layers of 768 GRU units, weights in DDR3L."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files

import numpy as np

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.numbers.arithmetic import EDGEDRNN
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.simulator.chip import Chip, load_chip
from deltasim.validation.measure import counted_trace, even_counts, measure, measure_trace
from deltasim.validation.row import Row

INPUTS, HIDDEN, STEPS = 40, 768, 6
RTL = "cycle model read off the released RTL, without DMA latency"
AICAS, JETCAS = "arXiv 1912.12193", "arXiv 2012.13600"

PARTS = "lanes, scan and update of the description are the model's;"
ADDED = "DRAM, its bursts and refreshes and the way from it are ours"

# sparsity G -> seconds a step by the model of the RTL, 2L-768H, I = 40, 125 MHz
MODEL_S = {0.0: 5.41e-3, 0.5: 2.71e-3, 0.8: 1.088e-3, 0.9: 0.548e-3, 0.95: 0.278e-3, 1.0: 26.6e-6}
OPERATING = 0.9  # where the published tenfold saving of DRAM traffic puts it
MODEL_RATE = 19.7e9  # the RTL model's operations a second at G = 0.9
PUBLISHED_RATE = 20.2e9  # mean effective, operations a second
PUBLISHED_STEP_S = 0.5e-3  # "about"
PUBLISHED_POWER_W = 2.42  # at the wall
PUBLISHED_SAVING = 10.0  # DRAM weight traffic, "up to"


def rows() -> Iterator[Row]:
    """Latency over occupancy against the RTL, then the published figures at 90 % sparsity."""
    network = random_stack("gru", INPUTS, (HIDDEN, HIDDEN), np.random.default_rng(0), arithmetic=EDGEDRNN)
    chip = load_chip("edgedrnn")
    measured = {sparsity: measure(network, chip, 1 - sparsity, STEPS) for sparsity in MODEL_S}
    name = chip.name
    for sparsity, model_s in MODEL_S.items():
        words = f"{PARTS} {ADDED}" if sparsity == 0.0 else ""
        at, ours = f"G = {sparsity:g}", measured[sparsity].step_s
        yield Row(name, "latency of a step", at, model_s, ours, "s", 0.05, "rederived", RTL, words, "model")
    point, at = measured[OPERATING], f"G = {OPERATING:g}"
    operations = 2 * network.weight_words
    rate = operations / point.step_s
    yield Row(name, "effective rate", at, MODEL_RATE, rate, "Op/s", 0.05, "rederived", RTL, "", "model")
    inferred = "G at the published mean is not stated; 0.9 is where a tenfold saving of DRAM traffic puts it"
    yield Row(
        name, "effective rate, mean", at, PUBLISHED_RATE, rate, "Op/s", 0.05, "inferred", JETCAS, inferred
    )
    yield Row(
        name,
        "latency of a step, at the mean rate",
        at,
        operations / PUBLISHED_RATE,
        point.step_s,
        "s",
        0.05,
        "inferred",
        f"2 operations for each of {network.weight_words:,} weights / 20.2 GOp/s, {JETCAS}",
        "the row above, turned over",
        "derived",
    )
    yield Row(
        name,
        "latency of a step, abstract",
        at,
        PUBLISHED_STEP_S,
        point.step_s,
        "s",
        None,
        "inferred",
        AICAS,
        "published as about 0.5 ms, one digit: nothing finer than 10 % can be held against it",
    )
    dense_bytes = measured[0.0].ledger.total("dram.bytes")
    saving = dense_bytes / point.ledger.total("dram.bytes")
    words = "G was taken from this figure; a silent element fetches no column"
    yield Row(
        name, "DRAM weight traffic saved", at, PUBLISHED_SAVING, saving, "x", 0.05, "circular", AICAS, words
    )
    words = (
        "the idle power of the board, 2.2 W, is what the other prices leave of this reading; how little "
        f"the total moves with the load is ours: {measured[0.0].power_w:.2f} W dense"
    )
    yield Row(
        name, "power at the wall", at, PUBLISHED_POWER_W, point.power_w, "W", 0.10, "circular", AICAS, words
    )
    yield Row(
        name,
        "energy of a step",
        at,
        PUBLISHED_POWER_W * operations / PUBLISHED_RATE,
        point.step_j,
        "J",
        0.10,
        "circular",
        "2.42 W for the time of a step at 20.2 GOp/s",
        "the time is inferred, the power circular",
        "derived",
    )
    yield from on_recorded_digits(chip)


def on_recorded_digits(chip: Chip) -> Iterator[Row]:
    """The steps of recorded digits, and as many messages spread evenly: the model of the RTL, and ours."""
    counts = recorded_counts()
    network = random_stack("gru", 40, (200,), np.random.default_rng(0), arithmetic=EDGEDRNN)
    even = even_counts(counts.mean(axis=0).tolist(), len(counts))
    silent = 1 - counts.mean(axis=0).sum() / 240
    found = [measure_trace(network, chip, counted_trace(network, sent)).step_s for sent in (counts, even)]
    longer = found[0] / found[1] - 1
    for name, sent, ours, words in (
        ("recorded digits", counts, found[0], f"{100 * longer:+.1f} % beside the even occupancy below"),
        (
            "even occupancy",
            even,
            found[1],
            "as many messages of inputs and of hidden units, every step alike",
        ),
    ):
        cycles = float(layer_cycles(40, 200, sent.sum(axis=1)).mean())
        model_s = cycles * chip.cores.period_ps * 1e-12
        yield Row(
            chip.name, f"latency of a step, {name}", f"1 x 200, G = {silent:.3f}", model_s, ours, "s", 0.05,
            "rederived", f"{RTL}, step by step on validation/digit_counts.csv", words, "model",
        )  # fmt: skip


def recorded_counts() -> Integers:
    """Elements sent (steps, 2): of the 40 inputs and of the 200 hidden units.

    >>> recorded_counts().shape[1]
    2
    """
    text = files("deltasim.validation").joinpath("digit_counts.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return np.array([(int(row["inputs"]), int(row["hidden"])) for row in rows], np.int64)


def layer_cycles(inputs: int, hidden: int, sent: Integers, lanes: int = 8) -> Numbers:
    """Cycles of a layer in which so many elements are sent: scan and products side by side, then the update.

    >>> int(layer_cycles(40, 768, np.array([808])).item())
    233194
    """
    scan = -(-inputs // lanes) * lanes + hidden
    return 1 + np.maximum(scan, sent * 3 * hidden / lanes) + 3 + 5 * (hidden / lanes + 1) + 1
