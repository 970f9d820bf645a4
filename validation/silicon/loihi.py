"""Loihi by its published constants, with a sigma-delta and a spiking network: predictions.

The sigma-delta network is PilotNet as the notebook of Lava's deep-learning library has it. How many events
enter each of its layers is published, and how many synaptic operations they cause; the events are set here,
and the operations counted.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deltasim.networks.builders.feed_forward import Layer, feed_forward
from deltasim.networks.builders.spiking import random_spiking
from deltasim.networks.cells import conv2d, dense
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.ledger.pricing import price
from deltasim.validation.measure import Measured, counted_trace, even_counts, measure_trace
from deltasim.validation.row import Agreement, Row

NOTEBOOK = "PilotNet as sigma-delta network, notebook of lava-dl"
# layer -> events into it and synaptic operations, means of a step
PUBLISHED = {
    "conv 49x16x24": (2475.93, 133700.12),
    "conv 24x7x36": (239.46, 19395.86),
    "conv 22x4x64": (422.39, 121649.28),
    "conv 20x2x64": (558.71, 321818.47),
    "dense 100": (29.90, 2989.97),
    "dense 50": (4.80, 240.00),
    "dense 10": (1.35, 13.46),
    "dense 1": (0.16, 0.16),
}
# fan-out of a place that no edge cuts: published operations / events
INSIDE = {"conv 49x16x24": 54, "conv 24x7x36": 81, "conv 22x4x64": 288, "conv 20x2x64": 576}
STEPS, LOIHI_STEPS = 50, 3


def pilotnet() -> Network:
    """The layers of PilotNet on a picture of 3 x 100 x 33; only its shapes matter here."""
    rng = np.random.default_rng(0)

    def convolution(out: int, into: int, stride: tuple[int, int], padding: tuple[int, int]) -> Layer:
        kernel = rng.normal(size=(out, into, 3, 3)).astype(np.float32)
        return conv2d.Parameters(kernel, np.zeros(out, np.float32), stride=stride, padding=padding), "relu"

    def linear(out: int, into: int) -> Layer:
        weights = rng.normal(size=(out, into)).astype(np.float32)
        return dense.Parameters(weights, np.zeros(out, np.float32)), "relu"

    layers = [
        convolution(24, 3, (2, 2), (0, 0)),
        convolution(36, 24, (2, 2), (0, 0)),
        convolution(64, 36, (1, 2), (0, 1)),
        convolution(64, 64, (1, 1), (0, 0)),
        linear(100, 2560),
        linear(50, 100),
        linear(10, 50),
        linear(1, 10),
    ]
    return feed_forward((3, 100, 33), layers, name="pilotnet")


def rows() -> Iterator[Row]:
    """Operations of each layer of PilotNet; time and energy of a step of it and of a spiking network."""
    network, events = pilotnet(), [events for events, _ in PUBLISHED.values()]
    counts, plain = even_counts(events, STEPS), load_chip("mesh16")
    total = 0.0
    for index, (layer, (into, published)) in enumerate(PUBLISHED.items()):
        alone = np.zeros_like(counts)
        alone[:, index] = counts[:, index]
        ledger = measure_trace(network, plain, counted_trace(network, alone)).ledger
        ours = float(ledger.total("core.mac") / counts[:, index].sum() * into)
        total += ours
        words = f"at {into:g} events a step, anywhere in their layer"
        agreement: Agreement = "rederived"  # every place of a dense layer has the same fan-out
        if layer in INSIDE:
            agreement = "predicted"
            words += (
                f"; the notebook counts {INSIDE[layer]} synapses for each event, which is the fan-out of a "
                f"place that no edge cuts; the mean over all places is {ours / into:.1f}"
            )
        yield Row("loihi", f"operations a step, {layer}", "published events", published, ours, "ops", 0.05,
                  agreement, NOTEBOOK, words)  # fmt: skip
    yield Row(
        "loihi", "operations a step, all layers", "published events",
        sum(operations for _, operations in PUBLISHED.values()), total, "ops", 0.05, "predicted", NOTEBOOK,
        "the sum of the rows above",
    )  # fmt: skip
    yield Row(
        "loihi", "events a step", "PilotNet", sum(events), None, "ops", 0.05, "open", NOTEBOOK,
        "how many events there are follows from Lava's trained weights and its recording of a drive, and "
        "neither is at hand: here they are given",
    )  # fmt: skip
    chip = load_chip("loihi")
    found = measure_trace(network, chip, counted_trace(network, even_counts(events, LOIHI_STEPS)))
    yield from predicted(network, chip, found, LOIHI_STEPS, "PilotNet, sigma-delta")
    spiking = random_spiking(4096, 64, 0.05, np.random.default_rng(0))
    trace, _ = execute(spiking, [np.zeros((20, 1), np.float32)])
    found = measure_trace(spiking, chip, trace)
    yield from predicted(spiking, chip, found, trace.steps, "4,096 spiking neurons of 64 synapses")


def predicted(network: Network, chip: Chip, found: Measured, steps: int, at: str) -> Iterator[Row]:
    """Time and energy of a step, and what they are made of."""
    energy = price(found.ledger, chip, network)
    by_action = {
        "synaptic operations": "core.mac",
        "updates": "core.update",
        "spikes": "core.send",
        "hops": "link.flit",
    }
    parts = ", ".join(
        f"{name} {100 * found.ledger.total(action) * chip.prices[action].value / energy.total_j:.0f} %"
        for name, action in by_action.items()
    )
    source = "constants of Davies et al. 2018 for each operation"
    operations = found.ledger.total("core.mac") / steps
    words = f"{operations:,.0f} synaptic operations a step; nothing is published to hold this against"
    yield Row("loihi", "time of a step", at, None, found.step_s, "s", None, "predicted", source, words)
    words = f"{parts}; power at rest is not counted"
    yield Row("loihi", "energy of a step", at, None, found.step_j, "J", None, "predicted", source, words)
