"""Networks that answer a complex sample with another one, in training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from deltasim.networks.connections import Sparse
from deltasim.networks.graph import Network, Projection, projection_name
from deltasim.networks.training.exporting import exported
from deltasim.networks.training.layers.layer import EXPORTED, Conditions, Encoding, Outcome
from deltasim.networks.training.network import INPUT, DeltaNetwork, Shape

READOUT = "readout"
NEVER = 1e6  # the threshold of an input that a projection has no weights for


class Bypassed(DeltaNetwork):
    """Layers whose readout hears the sample itself too, and earlier ones, without a threshold.

    What an amplifier does to a sample is almost a factor with a few echoes, and so is what has to be done
    before it: with the bypass the recurrent layer computes the rest alone, whose thresholds then disturb a
    small term. ``lags`` are steps back, 0 among them, whose first two inputs are heard over weights (2, 2).

    >>> from deltasim.networks.training.network import DenseShape, RecurrentShape
    >>> model = Bypassed(6, [RecurrentShape("gru", 4), DenseShape(2)], lags=(0, 21))
    >>> [projection.name for projection in network_of(model, "small").projections][3:]
    ['input->readout', 'input->readout:lag-21']
    """

    def __init__(
        self, inputs: int, shapes: Iterable[Shape], learned: str = "", lags: tuple[int, ...] = (0,)
    ) -> None:
        super().__init__(inputs, shapes, learned)
        self.lags = lags
        self.bypass = nn.Parameter(torch.zeros(len(lags), 2, 2))
        with torch.no_grad():
            self.bypass[0].fill_diagonal_(1)

    def forward(
        self, values: Tensor, lengths: Tensor | None = None, conditions: Conditions = EXPORTED
    ) -> Outcome:
        """As `DeltaNetwork` has it, and what passes by."""
        found = super().forward(values, lengths, conditions)
        sums, sent = found.values, []
        heard_at = torch.arange(values.shape[2], device=values.device) < 2
        heard, fan_out, nothing = values * heard_at, 2 * heard_at, values.new_zeros(())
        for lag, weight in zip(self.lags, self.bypass, strict=True):
            before = earlier(heard, lag)
            sums = sums + nn.functional.linear(before[..., :2], weight)
            sent.append(Encoding(name_of(lag), before, nothing, fan_out))
        return Outcome(sums, (*found.encodings, *sent))


def earlier(values: Tensor, lag: int) -> Tensor:
    """Sequences (T, B, n) so many steps late, 0 before the first.

    >>> earlier(torch.tensor([1.0, 2.0, 3.0]).reshape(3, 1, 1), 1).flatten().tolist()
    [0.0, 1.0, 2.0]
    """
    return nn.functional.pad(values, (0, 0, 0, 0, lag, 0))[: len(values)]


def label_of(lag: int) -> str:
    """What the projection of a lag is labelled."""
    return f"lag-{lag}" if lag else ""


def name_of(lag: int) -> str:
    """The projection of a lag."""
    return projection_name(INPUT, READOUT, label_of(lag))


def network_of(model: DeltaNetwork, name: str, *, dense: bool = False) -> Network:
    """The network that runs, in float32; with ``dense`` all thresholds are 0.

    Features that the bypass has no weights for never reach a threshold of its projections.
    """
    found = exported(model, name, dense=dense)
    if not isinstance(model, Bypassed):
        return found
    passing = []
    theta = np.array([0.0, 0.0, *[NEVER] * (model.inputs - 2)])
    for lag, weight in zip(model.lags, model.bypass, strict=True):
        matrix = np.zeros((1, 2, model.inputs), np.float32)
        matrix[0, :, :2] = weight.detach().cpu().numpy()
        joined = Sparse.from_matrices(matrix)
        passing.append(Projection(INPUT, READOUT, joined, delay=lag, theta=theta, label=label_of(lag)))
    return replace(found, projections=(*found.projections, *passing))


def features_of(signal: Tensor) -> Tensor:
    """What `deltasim.workloads.predistortion.features.features` gives, of (T, B, 2), with its gradient.

    >>> features_of(torch.tensor([[[3.0, 4.0]]])).flatten().tolist()
    [3.0, 4.0, 5.0, 125.0, 0.800000011920929, 0.6000000238418579]
    """
    power = signal.square().sum(2, keepdim=True)
    nothing = power == 0
    size = torch.where(nothing, 0.0, torch.where(nothing, 1.0, power).sqrt())
    unit = signal / torch.where(nothing, 1.0, size)
    return torch.cat([signal, size, size**3, unit.flip(2)], 2)


class Amplifier(nn.Module):
    """A model of an amplifier (`Bypassed`, exported) that lets gradients through and learns nothing.

    Without thresholds its recurrent layer is PyTorch's own GRU.
    """

    weight: Tensor
    bias: Tensor
    bypass: Tensor

    def __init__(self, network: Network) -> None:
        super().__init__()
        projections = {projection.name: projection for projection in network.projections}
        biases = {population.name: population.bias for population in network.populations}
        into, states, out = (
            matrices_of(projections[name]) for name in ("input->gru_0", "gru_0->gru_0", "gru_0->readout")
        )
        bias = torch.from_numpy(np.asarray(biases["gru_0"]))  # of r, u, and the candidate's two products
        self.layer = nn.GRU(into.shape[2], into.shape[1])
        self.layer.load_state_dict(
            {
                "weight_ih_l0": into.flatten(0, 1),
                "weight_hh_l0": states.flatten(0, 1),
                "bias_ih_l0": bias[:3].flatten(),
                "bias_hh_l0": torch.cat([torch.zeros_like(bias[:2]), bias[3:]]).flatten(),
            }
        )
        self.requires_grad_(False)
        passing = [p for p in network.projections if (p.source, p.target) == (INPUT, READOUT)]
        self.lags = [projection.delay for projection in passing]
        self.register_buffer("weight", out[0])
        self.register_buffer("bias", torch.from_numpy(np.asarray(biases[READOUT]))[0])
        self.register_buffer("bypass", torch.stack([matrix_of(p)[:, :2] for p in passing]))

    def forward(self, signal: Tensor) -> Tensor:
        """What comes out of it, (T, B, 2), where ``signal`` (T, B, 2) goes in."""
        states, _ = self.layer(features_of(signal))
        found = nn.functional.linear(states, self.weight, self.bias)
        for lag, weight in zip(self.lags, self.bypass, strict=True):
            found = found + nn.functional.linear(earlier(signal, lag), weight)
        return found


def matrices_of(projection: Projection) -> Tensor:
    """Gate matrices (G, targets, sources) of a projection with all its weights."""
    columns = np.asarray(projection.connection.weights)
    return torch.from_numpy(np.ascontiguousarray(columns.transpose(1, 2, 0)))


def matrix_of(projection: Projection) -> Tensor:
    """The matrix (targets, sources) of a projection of one gate that stores no zeros."""
    joined = projection.connection
    assert isinstance(joined, Sparse)
    found = np.zeros((joined.target_size, joined.source_size), np.float32)
    for source in range(joined.source_size):
        own = slice(joined.pointer[source], joined.pointer[source + 1])
        found[joined.targets[own], source] = joined.weights[own]
    return torch.from_numpy(found)
