"""The spiking network that is trained: what is exported computes what was trained, and a step learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deltasim.networks.execute import execute
from deltasim.networks.numbers.arithmetic import dequantise
from deltasim.workloads.nmnist import synthetic
from deltasim.workloads.nmnist.making.model import Recipe, Spike, Spiking, loss_of, varied
from deltasim.workloads.nmnist.making.train import batch_of
from deltasim.workloads.nmnist.recordings import recordings


def few(count: int) -> torch.Tensor:
    events = tuple(synthetic.drawn(n % 10, np.random.default_rng(n)) for n in range(count))
    return batch_of(recordings("few", events, np.arange(count) % 10), 10_000.0)


def test_the_network_computes_what_was_trained() -> None:
    """With the very weights it has: spikes in fixed point differ from PyTorch's floats by rounding alone."""
    torch.manual_seed(0)
    model = Spiking(Recipe())
    with torch.no_grad():
        for convolution in model.convolutions:
            convolution.weight.mul_(4)  # type: ignore[operator, union-attr]
    network = model.network("trained")
    layers = [*model.convolutions, model.readout]
    for projection, layer in zip(network.projections, layers, strict=True):
        words = dequantise(projection.connection.weights, projection.arithmetic(network.arithmetic).weight)  # type: ignore[union-attr]
        own = words[:, 0].T if words.ndim == 3 else words
        layer.weight.data.copy_(torch.from_numpy(np.ascontiguousarray(own)))  # type: ignore[union-attr, operator]
    frames = few(3)
    with torch.no_grad():
        outputs, spikes = model(frames.float().transpose(0, 1))
    assert spikes > 0.005
    inputs = [sequence.reshape(len(sequence), -1).numpy().astype(np.float32) for sequence in frames]
    _, ours = execute(network, inputs)
    for place, own in enumerate(ours):
        theirs = outputs[:, place].numpy()
        assert np.corrcoef(own.ravel(), theirs.ravel())[0, 1] > 0.99
        np.testing.assert_allclose(own, theirs, atol=0.1 * np.abs(theirs).max())


def test_a_surrogate_has_the_gradient_of_the_fast_sigmoid() -> None:
    v = torch.tensor([-0.5, 0.0, 0.25], requires_grad=True)
    spikes = Spike.apply(v, 4.0)
    spikes.sum().backward()
    assert spikes.tolist() == [0.0, 0.0, 1.0]
    assert v.grad is not None
    assert v.grad.tolist() == pytest.approx([1 / 9, 1.0, 0.25])


def test_a_few_steps_learn() -> None:
    recipe = Recipe(shift=1)
    torch.manual_seed(1)
    model, chance = Spiking(recipe), torch.Generator().manual_seed(1)
    frames, targets = few(10), torch.arange(10)
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    losses = []
    for _ in range(8):
        loss = loss_of(*model(varied(frames.float().transpose(0, 1), recipe, chance)), targets, recipe)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss.detach()))
    assert min(losses[-3:]) < losses[0] - 0.2
