"""Recurrent layers as populations: gates become accumulators, what a cell lacks becomes its formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from deltasim.networks.cells import GRU, LSTM, RNN, Cell, Dense, Formula
from deltasim.networks.importers.lowering.layers import Feed, Layers, Neurons
from deltasim.networks.importers.lowering.operators import Doubles, Matrix, Scale
from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError

SIGMOID, TANH, RELU = "sigmoid({0})", "tanh({0})", "relu({0})"


class Weights(NamedTuple):
    """Of one layer in one direction, gate by gate: w_input (G, H, inputs), w_recurrent (G, H, outputs),
    b_input and b_recurrent (G, H).

    The order of the gates is PyTorch's: r, z, n of a GRU; i, f, g, o of an LSTM.
    """

    w_input: Doubles
    w_recurrent: Doubles
    b_input: Doubles
    b_recurrent: Doubles

    @property
    def size(self) -> int:
        return int(self.w_input.shape[1])


@dataclass(frozen=True)
class Variant:
    """What differs from PyTorch's cell: activations, a bound on the sums, and the like; see ONNX.

    ``activations``: of an RNN one, of a GRU gate and candidate, of an LSTM gate, candidate and output; each
    with ``{0}`` for what it is of. ``clip``: gate sums are bound to +- this.
    """

    activations: tuple[str, ...] = ()
    clip: float | None = None
    reset_before: bool = False  # GRU: the reset gate is applied before the recurrent product
    coupled: bool = False  # LSTM: f = 1 - i

    def gate(self, number: int, text: str) -> str:
        """Activation ``number`` of a sum."""
        bound = text if self.clip is None else f"max(min({text}, {self.clip!r}), {-self.clip!r})"
        return self.activations[number].format(bound)

    def output(self, number: int, text: str) -> str:
        """Activation ``number`` of a state, which nothing bounds."""
        return self.activations[number].format(text)


PLAIN_RNN, PLAIN_GRU = Variant((TANH,)), Variant((SIGMOID, TANH))
PLAIN_LSTM = Variant((SIGMOID, TANH, TANH))


def require_fitting(name: str, read: Integers, weights: Weights, outputs: int) -> None:
    """Refuse weights whose shapes do not belong together, or to what the layer reads."""
    gates, size = weights.w_input.shape[:2]
    expected = {
        "input weights": (weights.w_input.shape, (gates, size, read.size)),
        "recurrent weights": (weights.w_recurrent.shape, (gates, size, outputs)),
        "input bias": (weights.b_input.shape, (gates, size)),
        "recurrent bias": (weights.b_recurrent.shape, (gates, size)),
    }
    for part, (found, wanted) in expected.items():
        if found != wanted:
            rule = f"{size} neurons that read {read.size} values need the shape {wanted}"
            raise InputError(
                f"layer {name}: {part}", f"shape {found}", rule, "Check what the layer reads, and its kind."
            )


def rnn(
    layers: Layers, name: str, read: Integers, weights: Weights, reverse: bool, variant: Variant = PLAIN_RNN
) -> Integers:
    """``h = f(W x + R h + b)``; a relu is the Dense cell's, which may read itself a step later."""
    size = weights.size
    require_fitting(name, read, weights, size)
    if variant == PLAIN_RNN:
        cell: Cell = RNN(size)
    elif variant == Variant((RELU,)):
        cell = Dense(size, "relu")
    else:
        cell = Formula(size, f"y = {variant.gate(0, 'a0')}")
    own = layers.reserve(size)
    feeds = (
        Feed(read, Matrix(weights.w_input)),
        Feed(own, Matrix(weights.w_recurrent), delay=1),
    )
    bias = weights.b_input + weights.b_recurrent
    return layers.add(Neurons(layers.named(name), own, cell, feeds, bias, reverse))


