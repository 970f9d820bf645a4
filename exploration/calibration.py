"""Number formats for a network, chosen on data: fixed point that loses least, and what it lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from deltasim.exploration.tuning.parts import calibration_and_rest
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint, Float32, Q, dequantise, quantise
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError
from deltasim.workloads.benchmark import Benchmark
from deltasim.workloads.deviation import Deviation, deviation

ACCUMULATOR_BITS = 32
MIDDLE = Q(12, ACCUMULATOR_BITS - 12)
"""Of an accumulator, while activations are divided."""

WIDEST = 12
"""The most integer bits of an activation that are tried."""


class Weights(NamedTuple):
    """A projection's weights: their format, the largest, the share held back by it, the error of rounding.

    ``error`` is the root mean square of what rounding changed, in parts of that of the weights.
    """

    projection: str
    form: Q
    largest: float
    saturated: float
    error: float


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A network in fixed point, and what that lost on the sequences that chose nothing.

    ``lost`` holds outputs against those of the network as it was, at the same thresholds. The scores are
    None without labels.
    """

    before: Network
    network: Network
    weights: tuple[Weights, ...]
    calibration: str
    rest: str
    lost: Deviation
    score: float | None
    score_before: float | None

    @property
    def bytes_before(self) -> int:
        """Of all weights."""
        return weight_bytes(self.before)

    @property
    def bytes_after(self) -> int:
        """Of all weights."""
        return weight_bytes(self.network)


def weight_bytes(network: Network) -> int:
    """Bytes of all weights of a network."""
    bits = (p.connection.weight_words * network.weight_bits(n) for n, p in enumerate(network.projections))
    return -(-sum(bits) // 8)


def parse_form(text: str, place: str) -> Q | int:
    """Read ``8.8`` (integer and fraction bits) or ``16`` (bits, to be divided by calibration).

    >>> parse_form("8.8", "--activations"), parse_form("16", "--activations")
    (Q(integer=8, fraction=8), 16)
    """
    match = re.fullmatch(r"(\d{1,2})(?:\.(\d{1,2}))?", text.strip())
    if match is None:
        rule = "a format is integer and fraction bits, as 8.8, or bits, as 16"
        raise InputError(place, text, rule, "Give for example 8.8.")
    whole, fraction = match.groups()
    return int(whole) if fraction is None else Q(int(whole), int(fraction))


def weight_form(weights: Numbers, bits: int) -> Q:
    """The format of so many bits in which rounding and saturating change the weights least (squared).

    >>> weight_form(np.array([0.1, -0.4]), 8), weight_form(np.array([3.0, -0.4]), 8)
    (Q(integer=1, fraction=7), Q(integer=3, fraction=5))
    """
    forms = [Q(integer, bits - integer) for integer in range(1, bits + 1)]
    return min(
        forms, key=lambda form: float(((dequantise(quantise(weights, form), form) - weights) ** 2).sum())
    )


def calibrate(
    benchmark: Benchmark,
    weights: int = 8,
    activations: Q | int = 16,
    calibration: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Calibrated:
    """Put a float32 network into fixed point.

    Every projection gets the weight format of ``weights`` bits that changes its weights least. Where
    ``activations`` are bits they are divided into integer and fraction, and the accumulators' 32 bits always,
    in the way that moves the outputs least (RMS) on the calibration part. Lookup tables give what an
    activation resolves, 14 fraction bits at most. Errors: InputError for formats there are not, a network in
    fixed point, and data that cannot be split.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.workloads.own.benchmark import own_benchmark
    >>> from deltasim.workloads.own.sequences import sequences
    >>> rng = np.random.default_rng(0)
    >>> data = sequences("walks", list(rng.normal(size=(4, 20, 3)).cumsum(axis=1) / 4))
    >>> found = calibrate(own_benchmark(random_stack("gru", 3, (8,), rng), data), 8, Q(8, 8))
    >>> found.network.weight_bits(0), found.lost.rms < 0.02, found.bytes_before // found.bytes_after
    (8, True, 4)
    """
    network = benchmark.network
    if not isinstance(network.arithmetic, Float32):
        rule = "only a float32 network can be quantised"
        raise InputError(f"network {network.name}", network.arithmetic, rule, "Start from that.")
    if not 2 <= weights <= 32:
        raise InputError("weights", weights, "weights have 2 to 32 bits", "Give for example 8.")
    if isinstance(activations, int) and not 2 <= activations <= 16:
        raise InputError("activations", activations, "activations have 2 to 16 bits", "Give for example 16.")
    first, others = calibration_and_rest(benchmark, calibration)
    forms = {p.name: weight_form(p.connection.weights, weights) for p in network.projections}
    if isinstance(activations, Q):
        divided = [activations]
    else:
        divided = [Q(m, activations - m) for m in range(1, min(activations, WIDEST) + 1)]
    sums = [Q(integer, ACCUMULATOR_BITS - integer) for integer in range(4, 21, 2)]
    _, wanted = execute(network, first.sequences)
    total, done = len(divided) + len(sums), 0

    def at(activation: Q, accumulator: Q) -> Network:
        lookup = Q(2, min(14, activation.fraction))
        arithmetic = FixedPoint(activation, next(iter(forms.values())), accumulator, lookup)
        return quantised(network, arithmetic, forms)

    def moved(tried: Network) -> float:
        nonlocal done
        _, outputs = execute(tried, first.sequences)
        done += 1
        if progress:
            progress(done, total)
        return deviation(outputs, wanted).rms

    activation = min(divided, key=lambda form: moved(at(form, MIDDLE)))
    accumulator = min(sums, key=lambda form: moved(at(activation, form)))
    return held_against(network, at(activation, accumulator), forms, first.data, others)


def calibrate_in(benchmark: Benchmark, arithmetic: FixedPoint, calibration: int | None = None) -> Calibrated:
    """Put a float32 network into an arithmetic that is given whole, and say what that lost.

    Nothing is chosen, so the calibration part only stays out of what is held against float32, as ever.
    """
    first, others = calibration_and_rest(benchmark, calibration)
    network = benchmark.network
    forms = {projection.name: arithmetic.weight for projection in network.projections}
    return held_against(network, quantised(network, arithmetic), forms, first.data, others)


def held_against(
    network: Network, found: Network, forms: Mapping[str, Q], calibration: str, others: Benchmark
) -> Calibrated:
    """A network in fixed point beside itself in float32, on the sequences that chose nothing."""
    _, before = execute(network, others.sequences)
    _, after = execute(found, others.sequences)
    return Calibrated(
        network,
        found,
        tuple(described(p.name, p.connection.weights, forms[p.name]) for p in network.projections),
        calibration,
        others.data,
        deviation(after, before),
        others.scored(after),
        others.scored(before),
    )


def described(name: str, weights: Numbers, form: Q) -> Weights:
    """What a format did to a projection's weights."""
    raw = quantise(weights, form)
    apart = dequantise(raw, form).astype(np.float64) - weights
    size = float(np.sqrt(np.mean(np.square(weights, dtype=np.float64))))
    scaled = np.rint(np.asarray(weights, np.float64) * 2.0**form.fraction)
    held = float(np.mean((scaled < form.lowest) | (scaled > form.highest)))
    error = float(np.sqrt(np.mean(apart**2))) / size if size else 0.0
    return Weights(name, form, float(np.abs(weights).max(initial=0)), held, error)
