"""Simple gated units in training: one encoder (SGU) or two (DSGU) lie inside their step.

With what was last sent of states, ``held_h``, of ``u = x_g held_h`` and of ``g = z_g held_h``:

    z_g = tanh(W_zxh held_u),    z = clip(slope (W_xz held_x + b_z + W_hz held_h) + 1/2, 0, 1)
    out = softplus(z_g h)  (SGU)    or    sigmoid(W_go held_g)  (DSGU),    h = (1 - z) h + z out

The products are populations of their own on a chip: see `deltasim.networks.builders.sgu`. In a SGU no matrix
reads ``z_g h``, so it is made of the very states, and nothing is sent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from deltasim.networks.training.encoder import into_theta


class Looped(NamedTuple):
    """States, and what was sent of them and of both products, (T, B, H); a SGU sends none of the second."""

    hidden: Tensor
    held: Tensor
    held_u: Tensor
    held_g: Tensor | None


class _Loop(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        projected: Tensor,
        weight: Tensor,
        theta: Tensor,
        theta_u: Tensor,
        theta_g: Tensor | None,
        slope: float,
        noise: Tensor | None,
    ) -> tuple[Tensor, ...]:
        steps, batch, _ = projected.shape
        size = weight.shape[1]
        to_gate, to_product = weight[:size].t(), weight[size : 2 * size].t()
        to_output = None if theta_g is None else weight[2 * size :].t()
        hidden = projected.new_empty(steps, batch, size)
        names = ("held", "u", "held_u", "g", "held_g", "z_g", "z", "out", "sent", "sent_u", "sent_g")
        kept = {name: torch.empty_like(hidden) for name in names}
        state = last = last_u = last_g = projected.new_zeros(batch, size)
        for step in range(steps):
            now = {name: row[step] for name, row in kept.items()}
            x_g, into_gate = projected[step, :, :size], projected[step, :, size:]
            torch.mul(x_g, last, out=now["u"])
            torch.ge((now["u"] - last_u).abs_(), theta_u, out=now["sent_u"])
            last_u = torch.where(now["sent_u"] > 0, now["u"], last_u)
            now["held_u"].copy_(last_u)
            torch.tanh(last_u @ to_product, out=now["z_g"])
            if to_output is None:
                torch.mul(now["z_g"], state, out=now["g"])
                now["out"].copy_(torch.nn.functional.softplus(now["g"]))
            else:
                torch.mul(now["z_g"], last, out=now["g"])
                torch.ge((now["g"] - last_g).abs_(), theta_g, out=now["sent_g"])  # type: ignore[arg-type]
                last_g = torch.where(now["sent_g"] > 0, now["g"], last_g)
                now["held_g"].copy_(last_g)
                torch.sigmoid(last_g @ to_output, out=now["out"])
            total = torch.addmm(into_gate, last, to_gate)
            torch.clamp(total.mul_(slope).add_(0.5), 0, 1, out=now["z"])
            state = torch.lerp(state, now["out"], now["z"])
            if noise is not None:
                state = state + noise[step]
            hidden[step] = state
            torch.ge((state - last).abs_(), theta, out=now["sent"])
            last = torch.where(now["sent"] > 0, state, last)
            now["held"].copy_(last)
        saved = (kept[name] for name in names)
        ctx.save_for_backward(projected, weight, theta, theta_u, theta_g, hidden, *saved)
        ctx.slope, ctx.names = slope, names
        found = hidden, kept["held"], kept["held_u"]
        return found if theta_g is None else (*found, kept["held_g"])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        projected, weight, theta, theta_u, theta_g, hidden, *saved = ctx.saved_tensors
        kept = dict(zip(ctx.names, saved, strict=True))
        from_hidden = gradients[0]
        steps, batch, size = hidden.shape
        to_gate, to_product, to_output = weight[:size], weight[size : 2 * size], weight[2 * size :]
        into = torch.empty_like(projected)
        into_product, into_output = torch.empty_like(hidden), torch.empty_like(hidden)
        read, read_u, *rest = (gradient.clone() for gradient in gradients[1:])
        read_g = rest[0] if rest else read_u
        nothing = hidden.new_zeros(batch, size)
        older = older_u = older_g = carried = nothing
        for step in range(steps - 1, -1, -1):
            now = {name: row[step] for name, row in kept.items()}
            before, last = (hidden[step - 1], kept["held"][step - 1]) if step else (nothing, nothing)
            z, z_g, out = now["z"], now["z_g"], now["out"]
            older = older + read[step]
            through = older * now["sent"]
            older = older - through
            state = through.add_(from_hidden[step]).add_(carried)
            carried = state * (1 - z)
            d_out, d_z = state * z, state * (out - before)
            d_gate = ctx.slope * d_z * ((z > 0) & (z < 1))
            d_last = d_gate @ to_gate
            if theta_g is None:
                d_g = d_out * torch.sigmoid(now["g"])
                d_z_g = d_g * before
                carried = carried.add_(d_g * z_g)
            else:
                torch.mul(d_out * out, 1 - out, out=into_output[step])
                read_g[step].addmm_(into_output[step], to_output)
                older_g = older_g + read_g[step]
                d_g = older_g * now["sent_g"]
                older_g = older_g - d_g
                d_z_g = d_g * last
                d_last = d_last.addcmul_(d_g, z_g)
            torch.mul(d_z_g, 1 - z_g * z_g, out=into_product[step])
            read_u[step].addmm_(into_product[step], to_product)
            older_u = older_u + read_u[step]
            d_u = older_u * now["sent_u"]
            older_u = older_u - d_u
            torch.mul(d_u, last, out=into[step, :, :size])
            into[step, :, size:] = d_gate
            if step:
                read[step - 1].add_(d_last).addcmul_(d_u, projected[step, :, :size])
        blocks = [
            into[1:, :, size:].reshape(-1, size).t() @ kept["held"][:-1].reshape(-1, size),
            into_product.reshape(-1, size).t() @ kept["held_u"].reshape(-1, size),
        ]
        if theta_g is not None:
            blocks.append(into_output.reshape(-1, size).t() @ kept["held_g"].reshape(-1, size))
        needed = ctx.needs_input_grad
        return (
            into,
            torch.cat(blocks),
            into_theta(read, kept["held"] - hidden, theta) if needed[2] else None,
            into_theta(read_u, kept["held_u"] - kept["u"], theta_u) if needed[3] else None,
            into_theta(read_g, kept["held_g"] - kept["g"], theta_g) if needed[4] else None,
            None,
            None,
        )


def loop(
    projected: Tensor,
    weight: Tensor,
    theta: Tensor,
    theta_u: Tensor,
    theta_g: Tensor | None,
    slope: float,
    noise: Tensor | None = None,
) -> Looped:
    """Run a layer from rest over ``projected`` (T, B, 2 H): ``W_xh held_x + b_g``, ``W_xz held_x + b_z``.

    ``weight`` is W_hz, W_zxh and, of a DSGU, W_go, (2 H or 3 H, H); ``theta_g`` is None for a SGU.

    >>> nothing = torch.tensor(0.0)
    >>> found = loop(torch.ones(1, 1, 2), torch.zeros(2, 1), nothing, nothing, None, 0.2)
    >>> round(found.hidden.item(), 4), found.held_u.item()    # 0.7 log 2
    (0.4852, 0.0)
    """
    hidden, held, held_u, *rest = _Loop.apply(  # type: ignore[no-untyped-call]
        projected, weight, theta, theta_u, theta_g, slope, noise
    )
    return Looped(hidden, held, held_u, rest[0] if rest else None)
