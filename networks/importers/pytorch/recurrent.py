"""PyTorch's recurrent modules and cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deltasim.networks.importers.lowering import recurrent
from deltasim.networks.importers.lowering.operators import Doubles
from deltasim.networks.importers.lowering.recurrent import RELU, TANH, Variant, Weights, by_gate
from deltasim.networks.importers.lowering.signals import Frame, Tagged
from deltasim.networks.importers.pytorch.reading import Handler, Reading, State
from deltasim.runtime.errors import InputError

FINAL_MEMORY = "the memory of an LSTM stays in its neurons"
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def weights_of(reading: Reading, prefix: str, suffix: str, gates: int) -> tuple[Weights, Doubles | None]:
    """One layer in one direction, and the projection of its outputs. A bias that is missing is zero.

    Errors: one of two biases missing; shapes that do not fit.
    """
    place = f"layer {prefix.rstrip('.') or '.'}"
    names = {part: f"{prefix}{part}{suffix}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    w_input, w_recurrent = (
        by_gate(f"{place}: {names[part]}", reading.tensors.take(names[part]), gates)
        for part in ("weight_ih", "weight_hh")
    )
    biases = [reading.tensor("", names[part]) for part in ("bias_ih", "bias_hh")]
    if (biases[0] is None) != (biases[1] is None):
        there, missing = ("bias_ih", "bias_hh") if biases[1] is None else ("bias_hh", "bias_ih")
        rule = f"{names[there]} is there without it; a layer has both biases or none"
        raise InputError(place, names[missing], rule, "Save the model whole.")
    first, second = (
        np.zeros(w_input.shape[:2]) if bias is None else by_gate(f"{place}: {names[part]}", bias, gates)
        for part, bias in zip(("bias_ih", "bias_hh"), biases, strict=True)
    )
    return Weights(w_input, w_recurrent, first, second), reading.tensor("", f"{prefix}weight_hr{suffix}")


def one_layer(
    reading: Reading, name: str, kind: str, prefix: str, suffix: str, read: Any, reverse: bool, relu: bool
) -> Any:
    """One layer of this kind in one direction; its elements."""
    weights, projection = weights_of(reading, prefix, suffix, GATES[kind])
    layers = reading.signals.layers
    if kind == "RNN":
        return recurrent.rnn(layers, name, read, weights, reverse, Variant((RELU if relu else TANH,)))
    if kind == "GRU":
        return recurrent.gru(layers, name, read, weights, reverse)
    return recurrent.lstm(layers, name, read, weights, reverse, projection=projection)


def stack(
    reading: Reading,
    place: str,
    kind: str,
    prefix: str,
    read: Any,
    layers: int,
    both: bool,
    relu: bool,
) -> list[tuple[Any, Any]]:
    """All layers: for each the elements of its directions, the reverse ones None where there are none."""
    require_alike(reading, place, prefix, layers, both)
    found = []
    for level in range(layers):
        forward = one_layer(reading, f"{place}_{level}", kind, prefix, f"_l{level}", read, False, relu)
        back = None
        if both:
            name, suffix = f"{place}_{level}_reverse", f"_l{level}_reverse"
            back = one_layer(reading, name, kind, prefix, suffix, read, True, relu)
        found.append((forward, back))
        read = forward if back is None else np.concatenate([forward, back])
    return found


def require_alike(reading: Reading, place: str, prefix: str, layers: int, both: bool) -> None:
    """Refuse a module of which some layers have biases and others none."""
    names = [
        f"{prefix}bias_ih_l{level}{end}" for level in range(layers) for end in ("", "_reverse")[: 1 + both]
    ]
    missing = [name for name in names if not reading.tensors.has(name)]
    if 0 < len(missing) < len(names):
        rule = "other layers of this module have biases, and a module has them everywhere or nowhere"
        raise InputError(f"layer {prefix.rstrip('.') or '.'}", missing[0], rule, "Save the model whole.")


def recurrent_layer(kind: str) -> Handler:
    """``nn.RNN``, ``nn.GRU`` and ``nn.LSTM``: their outputs, and their final states."""

    def handler(
        reading: Reading, place: str, prefix: str, module: Any, x: Tagged, hx: Any = None
    ) -> tuple[Any, Any]:
        require_zero(place, hx)
        signals = reading.signals
        batched = x.tags.ndim == 3
        axis = 1 if module.batch_first and batched else 0
        read = signals.sequence(place, x.tags, axis)
        relu = getattr(module, "nonlinearity", "tanh") == "relu"
        both = module.bidirectional
        found = stack(reading, place, kind, prefix, read, module.num_layers, both, relu)
        last = np.concatenate([part for part in found[-1] if part is not None])
        output = signals.spread(Frame(axis, last[None] if batched else last))
        final = [part for level in found for part in level if part is not None]
        tags = np.stack(
            [
                part if both and number % 2 else signals.spread(Frame(None, part))
                for number, part in enumerate(final)
            ]
        )
        hidden = Tagged(tags[:, None] if batched else tags)
        if kind != "LSTM":
            return Tagged(output), hidden
        memory = signals.layers.hidden(place, len(final) * module.hidden_size, FINAL_MEMORY)
        memory = memory.reshape(len(final), module.hidden_size)
        kept = signals.spread(Frame(None, memory[:, None] if batched else memory))
        return Tagged(output), (hidden, Tagged(kept))

    return handler


def cell(kind: str) -> Handler:
    """``nn.RNNCell``, ``nn.GRUCell`` and ``nn.LSTMCell``, stepped along the frames from zero."""

    def handler(reading: Reading, place: str, prefix: str, module: Any, x: Tagged, hx: Any = None) -> Any:
        if not is_state(hx):
            rule = "a cell that is called without its state forgets it at every frame"
            remedy = f"Hand the state to forward and on to the cell, or use nn.{kind}."
            raise InputError(place, f"nn.{kind}Cell", rule, remedy)
        signals = reading.signals
        found, elements = signals.frame(place, x.tags)
        if int(np.prod(elements.shape[:-1])) != 1:
            rule = "a cell is imported for one sequence at a time"
            raise InputError(place, f"shape {x.tags.shape}", rule, "Use a batch of one.")
        relu = getattr(module, "nonlinearity", "tanh") == "relu"
        own = one_layer(reading, place, kind, prefix, "", elements.ravel(), False, relu)
        output = Tagged(signals.spread(Frame(found, own.reshape(*elements.shape[:-1], -1))))
        if kind != "LSTM":
            return output
        memory = signals.layers.hidden(place, own.size, FINAL_MEMORY)
        return output, Tagged(signals.spread(Frame(None, memory.reshape(*elements.shape[:-1], -1))))

    return handler


def is_state(given: Any) -> bool:
    """Whether this is the state of a recurrent layer, or several."""
    if isinstance(given, Sequence):
        return bool(given) and all(map(is_state, given))
    return isinstance(given, State)


def require_zero(place: str, given: Any) -> None:
    """Refuse an initial state that is neither missing nor zero nor an input of the model for it."""
    listed = given if isinstance(given, Sequence) else [given]
    for state in listed:
        zero = state is None or isinstance(state, State)
        if not zero and (isinstance(state, Tagged) or bool((state != 0).any())):
            rule = "a sequence starts from a state of zeros"
            raise InputError(place, "initial state", rule, "Leave the initial state out.")