def gru(
    layers: Layers, name: str, read: Integers, weights: Weights, reverse: bool, variant: Variant = PLAIN_GRU
) -> Integers:
    """PyTorch's GRU, or one with the reset gate before the product: then r * h is a population of its own.

    That population is what the matrix of the candidate reads, so its encoder is a third one, beside those of
    x and h.
    """
    w, r, size = weights.w_input, weights.w_recurrent, weights.size
    require_fitting(name, read, weights, size)
    both = weights.b_input + weights.b_recurrent
    own = layers.reserve(size)
    title = layers.named(name)
    if not variant.reset_before:
        cell: Cell = GRU(size)
        if variant != PLAIN_GRU:
            reset, update = variant.gate(0, "a0"), variant.gate(0, "a1")
            candidate = variant.gate(1, f"a2 + ({reset}) * a3")
            cell = Formula(size, f"u = {update}; c = {candidate}; h = u * h + (1 - u) * c")
        bias = np.concatenate([both[:2], weights.b_input[2:], weights.b_recurrent[2:]])
        feeds: tuple[Feed, ...] = (
            Feed(read, Matrix(w), (0, 1, 2)),
            Feed(own, Matrix(r), (0, 1, 3), 1),
        )
        return layers.add(Neurons(title, own, cell, feeds, bias, reverse))
    gated = layers.reserve(size)
    feeds = (
        Feed(read, Matrix(w[:1]), (0,)),
        Feed(own, Matrix(r[:1]), (0,), 1),
        Feed(own, Scale(np.ones(size)), (1,), 1),
    )
    bias = np.stack([both[0], np.zeros(size)])
    cell = Formula(size, f"y = ({variant.gate(0, 'a0')}) * a1")
    layers.add(Neurons(layers.named(f"{name}_reset"), gated, cell, feeds, bias, reverse))
    feeds = (
        Feed(read, Matrix(w[1:]), (0, 1)),
        Feed(own, Matrix(r[1:2]), (0,), 1),
        Feed(gated, Matrix(r[2:]), (1,)),
    )
    update, candidate = variant.gate(0, "a0"), variant.gate(1, "a1")
    cell = Formula(size, f"u = {update}; c = {candidate}; h = u * h + (1 - u) * c")
    return layers.add(Neurons(title, own, cell, feeds, both[1:], reverse))


def lstm(
    layers: Layers,
    name: str,
    read: Integers,
    weights: Weights,
    reverse: bool,
    variant: Variant = PLAIN_LSTM,
    *,
    projection: Doubles | None = None,
    peepholes: Doubles | None = None,
) -> Integers:
    """PyTorch's LSTM; ``projection`` (P, H) makes h from what its neurons give: a population of its own.

    ``peepholes`` (3, H) for i, o, f are constants of the neurons: accumulators that nothing feeds.
    """
    size = weights.size
    require_fitting(name, read, weights, size if projection is None else len(projection))
    bias = weights.b_input + weights.b_recurrent
    cell: Cell = LSTM(size)
    if variant != PLAIN_LSTM or peepholes is not None:
        held = ("a4 * c", "a5 * c", "a6 * c") if peepholes is not None else ("0", "0", "0")
        enter = variant.gate(0, f"a0 + {held[0]}")
        forget = "1 - i" if variant.coupled else variant.gate(0, f"a1 + {held[2]}")
        cell = Formula(
            size,
            f"i = {enter}; f = {forget}; g = {variant.gate(1, 'a2')}; c = f * c + i * g; "
            f"o = {variant.gate(0, f'a3 + {held[1]}')}; h = o * {variant.output(2, 'c')}",
        )
        if peepholes is not None:
            bias = np.concatenate([bias, peepholes])
    own = layers.reserve(size)
    back = own if projection is None else layers.reserve(len(projection))
    feeds = (
        Feed(read, Matrix(weights.w_input), (0, 1, 2, 3)),
        Feed(back, Matrix(weights.w_recurrent), (0, 1, 2, 3), 1),
    )
    layers.add(Neurons(layers.named(name), own, cell, feeds, bias, reverse))
    if projection is None:
        return own
    projected = (Feed(own, Matrix(projection[None])),)
    nothing = np.zeros((1, len(projection)))
    dense = Dense(len(projection))
    return layers.add(Neurons(layers.named(f"{name}_projected"), back, dense, projected, nothing, reverse))


def by_gate(place: str, stacked: Doubles, gates: int) -> Doubles:
    """Rows of all gates one below another as one block for each. Errors: rows that are no such blocks."""
    if stacked.ndim == 0 or len(stacked) % gates or not stacked.size:
        rule = f"it stacks {gates} gates of as many rows each"
        raise InputError(place, f"shape {stacked.shape}", rule, "Check which layer it belongs to.")
    return stacked.reshape(gates, -1, *stacked.shape[1:])


def in_order(parts: Doubles, order: Sequence[int]) -> Doubles:
    """Gate blocks in another order."""
    return parts[list(order)]
