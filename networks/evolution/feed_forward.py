"""Feed-forward networks of whole populations at once: outputs and their derivatives.

A network is a row of numbers in the order of PyTorch's ``nn.Linear`` modules, ``weight`` and ``bias``, layer
by layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from deltasim.networks.evolution.sensitivity import Block
from deltasim.runtime.arrays import Floats, Integers, Numbers
from deltasim.runtime.compiling import kernel


@dataclass(frozen=True)
class Layers:
    """Layers of these sizes, from the inputs to the outputs: rectified, and sigmoids at the end.

    ``h = max(0, W x + b)``, at the end ``y = 1 / (1 + exp(-(W h + b)))``.

    >>> Layers((11, 15, 15, 2)).parameters
    452
    """

    sizes: tuple[int, ...]

    @property
    def parameters(self) -> int:
        """Numbers of a network."""
        return sum(target * (source + 1) for source, target in pairwise(self.sizes))

    @property
    def bounds(self) -> Integers:
        """Where each layer's numbers begin, and where the last ends."""
        return np.cumsum([0, *(target * (source + 1) for source, target in pairwise(self.sizes))])

    def drawn(self, rng: np.random.Generator) -> Numbers:
        """Weights uniform within +-sqrt(6 / (sources + targets)), Glorot and Bengio 2010; biases 0."""
        parts: list[Numbers] = []
        for source, target in pairwise(self.sizes):
            bound = (6 / (source + target)) ** 0.5
            parts += [rng.uniform(-bound, bound, source * target), np.zeros(target)]
        return np.concatenate(parts)

    def weights(self, genomes: Numbers) -> list[tuple[Numbers, Numbers]]:
        """Of K networks (K, parameters): each layer's matrix (K, targets, sources), bias (K, 1, targets)."""
        found = []
        for begin, (source, target) in zip(self.bounds, pairwise(self.sizes), strict=False):
            middle = begin + source * target
            matrix = genomes[:, begin:middle].reshape(-1, target, source)
            found.append((matrix, genomes[:, None, middle : middle + target]))
        return found

    def values(self, genomes: Numbers, samples: Numbers) -> list[Numbers]:
        """What every layer gives, (K, S, size), the samples (K, S, inputs) first."""
        layers = self.weights(genomes)
        found = [samples.astype(genomes.dtype, copy=False)]
        for number, (matrix, bias) in enumerate(layers):
            total = found[-1] @ np.swapaxes(matrix, 1, 2) + bias
            last = number == len(layers) - 1
            found.append(0.5 + 0.5 * np.tanh(0.5 * total) if last else np.maximum(total, 0))
        return found

    def outputs_on(self, genomes: Numbers, samples: Numbers) -> Numbers:
        """Outputs (K, S, outputs)."""
        return self.values(genomes, samples)[-1]

    def derivatives(self, genomes: Numbers, samples: Numbers) -> list[Block]:
        """The derivatives of the outputs by every number of the networks, leading axis K."""
        layers, values = self.weights(genomes), self.values(genomes, samples)
        y = values[-1]
        one = np.ones((*y.shape[:2], 1, 1), y.dtype)
        wanted = (y * (1 - y))[..., None] * np.eye(self.sizes[-1], dtype=y.dtype)  # (K, S, O, n)
        found: list[Block] = []
        for number in reversed(range(len(layers))):
            back = wanted[:, :, :, None]
            found = [Block(back, values[number][:, :, None]), Block(back, one), *found]
            if number:
                wanted = wanted @ layers[number][0][:, None] * (values[number] > 0)[:, :, None]
        return found


@kernel
def answer(genome: Numbers, sizes: Numbers, inputs: Floats) -> Numbers:
    """The outputs of one network of `Layers` for one input, for what acts on them at once."""
    values = inputs.astype(np.float64)
    begin = 0
    for layer in range(len(sizes) - 1):
        sources, targets = sizes[layer], sizes[layer + 1]
        fresh = np.empty(targets)
        for i in range(targets):
            total = float(genome[begin + targets * sources + i])
            for j in range(sources):
                total += genome[begin + i * sources + j] * values[j]
            last = layer == len(sizes) - 2
            fresh[i] = 0.5 + 0.5 * np.tanh(0.5 * total) if last else max(total, 0.0)
        values = fresh
        begin += targets * (sources + 1)
    return values
