"""A PyTorch recurrent layer's state dict as a delta network; PyTorch itself is not needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from deltasim.networks.builders.recurrent import PARAMETERS, Theta, require_recurrent, stack
from deltasim.networks.cells import dense
from deltasim.networks.graph import Network
from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.errors import InputError

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def from_torch_state(
    state: Mapping[str, Any],
    kind: str,
    *,
    theta_x: Theta = 0.0,
    theta_h: Theta = 0.0,
    theta_readout: float | Numbers | None = None,
    prefix: str = "",
    readout: str | None = None,
    name: str | None = None,
) -> Network:
    """The network of an ``nn.GRU``, ``nn.LSTM`` or ``nn.RNN`` (tanh) state dict, any depth, both directions.

    ``prefix`` is what stands before ``weight_ih_l0``, for example ``"gru."``; ``readout`` is the prefix of
    an ``nn.Linear`` in the same dict, for example ``"linear."``. Layers with ``bias=False`` start at zero.
    Thresholds are those of ``deltasim.networks.builders.recurrent.stack``.

    >>> rng = np.random.default_rng(0)
    >>> state = {"weight_ih_l0": rng.normal(size=(24, 4)), "weight_hh_l0": rng.normal(size=(24, 8))}
    >>> from_torch_state(state, "gru", theta_h=0.1).name
    'gru-4-8'
    """
    require_recurrent(kind)
    layers: list[Any] = []
    sizes: list[int] = []
    both = f"{prefix}weight_ih_l0_reverse" in state
    while f"{prefix}weight_ih_l{len(sizes)}" in state:
        level = len(sizes)
        for direction in ("", "_reverse") if both else ("",):
            layers.append(layer_of(state, kind, prefix, f"_l{level}{direction}"))
        sizes.append(layers[-1].w_recurrent.shape[1])
    if not layers:
        present = ", ".join(list(state)[:4])
        rule = f"the weights of an nn.{kind.upper()} are not under this name; the dict has {present} ..."
        raise InputError("state dict", f"{prefix}weight_ih_l0", rule, "Give the prefix.")
    linear = None
    if readout is not None:
        weights = tensor(state, f"{readout}weight")
        bias = f"{readout}bias"
        linear = dense.Parameters(weights, tensor(state, bias) if bias in state else np.zeros(len(weights)))
    return stack(
        kind,
        layers[0].w_input.shape[2],
        sizes,
        layers,
        theta_x=theta_x,
        theta_h=theta_h,
        theta_readout=theta_readout,
        bidirectional=both,
        readout=linear,
        name=name,
    )


def layer_of(state: Mapping[str, Any], kind: str, prefix: str, suffix: str) -> Any:
    """One layer and direction as the cell's Parameters."""
    gates = GATES[kind]
    w_input = tensor(state, f"{prefix}weight_ih{suffix}")
    w_recurrent = tensor(state, f"{prefix}weight_hh{suffix}")
    size = w_recurrent.shape[-1]
    for matrix, label in ((w_input, "ih"), (w_recurrent, "hh")):
        if matrix.ndim != 2 or len(matrix) != gates * size:
            rule = f"a {kind} of {size} units stacks {gates} gates to {gates * size} rows"
            raise InputError(
                f"state dict: {prefix}weight_{label}{suffix}", f"shape {matrix.shape}", rule, "Check kind."
            )
    none = np.zeros(gates * size, np.float32)
    from_input, from_state = (
        (tensor(state, key) if key in state else none).reshape(gates, size)
        for key in (f"{prefix}bias_ih{suffix}", f"{prefix}bias_hh{suffix}")
    )
    if kind == "gru":  # the candidate's two halves are gated apart, so their biases stay apart
        bias = np.concatenate([from_input[:2] + from_state[:2], from_input[2:], from_state[2:]])
    else:
        bias = from_input + from_state
    shaped = w_input.reshape(gates, size, -1), w_recurrent.reshape(gates, size, size)
    return PARAMETERS[kind](*shaped, bias)


def tensor(state: Mapping[str, Any], key: str) -> Floats:
    """One entry as a float32 array."""
    if key not in state:
        present = ", ".join(list(state)[:4])
        raise InputError(
            "state dict", key, f"this tensor is missing; the dict has {present} ...", "Save it whole."
        )
    return np.asarray(state[key], np.float32)
