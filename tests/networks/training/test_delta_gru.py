"""A delta GRU in training: against PyTorch, the equations of the delta form, and differences."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from deltasim.networks.training.delta_gru import DeltaGRU

SIZES = {"steps": 6, "batch": 3, "inputs": 4, "hidden": 5}


def layer_and_input(seed: int, dtype: torch.dtype = torch.float64) -> tuple[DeltaGRU, Tensor]:
    torch.manual_seed(seed)
    layer = DeltaGRU(SIZES["inputs"], SIZES["hidden"]).to(dtype)
    return layer, torch.randn(SIZES["steps"], SIZES["batch"], SIZES["inputs"], dtype=dtype)


def delta_form(layer: DeltaGRU, inputs: Tensor, theta_x: float, theta_h: float) -> Tensor:
    """The published delta equations with running accumulators, differentiated by PyTorch itself."""
    size = layer.hidden_size
    split_x, split_h = layer.weight_ih_l0.split(size), layer.weight_hh_l0.split(size)
    bias_x, bias_h = layer.bias_ih_l0.split(size), layer.bias_hh_l0.split(size)
    m_r, m_u, m_xc, m_hc = bias_x[0] + bias_h[0], bias_x[1] + bias_h[1], bias_x[2], bias_h[2]
    x_hat, h_hat = torch.zeros_like(inputs[0]), inputs.new_zeros(inputs.shape[1], size)
    h = h_hat
    states = []
    for x in inputs:
        sent_x, sent_h = (x - x_hat).abs() >= theta_x, (h - h_hat).abs() >= theta_h
        dx, dh = (x - x_hat) * sent_x, (h - h_hat) * sent_h
        x_hat, h_hat = torch.where(sent_x, x, x_hat), torch.where(sent_h, h, h_hat)
        m_r = m_r + dx @ split_x[0].t() + dh @ split_h[0].t()
        m_u = m_u + dx @ split_x[1].t() + dh @ split_h[1].t()
        m_xc, m_hc = m_xc + dx @ split_x[2].t(), m_hc + dh @ split_h[2].t()
        u, c = m_u.sigmoid(), (m_xc + m_r.sigmoid() * m_hc).tanh()
        h = u * h + (1 - u) * c
        states.append(h)
    return torch.stack(states)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 0.5))
def test_states_and_gradients_are_those_of_the_delta_form(seed: int, theta_x: float, theta_h: float) -> None:
    layer, inputs = layer_and_input(seed)
    inputs.requires_grad_()
    wanted = [inputs, *layer.parameters()]
    weighing = torch.randn(SIZES["steps"], SIZES["batch"], SIZES["hidden"], dtype=torch.float64)
    ours = layer(inputs, theta_x, theta_h).hidden
    theirs = delta_form(layer, inputs, theta_x, theta_h)
    torch.testing.assert_close(ours, theirs)
    for left, right in zip(
        torch.autograd.grad((ours * weighing).sum(), wanted),
        torch.autograd.grad((theirs * weighing).sum(), wanted),
        strict=True,
    ):
        torch.testing.assert_close(left, right)


def test_gradients_of_states_and_of_what_is_held_agree_with_differences() -> None:
    layer, inputs = layer_and_input(3)
    inputs.requires_grad_()

    def everything(values: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
        return tuple(layer(values, 0.4, 0.1))

    assert torch.autograd.gradcheck(everything, (inputs, *layer.parameters()), eps=1e-7, atol=1e-5)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_threshold_zero_is_pytorchs_gru(seed: int) -> None:
    layer, inputs = layer_and_input(seed, torch.float32)
    dense = torch.nn.GRU(SIZES["inputs"], SIZES["hidden"])
    dense.load_state_dict(layer.state_dict())
    torch.testing.assert_close(layer(inputs).hidden, dense(inputs)[0], atol=1e-5, rtol=0)
