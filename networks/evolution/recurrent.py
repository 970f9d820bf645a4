"""Stacks of recurrent cells on whole populations at once: outputs, what is sent, and derivatives.

Many small networks of one shape run side by side, in numpy. A network is a row of numbers in the order of
PyTorch's ``RNNCell`` or ``GRUCell``, layer by layer (``weight_ih``, ``weight_hh``, ``bias_ih``, ``bias_hh``),
then ``weight`` and ``bias`` of an ``nn.Linear``. All is computed in the type of those numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.evolution.sensitivity import Block
from deltasim.networks.graph import Network
from deltasim.runtime.arrays import Flags, Numbers


class Layer(NamedTuple):
    """Weights of a recurrent layer of K networks: (K, G H, inputs), (K, G H, H), two biases (K, 1, G H)."""

    w_input: Numbers
    w_recurrent: Numbers
    b_input: Numbers
    b_recurrent: Numbers


class Weights(NamedTuple):
    """Layers, and the readout (K, outputs, H) with its bias (K, 1, outputs)."""

    layers: tuple[Layer, ...]
    readout: Numbers
    bias: Numbers


class Step(NamedTuple):
    """A layer at one step: what it received from below and from itself, and its gates. (K, S, ...)"""

    below: Numbers
    before: Numbers
    gates: tuple[Numbers, ...]
    h: Numbers


class Run(NamedTuple):
    """Probabilities after the last step (K, S, outputs), the steps of every layer, and what was sent.

    ``sent`` has for every projection the messages of each source over all samples, (K, sources): in the
    order input->0, 0->0, 0->1, 1->1, ..., last->readout.
    """

    probabilities: Numbers
    steps: tuple[tuple[Step, ...], ...]
    sent: tuple[Numbers, ...]


def sigmoid(x: Numbers) -> Numbers:
    """Logistic function, without overflow."""
    found: Numbers = 0.5 + 0.5 * np.tanh(0.5 * x)
    return found


class RNN:
    """``h = tanh(W_x x + W_h h + b)``."""

    blocks = 1

    @staticmethod
    def step(from_below: Numbers, from_itself: Numbers, _h: Numbers) -> tuple[Numbers, ...]:
        """The new output."""
        return (np.tanh(from_below + from_itself),)

    @staticmethod
    def back(wanted: Numbers, step: Step) -> tuple[Numbers, Numbers, Numbers]:
        """From d/dh to d/d(from below), d/d(from itself), and what goes straight to the h before."""
        inner = wanted * (1 - step.h**2)[:, :, None]
        return inner, inner, np.zeros_like(wanted)


class GRU:
    """``h = u h + (1 - u) tanh(W_c x + b_c + r (W_hc h + b_hc))``, PyTorch's; gates in the order r, u, c."""

    blocks = 3

    @staticmethod
    def step(from_below: Numbers, from_itself: Numbers, h: Numbers) -> tuple[Numbers, ...]:
        """The new output, and r, u, c and what r gates."""
        (xr, xu, xc), (hr, hu, hc) = (np.split(part, 3, axis=-1) for part in (from_below, from_itself))
        r, u = sigmoid(xr + hr), sigmoid(xu + hu)
        c = np.tanh(xc + r * hc)
        return u * h + (1 - u) * c, r, u, c, hc

    @staticmethod
    def back(wanted: Numbers, step: Step) -> tuple[Numbers, Numbers, Numbers]:
        """From d/dh to d/d(from below), d/d(from itself), and what goes straight to the h before."""
        r, u, c, hc = (gate[:, :, None] for gate in step.gates)
        to_c = wanted * (1 - u) * (1 - c**2)
        to_u = wanted * (step.before[:, :, None] - c) * u * (1 - u)
        to_r = to_c * hc * r * (1 - r)
        return (
            np.concatenate([to_r, to_u, to_c], axis=-1),
            np.concatenate([to_r, to_u, to_c * r], axis=-1),
            wanted * u,
        )


CELLS: dict[str, Any] = {"rnn": RNN, "gru": GRU}
"""Cells that evolve."""


