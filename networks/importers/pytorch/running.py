"""PyTorch models run as they are, to hold the imported network against them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deltasim.networks.importers.pytorch.module import evaluating, leaves
from deltasim.networks.importers.pytorch.tensors import Tensors
from deltasim.networks.importers.pytorch.weights import Step, read_weights, steps_of
from deltasim.runtime.arrays import Floats, Numbers

if TYPE_CHECKING:
    import torch


def run_module(module: torch.nn.Module, frames: Floats) -> list[Numbers]:
    """The outputs of a module in evaluation mode, in its own type, on its own device; cells step by step."""
    import torch

    like = next((p for p in module.parameters()), None)
    given = torch.from_numpy(frames)
    if like is not None:
        given = given.to(like.device, like.dtype)
    with torch.no_grad(), evaluating(module):
        if isinstance(module, torch.nn.RNNCell | torch.nn.GRUCell | torch.nn.LSTMCell):
            result: Any = stepped(module, given)
        else:
            result = module(given)
    return [part.detach().cpu().double().numpy() for part in leaves(result)]


def stepped(cell: Any, frames: torch.Tensor) -> torch.Tensor:
    """The outputs of a cell that is handed its own state at every frame."""
    import torch

    state, outputs = None, []
    for frame in frames:
        state = cell(frame[None], state)
        outputs.append(state[0] if isinstance(state, tuple) else state)
    return torch.cat(outputs)


def chain(path: Path, layers: str | None) -> torch.nn.Module:
    """The modules that a file of weights belongs to, one after another, made anew and loaded."""
    import torch

    tensors = Tensors(read_weights(path), str(path))
    parts = [part_of(tensors, step) for step in steps_of(tensors, layers)]

    class Chain(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = torch.nn.ModuleList([part for part in parts if isinstance(part, torch.nn.Module)])

        def forward(self, value: torch.Tensor) -> torch.Tensor:
            for part in parts:
                if isinstance(part, torch.nn.RNNCell | torch.nn.GRUCell | torch.nn.LSTMCell):
                    value = stepped(part, value)
                else:
                    found = part(value)
                    value = found[0] if isinstance(found, tuple) else found
            return value

    return Chain()


def part_of(tensors: Tensors, step: Step) -> Any:
    """One module with its tensors, or one function."""
    import torch

    if not step.prefix or step.kind not in ("RNN", "GRU", "LSTM", "Linear"):
        function = getattr(torch.nn.functional, step.kind, None) or getattr(torch, step.kind, None)
        if step.kind in ("softmax", "log_softmax"):
            return lambda value: getattr(torch, step.kind)(value, dim=-1)
        if step.kind not in ("RNN", "GRU", "LSTM", "Linear"):
            return function
    names = [name for name in tensors.names if belongs(name, step.prefix)]
    state = {name.removeprefix(step.prefix): torch.from_numpy(np.array(tensors.take(name))) for name in names}
    if step.kind == "Linear":
        rows, columns = state["weight"].shape
        module: Any = torch.nn.Linear(columns, rows, bias="bias" in state)
    elif step.cell:
        module = getattr(torch.nn, f"{step.kind}Cell")(
            state["weight_ih"].shape[1], state["weight_hh"].shape[1], bias="bias_ih" in state, **relu(step)
        )
    else:
        projected = state["weight_hr_l0"].shape if "weight_hr_l0" in state else None
        more = relu(step) if projected is None else {"proj_size": projected[0]}
        module = getattr(torch.nn, step.kind)(
            state["weight_ih_l0"].shape[1],
            state["weight_hh_l0"].shape[1] if projected is None else projected[1],
            num_layers=sum(name.startswith("weight_ih") and not name.endswith("_reverse") for name in state),
            bias="bias_ih_l0" in state,
            bidirectional="weight_ih_l0_reverse" in state,
            **more,
        )
    module.load_state_dict(state, strict=True)
    return module


def relu(step: Step) -> dict[str, str]:
    """The nonlinearity of an nn.RNN, which other kinds do not have."""
    return {"nonlinearity": "relu" if step.relu else "tanh"} if step.kind == "RNN" else {}


def belongs(name: str, prefix: str) -> bool:
    """Whether a tensor is of the layer with this prefix itself."""
    return name.startswith(prefix) and "." not in name.removeprefix(prefix)
