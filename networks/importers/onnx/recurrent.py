"""ONNX's recurrent operators, whose gates stand in another order than PyTorch's."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from deltasim.networks.importers.lowering import recurrent
from deltasim.networks.importers.lowering.operators import Doubles
from deltasim.networks.importers.lowering.recurrent import (
    SIGMOID,
    TANH,
    Variant,
    Weights,
    by_gate,
    in_order,
)
from deltasim.networks.importers.lowering.signals import Frame, Signals, Tagged
from deltasim.networks.importers.onnx.nodes import Node, State
from deltasim.runtime.arrays import Integers

ACTIVATIONS: dict[str, tuple[str, tuple[float, ...]]] = {
    "affine": ("{alpha!r} * ({{0}}) + {beta!r}", (1.0, 0.0)),
    "elu": ("max({{0}}, 0) + {alpha!r} * expm1(min({{0}}, 0))", (1.0,)),
    "hardsigmoid": ("max(min({alpha!r} * ({{0}}) + {beta!r}, 1), 0)", (0.2, 0.5)),
    "leakyrelu": ("max({{0}}, 0) + {alpha!r} * min({{0}}, 0)", (0.01,)),
    "relu": ("relu({{0}})", ()),
    "scaledtanh": ("{alpha!r} * tanh({beta!r} * ({{0}}))", (1.0, 1.0)),
    "sigmoid": ("sigmoid({{0}})", ()),
    "softplus": ("max({{0}}, 0) + log1p(exp(-abs({{0}})))", ()),
    "softsign": ("({{0}}) / (1 + abs({{0}}))", ()),
    "tanh": ("tanh({{0}})", ()),
    "thresholdedrelu": ("({{0}}) * (({{0}}) > {alpha!r})", (1.0,)),
}
"""The activations of gates, and the parameters they take by default."""

PLAIN = {"sigmoid": SIGMOID, "tanh": TANH}
FINAL_MEMORY = "the memory of an LSTM stays in its neurons"


def activations_of(node: Node, count: int, defaults: Sequence[str], direction: int) -> tuple[str, ...]:
    """The activations of one direction, each with ``{0}`` for what it is of."""
    names = [str(name).lower() for name in node.attribute("activations", [])] or list(defaults) * 2
    alphas, betas = iter(node.attribute("activation_alpha", [])), iter(node.attribute("activation_beta", []))
    found = []
    for name in names:
        if name not in ACTIVATIONS:
            raise node.refuse(
                name, "this is no activation of a gate", f"Use one of: {', '.join(ACTIVATIONS)}."
            )
        text, defaults_of = ACTIVATIONS[name]
        own = {}
        if defaults_of:
            own["alpha"] = float(next(alphas, defaults_of[0]))
        if len(defaults_of) > 1:
            own["beta"] = float(next(betas, defaults_of[1]))
        found.append(PLAIN.get(name) or f"({text.format(**own)})")
    return tuple(found[direction * count : (direction + 1) * count])


class Directions:
    """What the three operators share: the input, the directions, and how the outputs are laid out."""

    def __init__(self, signals: Signals, node: Node, gates: int, states: Sequence[int]) -> None:
        self.signals, self.node = signals, node
        self.axis = 1 if node.attribute("layout", 0) else 0
        tags = node.tags(signals, 0)
        if tags.ndim != 3:
            raise node.refuse(
                f"input shape {tags.shape}", "it reads (frames, batch, values)", "Give three axes."
            )
        self.read = signals.sequence(node.name, tags, self.axis)
        self.weights = np.asarray(node.numbers(1), np.float64), np.asarray(node.numbers(2), np.float64)
        bias = node.given(3)
        directions, rows = self.weights[0].shape[:2]
        self.bias = np.zeros((directions, 2 * rows)) if bias is None else np.asarray(bias, np.float64)
        self.gates = gates
        kind = node.attribute("direction", "forward")
        self.reverse = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[kind]
        if len(self.reverse) != directions:
            rule = f"a {kind} layer has weights for {len(self.reverse)} directions"
            raise node.refuse(f"shape {self.weights[0].shape}", rule, "Export the model again.")
        lengths = node.input(4)
        if lengths is not None and not np.all(np.asarray(node.numbers(4)) == tags.shape[self.axis]):
            rule = "every sequence is read to its end"
            raise node.refuse("sequence_lens", rule, "Leave the lengths of sequences out.")
        for number in states:
            value = node.input(number)
            zero = value is None or isinstance(value, State)
            if not zero and (isinstance(value, Tagged) or np.any(node.numbers(number))):
                rule = "a sequence starts from a state of zeros"
                raise node.refuse("initial state", rule, "Leave the initial state out.")

    def of(self, direction: int, order: Sequence[int]) -> Weights:
        """The weights of a direction, their gates in PyTorch's order."""
        w, r = (
            in_order(by_gate(self.node.place, part[direction], self.gates), order) for part in self.weights
        )
        first, second = np.split(self.bias[direction], 2)
        biases = (in_order(by_gate(self.node.place, part, self.gates), order) for part in (first, second))
        return Weights(w, r, *biases)

    def name(self, direction: int) -> str:
        """What the population of a direction is called."""
        return f"{self.node.name}_reverse" if self.reverse[direction] else self.node.name

    def laid_out(self, found: Sequence[Integers]) -> tuple[Tagged, Tagged]:
        """All outputs, and the final ones."""
        elements = np.stack(found)[:, None]  # directions, batch, values
        last = self.axis == 1
        whole = elements.transpose(1, 0, 2) if last else elements
        output = self.signals.spread(Frame(self.axis, whole))
        final = np.stack(
            [
                each if back else self.signals.spread(Frame(None, each))
                for each, back in zip(found, self.reverse, strict=True)
            ]
        )
        return Tagged(output), Tagged(final[None] if last else final[:, None])