@dataclass(frozen=True)
class Stack:
    """Recurrent layers of ``units`` each, a linear readout and a softmax after the last step.

    >>> Stack("rnn", 1, 15, 2, 2).parameters, Stack("gru", 1, 15, 2, 2).parameters
    (782, 2282)
    """

    kind: str
    inputs: int
    units: int
    layers: int
    outputs: int

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of every matrix and bias, in order."""
        gates, found, below = CELLS[self.kind].blocks * self.units, [], self.inputs
        for _ in range(self.layers):
            found += [(gates, below), (gates, self.units), (gates,), (gates,)]
            below = self.units
        return (*found, (self.outputs, self.units), (self.outputs,))

    @property
    def parameters(self) -> int:
        """Numbers of a network."""
        return sum(int(np.prod(shape)) for shape in self.shapes)

    @property
    def projections(self) -> int:
        """Encoders with a threshold each: two of a layer, one of the readout."""
        return 2 * self.layers + 1

    def drawn(self, rng: np.random.Generator) -> Numbers:
        """A network as PyTorch draws it, uniform within +-1 / sqrt(units)."""
        bound = self.units**-0.5
        return rng.uniform(-bound, bound, self.parameters)

    def weights(self, genomes: Numbers) -> Weights:
        """The matrices of K networks (K, parameters)."""
        parts, begin = [], 0
        for shape in self.shapes:
            size = int(np.prod(shape))
            matrix = shape if len(shape) == 2 else (1, *shape)
            parts.append(genomes[:, begin : begin + size].reshape(-1, *matrix))
            begin += size
        layers = tuple(Layer(*parts[4 * n : 4 * n + 4]) for n in range(self.layers))
        return Weights(layers, parts[-2], parts[-1])

    def run(self, genomes: Numbers, sequences: Numbers, thetas: Numbers | None = None) -> Run:
        """Run K networks on S sequences (S, T, inputs), or on their own (K, S, T, inputs).

        ``thetas`` (K, projections): what has changed by less is not sent, and the target goes on with what
        it received last (`deltasim.networks.transmit`). None is every value sent.
        """
        weights, cell = self.weights(genomes), CELLS[self.kind]
        kind, count = genomes.dtype, len(genomes)
        given = np.broadcast_to(sequences, (count, *sequences.shape[-3:])).astype(kind, copy=False)
        samples, length = given.shape[1:3]
        held = [np.zeros((count, samples, size), kind) for size in self.sources]
        sent = [np.zeros((count, size)) for size in self.sources]
        outputs = [np.zeros((count, samples, self.units), kind) for _ in range(self.layers)]
        columns = [[transposed(layer.w_input), transposed(layer.w_recurrent)] for layer in weights.layers]
        steps: list[list[Step]] = [[] for _ in range(self.layers)]

        def received(number: int, value: Numbers) -> Numbers:
            if thetas is None:
                return value
            sends = sending(value, held[number], thetas[:, number, None, None])
            held[number] = np.where(sends, value, held[number])
            sent[number] += sends.sum(1)
            return held[number]

        for t in range(length):
            below = given[:, :, t]
            for n, layer in enumerate(weights.layers):
                x, h = received(2 * n, below), received(2 * n + 1, outputs[n])
                from_below = x @ columns[n][0] + layer.b_input
                from_itself = h @ columns[n][1] + layer.b_recurrent
                below, *gates = cell.step(from_below, from_itself, outputs[n])
                steps[n].append(Step(x, outputs[n], tuple(gates), below))
                outputs[n] = below
            read = received(2 * self.layers, below)
        logits = read @ transposed(weights.readout) + weights.bias
        shifted = np.exp(logits - logits.max(-1, keepdims=True))
        probabilities = shifted / shifted.sum(-1, keepdims=True)
        return Run(probabilities, tuple(tuple(each) for each in steps), tuple(sent))

    @property
    def sources(self) -> tuple[int, ...]:
        """Sources of every projection."""
        inner = [size for n in range(self.layers) for size in (self.units if n else self.inputs, self.units)]
        return (*inner, self.units)

    def outputs_on(self, genomes: Numbers, sequences: Numbers) -> Numbers:
        """Probabilities (K, S, outputs) of networks that send every value."""
        return self.run(genomes, sequences).probabilities

    def derivatives(self, genomes: Numbers, sequences: Numbers) -> list[Block]:
        """The derivatives of the probabilities by every number of the networks, through the whole sequence.

        Blocks have the leading axis K and the order of ``genomes``; of networks that send every value, as a
        threshold has no slope.
        """
        weights, cell = self.weights(genomes), CELLS[self.kind]
        run = self.run(genomes, sequences)
        y = run.probabilities
        to_logits = y[..., None] * (
            np.eye(self.outputs, dtype=y.dtype) - y[..., None, :]
        )  # (K, S, output, logit)
        wanted = [np.zeros((*y.shape[:2], self.outputs, self.units), y.dtype) for _ in range(self.layers)]
        wanted[-1] = np.matmul(to_logits, weights.readout[:, None])
        backs: list[list[tuple[Numbers, Numbers]]] = [[] for _ in range(self.layers)]
        for t in reversed(range(len(run.steps[0]))):
            for n in reversed(range(self.layers)):
                layer, step = weights.layers[n], run.steps[n][t]
                to_below, to_itself, straight = cell.back(wanted[n], step)
                backs[n].append((to_below, to_itself))
                if n:
                    wanted[n - 1] = wanted[n - 1] + np.matmul(to_below, layer.w_input[:, None])
                wanted[n] = np.matmul(to_itself, layer.w_recurrent[:, None]) + straight
        found: list[Block] = []
        for n in range(self.layers):
            to_below, to_itself = (np.stack(part[::-1], axis=3) for part in zip(*backs[n], strict=True))
            x, h = (np.stack(part, axis=2) for part in zip(*[one[:2] for one in run.steps[n]], strict=True))
            one = np.ones((*x.shape[:3], 1), y.dtype)
            found += [Block(to_below, x), Block(to_itself, h), Block(to_below, one), Block(to_itself, one)]
        last = run.steps[-1][-1].h[:, :, None]
        to_readout = to_logits[..., None, :]
        return [*found, Block(to_readout, last), Block(to_readout, np.ones((*last.shape[:3], 1), y.dtype))]

    def network(self, genome: Numbers, thetas: Sequence[float], name: str) -> Network:
        """One network (parameters,) as deltasim runs it, in float32: its readout gives what softmax takes."""
        from deltasim.networks.builders.recurrent import PARAMETERS, stack
        from deltasim.networks.cells import dense

        weights, gates = self.weights(genome[None]), CELLS[self.kind].blocks
        layers = []
        for layer in weights.layers:
            b_input, b_recurrent = (part[0, 0].reshape(gates, self.units) for part in layer[2:])
            bias = b_input + b_recurrent
            if self.kind == "gru":  # whose candidate keeps its two halves apart
                bias = np.concatenate([bias[:2], b_input[2:], b_recurrent[2:]])
            matrices = (part[0].reshape(gates, self.units, -1) for part in layer[:2])
            layers.append(PARAMETERS[self.kind](*matrices, bias))
        return stack(
            self.kind,
            self.inputs,
            (self.units,) * self.layers,
            layers,
            theta_x=tuple(thetas[0:-1:2]),
            theta_h=tuple(thetas[1::2]),
            theta_readout=thetas[-1],
            readout=dense.Parameters(weights.readout[0], weights.bias[0, 0]),
            name=name,
        )


def transposed(matrices: Numbers) -> Numbers:
    """Matrices (K, n, m) as (K, m, n), laid out anew: multiplied many times."""
    return np.ascontiguousarray(np.swapaxes(matrices, 1, 2))


def sending(value: Numbers, held: Numbers, theta: Numbers) -> Flags:
    """The transmit rule on whole arrays (`deltasim.networks.transmit.sends`)."""
    found: Flags = (np.abs(value - held) >= theta) & (value != held)
    return found
