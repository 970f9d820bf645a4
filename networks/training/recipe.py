"""How a delta network is trained: data in, steps of Adam, weights out, every choice in one frozen record."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from deltasim.networks.training.delta_gru import DeltaGRU, Held
from deltasim.networks.training.rounding import rounded
from deltasim.networks.training.trainer.batches import Batch, frame_mask


@dataclass(frozen=True)
class Recipe:
    """Every choice of a training run; the defaults train a dense network.

    ``theta_x`` and ``theta_h`` grow linearly from 0 over the first ``ramp`` share of the epochs.
    ``reduction`` is the goal for weight fetches saved: an L1 cost on what is transmitted, ``|delta| /
    theta`` summed over inputs and states and averaged over frames, weighs more while a batch saves less
    and less while it saves more; 0 switches it off. With a goal the scale of every input is trained as
    well, which is the same as a threshold for each of them. Formats are (integer bits, fraction bits) and
    are trained straight through.
    """

    hidden: int = 200
    epochs: int = 40
    batch: int = 96
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    theta_x: float = 0.0
    theta_h: float = 0.0
    ramp: float = 0.3
    reduction: float = 0.0
    noise: float = 0.0
    label_smoothing: float = 0.1
    averaging: float = 0.0
    seed: int = 0
    activation: tuple[int, int] = (8, 8)
    weight: tuple[int, int] = (1, 7)
    table: tuple[int, int] = (2, 8)


PACE = 1.15  # how fast the weight of the cost of messages follows the goal, an epoch


class Activity(NamedTuple):
    """What a batch transmitted, as numbers of messages over all real frames, and how many would be all."""

    input: float
    hidden: float
    frames: float


class Model(nn.Module):
    """A delta GRU and a dense readout of its transmitted state: ``logits[t] = W hh[t] + b``, (T, B, classes).

    Every input has a trained scale ``s = exp(log_scale)``: the encoder compares ``s x`` with theta_x,
    which is to compare x with ``theta_x / s``, and the weights of the exported network are ``W s``.
    """

    def __init__(self, inputs: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(inputs))
        self.layer = DeltaGRU(inputs, hidden)
        self.readout = nn.Linear(hidden, classes)

    def forward(
        self, inputs: Tensor, recipe: Recipe, theta_x: float, theta_h: float, noise: Tensor | None = None
    ) -> tuple[Tensor, Held]:
        """Logits and states of sequences (T, B, inputs), rounded as the recipe's formats say."""
        scale = self.log_scale.exp()
        weights = (
            rounded(self.layer.weight_ih_l0 * scale, *recipe.weight) / scale,
            rounded(self.layer.weight_hh_l0, *recipe.weight),
        )
        held = self.layer(
            rounded(inputs, *recipe.activation) * scale,
            theta_x,
            theta_h,
            noise,
            float(1 << recipe.activation[1]),
            float(1 << recipe.table[1]),
            weights,
        )
        readout = nn.functional.linear(
            held.held, rounded(self.readout.weight, *recipe.weight), self.readout.bias
        )
        return readout, held


Loss = Callable[[Tensor, Batch], Tensor]  # logits (T, B, classes), batch -> scalar


def pooled_logits(logits: Tensor, batch: Batch) -> Tensor:
    """Logits averaged over the real frames of every sequence, frame t weighing t + 1; (B, classes).

    What a network has received grows with the frames, so later ones count for more.
    """
    weights = frame_mask(batch) * torch.arange(1, len(logits) + 1)[:, None, None]
    return (logits * weights).sum(0) / weights.sum(0)


def sent(held: Tensor) -> Tensor:
    """The deltas transmitted, zero where none was: differences of held values (T, B, n) over time."""
    return torch.diff(held, dim=0, prepend=torch.zeros_like(held[:1]))


def charge(deltas: Tensor, theta: float) -> Tensor:
    """What a transmitted delta costs in training: ``|delta| / theta``, 1 for the smallest."""
    return deltas.abs() / theta


def activity(batch: Batch, held: Held) -> Activity:
    """Count what the two encoders of a layer transmitted in the real frames of a batch."""
    mask = frame_mask(batch)
    inputs, hidden = (((sent(part) != 0) * mask).sum().item() for part in (held.inputs, held.held))
    return Activity(inputs, hidden, mask.sum().item())


def train(
    model: Model,
    batches: Callable[[int, np.random.Generator], Iterator[Batch]],
    loss: Loss,
    recipe: Recipe,
    progress: Callable[[dict[str, float]], None] | None = None,
) -> Model:
    """Train in place and return the model: Adam, cosine learning rate, thresholds in the loop.

    ``batches(epoch, rng)`` yields an epoch's batches; all randomness comes from ``recipe.seed``.
    ``progress`` is called after every epoch with its number, mean loss, training occupancies and the
    saving in weight fetches.
    """
    torch.manual_seed(recipe.seed)
    model.log_scale.requires_grad_(recipe.reduction > 0)
    rng = np.random.default_rng(recipe.seed)
    decayed = [p for p in model.parameters() if p.dim() > 1]
    kept = [p for p in model.parameters() if p.dim() == 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": kept, "weight_decay": 0.0}],
        lr=recipe.learning_rate,
    )
    means = [weights.detach().clone() for weights in model.parameters()]
    pressure = 1e-3
    for epoch in range(recipe.epochs):
        ramp = min(1.0, (epoch + 1) / max(1.0, recipe.ramp * recipe.epochs))
        theta_x, theta_h = recipe.theta_x * ramp, recipe.theta_h * ramp
        losses: list[float] = []
        total = np.zeros(3)
        portions = list(batches(epoch, rng))
        pace = PACE ** (1 / len(portions))
        for batch in portions:
            share = (epoch + len(losses) / len(portions)) / recipe.epochs
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
            noise = None
            if recipe.noise:
                noise = recipe.noise * torch.randn(*batch.inputs.shape[:2], recipe.hidden)
            logits, held = model(batch.inputs, recipe, theta_x, theta_h, noise)
            value = loss(logits, batch)
            losses.append(value.item())
            with torch.no_grad():
                seen = activity(batch, held)
            total += np.array(seen)
            if recipe.reduction:
                saved = _reduction(seen, model.layer)
                goal = 1 + (recipe.reduction - 1) * ramp
                pressure = float(np.clip(pressure * (pace if saved < goal else 1 / pace), 1e-5, 1.0))
                mask = frame_mask(batch)
                inputs = (charge(sent(held.inputs), recipe.theta_x) * mask).sum()
                hidden = (charge(sent(held.held), recipe.theta_h) * mask).sum()
                value = value + pressure * (inputs + hidden) / seen.frames
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            with torch.no_grad():
                for mean, weights in zip(means, model.parameters(), strict=True):
                    mean.lerp_(weights, 1 - recipe.averaging)
        if progress is not None:
            whole = Activity(*total.tolist())
            progress(
                {
                    "epoch": epoch + 1,
                    "loss": float(np.mean(losses)),
                    "input_occupancy": whole.input / (whole.frames * model.layer.input_size),
                    "hidden_occupancy": whole.hidden / (whole.frames * model.layer.hidden_size),
                    "reduction": _reduction(whole, model.layer),
                    "pressure": pressure,
                }
            )
    with torch.no_grad():
        for mean, weights in zip(means, model.parameters(), strict=True):
            weights.copy_(mean)
    return model


def _reduction(seen: Activity, layer: DeltaGRU) -> float:
    return seen.frames * (layer.input_size + layer.hidden_size) / max(1.0, seen.input + seen.hidden)
