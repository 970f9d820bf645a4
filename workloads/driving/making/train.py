"""Train the networks that steer: features first, then a GRU behind them, then both as a delta network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.workloads.driving.drive import Drive, inputs, padded
from deltasim.workloads.driving.making.batches import Batch, Stretches, batches
from deltasim.workloads.driving.making.export import fixed_point
from deltasim.workloads.driving.making.model import Steerer, Thresholds
from deltasim.workloads.driving.parts import Parts, words_of
from deltasim.workloads.driving.scores import Steering, steering


@dataclass(frozen=True)
class Stage:
    """One training from given weights: Adam, cosine learning rate, and what regularises it.

    ``drop`` is the share of features left out of a whole stretch, ``noise`` the deviation of Gaussian noise
    on the states. ``recurrent`` and ``convolutional`` are goals for the weight fetches saved in either part,
    0 for none: an L1 cost on what is transmitted, ``|delta| / theta`` times the weights it fetches over all
    weights of the part, weighs more while a batch saves less and less while it saves more.
    """

    epochs: int
    learning_rate: float
    batch: int = 8
    weight_decay: float = 0.01
    drop: float = 0.1
    noise: float = 0.0
    averaging: float = 0.97
    frozen: bool = False
    recurrent: float = 0.0
    convolutional: float = 0.0


THRESHOLDS = Thresholds((0.1, 0.1, 0.1, 0.1, 0.1), 0.06, 0.25, 0.02)


@dataclass(frozen=True)
class Recipe:
    """Every choice of the three trainings; the same seed gives the same networks."""

    hidden: int = 512
    features: Stage = Stage(30, 2e-3, batch=4, drop=0.05)
    dense: Stage = Stage(8, 1e-3, drop=0.05, noise=0.1)
    delta: Stage = Stage(16, 2e-3, drop=0.05)
    columns: float = 5.0  # the goal of the delta network: columns of the recurrent part, a step
    thresholds: Thresholds = THRESHOLDS
    ramp: float = 0.3  # share of the epochs over which the thresholds grow from 0
    seed: int = 0


PACE = 1.2  # how fast the weight of a cost follows its goal, an epoch
LEAST, FIRST, MOST = 1e-5, 1e-4, 3.0  # weight of a cost: at least, at the start, at most

Report = Callable[[dict[str, float]], None]


class Costs(NamedTuple):
    """Of a batch, for both parts: the cost to train with, and weight words fetched over all of them."""

    cost: tuple[Tensor, Tensor]
    share: Parts


def fan_outs(model: Steerer) -> tuple[float, ...]:
    """Mean weight words that a message of each encoder fetches, in the order of `Seen.held`."""
    network = fixed_point(model, Thresholds(), "fan-out")
    return tuple(float(projection.connection.fan_out.mean()) for projection in network.projections)


def costs(kept: list[Tensor], thetas: Thresholds, words: tuple[float, ...]) -> Costs:
    """What was transmitted after the first frame, weighed by what it fetches."""
    levels = (*thetas.convolution, thetas.feature, thetas.hidden, thetas.readout)
    charged: list[list[Tensor]] = [[], []]
    fetched, every = [0.0, 0.0], [0.0, 0.0]
    for place, (values, theta, each) in enumerate(zip(kept, levels, words, strict=True)):
        part = int(place >= len(thetas.convolution))
        deltas = torch.diff(values, dim=0)
        frames = deltas.shape[0] * deltas.shape[1]
        charged[part].append(deltas.abs().sum() * (each / (frames * theta)))
        fetched[part] += each * float((deltas.detach() != 0).sum()) / frames
        every[part] += each * deltas.shape[2]
    first, second = (torch.stack(part).sum() / every[place] for place, part in enumerate(charged))
    return Costs((first, second), Parts(*(max(fetched[place], 1e-9) / every[place] for place in (0, 1))))


def fit(
    model: Steerer,
    portions: Callable[[np.random.Generator], Iterator[Batch]],
    stage: Stage,
    recipe: Recipe,
    thetas: Thresholds | None = None,
    alone: bool = False,
    report: Report | None = None,
) -> Steerer:
    """Train in place and return the model; with ``thetas`` as a delta network, ``alone`` its features."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    recurrent = [] if alone else [*model.layer.parameters(), *model.readout.parameters()]
    front = [*model.convolutions.parameters(), *model.features.parameters()]
    trained = [*([] if stage.frozen else front), *(model.alone.parameters() if alone else recurrent)]
    groups = [
        {"params": [p for p in trained if p.dim() > 1], "weight_decay": stage.weight_decay},
        {"params": [p for p in trained if p.dim() == 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=stage.learning_rate)
    means = [weights.detach().clone() for weights in trained]
    words = () if thetas is None else fan_outs(model)
    weights = [FIRST if stage.convolutional else 0.0, FIRST if stage.recurrent else 0.0]
    for epoch in range(stage.epochs):
        grown = min(1.0, (epoch + 1) / max(1.0, recipe.ramp * stage.epochs))
        now = Thresholds() if thetas is None else thetas.scaled(grown)
        losses: list[float] = []
        shares: list[Parts] = []
        drawn = list(portions(rng))
        for place, batch in enumerate(drawn):
            done = (epoch + place / len(drawn)) / stage.epochs
            for group in optimiser.param_groups:
                group["lr"] = stage.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
            steps, width = batch.steering.shape
            drop = nn.functional.dropout(torch.ones(1, width, model.features.out_features), stage.drop)
            with torch.set_grad_enabled(not stage.frozen):
                features, kept = model.see(batch.frames, now, drop)
            if alone:
                seen = model.steer_alone(features, now)
            else:
                noise = stage.noise * torch.randn(steps, width, recipe.hidden) if stage.noise else None
                seen = model.steer(features, now, noise)
            value = (seen.steering - batch.steering).square().mean()
            losses.append(value.item())
            if words and thetas is not None:
                found = costs([*kept, *seen.held], now, words)
                shares.append(found.share)
                goals = (stage.convolutional, stage.recurrent)
                for part, (goal, share) in enumerate(zip(goals, found.share, strict=True)):
                    if goal:
                        pace = PACE ** (1 / len(drawn))
                        reached = 1 / share >= 1 + (goal - 1) * grown
                        weights[part] *= 1 / pace if reached else pace
                        weights[part] = min(max(weights[part], LEAST), MOST)
                        value = value + weights[part] * found.cost[part]
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimiser.step()
            with torch.no_grad():
                for mean, current in zip(means, trained, strict=True):
                    mean.lerp_(current, 1 - stage.averaging)
        if report is not None:
            figures = {"epoch": epoch + 1.0, "rmse": float(np.mean(losses)) ** 0.5}
            if shares:
                both = np.mean(shares, axis=0)
                figures |= {"convolutional": 1 / both[0], "recurrent": 1 / both[1]}
                figures |= {"weight_convolutional": weights[0], "weight_recurrent": weights[1]}
            report(figures)
    with torch.no_grad():
        for mean, current in zip(means, trained, strict=True):
            current.copy_(mean)
    return model


class Measured(NamedTuple):
    """A network on sequences, in fixed point: how it steered, and dense weight words over words fetched."""

    steering: Steering
    saved: Parts
    columns: float  # of the recurrent part, fetched a step


def measured(network: Network, drive: Drive, stretches: Stretches) -> Measured:
    """Run a network as a chip would on parts of a drive."""
    sequences = [inputs(drive.frames[first:end]) for first, end in stretches]
    trace, outputs = execute(network, sequences)
    found = steering(outputs, padded(drive.steering, stretches))
    assert found is not None
    every, fetched, sent = words_of(network, trace)
    return Measured(
        found,
        Parts(*(whole / max(1, part) for whole, part in zip(every, fetched, strict=True))),
        sent[1] / trace.steps,
    )


class Made(NamedTuple):
    """A network as it was trained: its name, itself in fixed point, its recipe, how it does on the test."""

    name: str
    network: Network
    recipe: Recipe
    measured: Measured


def trained_family(
    drive: Drive,
    recipe: Recipe,
    sizes: tuple[int, ...],
    dense_sizes: tuple[int, ...],
    chosen: Stretches,
    stretches: Stretches,
    judged: Drive,
    report: Callable[[str, dict[str, float]], None] | None = None,
) -> Iterator[Made]:
    """Train on stretches of a drive, and measure on ``chosen`` ones of the drive ``judged``.

    First the features with a readout of their own (``alone``), then from them a GRU of each size, dense; and
    for ``sizes`` from that the same as a delta network. All networks of a recipe's seed share the features
    they start from.
    """
    torch.set_num_threads(1)  # so that sums do not depend on how many cores there are

    def stage_of(model: Steerer, stage: Stage, own: Recipe, name: str, **how: Any) -> Steerer:
        def portions(rng: np.random.Generator) -> Iterator[Batch]:
            return batches(drive, stretches, stage.batch, rng)

        def each(figures: dict[str, float]) -> None:
            if report is not None:
                report(name, figures)

        return fit(model, portions, stage, own, report=each, **how)

    torch.manual_seed(recipe.seed)
    features = stage_of(Steerer(0), recipe.features, recipe, "alone", alone=True)
    network = fixed_point(features, Thresholds(), "driving-alone", alone=True)
    yield Made("alone", network, replace(recipe, hidden=0), measured(network, judged, chosen))
    for hidden in (*sizes, *dense_sizes):
        own = replace(recipe, hidden=hidden)
        torch.manual_seed(recipe.seed + 1)
        model = Steerer(hidden)
        model.load_state_dict(features.state_dict(), strict=False)
        name = f"dense-{hidden}"
        stage_of(model, own.dense, own, name)
        network = fixed_point(model, Thresholds(), f"driving-{name}")
        yield Made(name, network, own, measured(network, judged, chosen))
        if hidden in sizes:
            name = f"delta-{hidden}"
            goal = (model.features.out_features + hidden) / own.columns
            stage_of(model, replace(own.delta, recurrent=goal), own, name, thetas=own.thresholds)
            network = fixed_point(model, own.thresholds, f"driving-{name}")
            yield Made(name, network, own, measured(network, judged, chosen))
