"""A PyTorch recurrent layer's state dict as a delta network; PyTorch itself is not needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from deltasim.networks.builders.recurrent import PARAMETERS, Theta, require_recurrent, stack
from deltasim.networks.cells import dense
from deltasim.networks.graph import Network
from deltasim.networks.importers.pytorch.tensors import Tensors
from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.errors import InputError

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
PLACE = "state dict"


def from_torch_state(
    state: Any,
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

    ``state`` is the dict, or the module itself; tensors of any float type and device, pruned ones too.
    ``prefix`` is what stands before ``weight_ih_l0``, for example ``"gru."``; ``readout`` is the prefix of
    an ``nn.Linear`` in the same dict, for example ``"linear."``. Layers with ``bias=False`` start at zero.
    Every tensor under the two prefixes is used, or an InputError names one that is not. Thresholds are those
    of ``deltasim.networks.builders.recurrent.stack``.

    >>> rng = np.random.default_rng(0)
    >>> state = {"weight_ih_l0": rng.normal(size=(24, 4)), "weight_hh_l0": rng.normal(size=(24, 8))}
    >>> from_torch_state(state, "gru", theta_h=0.1).name
    'gru-4-8'
    """
    require_recurrent(kind)
    tensors = chosen(state, kind, prefix, readout)
    layers: list[Any] = []
    sizes: list[int] = []
    both = tensors.has(f"{prefix}weight_ih_l0_reverse")
    while tensors.has(f"{prefix}weight_ih_l{len(sizes)}"):
        level = len(sizes)
        for direction in ("", "_reverse") if both else ("",):
            layers.append(layer_of(tensors, kind, prefix, f"_l{level}{direction}"))
        sizes.append(layers[-1].w_recurrent.shape[1])
    if not layers:
        refuse_kind(tensors, kind, prefix)
    linear = None
    if readout is not None:
        weights = tensors.take(f"{readout}weight")
        bias = f"{readout}bias"
        linear = dense.Parameters(
            weights, tensors.take(bias) if tensors.has(bias) else np.zeros(len(weights))
        )
    tensors.refuse_unused()
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


def chosen(state: Any, kind: str, prefix: str, readout: str | None) -> Tensors:
    """The tensors under the two prefixes, of a dict or of a module."""
    if not isinstance(state, Mapping):
        if not hasattr(state, "state_dict"):
            rule = "weights are a dict of named tensors, or a module that has one"
            raise InputError(PLACE, type(state).__name__, rule, "Give model.state_dict().")
        if kind == "rnn" and any(getattr(part, "nonlinearity", "tanh") != "tanh" for part in state.modules()):
            rule = "the cell rnn computes tanh"
            raise InputError(PLACE, "nonlinearity relu", rule, "Use deltasim.networks.import_model.")
        state = state.state_dict()
    starts = (prefix,) if readout is None else (prefix, readout)
    found = Tensors({key: value for key, value in state.items() if key.startswith(starts)}, PLACE)
    if not found.stored:
        present = ", ".join(list(state)[:4]) or "nothing"
        raise InputError(
            PLACE,
            f"{prefix}weight_ih_l0",
            f"the weights of an nn.{kind.upper()} are not under this name; the dict has {present} ...",
            "Give the prefix.",
        )
    return found


def refuse_kind(tensors: Tensors, kind: str, prefix: str) -> None:
    """Say what is there instead of the layers of a recurrent module."""
    layer = f"nn.{kind.upper()}"
    if tensors.has(f"{prefix}weight_ih"):
        rule = f"these are the weights of an {layer}Cell, which has no layers to number"
        remedy = "Use deltasim.networks.import_model, or import_weights."
        raise InputError(PLACE, f"{prefix}weight_ih", rule, remedy)
    present = ", ".join(list(tensors.stored)[:4])
    rule = f"the weights of an {layer} are not under this name; the dict has {present} ..."
    raise InputError(PLACE, f"{prefix}weight_ih_l0", rule, "Give the prefix.")


def layer_of(tensors: Tensors, kind: str, prefix: str, suffix: str) -> Any:
    """One layer and direction as the cell's Parameters."""
    gates = GATES[kind]
    if tensors.has(f"{prefix}weight_hr{suffix}"):
        rule = "the outputs of this LSTM are projected (proj_size), which is a population of its own"
        remedy = "Use deltasim.networks.import_model, or import_weights."
        raise InputError(PLACE, f"{prefix}weight_hr{suffix}", rule, remedy)
    w_input, w_recurrent = (
        tensors.take(f"{prefix}weight_{part}{suffix}").astype(np.float32) for part in ("ih", "hh")
    )
    size = w_recurrent.shape[-1] if w_recurrent.ndim else 0
    for matrix, label in ((w_input, "ih"), (w_recurrent, "hh")):
        if matrix.ndim != 2 or len(matrix) != gates * size:
            rule = f"a {kind} of {size} units stacks {gates} gates to {gates * size} rows"
            raise InputError(
                f"{PLACE}: {prefix}weight_{label}{suffix}", f"shape {matrix.shape}", rule, "Check kind."
            )
    from_input, from_state = biases_of(tensors, prefix, suffix, gates, size)
    if kind == "gru":  # the candidate's two halves are gated apart, so their biases stay apart
        bias = np.concatenate([from_input[:2] + from_state[:2], from_input[2:], from_state[2:]])
    else:
        bias = from_input + from_state
    shaped = w_input.reshape(gates, size, -1), w_recurrent.reshape(gates, size, size)
    return PARAMETERS[kind](*shaped, bias)


def biases_of(tensors: Tensors, prefix: str, suffix: str, gates: int, size: int) -> tuple[Floats, Floats]:
    """Both biases (gates, size); zeros where the layer has none. Errors: one of them missing."""
    names = [f"{prefix}bias_ih{suffix}", f"{prefix}bias_hh{suffix}"]
    there = [name for name in names if tensors.has(name)]
    if len(there) == 1:
        missing = next(name for name in names if name not in there)
        rule = f"{there[0]} is there without it; a layer has both biases or none"
        raise InputError(PLACE, missing, rule, "Save the model whole.")
    if not there:
        none = np.zeros((gates, size), np.float32)
        return none, none
    found = []
    for name in names:
        bias = tensors.take(name).astype(np.float32)
        if bias.shape != (gates * size,):
            rule = f"{gates} gates of {size} units have {gates * size} biases"
            raise InputError(f"{PLACE}: {name}", f"shape {bias.shape}", rule, "Check kind.")
        found.append(bias.reshape(gates, size))
    return found[0], found[1]
