"""A network without thresholds, trained by PyTorch's own recurrent layers, faster than by our loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn

from deltasim.networks.training.layers.recurrent import flipped
from deltasim.networks.training.trainer.batches import Batch
from deltasim.networks.training.trainer.fit import seeded
from deltasim.networks.training.trainer.losses import transcript_loss
from deltasim.networks.training.trainer.recipe import Recipe
from deltasim.workloads.speech.frames import INPUTS
from deltasim.workloads.speech.letters import OUTPUTS

Report = Callable[[dict[str, float]], None]


class Dense(nn.Module):
    """Bidirectional GRU layers and a readout; `weights` has the names of `DeltaNetwork`'s parameters.

    >>> batch = Batch(torch.zeros(3, 1, INPUTS), torch.tensor([3]), torch.zeros(1, 1))
    >>> Dense(4, 2)(batch).shape
    torch.Size([3, 1, 29])
    """

    def __init__(self, units: int, layers: int) -> None:
        super().__init__()
        widths = [INPUTS, *([2 * units] * (layers - 1))]
        self.ahead = nn.ModuleList(nn.GRU(width, units) for width in widths)
        self.back = nn.ModuleList(nn.GRU(width, units) for width in widths)
        self.readout = nn.Linear(2 * units, OUTPUTS)

    def forward(self, batch: Batch) -> Tensor:
        """Outputs (T, B, 29); the way back starts at the last real frame of every sentence."""
        values, lengths = batch.inputs, batch.lengths
        for ahead, back in zip(self.ahead, self.back, strict=True):
            reverse = flipped(back(flipped(values, lengths))[0], lengths)
            values = torch.cat([ahead(values)[0], reverse], 2)
        outputs: Tensor = self.readout(values)
        return outputs

    @property
    def weights(self) -> dict[str, Tensor]:
        """Copies of all parameters, as `DeltaNetwork` names them."""
        found = {}
        for number, pair in enumerate(zip(self.ahead, self.back, strict=True)):
            for layer, ending in zip(pair, ("", "_reverse"), strict=True):
                for name, tensor in layer.state_dict().items():
                    found[f"layers.{number}.{name}{ending}"] = tensor.detach().clone()
        for name, tensor in self.readout.state_dict().items():
            found[f"layers.{len(self.ahead)}.{name}"] = tensor.detach().clone()
        return found

    def take(self, weights: dict[str, Tensor]) -> None:
        """Load what `weights` gave."""
        for number, pair in enumerate(zip(self.ahead, self.back, strict=True)):
            for layer, ending in zip(pair, ("", "_reverse"), strict=True):
                own = {name: weights[f"layers.{number}.{name}{ending}"] for name in layer.state_dict()}
                layer.load_state_dict(own)
        last = f"layers.{len(self.ahead)}."
        self.readout.load_state_dict({name: weights[last + name] for name in ("weight", "bias")})


def trained_dense(
    recipe: Recipe,
    epochs: int,
    batches: Callable[[np.random.Generator], Iterable[Batch]],
    held_out: list[Batch],
    weights: dict[str, Tensor] | None,
    report: Report,
) -> dict[str, Tensor]:
    """Weights of the epoch with the least loss on what is held out, trained from ``weights`` or anew.

    A training that begins anew meets short sentences first (SortaGrad, Amodei et al. 2016). Adam with weight
    decay, its rate falling as a cosine, gradients clipped: as
    `deltasim.networks.training.trainer.fit` has it.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(recipe.threads)
    seeded(recipe.seed, 0)
    model = Dense(recipe.units, recipe.layers)
    if weights is not None:
        model.take(weights)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    best, least = model.weights, math.inf
    for epoch in range(epochs):
        rng = seeded(recipe.seed, 3, epoch)
        losses, every = [], list(batches(rng))
        if epoch == 0 and weights is None:
            every.sort(key=lambda batch: len(batch.inputs))
        for number, batch in enumerate(every):
            done = (epoch + number / len(every)) / epochs
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
            loss = transcript_loss(model(batch), batch)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            optimiser.step()
            losses.append(float(loss.detach()))
        with torch.no_grad():
            counts = [len(batch.lengths) for batch in held_out]
            seen = [float(transcript_loss(model(batch), batch)) for batch in held_out]
        now = float(np.average(seen, weights=counts))
        if now < least:
            least = now
            best = model.weights
        report({"epoch": epoch + 1.0, "loss": float(np.mean(losses)), "validation_loss": now})
    torch.set_num_threads(threads)
    return best