def rnn(signals: Signals, node: Node) -> tuple[Any, ...]:
    """``RNN``."""
    parts = Directions(signals, node, 1, (5,))
    found = []
    for direction, reverse in enumerate(parts.reverse):
        own = activations_of(node, 1, ("tanh",), direction)
        variant = Variant(own, node.attribute("clip"))
        weights = parts.of(direction, (0,))
        found.append(
            recurrent.rnn(signals.layers, parts.name(direction), parts.read, weights, reverse, variant)
        )
    return parts.laid_out(found)


def gru(signals: Signals, node: Node) -> tuple[Any, ...]:
    """``GRU`` with the reset gate behind the recurrent product or before it; gates z, r, h."""
    parts = Directions(signals, node, 3, (5,))
    before = not node.attribute("linear_before_reset", 0)
    if before and "pytorch" in node.producer.lower():
        warnings.warn(
            f"{node.place}: linear_before_reset is 0, and the model was written by {node.producer}: a GRU of "
            "PyTorch has 1, and onnxscript up to 0.6.2 left it out; export the model again, or check it "
            "against PyTorch",
            stacklevel=2,
        )
    found = []
    for direction, reverse in enumerate(parts.reverse):
        own = activations_of(node, 2, ("sigmoid", "tanh"), direction)
        variant = Variant(own, node.attribute("clip"), reset_before=before)
        weights = parts.of(direction, (1, 0, 2))
        found.append(
            recurrent.gru(signals.layers, parts.name(direction), parts.read, weights, reverse, variant)
        )
    return parts.laid_out(found)


def lstm(signals: Signals, node: Node) -> tuple[Any, ...]:
    """``LSTM`` with or without peepholes; gates i, o, f, c."""
    parts = Directions(signals, node, 4, (5, 6))
    peepholes = node.given(7)
    found = []
    for direction, reverse in enumerate(parts.reverse):
        own = activations_of(node, 3, ("sigmoid", "tanh", "tanh"), direction)
        variant = Variant(own, node.attribute("clip"), coupled=bool(node.attribute("input_forget", 0)))
        weights = parts.of(direction, (0, 2, 3, 1))
        held: Doubles | None = None
        if peepholes is not None:
            held = np.asarray(peepholes[direction], np.float64).reshape(3, -1)
        found.append(
            recurrent.lstm(
                signals.layers, parts.name(direction), parts.read, weights, reverse, variant, peepholes=held
            )
        )
    output, final = parts.laid_out(found)
    size = sum(part.size for part in found)
    memory = signals.layers.hidden(node.name, size, FINAL_MEMORY).reshape(len(found), 1, -1)
    kept = memory.transpose(1, 0, 2) if parts.axis == 1 else memory
    return output, final, Tagged(signals.spread(Frame(None, kept)))
