"""A network in fixed point: what ``deltasim quantise`` and ``ds.quantise`` do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from deltasim.networks.graph import Network
    from deltasim.networks.numbers.arithmetic import Q
    from deltasim.reports.settings.quantised import Quantised
    from deltasim.runtime.arrays import Numbers
    from deltasim.shell.progress import Progress
    from deltasim.workloads.benchmark import Benchmark


def quantise(
    network: Network | torch.nn.Module | str | Path,
    inputs: str | Path | Numbers | Sequence[Numbers],
    weights: int = 8,
    activations: str = "16",
    labels: Sequence[object] | None = None,
    calibration: int | None = None,
    layers: str | None = None,
    progress: Progress | None = None,
) -> Quantised:
    """Put a float32 network into fixed point, its formats chosen on ``calibration`` sequences (None: half).

    ``weights`` are bits of a weight, ``activations`` integer and fraction bits ("8.8") or bits ("16") of an
    activation. Thresholds that were tuned for a network folder are kept. ``network`` of what is returned is
    the network, ``save(folder)`` writes it. The other arguments are those of ``ds.run``.

    >>> import deltasim as ds
    >>> import numpy as np
    >>> from deltasim.networks import random_stack
    >>> rng = np.random.default_rng(0)
    >>> found = ds.quantise(random_stack("gru", 3, (8,), rng), rng.normal(size=(4, 20, 3)), activations="8.8")
    >>> found.network.weight_bits(0), found.calibrated.lost.rms < 0.05
    (8, True)
    """
    from deltasim.api.own_network import own_benchmark, with_tuned_thresholds
    from deltasim.exploration.calibration import parse_form

    form = parse_form(activations, "activations")
    benchmark = with_tuned_thresholds(network, own_benchmark(network, inputs, labels, layers))
    return quantised(benchmark, weights, form, calibration, progress)


def quantised(
    benchmark: Benchmark,
    weights: int,
    activations: Q | int,
    calibration: int | None = None,
    progress: Progress | None = None,
) -> Quantised:
    """``quantise`` on a benchmark that is there."""
    from deltasim.exploration.calibration import calibrate
    from deltasim.reports.settings.quantised import Quantised

    return Quantised(calibrate(benchmark, weights, activations, calibration, progress))
