"""Make the network and the frames of unbalanced.yaml: a sensor hub that listens, and little else moves.

One recurrent layer, as a tool exports it: 96 units for the microphone, then 32 for each of six slow sensors,
each block reading its own sensor and itself. The microphone is speech (the embedded digits, 40 log-mel
bands); the others drift. The weights are drawn, not trained: what is studied is where work falls, not what is
recognised. Run it as `python docs/studies/unbalanced.py`.
"""

from pathlib import Path

import numpy as np

import deltasim as ds
from deltasim.networks import Dense, Input, Network, Population, Projection, Sparse, save_network
from deltasim.networks.cells import GRU
from deltasim.networks.connections import AllToAll
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.networks.numbers.quantise import quantised

BLOCKS = ((40, 96), *((16, 32),) * 6)  # values and units of the microphone, then of each slow sensor
CLASSES = 12
RECORDINGS, FRAMES = 3, 40
THETA, DRIFT = 0.1, 0.01


def frames(rng: np.random.Generator) -> np.ndarray:
    """Speech, and sensors that drift by a hundredth a frame. (recordings, frames, values)."""
    speech = [one for one in ds.benchmark("digits", data="synthetic").sequences if len(one) >= FRAMES]
    heard = np.stack([np.asarray(one)[:FRAMES] for one in speech[:RECORDINGS]])
    others = sum(values for values, _ in BLOCKS[1:])
    drifting = rng.normal(0, DRIFT, (RECORDINGS, FRAMES, others)).cumsum(axis=1)
    return np.concatenate([heard, drifting], axis=2).astype(np.float32)


def blocks(rng: np.random.Generator, sources: list[int], targets: list[int]) -> np.ndarray:
    """Matrices of three gates, in which each block of targets reads its own block of sources alone."""
    found = np.zeros((3, sum(targets), sum(sources)), np.float32)
    row = column = 0
    for source, target in zip(sources, targets, strict=True):
        bound = target**-0.5
        drawn = rng.uniform(-bound, bound, (3, target, source))
        found[:, row : row + target, column : column + source] = drawn
        row, column = row + target, column + source
    return found


def network(rng: np.random.Generator) -> Network:
    """The sensors, a GRU in blocks, classes."""
    values, units = [v for v, _ in BLOCKS], [u for _, u in BLOCKS]
    size = sum(units)
    classes = rng.uniform(-0.1, 0.1, (CLASSES, size)).astype(np.float32)
    populations = (
        Population("sensors", Input(sum(values))),
        Population("hub", GRU(size), np.zeros((4, size), np.float32)),
        Population("classes", Dense(CLASSES), np.zeros((1, CLASSES), np.float32)),
    )
    inputs, own = Sparse.from_matrices(blocks(rng, values, units)), blocks(rng, units, units)
    projections = (
        Projection("sensors", "hub", inputs, theta=THETA),
        Projection("hub", "hub", Sparse.from_matrices(own), "recurrent", delay=1, theta=THETA),
        Projection("hub", "classes", AllToAll.from_matrices(classes), theta=THETA),
    )
    return quantised(Network("hub", populations, projections, ("classes",)), FixedPoint())


if __name__ == "__main__":
    folder = Path(__file__).parent / "unbalanced"
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    save_network(network(rng), folder)
    np.save(folder / "frames.npy", frames(rng))
