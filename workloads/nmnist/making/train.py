"""Training of a spiking network on events, batch by batch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.workloads.events import SIDE
from deltasim.workloads.nmnist.making.model import Recipe, Spiking, loss_of, varied
from deltasim.workloads.nmnist.recordings import Recordings
from deltasim.workloads.nmnist.scores import accuracy


def batch_of(recordings: Recordings, step_us: float) -> Tensor:
    """All recordings as (recordings, steps, 2, 34, 34) booleans, silent behind the shorter ones."""
    frames = recordings.frames(step_us)
    longest = max(map(len, frames))
    whole = np.zeros((len(frames), longest, 2 * SIDE * SIDE), np.bool_)
    for place, own in enumerate(frames):
        whole[place, : len(own)] = own > 0
    return torch.from_numpy(whole).reshape(len(frames), longest, 2, SIDE, SIDE)


def trained_on(
    recordings: Recordings,
    step_us: float,
    recipe: Recipe,
    report: Callable[[int, float, float], None],
) -> Spiking:
    """A network trained with one seed, one thread: the same bits on the same machine."""
    torch.manual_seed(recipe.seed)
    chance = torch.Generator().manual_seed(recipe.seed)
    frames, targets = batch_of(recordings, step_us), torch.from_numpy(recordings.labels)
    model = Spiking(recipe)
    optimiser = torch.optim.Adam(model.parameters(), recipe.rate)
    rounds = -(-len(targets) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.rate, epochs=recipe.epochs, steps_per_epoch=rounds
    )
    for epoch in range(recipe.epochs):
        total = fired = 0.0
        order = torch.randperm(len(targets), generator=chance)
        for chosen in order.split(recipe.batch):  # type: ignore[no-untyped-call]
            outputs, spikes = model(varied(frames[chosen].float().transpose(0, 1), recipe, chance))
            loss = loss_of(outputs, spikes, targets[chosen], recipe)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen) / len(targets)
            fired += float(spikes.detach()) * len(chosen) / len(targets)
        report(epoch, total, fired)
    return model


def measured(network: Network, recordings: Recordings, step_us: float) -> dict[str, float]:
    """Score of a network, and the share of hidden neurons and steps that fire."""
    frames = recordings.frames(step_us)
    trace, outputs = execute(network, frames)
    spiking = [number for number, p in enumerate(network.projections) if p.source != "input"]
    sent = int(np.isin(trace.messages["projection"], spiking).sum())
    neurons = sum(population.size for population in network.populations if population.cell.spiking)
    score = accuracy(outputs, recordings.labels)
    return {"accuracy": score or 0.0, "firing": sent / (neurons * trace.steps)}
