"""Conventional networks for the same pictures: a hidden layer of ReLU units that read all pixels at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deltasim.networks.builders.feed_forward import feed_forward
from deltasim.networks.cells import dense
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.arrays import Floats
from deltasim.workloads.fashion.making import form_of

ARITHMETIC = FixedPoint(activation=Q(8, 8), weight=Q(1, 7), accumulator=Q(9, 15))
BATCH, RATE = 128, 2e-3


@dataclass(frozen=True)
class Pictures:
    """Pixels (n, pixels) from 0 to 1, and classes (n,)."""

    pixels: Floats
    labels: NDArray[np.int64]


def pictures(pixels: NDArray[np.uint8], labels: NDArray[np.int64]) -> Pictures:
    """Pictures of bytes."""
    return Pictures((pixels.reshape(len(pixels), -1) / 255).astype(np.float32), labels)


def conventional(learned: Pictures, units: int, epochs: int, seed: int = 0) -> Network:
    """A network of one hidden layer, trained by cross-entropy and Adam, in 8-bit weights.

    A sequence for it is one frame, the picture.
    """
    import torch

    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        torch.nn.Linear(learned.pixels.shape[1], units), torch.nn.ReLU(), torch.nn.Linear(units, 10)
    )
    optimiser = torch.optim.Adam(model.parameters(), RATE)
    x, y = torch.from_numpy(learned.pixels), torch.from_numpy(learned.labels)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(BATCH):  # type: ignore[no-untyped-call]
            loss = torch.nn.functional.cross_entropy(model(x[chosen]), y[chosen])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    values = [parameter.detach().numpy() for parameter in model.parameters()]
    layers = [(dense.Parameters(*values[:2]), "relu"), (dense.Parameters(*values[2:]), "identity")]
    whole = feed_forward((learned.pixels.shape[1],), layers, name=f"relu-{units}")
    forms = {projection.name: form_of(projection.connection.weights) for projection in whole.projections}
    return quantised(whole, ARITHMETIC, forms)


def accuracy_of(network: Network, tested: Pictures) -> float:
    """The share of pictures whose class has the largest output, each run as a sequence of its own."""
    from deltasim.networks.execute import execute

    _, outputs = execute(network, [picture[None] for picture in tested.pixels])
    return float(np.mean([frames[-1].argmax() for frames in outputs] == tested.labels))
