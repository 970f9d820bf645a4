"""Long short-term memory in training."""

from __future__ import annotations

import torch
from torch import Tensor

from deltasim.networks.training.cells.step import sigmoid, tanh
from deltasim.networks.training.rounding import Tables


class LSTM:
    """``i, f, o = sigmoid(M)``, ``g = tanh(M_g)``, ``c = f c + i g``, ``h = o tanh(c)``; PyTorch's order.

    Kept are i, f, g, o, c and tanh(c); what is carried back is dL/dc.
    """

    gates, kept = 4, 6

    def forward(
        self, projected: Tensor, recurrent: Tensor, hidden: Tensor, before: Tensor, now: Tensor,
        tables: Tables | None,
    ) -> Tensor:  # fmt: skip
        size = hidden.shape[1]
        total = projected + recurrent
        sigmoid(total[:, : 2 * size], tables, now[:, : 2 * size])
        tanh(total[:, 2 * size : 3 * size], tables, now[:, 2 * size : 3 * size])
        sigmoid(total[:, 3 * size :], tables, now[:, 3 * size : 4 * size])
        enter, forget, fresh, output, memory, squashed = torch.split(now, size, 1)
        torch.mul(forget, before[:, 4 * size : 5 * size], out=memory)
        memory.addcmul_(enter, fresh)
        if tables is not None:
            memory.copy_(tables.to_activation(memory))
        tanh(memory, tables, squashed)
        return output * squashed

    def backward(
        self, gradient: Tensor, carried: Tensor, hidden: Tensor, before: Tensor, now: Tensor,
        into_projected: Tensor, into_recurrent: Tensor,
    ) -> Tensor:  # fmt: skip
        size = hidden.shape[1]
        enter, forget, fresh, output, _, squashed = torch.split(now, size, 1)
        passed = gradient * output
        memory = (carried + passed).addcmul_(passed * squashed, squashed, value=-1)
        d_enter, d_forget, d_fresh, d_output = torch.split(into_projected, size, 1)
        torch.mul(memory, fresh, out=d_enter)
        torch.mul(memory, before[:, 4 * size : 5 * size], out=d_forget)
        for slope, gate in ((d_enter, enter), (d_forget, forget)):
            slope.mul_(gate).addcmul_(slope, gate, value=-1)
        torch.mul(memory, enter, out=d_fresh)
        d_fresh.addcmul_(d_fresh * fresh, fresh, value=-1)
        torch.mul(gradient, squashed, out=d_output)
        d_output.mul_(output).addcmul_(d_output, output, value=-1)
        into_recurrent.copy_(into_projected)
        return memory * forget
