"""Score and joules at once: what an evolution and a training by gradients come to on the same terms."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.evolution.population import Plan, evolve
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.runtime.arrays import Floats
from deltasim.workloads.evolved_parity.parity import BITS, PARITY, SEQUENCES, SHAPE, Joules, Parity

Prices = Mapping[str, Floats]
"""Joules of a message of each source, by projection: handed in by who knows a chip."""

EPOCHS = (900, 900)  # of a training by gradients: without thresholds, and with them
CHARGE = 0.1  # of the weight: a training charges a delta as often as its threshold fits into it
FIRST_THETA = 0.1


class Outcome(NamedTuple):
    """A network, and what it took: evaluations (or epochs) and processor seconds."""

    network: Network
    evaluations: int
    processor_s: float


def measured(network: Network, prices: Prices) -> dict[str, float]:
    """What a network tells right, its mean log probability of that, and the share of joules it sends.

    Executed event by event, whatever made it; the share is of sending every element at every step.
    """
    trace, outputs = execute(network, [sequence.astype(np.float32) for sequence in SEQUENCES])
    logits = np.array([values[-1] for values in outputs], np.float64)
    logs = logits - np.logaddexp(logits[:, :1], logits[:, 1:])
    spent = every = 0.0
    for number, projection in enumerate(network.projections):
        own = trace.messages["source"][trace.messages["projection"] == number]
        spent += float(prices[projection.name][own].sum())
        every += float(prices[projection.name].sum()) * len(SEQUENCES) * BITS
    return {
        "right": int((logits.argmax(1) == PARITY).sum()),
        "log_probability": float(logs[np.arange(len(PARITY)), PARITY].mean()),
        "share": spent / every,
    }


def task_of(prices: Prices, weight: float) -> Parity:
    """Parity with the joules of these prices."""
    drawn = SHAPE.network(np.zeros(SHAPE.parameters), [0.0] * SHAPE.projections, "priced")
    ordered = tuple(prices[p.name].astype(np.float64) for p in drawn.projections)
    return Parity(SHAPE, Joules(ordered, weight))


def evolved(prices: Prices, weight: float, plan: Plan) -> Outcome:
    """Weights and thresholds evolved together."""
    task = task_of(prices, weight)
    began = time.process_time()
    *_, last = evolve(task, plan)
    return Outcome(task.network(last.best, "evolved"), last.evaluations, time.process_time() - began)


def trained(prices: Prices, weight: float, seed: int) -> Outcome:
    """Weights and thresholds trained together, as `deltasim train` does it; needs PyTorch.

    It has to have learned parity before thresholds come in: after 300 epochs without them, and with decay of
    weights, it was left guessing.
    """
    import torch

    from deltasim.networks.training.exporting import exported
    from deltasim.networks.training.network import DeltaNetwork
    from deltasim.networks.training.trainer.batches import padded
    from deltasim.networks.training.trainer.fit import Lesson, fit, seeded
    from deltasim.networks.training.trainer.losses import class_loss
    from deltasim.networks.training.trainer.recipe import Recipe

    thetas: dict[str, Any] = dict.fromkeys(("theta_x", "theta_h", "theta_readout"), FIRST_THETA)
    recipe = Recipe(
        cell="rnn", units=SHAPE.units, layers=SHAPE.layers, **thetas, learned="layer", patience=0,
        dense_epochs=EPOCHS[0], epochs=EPOCHS[1], batch=len(PARITY), learning_rate=0.01,
        l1=CHARGE * weight, weight_decay=0.0, seed=seed,
    )  # fmt: skip
    began = time.process_time()
    seeded(seed)
    model = DeltaNetwork(SHAPE.inputs, recipe.shapes(SHAPE.outputs), recipe.learned)
    batch = padded([sequence.astype(np.float32) for sequence in SEQUENCES], torch.from_numpy(PARITY))
    fit(model, recipe, Lesson(lambda _rng: [batch], [batch], class_loss, "parity", prices))
    return Outcome(exported(model, "trained"), sum(EPOCHS), time.process_time() - began)
