"""A GRU that trains with its transmit threshold in the loop.

A receiver's accumulator is the sum of all deltas times their weights, so it always equals ``W @ held + b``,
where ``held`` is what the sender last transmitted. Training therefore multiplies held values, one matrix
product a step as in a dense GRU, and gets the very gradients of the delta form: through the mask, without a
surrogate. With ``m`` = 1 where nothing was sent:

    dL/dx[t]         = dL/dheld[t] * (1 - m[t])
    dL/dheld[t-1]   += dL/dheld[t] * m[t]
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from deltasim.networks.training.encoder import hold

__all__ = ["DeltaGRU", "Held", "hold"]


class Held(NamedTuple):
    """What a layer gives: its states and what its two encoders have transmitted of them and of its inputs.

    ``hidden`` and ``held`` are (T, B, H), ``inputs`` is (T, B, I).
    """

    hidden: Tensor
    held: Tensor
    inputs: Tensor


class _Recurrence(torch.autograd.Function):
    """The loop over time with its gradient written out, so that no step builds a graph."""

    @staticmethod
    def forward(
        ctx: Any,
        projected: Tensor,  # (T, B, 3H): W_x @ held input + b, gates r, u, c
        weight: Tensor,  # (3H, H)
        bias_candidate: Tensor,  # (H,): b_hn
        noise: Tensor | None,  # (T, B, H), added to the new state
        theta: float,
        state_scale: float,  # 2**fraction bits of the activations, 0 for none
        gate_scale: float,  # 2**fraction bits of the sigmoid and tanh tables, 0 for none
    ) -> tuple[Tensor, Tensor]:
        steps, batch, triple = projected.shape
        size = triple // 3
        hidden = projected.new_empty(steps, batch, size)
        held, sent = torch.empty_like(hidden), torch.empty_like(hidden)
        gates = projected.new_empty(steps, batch, 4 * size)  # r, u, c, M_hc
        state = last = projected.new_zeros(batch, size)
        transposed = weight.t()
        for step in range(steps):
            recurrent = last @ transposed
            now = gates[step]
            both = torch.add(projected[step, :, : 2 * size], recurrent[:, : 2 * size])
            candidate = torch.add(recurrent[:, 2 * size :], bias_candidate, out=now[:, 3 * size :])
            if gate_scale:
                both = both.mul_(state_scale).round_().div_(state_scale)
            torch.sigmoid(both, out=now[:, : 2 * size])
            if gate_scale:
                now[:, : 2 * size].mul_(gate_scale).round_().div_(gate_scale)
            reset, update = now[:, :size], now[:, size : 2 * size]
            inner = torch.addcmul(projected[step, :, 2 * size :], reset, candidate)
            if gate_scale:
                inner = inner.mul_(state_scale).round_().div_(state_scale)
            proposal = torch.tanh(inner, out=now[:, 2 * size : 3 * size])
            if gate_scale:
                proposal.mul_(gate_scale).round_().div_(gate_scale)
            state = torch.lerp(proposal, state, update, out=hidden[step])
            if noise is not None:
                state.add_(noise[step])
            if state_scale:
                state.mul_(state_scale).round_().div_(state_scale)
            # sent is 1 where the state is transmitted, so that the gradient is multiplied by it as it is
            torch.ge((state - last).abs_(), theta, out=sent[step])
            last = torch.lerp(last, state, sent[step], out=held[step])
        ctx.save_for_backward(weight, hidden, held, gates, sent)
        return hidden, held

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weight, hidden, held, gates, sent = ctx.saved_tensors
        from_hidden, from_held = gradients
        steps, batch, size = hidden.shape
        into_projected = gates.new_empty(steps, batch, 3 * size)
        into_recurrent = gates.new_empty(steps, batch, 3 * size)
        d_state, d_last, zeros = gates.new_zeros(3, batch, size)
        both = 2 * size
        # what does not depend on later steps, for all steps at once
        slopes = gates[:, :, :both] * (1 - gates[:, :, :both])
        curve = 1 - gates[:, :, both : both + size].square()
        for step in range(steps - 1, -1, -1):
            reset, update, proposal, candidate = gates[step].split(size, 1)
            before = hidden[step - 1] if step else zeros
            out, back = into_projected[step], into_recurrent[step]
            d_last += from_held[step]
            d_sent = d_last * sent[step]
            d_last -= d_sent
            d_state += from_hidden[step]
            d_state += d_sent
            d_kept = d_state * update
            d_inner = torch.mul(d_state - d_kept, curve[step], out=out[:, both:])
            torch.mul(d_inner, candidate, out=out[:, :size])
            torch.mul(d_state, before - proposal, out=out[:, size:both])
            out[:, :both] *= slopes[step]
            back[:, :both] = out[:, :both]
            torch.mul(d_inner, reset, out=back[:, both:])
            d_last.addmm_(back, weight)
            d_state = d_kept
        flat = into_recurrent[1:].reshape(-1, 3 * size)
        d_weight = flat.t() @ held[:-1].reshape(-1, size)
        d_bias = into_recurrent[:, :, 2 * size :].sum((0, 1))
        return into_projected, d_weight, d_bias, None, None, None, None


class DeltaGRU(nn.Module):
    """One GRU layer that transmits only changes of at least a threshold (reset gate after the product).

    ```
    M_r  = W_xr xh + W_hr hh + b_r      r = sigmoid(M_r)
    M_u  = W_xu xh + W_hu hh + b_u      u = sigmoid(M_u)
    M_xc = W_xc xh + b_in               c = tanh(M_xc + r * M_hc)
    M_hc = W_hc hh + b_hn               h = u * h + (1 - u) * c
    ```
    where xh and hh are the held inputs and states (see `hold`). Parameter names are those of
    `torch.nn.GRU`, so its state dict loads directly. With both thresholds 0 it is that GRU.
    ``state_scale`` and ``gate_scale`` (2 to the number of fraction bits, 0 for float) round states and
    table outputs straight through. Source: Neil et al. 2017, arXiv 1612.05571; the gradient: arXiv
    2312.09391.

    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> layer, dense = DeltaGRU(3, 5), torch.nn.GRU(3, 5)
    >>> _ = layer.load_state_dict(dense.state_dict())
    >>> x = torch.randn(7, 2, 3)
    >>> torch.allclose(layer(x).hidden, dense(x)[0], atol=1e-6)
    True
    """

    weight_ih_l0: nn.Parameter
    weight_hh_l0: nn.Parameter
    bias_ih_l0: nn.Parameter
    bias_hh_l0: nn.Parameter

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        bound = hidden_size**-0.5
        for name, shape in (
            ("weight_ih_l0", (3 * hidden_size, input_size)),
            ("weight_hh_l0", (3 * hidden_size, hidden_size)),
            ("bias_ih_l0", (3 * hidden_size,)),
            ("bias_hh_l0", (3 * hidden_size,)),
        ):
            self.register_parameter(name, nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))

    def forward(
        self,
        inputs: Tensor,
        theta_x: float | Tensor = 0.0,
        theta_h: float = 0.0,
        noise: Tensor | None = None,
        state_scale: float = 0.0,
        gate_scale: float = 0.0,
        weights: tuple[Tensor, Tensor] | None = None,
    ) -> Held:
        """Run sequences (T, B, inputs) from rest; ``weights`` may replace (W_ih, W_hh) by rounded ones."""
        weight_ih, weight_hh = weights or (self.weight_ih_l0, self.weight_hh_l0)
        held_inputs = hold(inputs, torch.as_tensor(theta_x, dtype=inputs.dtype))
        size = self.hidden_size
        bias = self.bias_ih_l0 + torch.cat([self.bias_hh_l0[: 2 * size], self.bias_hh_l0.new_zeros(size)])
        projected = nn.functional.linear(held_inputs, weight_ih, bias)
        hidden, held = _Recurrence.apply(  # type: ignore[no-untyped-call]
            projected, weight_hh, self.bias_hh_l0[2 * size :], noise, theta_h, state_scale, gate_scale
        )
        return Held(hidden, held, held_inputs)
