"""Training: first dense, then as a delta network, an epoch after another, each with its checkpoint."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from deltasim.networks.training.layers.layer import Conditions
from deltasim.networks.training.network import DeltaNetwork
from deltasim.networks.training.rounding import Formats
from deltasim.networks.training.trainer import pruning
from deltasim.networks.training.trainer.batches import Batch
from deltasim.networks.training.trainer.checkpoint import State, load_checkpoint, restore, save_checkpoint
from deltasim.networks.training.trainer.costs import Activity, Prices, activity, cost, require_prices
from deltasim.networks.training.trainer.losses import Loss
from deltasim.networks.training.trainer.recipe import Recipe
from deltasim.runtime.errors import InputError

STAGES = ("dense", "delta")


@dataclass(frozen=True)
class Lesson:
    """What is learned: an epoch's batches, the validation part, the loss, and the price of messages.

    ``batches(rng)`` gives an epoch's batches, drawn with ``rng``; ``validation`` are batches that nothing is
    learned from. ``digest`` says which data these are. ``prices``: see `trainer.costs.cost`.
    """

    batches: Callable[[np.random.Generator], Iterable[Batch]]
    validation: Sequence[Batch]
    loss: Loss
    digest: str
    prices: Prices | None = None


class Figures(NamedTuple):
    """Of a part: mean loss, mean cost of messages, occupancy, and weight fetches saved."""

    loss: float
    cost: float
    occupancy: float
    saved: float


def seeded(*seeds: int) -> np.random.Generator:
    """A generator of its own for these numbers; PyTorch's is seeded from it.

    >>> seeded(0, 1).integers(100, size=3).tolist() == seeded(0, 1).integers(100, size=3).tolist()
    True
    """
    rng = np.random.default_rng(seeds)
    torch.manual_seed(int(rng.integers(1 << 62)))
    return rng


def fit(
    model: DeltaNetwork,
    recipe: Recipe,
    lesson: Lesson,
    *,
    folder: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
    report: Callable[[dict[str, float]], None] | None = None,
) -> State:
    """Train ``model`` in place and return the last state; the model then has the best weights.

    Best is the least ``loss + l1 cost`` on the validation part, among epochs at full thresholds. After every
    epoch a checkpoint is written to ``folder``; with ``resume`` training goes on from there, and ends with
    the very weights of one that was never stopped. ``progress`` is called with (epochs done, epochs),
    ``report`` with each epoch's figures. It runs on a GPU where PyTorch finds one; on the CPU, with the
    recipe's number of threads, the same seed gives the same bytes.

    Errors: InputError where the loss is no longer finite: what was best, or, before that, where it began,
    stands in the model and in the checkpoint.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(recipe.threads)
    try:
        return Fit(model, recipe, lesson, folder).run(resume, progress, report)
    finally:
        torch.set_num_threads(threads)
        model.cpu()


