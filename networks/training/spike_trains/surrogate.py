"""The same networks trained by unrolling time, with a surrogate of a spike's derivative: the peer method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deltasim.networks.training.spike_trains.layer import Neuron, Spikes, Weights
from deltasim.networks.training.spike_trains.network import Stack, Sums

SLOPE = 4.0
SHARPNESS = 0.5
"""What a count is multiplied with before the softmax."""


class Spike(torch.autograd.Function):
    """1 where u is above 0; its gradient that of the fast sigmoid ``u / (1 + SLOPE |u|)``."""

    @staticmethod
    def forward(context: Any, u: Tensor) -> Tensor:
        context.save_for_backward(u)
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Tensor:
        (u,) = context.saved_tensors
        found: Tensor = gradients[0] / (1 + SLOPE * u.abs()) ** 2
        return found


def unrolled(stack: Stack, matrices: Sequence[tuple[Tensor, Tensor]], frames: Tensor) -> Tensor:
    """Counts of the last layer, (batch, neurons), of frames (steps, batch, inputs).

    The neurons' equations step by step; no gradient passes through a reset.
    """
    values = frames
    for layer, (forward, recurrent) in zip(stack, matrices, strict=True):
        values = torch.stack(layer_steps(layer.neuron, values @ forward, recurrent))
    return values.sum(0)


def layer_steps(neuron: Neuron, currents: Tensor, recurrent: Tensor) -> list[Tensor]:
    """The spikes of a layer at each step; ``currents[t]`` is what its sources' spikes of step t bring."""
    zero = torch.zeros_like(currents[0])
    c, v, waits, fired = zero, zero, zero, [zero]
    for step in range(1, len(currents)):
        added = currents[step - 1]
        if len(recurrent):
            added = added + fired[-1] @ recurrent
        c = neuron.synapse * c + added
        free = waits <= 0
        v = torch.where(free, neuron.leak * v + c / neuron.tau_s, zero)
        spike = Spike.apply(v / neuron.threshold - 1)  # type: ignore[no-untyped-call]
        v = torch.where(spike > 0, zero, v)
        waits = torch.where(spike > 0, zero + neuron.refractory, waits - 1)
        fired.append(spike)
    return fired


def surrogate_gradient(
    stack: Stack, weights: tuple[Weights, ...], batch: Sequence[tuple[Spikes, int]]
) -> tuple[float, int, tuple[Sums, ...]]:
    """Loss summed over a batch, how many were right, and the gradients' sums.

    The loss is the cross-entropy of ``SHARPNESS`` times the counts with the class.
    """
    inputs = len(weights[0].forward)
    frames = torch.from_numpy(np.stack([spikes.frames(inputs) for spikes, _ in batch], axis=1))
    labels = torch.tensor([label for _, label in batch])
    matrices = [tuple(torch.from_numpy(m).requires_grad_() for m in own) for own in weights]
    counts = unrolled(stack, matrices, frames)  # type: ignore[arg-type]
    loss = torch.nn.functional.cross_entropy(SHARPNESS * counts, labels, reduction="sum")
    loss.backward()  # type: ignore[no-untyped-call]
    found = tuple(Sums(slope(forward), slope(recurrent)) for forward, recurrent in matrices)
    right = int((counts.detach().numpy().argmax(1) == labels.numpy()).sum())
    return float(loss.detach()), right, found


def slope(matrix: Tensor) -> Any:
    """The gradient of a matrix as sums lie."""
    return np.zeros(matrix.shape[::-1], np.float32) if matrix.grad is None else matrix.grad.numpy().T
