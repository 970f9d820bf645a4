"""From a drive to an epoch's batches: stretches of it, changed a little at random, all of one length."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deltasim.workloads.driving.drive import GREY, Drive

STEPS = 50  # frames of a stretch: 2.5 s at 20 Hz
Stretches = tuple[tuple[int, int], ...]


class Batch(NamedTuple):
    """Frames (T, B, 32, 64) as the network receives them, and the steering (T, B)."""

    frames: Tensor
    steering: Tensor


def folds(drive: Drive, count: int = 4, apart: int = 50) -> tuple[tuple[Stretches, Stretches], ...]:
    """Parts to train on and parts to choose by: (train, validation) for each fold, as (first, end).

    Every segment is cut into equal gap-free blocks, ``count`` in all; a fold holds one of them back, and
    ``apart`` frames on either side of it are in neither part.

    >>> from deltasim.workloads.driving.recorded import read_session
    >>> folds(read_session(), 2)[0]
    (((1274, 2447),), ((0, 1224),))
    """
    edges = drive.bounds.tolist()
    segments = list(pairwise(edges))
    each = max(1, count // len(segments))
    found = []
    for first, end in segments:
        cuts = [first + round((end - first) * place / each) for place in range(each + 1)]
        for begin, stop in pairwise(cuts):
            pieces = [
                piece
                for low, high in segments
                for piece in ((low, min(high, begin - apart)), (max(low, stop + apart), high))
                if piece[1] - piece[0] >= STEPS and not (piece[0] < stop and begin < piece[1])
            ]
            found.append((tuple(dict.fromkeys(pieces)), ((begin, stop),)))
    return tuple(found)


def batches(drive: Drive, stretches: Stretches, batch: int, rng: np.random.Generator) -> Iterator[Batch]:
    """One epoch: every part cut into stretches from a random first frame on, in random order."""
    firsts: list[int] = []
    for begin, end in stretches:
        firsts += range(begin + int(rng.integers(0, STEPS)), end - STEPS + 1, STEPS)
    order = rng.permutation(firsts)
    for place in range(0, len(order), batch):
        columns = [slice(int(first), int(first) + STEPS) for first in order[place : place + batch]]
        frames = np.stack([drive.frames[column] for column in columns], 1)
        steering = np.stack([drive.steering[column] for column in columns], 1)
        yield changed(frames, steering, rng)


def changed(frames: NDArray[np.uint8], steering: NDArray[np.float32], rng: np.random.Generator) -> Batch:
    """Every other stretch mirrored, with its steering; contrast by 0.7 to 1.3, brightness by up to 32 levels,
    position by up to 2 pixels.
    """
    width = steering.shape[1]
    flip = torch.from_numpy(rng.random(width) < 0.5)
    contrast = torch.from_numpy(rng.uniform(0.7, 1.3, (width,)).astype(np.float32))
    brightness = torch.from_numpy(rng.uniform(-0.25, 0.25, (width,)).astype(np.float32))
    down, right = (int(shift) for shift in rng.integers(-2, 3, 2))
    pictures = torch.from_numpy(frames).float() * float(GREY) - 1
    pictures = torch.where(flip[None, :, None, None], pictures.flip(-1), pictures)
    pictures = pictures * contrast[None, :, None, None] + brightness[None, :, None, None]
    pictures = pictures.clamp(-1, 1).roll((down, right), (2, 3))
    turned = torch.from_numpy(steering)
    return Batch(pictures, torch.where(flip[None], -turned, turned))