def subject(model: DeltaNetwork, recipe: Recipe, lesson: Lesson) -> str:
    """A digest of recipe, data and shapes: what a checkpoint belongs to."""
    shapes = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    prices = None
    if lesson.prices is not None:
        prices = {name: np.asarray(array, np.float64).tolist() for name, array in lesson.prices.items()}
    content = json.dumps([recipe.described(), lesson.digest, shapes, prices], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


class Fit:
    """A training under way."""

    def __init__(self, model: DeltaNetwork, recipe: Recipe, lesson: Lesson, folder: Path | None) -> None:
        self.model, self.recipe, self.lesson, self.folder = model, recipe, lesson, folder
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.subject = subject(model, recipe, lesson)
        self.formats = Formats(recipe.bits) if recipe.bits else None
        self.epochs = (recipe.dense_epochs, recipe.epochs)
        self.state = State()
        model.to(self.device)

    def run(
        self,
        resume: bool,
        progress: Callable[[int, int], None] | None,
        report: Callable[[dict[str, float]], None] | None,
    ) -> State:
        """All epochs of both stages that are left."""
        if resume and self.folder is not None:
            self.state = load_checkpoint(self.folder, self.subject)
            restore(self.model, self.state.weights, self.folder)
        if self.lesson.prices is not None:
            first = next(iter(self.lesson.validation)).to(self.device)
            with torch.no_grad():
                sent = self.model(first.inputs, first.lengths).encodings
            require_prices(self.lesson.prices, sent)
        total = sum(self.epochs)
        for stage in range(self.state.stage, len(STAGES)):
            if stage != self.state.stage:
                self.state = State(stage, history=self.state.history)
            optimiser = self.optimiser()
            if self.state.optimiser:
                load_optimiser(optimiser, self.state.optimiser)
            while self.state.epoch < self.epochs[stage] and not self.is_patience_over():
                figures = self.epoch(optimiser)
                if report is not None:
                    report(figures)
                if progress is not None:
                    progress(sum(self.epochs[:stage]) + self.state.epoch, total)
            if self.state.best:
                restore(self.model, self.state.best, "best weights")
        if progress is not None:
            progress(total, total)
        return self.state

    def is_patience_over(self) -> bool:
        """Whether the validation part has been no better for long."""
        return 0 < self.recipe.patience <= self.state.waited

    def optimiser(self) -> torch.optim.AdamW:
        """Adam with weight decay on matrices and kernels alone."""
        decayed = [p for p in self.model.parameters() if p.dim() > 1]
        kept = [p for p in self.model.parameters() if p.dim() <= 1]
        return torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": self.recipe.weight_decay},
                {"params": kept, "weight_decay": 0.0},
            ],
            lr=self.recipe.learning_rate,
        )

    def conditions(self, epoch: int) -> Conditions:
        """What is done to values in this epoch of the stage."""
        if self.state.stage == 0:
            return Conditions(share=0.0)
        return Conditions(self.ramped(epoch), self.recipe.noise, self.formats)

    def ramped(self, epoch: int) -> float:
        """How much of the ramp is done in an epoch."""
        return min(1.0, (epoch + 1) / max(1.0, self.recipe.ramp * self.recipe.epochs))

    def epoch(self, optimiser: torch.optim.AdamW) -> dict[str, float]:
        """One epoch: learn, look at the validation part, write the checkpoint."""
        recipe, state = self.recipe, self.state
        epoch, stage = state.epoch, state.stage
        rng = seeded(recipe.seed, 1 + stage, epoch)
        conditions = self.conditions(epoch)
        chosen: dict[Tensor, Tensor] = {}
        if stage and recipe.sparsity:
            share = pruning.share_at(recipe.sparsity, conditions.share)
            chosen = pruning.masks(self.model, share, recipe.pattern, recipe.elements)
            pruning.apply(chosen)
        batches = list(self.lesson.batches(rng))
        losses = []
        for number, batch in enumerate(batches):
            done = (epoch + number / len(batches)) / self.epochs[stage]
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
            losses.append(self.step(optimiser, batch.to(self.device), conditions))
            pruning.apply(chosen)
        seen = self.look(replace(conditions, noise=0.0))
        whole = stage == 0 or conditions.share == 1.0
        key = seen.loss + (recipe.l1 * seen.cost if stage else 0.0)
        if not math.isfinite(key):
            self.diverged(f"loss {key} on the validation part")
        better = whole and (state.key is None or key < state.key)
        weights = {name: tensor.detach().cpu().clone() for name, tensor in self.model.state_dict().items()}
        figures = {
            "stage": float(stage),
            "epoch": float(epoch + 1),
            "loss": float(np.mean(losses)),
            **{f"validation_{name}": float(value) for name, value in seen._asdict().items()},
            "objective": key,
        }
        self.state = State(
            stage,
            epoch + 1,
            key if better else state.key,
            0 if better or not whole else state.waited + 1,
            weights,
            weights if better else state.best,
            saved_optimiser(optimiser),
            [*state.history, figures],
        )
        if self.folder is not None:
            save_checkpoint(self.state, self.folder, self.subject)
        return figures

    def step(self, optimiser: torch.optim.AdamW, batch: Batch, conditions: Conditions) -> float:
        """One step of the optimiser; the loss before it."""
        outputs, encodings = self.model(batch.inputs, batch.lengths, conditions)
        value = self.lesson.loss(outputs, batch)
        found = float(value.detach())
        if self.state.stage and self.recipe.l1:
            value = value + self.recipe.l1 * cost(encodings, batch, self.lesson.prices)
        optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        size = nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        if not (math.isfinite(found) and math.isfinite(float(size))):
            self.diverged(f"loss {found:g}")
        optimiser.step()
        return found

    def diverged(self, value: str) -> None:
        """Put the last good weights back, and say so."""
        state = self.state
        if state.weights:
            restore(self.model, state.best or state.weights, "best weights")
        kept = f"The checkpoint of epoch {state.epoch} is kept" if state.epoch else "Nothing was learned"
        where = f"{STAGES[state.stage]} training, epoch {state.epoch + 1}"
        rule = "the loss or its gradient is no longer a finite number"
        raise InputError(where, value, rule, f"{kept}; give a smaller learning_rate or clip.")

    def look(self, conditions: Conditions) -> Figures:
        """What comes of the validation part, sequences weighing alike."""
        return look(self.model, self.lesson, conditions, self.device)


def look(
    model: DeltaNetwork, lesson: Lesson, conditions: Conditions, device: torch.device | None = None
) -> Figures:
    """Loss, cost and activity on the validation part, every sequence weighing alike."""
    sums, sequences = np.zeros(2), 0
    counted = np.zeros(4)
    with torch.no_grad():
        for given in lesson.validation:
            batch = given if device is None else given.to(device)
            outputs, encodings = model(batch.inputs, batch.lengths, conditions)
            count = len(batch.lengths)
            values = lesson.loss(outputs, batch), cost(encodings, batch, lesson.prices)
            sums += count * np.array([float(value) for value in values])
            counted += np.array(activity(encodings, batch))
            sequences += count
    whole = Activity(*counted.tolist())
    loss, price = (sums / max(1, sequences)).tolist()
    return Figures(loss, price, whole.occupancy, whole.saved)


def saved_optimiser(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Adam's moments by the number of their parameter."""
    return {
        f"{number}.{name}": torch.as_tensor(value).detach().cpu().clone()
        for number, entry in optimiser.state_dict()["state"].items()
        for name, value in entry.items()
    }


def load_optimiser(optimiser: torch.optim.Optimizer, saved: dict[str, Tensor]) -> None:
    """Give Adam its moments back."""
    moments: dict[int, dict[str, Tensor]] = {}
    for key, tensor in saved.items():
        number, _, name = key.partition(".")
        moments.setdefault(int(number), {})[name] = tensor
    content = optimiser.state_dict()
    optimiser.load_state_dict({**content, "state": moments})
