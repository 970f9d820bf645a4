"""Sensitivities against finite differences, PyTorch's autograd and sums worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.evolution.feed_forward import Layers
from deltasim.networks.evolution.recurrent import Stack
from deltasim.networks.evolution.sensitivity import (
    SENSITIVITIES,
    Block,
    jacobian,
    of_absolutes,
    of_second_order,
    of_sums,
)
from deltasim.runtime.arrays import Numbers

STEP = 1e-6
Model = Stack | Layers
MODELS = st.one_of(
    st.builds(
        Stack, st.sampled_from(["rnn", "gru"]), *[st.integers(1, 3)] * 2, st.integers(1, 3), st.just(2)
    ),
    st.builds(Stack, st.sampled_from(["rnn", "gru"]), st.just(2), st.just(3), st.just(2), st.just(3)),
    st.builds(Layers, st.tuples(*[st.integers(1, 4)] * 4)),
)


def drawn(model: Model, seed: int) -> tuple[Numbers, Numbers]:
    """Two networks and five samples, of three steps where the model is recurrent."""
    rng = np.random.default_rng(seed)
    genomes = np.stack([2 * model.drawn(rng) for _ in range(2)])
    genomes += 0.1 * rng.standard_normal(genomes.shape)
    shape = (2, 5, 3, model.inputs) if isinstance(model, Stack) else (2, 5, model.sizes[0])
    return genomes, rng.standard_normal(shape)


@settings(max_examples=10, deadline=None)
@given(MODELS, st.integers(0, 1000))
def test_derivatives_are_those_of_finite_differences(model: Model, seed: int) -> None:
    genomes, samples = drawn(model, seed)
    found = jacobian(model.derivatives(genomes, samples))
    for weight in range(model.parameters):
        moved = np.zeros(model.parameters)
        moved[weight] = STEP
        up, down = (model.outputs_on(genomes + sign * moved, samples) for sign in (1, -1))
        np.testing.assert_allclose(found[..., weight], (up - down) / (2 * STEP), atol=1e-7)


class Recurrent(torch.nn.Module):
    """PyTorch's own cells, stacked as in the paper's code."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        cell = {"rnn": torch.nn.RNNCell, "gru": torch.nn.GRUCell}[stack.kind]
        widths = [stack.inputs, *[stack.units] * stack.layers]
        self.cells = torch.nn.ModuleList(cell(below, stack.units) for below in widths[:-1])
        self.readout = torch.nn.Linear(stack.units, stack.outputs)

    def forward(self, sequences: torch.Tensor) -> torch.Tensor:
        states = [torch.zeros(len(sequences), self.readout.in_features).double() for _ in self.cells]
        for value in sequences.transpose(0, 1):
            below = value
            for number, cell in enumerate(self.cells):
                states[number] = below = cell(below, states[number])
        return torch.softmax(self.readout(below), -1)


def in_torch(model: Model, genome: Numbers) -> torch.nn.Module:
    if isinstance(model, Stack):
        module: torch.nn.Module = Recurrent(model).double()
    else:
        parts: list[torch.nn.Module] = []
        for source, target in pairwise(model.sizes):
            parts += [torch.nn.Linear(source, target), torch.nn.ReLU()]
        module = torch.nn.Sequential(*parts[:-1], torch.nn.Sigmoid()).double()
    torch.nn.utils.vector_to_parameters(torch.from_numpy(genome), module.parameters())
    return module


def gradient(output: torch.Tensor, module: torch.nn.Module, graph: bool = False) -> torch.Tensor:
    found = torch.autograd.grad(output, list(module.parameters()), retain_graph=True, create_graph=graph)
    return torch.cat([one.reshape(-1) for one in found])


def by_the_papers_code(name: str, module: torch.nn.Module, samples: Numbers, change: Numbers) -> Numbers:
    """The three sensitivities with PyTorch's autograd, second derivatives and all."""
    y = module(torch.from_numpy(samples))
    if name == "sm-g-so":
        error = ((y - y.detach()) ** 2).sum(1).mean(0)
        unit = torch.from_numpy(change / np.linalg.norm(change))
        product = gradient((gradient(error, module, graph=True) * unit).sum(), module)
        return product.abs().sqrt().numpy()
    rows = torch.stack(
        [torch.stack([gradient(y[s, o], module) for o in range(y.shape[1])]) for s in range(5)]
    )
    per_output = rows.sum(0) if name == "sm-g-sum" else rows.abs().mean(0)
    return (per_output**2).sum(0).sqrt().numpy()


@pytest.mark.parametrize("name", SENSITIVITIES)
@pytest.mark.parametrize("model", [Stack("rnn", 1, 4, 2, 2), Stack("gru", 2, 3, 2, 3), Layers((3, 5, 4, 2))])
def test_sensitivities_are_those_of_autograd(name: str, model: Model) -> None:
    genomes, samples = drawn(model, 3)
    change = np.random.default_rng(4).standard_normal(genomes.shape)
    found = SENSITIVITIES[name](model.derivatives(genomes, samples), change)
    for network in range(2):
        expected = by_the_papers_code(
            name, in_torch(model, genomes[network]), samples[network], change[network]
        )
        np.testing.assert_allclose(found[network], expected, atol=1e-6)  # a root of differences near 0


def test_outputs_and_the_number_of_parameters_are_those_of_pytorch() -> None:
    for model in (Stack("rnn", 1, 15, 2, 2), Stack("gru", 1, 15, 2, 2), Layers((11, *[15] * 7, 2))):
        genomes, samples = drawn(model, 5)
        module = in_torch(model, genomes[0])
        assert sum(part.numel() for part in module.parameters()) == model.parameters
        expected = module(torch.from_numpy(samples[0])).detach().numpy()
        np.testing.assert_allclose(model.outputs_on(genomes, samples)[0], expected, atol=1e-12)


def toy(samples: list[tuple[float, float]]) -> list[Block]:
    """``y = [100 w0 x0, 0.1 w1 x1]``: one weight a block, each with its own output."""
    x = np.array(samples)
    backs = np.zeros((2, len(x), 2, 1, 1))
    backs[0, :, 0], backs[1, :, 1] = 100, 0.1
    return [Block(backs[k], x[:, None, k : k + 1]) for k in range(2)]


WASHOUT = [(1.0, 1.0), (-1.0, -1.0)]


@pytest.mark.parametrize(
    ("sensitivity", "samples", "expected"),
    [
        (of_sums, WASHOUT, (0.0, 0.0)),  # gradients of opposite samples cancel
        (of_absolutes, WASHOUT, (100.0, 0.1)),
        (of_second_order, [(1.0, 0.0), (0.0, 1.0)], (84.0896, 0.0840896)),
    ],
)
def test_the_toy_worked_out_by_hand(
    sensitivity: Callable[[list[Block], Numbers], Numbers],
    samples: list[tuple[float, float]],
    expected: tuple[float, float],
) -> None:
    np.testing.assert_allclose(sensitivity(toy(samples), np.array([1.0, 1.0])), expected, rtol=1e-5)


@settings(max_examples=10, deadline=None)
@given(MODELS, st.integers(0, 1000))
def test_an_absolute_bounds_a_sum_and_a_direction_has_no_length(model: Model, seed: int) -> None:
    genomes, samples = drawn(model, seed)
    blocks = model.derivatives(genomes, samples)
    assert (of_sums(blocks, genomes) <= 5 * of_absolutes(blocks, genomes) + 1e-12).all()
    np.testing.assert_allclose(of_second_order(blocks, genomes), of_second_order(blocks, 7 * genomes))
