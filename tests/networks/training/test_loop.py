"""Layers in training against the published delta equations, differentiated by PyTorch, and differences."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from deltasim.networks.budget import Budget
from deltasim.networks.training.cells import NAMES, SIMPLE_GATED
from deltasim.networks.training.encoder import Threshold, hold
from deltasim.networks.training.layers.feed_forward import ACTIVATIONS, Convolution, Dense
from deltasim.networks.training.layers.layer import Conditions, Place
from deltasim.networks.training.layers.recurrent import Recurrent
from deltasim.runtime.errors import InputError

STEPS, BATCH, INPUTS, UNITS = 6, 3, 4, 5
PLACE = Place("layer", (("input", INPUTS),))
TORCH = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


def layer_and_input(
    kind: str, seed: int, theta_x: float, theta_h: float, both: bool = False, learned: str = ""
) -> tuple[Recurrent, Tensor]:
    torch.manual_seed(seed)
    layer = Recurrent(
        kind, PLACE, UNITS, theta_x=theta_x, theta_h=theta_h, bidirectional=both, learned=learned
    ).double()
    return layer, torch.randn(STEPS, BATCH, INPUTS, dtype=torch.float64)


def moved(new: Tensor, old: Tensor, theta: float) -> tuple[Tensor, Tensor]:
    """The delta that is sent, and what is held from then on."""
    sent = (new - old).abs() >= theta
    return (new - old) * sent, torch.where(sent, new, old)


def delta_form(layer: Recurrent, inputs: Tensor, theta_x: float, theta_h: float) -> Tensor:
    """Running accumulators that collect ``W dx`` and ``W dh``, as published, one small step after another."""
    w_x, w_h = layer.weight_ih_l0, layer.weight_hh_l0
    b_x, b_h = layer.bias_ih_l0, getattr(layer, "bias_hh_l0", layer.bias_ih_l0)
    size, kind = UNITS, layer.kind
    x_hat = torch.zeros_like(inputs[0])
    h = h_hat = c = g_hat = u_hat = m_z = m_u = m_g = inputs.new_zeros(BATCH, size)
    m_x, m_h = b_x.expand(BATCH, -1), b_h.expand(BATCH, -1)
    states = []
    for x in inputs:
        dx, x_hat = moved(x, x_hat, theta_x)
        dh, h_hat = moved(h, h_hat, theta_h)
        m_x = m_x + dx @ w_x.t()
        if kind == "gru-reset-before":
            m_h = m_h + torch.cat([dh @ w_h[: 2 * size].t(), torch.zeros_like(h)], 1)
            r = (m_x + m_h)[:, :size].sigmoid()
            dg, g_hat = moved(r * h_hat, g_hat, theta_h)
            m_h = m_h + torch.cat([torch.zeros(BATCH, 2 * size), dg @ w_h[2 * size :].t()], 1)
            u, candidate = (m_x + m_h)[:, size : 2 * size].sigmoid(), (m_x + m_h)[:, 2 * size :].tanh()
            h = u * h + (1 - u) * candidate
        elif kind in ("sgu", "dsgu"):
            m_z = m_z + dh @ w_h[:size].t()
            du, u_hat = moved(m_x[:, :size] * h_hat, u_hat, theta_h)
            m_u = m_u + du @ w_h[size : 2 * size].t()
            if kind == "sgu":
                out = torch.nn.functional.softplus(m_u.tanh() * h)
            else:
                dg, g_hat = moved(m_u.tanh() * h_hat, g_hat, theta_h)
                m_g = m_g + dg @ w_h[2 * size :].t()
                out = m_g.sigmoid()
            z = (0.2 * (m_x[:, size:] + m_z) + 0.5).clamp(0, 1)
            h = (1 - z) * h + z * out
        else:
            m_h = m_h + dh @ w_h.t()
            if kind == "rnn":
                h = (m_x + m_h).tanh()
            elif kind == "gru":
                r, u, _ = (m_x + m_h).sigmoid().split(size, 1)
                candidate = (m_x[:, 2 * size :] + r * m_h[:, 2 * size :]).tanh()
                h = u * h + (1 - u) * candidate
            else:
                i, f, g, o = (m_x + m_h).split(size, 1)
                c = f.sigmoid() * c + i.sigmoid() * g.tanh()
                h = o.sigmoid() * c.tanh()
        states.append(h)
    return torch.stack(states)


@pytest.mark.parametrize("kind", NAMES)
@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 0.5))
def test_states_and_gradients_are_those_of_the_delta_form(
    kind: str, seed: int, theta_x: float, theta_h: float
) -> None:
    layer, inputs = layer_and_input(kind, seed, theta_x, theta_h)
    inputs.requires_grad_()
    wanted = [inputs, *layer.parameters()]
    weighing = torch.randn(STEPS, BATCH, UNITS, dtype=torch.float64)
    ours = layer(inputs).values
    kept = (float(torch.tensor(theta)) for theta in (theta_x, theta_h))  # a layer keeps them in float32
    theirs = delta_form(layer, inputs, *kept)
    torch.testing.assert_close(ours, theirs)
    for left, right in zip(
        torch.autograd.grad((ours * weighing).sum(), wanted),
        torch.autograd.grad((theirs * weighing).sum(), wanted),
        strict=True,
    ):
        torch.testing.assert_close(left, right)


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("both", [False, True], ids=["forward", "both directions"])
def test_gradients_of_states_and_of_what_is_held_agree_with_differences(kind: str, both: bool) -> None:
    layer, inputs = layer_and_input(kind, 3, 0.4, 0.1, both)
    inputs.requires_grad_()
    lengths = torch.tensor([6, 4, 1])

    def everything(values: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
        found = layer(values, lengths)
        return found.values, *(encoding.held for encoding in found.encodings)

    wanted = (inputs, *layer.parameters())
    assert torch.autograd.gradcheck(everything, wanted, eps=1e-7, atol=1e-5, fast_mode=True)


@pytest.mark.parametrize("kind", TORCH)
def test_gradients_through_a_budget_agree_with_differences(kind: str) -> None:
    torch.manual_seed(4)
    budgets = {"budget_x": Budget(1, 2), "budget_h": Budget(2, 2)}
    layer = Recurrent(kind, PLACE, UNITS, theta_x=0.1, theta_h=0.02, **budgets).double()
    inputs = torch.randn(STEPS, BATCH, INPUTS, dtype=torch.float64, requires_grad=True)

    def everything(values: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
        found = layer(values)
        return found.values, *(encoding.held for encoding in found.encodings)

    wanted = (inputs, *layer.parameters())
    assert torch.autograd.gradcheck(everything, wanted, eps=1e-7, atol=1e-5, fast_mode=True)


@pytest.mark.parametrize("kind", TORCH)
@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_threshold_zero_is_pytorchs_layer(kind: str, seed: int, both: bool) -> None:
    layer, inputs = layer_and_input(kind, seed, 0, 0, both)
    dense = TORCH[kind](INPUTS, UNITS, bidirectional=both).double()
    dense.load_state_dict(layer.state_dict())
    packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, [6, 4, 1])
    expected, _ = torch.nn.utils.rnn.pad_packed_sequence(dense(packed)[0])
    found = layer(inputs, torch.tensor([6, 4, 1])).values
    mask = (torch.arange(STEPS)[:, None] < torch.tensor([6, 4, 1])).unsqueeze(2)
    torch.testing.assert_close(found * mask, expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize("kind", NAMES)
def test_a_sequence_in_a_padded_batch_is_itself_alone(kind: str) -> None:
    layer, inputs = layer_and_input(kind, 1, 0.2, 0.1, both=True)
    lengths = torch.tensor([4, 6, 2])
    whole = layer(inputs, lengths).values
    for place, length in enumerate(lengths.tolist()):
        alone = layer(inputs[:length, place : place + 1]).values[:, 0]
        torch.testing.assert_close(whole[:length, place], alone)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 2))
def test_held_values_follow_within_the_threshold(seed: int, theta: float) -> None:
    values = torch.from_numpy(np.random.default_rng(seed).normal(size=(20, 2, 3)).cumsum(0))
    held = hold(values, torch.tensor(theta, dtype=torch.float64))
    assert ((values - held).abs() < theta).all()
    steps = torch.diff(held, dim=0, prepend=torch.zeros_like(held[:1]))
    assert (steps[steps != 0].abs() >= theta).all()


def test_a_slow_ramp_is_transmitted() -> None:
    ramp = torch.linspace(0, 1, 101)[:, None, None]
    assert abs(float(hold(ramp, torch.tensor(0.1))[-1]) - 1) < 0.1


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dense_layers_and_convolutions_are_pytorchs_at_zero(activation: str) -> None:
    torch.manual_seed(2)
    function = ACTIVATIONS[activation]
    values = torch.randn(STEPS, BATCH, 2 * 5 * 4)
    place = Place("layer", (("input", 40),))
    dense = Dense(place, 3, activation)
    expected = function(torch.nn.functional.linear(values, dense.weight, dense.bias))
    torch.testing.assert_close(dense(values).values, expected)
    planes = Convolution(place, (2, 5, 4), 3, (3, 2), (2, 1), (1, 1), activation)
    spread = values.reshape(-1, 2, 5, 4)
    expected = function(
        torch.nn.functional.conv2d(spread, planes.weight, planes.bias, (2, 1), (1, 1))
    ).flatten(1)
    torch.testing.assert_close(planes(values).values, expected.reshape(STEPS, BATCH, -1))
    line = Convolution(place, (2, 1, 20), 3, (1, 5), (1, 2), (0, 2), activation)
    lines = torch.nn.Conv1d(2, 3, 5, stride=2, padding=2)
    lines.load_state_dict({"weight": line.weight[:, :, 0], "bias": line.bias})
    expected = function(lines(values.reshape(-1, 2, 20))).flatten(1)
    torch.testing.assert_close(line(values).values, expected.reshape(STEPS, BATCH, -1))


@pytest.mark.parametrize("kind", ["dense", "convolution"])
def test_gradients_of_feed_forward_layers_agree_with_differences(kind: str) -> None:
    torch.manual_seed(4)
    place = Place("layer", (("input", 12),))
    if kind == "dense":
        layer = Dense(place, 3, "tanh", theta=0.3).double()
    else:
        layer = Convolution(place, (1, 3, 4), 2, (2, 2), activation="tanh", theta=0.3).double()
    values = torch.randn(5, 2, 12, dtype=torch.float64, requires_grad=True)
    given_to = (values, *layer.parameters())
    assert torch.autograd.gradcheck(lambda x, *_: layer(x).values, given_to, eps=1e-7, atol=1e-5)


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("learned", ["layer", "neuron"])
def test_the_gradient_of_a_threshold_is_the_estimate_it_is_said_to_be(kind: str, learned: str) -> None:
    """dL/dtheta = sum of dL/dheld (held - value) / theta, with dL/dheld taken by PyTorch from a twin."""
    layer, inputs = layer_and_input(kind, 5, 0.5, 0.2, learned=learned)
    found = layer(inputs)
    weighing = torch.randn_like(found.values)
    (found.values * weighing).sum().backward()
    twin = copy.deepcopy(layer)
    twin.zero_grad()
    theta = torch.tensor(0.5)
    held = hold(inputs, theta).detach().requires_grad_()
    # what is held goes through the layer unchanged: a threshold so small that everything is sent
    twin.theta_x = torch.nn.ModuleList([Threshold(0.0, INPUTS)])
    (twin(held).values * weighing).sum().backward()
    assert held.grad is not None
    into = held.grad * (held - inputs).detach() / theta
    expected = into.sum((0, 1)) if learned == "neuron" else into.sum()
    log = layer.theta_x[0].log
    torch.testing.assert_close(log.grad, (expected * theta).double(), rtol=1e-5, atol=1e-8)
    assert layer.theta_h[0].log.grad.abs().sum() > 0


def test_noise_and_share_are_conditions() -> None:
    layer, inputs = layer_and_input("gru", 0, 0.5, 0.5)
    dense = layer(inputs, None, Conditions(share=0.0)).values
    layer.theta_x[0].theta.zero_()
    layer.theta_h[0].theta.zero_()
    assert torch.equal(layer(inputs).values, dense)
    noisy = layer(inputs, None, Conditions(noise=0.1)).values - dense
    assert 0.05 < noisy.std().item() < 0.2


@pytest.mark.parametrize("kind", SIMPLE_GATED)
def test_from_rest_the_first_step_tells_simple_gated_units_nothing_of_their_products(kind: str) -> None:
    """h = 0 makes u = 0: what reads the product, and what is multiplied by the state, has gradient 0."""
    layer, inputs = layer_and_input(kind, 7, 0, 0)
    layer(inputs[:1]).values.sum().backward()
    from_input = layer.weight_ih_l0.grad
    assert from_input is not None and layer.weight_hh_l0.grad is not None
    assert not from_input[:UNITS].any() and not layer.bias_ih_l0.grad[:UNITS].any()
    assert not layer.weight_hh_l0.grad.any()
    assert from_input[UNITS:].any()


def test_what_is_no_layer_is_told() -> None:
    with pytest.raises(InputError, match=r"no recurrent cell\. Did you mean gru"):
        Recurrent("gruu", PLACE, 3)
    with pytest.raises(InputError, match="as many values as are read, 4"):
        Convolution(PLACE, (1, 2, 3), 1, (1, 1))
    with pytest.raises(InputError, match="fits the padded planes"):
        Convolution(PLACE, (1, 2, 2), 1, (3, 3))
    with pytest.raises(InputError, match="no known activation"):
        Dense(PLACE, 2, "rely")
