"""The trained pairs of both forms, their thresholds chosen on what was held out, the test part scored."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.networks.numbers.quantise import quantised
from deltasim.networks.trace import Trace, dense_trace
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.ledger.idle import idle_watts
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import run_plan
from deltasim.validation.predistortion.published import DELTADPD
from deltasim.workloads.fetches import words_fetched
from deltasim.workloads.predistortion.amplifier import Amplifier
from deltasim.workloads.predistortion.capture import Capture
from deltasim.workloads.predistortion.features import features, samples_of
from deltasim.workloads.predistortion.scores import Linearity, linearity, nmse_db
from deltasim.workloads.predistortion.thresholds import Point, chosen, rescaled, sparse_enough
from deltasim.workloads.predistortion.trained import Trained, load
from deltasim.workloads.training_record import RECORD

PLAIN, OURS = "plain", "bypassed"
CHIPS = ("predistorter", "earbud", "edgedrnn")
LOOKED_AT = 4000  # samples of the part held out, for a threshold that is given
RUN_FOR = 2000  # samples of the test part that are run on a chip
GIVEN = "plain: one threshold, given when it runs"
PLAIN_52 = "plain: trained with thresholds (DeltaDPD's form)"
OURS_52 = "ours, as sparse as DeltaDPD"
OURS_GIVEN = "ours: one threshold, given when it runs"
OURS_EQUAL = "ours, as linear as DeltaDPD"
DENSE = {PLAIN: "plain: every value sent", OURS: "ours: every value sent"}
BITS = (16, 12, 8)
THETAS = tuple(round(0.01 * 1.15**power, 4) for power in range(25))  # of GIVEN, tried on what is held out


class Cost(NamedTuple):
    """A sample on a chip at full speed, and how many such chips the sample rate takes."""

    joules: float
    seconds: float
    dynamic_j: float


class Line(NamedTuple):
    """One network on the test part."""

    name: str
    linearity: Linearity
    sparsity: float
    words: float  # fetched a sample
    network: Network
    costs: dict[str, Cost]


def sparsity_of(network: Network, trace: Trace) -> float:
    """The share of inputs and states that the recurrent layer is not sent."""
    sizes = [projection.connection.source_size for projection in network.projections[:2]]
    sent = np.isin(trace.messages["projection"], (0, 1)).sum()
    return 1 - float(sent) / (trace.steps * sum(sizes))


def line(name: str, network: Network, model: Amplifier, capture: Capture, chips: Sequence[str]) -> Line:
    """A network on a part; on chips its first samples."""
    told = features(capture.sent)
    trace, outputs = execute(network, [told])
    whole = dense_trace(network, [len(told)]) if name in DENSE.values() else trace
    found = linearity(model.answer(samples_of(outputs[0])), capture.wanted, capture.band)
    words = float(words_fetched(network, whole).sum() / len(told))
    costs = {chip: cost_on(chip, network, capture, name in DENSE.values()) for chip in chips}
    return Line(name, found, sparsity_of(network, whole), words, network, costs)


def cost_on(name: str, network: Network, capture: Capture, every: bool) -> Cost:
    """The first samples on a chip; ``every``: all values are sent, changed or not."""
    chip, told = load_chip(name), features(capture.sent[:RUN_FOR])
    trace = dense_trace(network, [len(told)]) if every else execute(network, [told])[0]
    plan = compile_plan(network, chip, map_network(network, chip))
    ledger = run_plan(plan, trace, jobs=1)
    seconds = ledger.elapsed_ps * 1e-12
    joules = price(ledger, chip, network).total_j
    at_rest = sum(idle_watts(plan, chip).values()) * seconds
    return Cost(joules / len(told), seconds / len(told), (joules - at_rest) / len(told))


def given_threshold(dense: Network, capture: Capture, least: float) -> Network:
    """The network with one threshold for inputs and states, the smallest that leaves enough unsent."""
    inside = [projection.name for projection in dense.projections[:2]]
    seen = features(capture.sent[:LOOKED_AT])

    def unsent(place: int) -> float:
        network = dense.with_thresholds(dict.fromkeys(inside, THETAS[place]))
        return sparsity_of(network, execute(network, [seen])[0])

    place = bisect_left(range(len(THETAS) - 1), least, key=unsent)
    return dense.with_thresholds(dict.fromkeys(inside, THETAS[place]))


def seeds_in(folder: Path) -> dict[int, dict[str, Trained]]:
    """Every seed that has both pairs, with its pairs by form."""
    found: dict[int, dict[str, Trained]] = {}
    for seed in range(100):
        pairs = [folder / f"seed-{seed}" / form for form in (PLAIN, OURS)]
        if all((pair / RECORD).is_file() for pair in pairs):
            found[seed] = {form: load(pair) for form, pair in zip((PLAIN, OURS), pairs, strict=True)}
    if not found:
        rule = "no seed in it has both pairs"
        remedy = "Run `python -m deltasim.workloads.predistortion.making OUT --data FOLDER --seed 0`."
        raise InputError(folder, "nothing trained", rule, remedy)
    return found


def points_of(pair: Trained) -> list[Point]:
    """What each scale of the thresholds gives on the part held out."""
    return [Point(**point) for point in pair.record["scales"]]


def at(pair: Trained, point: Point) -> Network:
    """The delta network of a pair with its trained thresholds scaled so."""
    return rescaled(pair.delta, point.scale / pair.record["result"]["scale"])


def picked(pairs: dict[str, Trained]) -> dict[str, Point]:
    """The scales of the rows: as sparse as DeltaDPD was published, and ours as linear as it."""
    points = points_of(pairs[OURS])
    assert DELTADPD.nmse_db is not None
    return {
        PLAIN_52: sparse_enough(points_of(pairs[PLAIN]), DELTADPD.sparsity),
        OURS_52: sparse_enough(points, DELTADPD.sparsity),
        OURS_EQUAL: chosen(points, DELTADPD.nmse_db),
    }


def networks_of(pairs: dict[str, Trained], held_out: Capture) -> dict[str, Network]:
    """The networks of the rows; thresholds are chosen on what was held out."""
    scales = picked(pairs)
    given = {
        name: given_threshold(pairs[form].dense, held_out, DELTADPD.sparsity)
        for name, form in ((GIVEN, PLAIN), (OURS_GIVEN, OURS))
    }
    return {
        DENSE[PLAIN]: pairs[PLAIN].dense,
        GIVEN: given[GIVEN],
        PLAIN_52: at(pairs[PLAIN], scales[PLAIN_52]),
        DENSE[OURS]: pairs[OURS].dense,
        OURS_GIVEN: given[OURS_GIVEN],
        OURS_52: at(pairs[OURS], scales[OURS_52]),
        OURS_EQUAL: at(pairs[OURS], scales[OURS_EQUAL]),
    }


def in_fixed_point(network: Network, bits: int) -> Network:
    """The network with weights, activations and table outputs of so many bits, and sums of 32.

    Activations lie within 8, as what tables are asked for does; a projection's weights have the shortest
    integer part that holds the largest.
    """
    arithmetic = FixedPoint(Q(4, bits - 4), Q(1, bits - 1), Q(8, 24), Q(2, bits - 2))
    forms = {}
    for projection in network.projections:
        largest = float(np.abs(projection.connection.weights).max())
        integer = 1 if largest < 1 else 1 + int(np.floor(np.log2(largest))) + 1
        forms[projection.name] = Q(integer, bits - integer)
    return quantised(network, arithmetic, forms)


class Amplified(NamedTuple):
    """The model of the amplifier: its error on the test part, and the signal without predistortion."""

    digest: str
    nmse_db: float
    held_out_db: float
    measured: Linearity
    modelled: Linearity


def amplified(model: Amplifier, capture: Capture, held_out: Capture) -> Amplified:
    """How the model does, on both parts that it was not trained on."""
    answer = model.answer(capture.sent)
    return Amplified(
        model.digest,
        nmse_db(answer, capture.received),
        nmse_db(model.answer(held_out.sent), held_out.received),
        linearity(capture.received, capture.wanted, capture.band),
        linearity(answer, capture.wanted, capture.band),
    )
