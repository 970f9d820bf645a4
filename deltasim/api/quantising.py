"""A network in fixed point: what ``deltasim quantise`` and ``ds.quantise`` do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from deltasim.networks.graph import Network
    from deltasim.networks.numbers.arithmetic import FixedPoint
    from deltasim.reports.settings.quantised import Quantised
    from deltasim.runtime.arrays import Numbers
    from deltasim.shell.progress import Progress
    from deltasim.workloads.benchmark import Benchmark


def quantise(
    network: Network | torch.nn.Module | str | Path,
    inputs: str | Path | Numbers | Sequence[Numbers],
    weights: int | None = None,
    activations: str | None = None,
    labels: Sequence[object] | None = None,
    calibration: int | None = None,
    layers: str | None = None,
    progress: Progress | None = None,
    arithmetic: str | None = None,
) -> Quantised:
    """Put a float32 network into fixed point, its formats chosen on ``calibration`` sequences (None: half).

    ``weights`` are bits of a weight (8 unless given), ``activations`` integer and fraction bits ("8.8") or
    bits ("16", unless given) of an activation. ``arithmetic`` names that of a chip ("edgedrnn") instead, with
    its formats, rounding points and overflow. Thresholds that were tuned for a network folder are kept.
    ``network`` of what is returned is the network, ``save(folder)`` writes it. The other arguments are those
    of ``ds.run``.

    >>> import deltasim as ds
    >>> import numpy as np
    >>> from deltasim.networks import random_stack
    >>> rng = np.random.default_rng(0)
    >>> stack, data = random_stack("gru", 3, (8,), rng), rng.normal(size=(4, 20, 3))
    >>> found = ds.quantise(stack, data, activations="8.8")
    >>> found.network.weight_bits(0), found.calibrated.lost.rms < 0.05
    (8, True)
    >>> ds.quantise(stack, data, arithmetic="edgedrnn").network.arithmetic.overflow
    'wrap'
    """
    from deltasim.api.own_network import own_benchmark, with_tuned_thresholds

    benchmark = with_tuned_thresholds(network, own_benchmark(network, inputs, labels, layers))
    return quantised(benchmark, weights, activations, arithmetic, calibration, progress)


def quantised(
    benchmark: Benchmark,
    weights: int | None,
    activations: str | None,
    arithmetic: str | None,
    calibration: int | None = None,
    progress: Progress | None = None,
) -> Quantised:
    """``quantise`` on a benchmark that is there."""
    from deltasim.exploration.calibration import calibrate, calibrate_in, parse_form
    from deltasim.reports.settings.quantised import Quantised

    if arithmetic is not None:
        return Quantised(calibrate_in(benchmark, chosen(arithmetic, weights, activations), calibration))
    form = parse_form("16" if activations is None else activations, "activations")
    bits = 8 if weights is None else weights
    return Quantised(calibrate(benchmark, bits, form, calibration, progress))


def chosen(arithmetic: str, weights: int | None, activations: str | None) -> FixedPoint:
    """The arithmetic of this name; it has formats of its own, so none is given beside it."""
    from deltasim.networks.numbers.arithmetic import ARITHMETICS
    from deltasim.runtime.errors import InputError, nearest

    if arithmetic not in ARITHMETICS:
        rule = "there is no arithmetic of this name"
        raise InputError("arithmetic", arithmetic, rule, nearest(arithmetic, ARITHMETICS))
    if weights is not None or activations is not None:
        rule = f"{ARITHMETICS[arithmetic]} has its own formats"
        raise InputError("arithmetic", arithmetic, rule, "Leave weights and activations out.")
    return ARITHMETICS[arithmetic]


def in_arithmetic(benchmark: Benchmark, name: str) -> Benchmark:
    """The benchmark with its networks rounded and bounded as a chip does it, their formats as they are.

    Errors: InputError for a name that is not known, and for networks that are not in fixed point.
    """
    from dataclasses import replace

    from deltasim.networks.numbers.arithmetic import FixedPoint
    from deltasim.runtime.errors import InputError

    form = chosen(name, None, None)

    def changed(network: Network) -> Network:
        own = network.arithmetic
        if not isinstance(own, FixedPoint):
            rule = f"network {network.name} computes in {own}, and {name} is an arithmetic of fixed point"
            raise InputError("--arithmetic", name, rule, f"deltasim quantise --arithmetic {name} makes one.")
        return replace(network, arithmetic=replace(own, rounded=form.rounded, overflow=form.overflow))

    return replace(
        benchmark, network=changed(benchmark.network), dense_network=changed(benchmark.dense_network)
    )
