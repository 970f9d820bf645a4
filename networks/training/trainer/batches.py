"""Batches of padded sequences, grouped by length so that little is padded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Batch(NamedTuple):
    """Padded sequences: inputs (T, B, n), lengths (B,), and the targets the loss understands."""

    inputs: Tensor
    lengths: Tensor
    targets: Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on a device."""
        return Batch(self.inputs.to(device), self.lengths.to(device), self.targets.to(device))


def frame_mask(batch: Batch) -> Tensor:
    """1 for real frames, 0 for padding, (T, B, 1).

    >>> frame_mask(padded([np.zeros((1, 2)), np.zeros((2, 2))], torch.zeros(2))).flatten().tolist()
    [1.0, 1.0, 0.0, 1.0]
    """
    frames = torch.arange(len(batch.inputs), device=batch.inputs.device)
    return (frames[:, None] < batch.lengths).to(batch.inputs.dtype)[:, :, None]


def padded(sequences: Sequence[NDArray[np.floating]], targets: Tensor) -> Batch:
    """Pad sequences (T_i, n) with zeros to one batch (T, B, n)."""
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return Batch(torch.from_numpy(stacked(sequences, 0.0)), lengths, targets)


def stacked(rows: Sequence[NDArray[np.floating]], padding: float) -> NDArray[np.float32]:
    """Arrays (T_i, n) side by side, (T, B, n), what is missing filled up.

    >>> stacked([np.ones((1, 1)), np.ones((2, 1))], -1)[:, :, 0].tolist()
    [[1.0, 1.0], [-1.0, 1.0]]
    """
    whole = np.full((max(map(len, rows)), len(rows), rows[0].shape[1]), padding, np.float32)
    for column, row in enumerate(rows):
        whole[: len(row), column] = row
    return whole


def grouped(lengths: list[int], frames: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Shuffle, sort by length in portions of about ten batches, cut at ``frames``, shuffle again.

    >>> groups = grouped([3, 9, 3, 9], 10, np.random.default_rng(0))
    >>> sorted(sorted(group.tolist()) for group in groups)
    [[0, 2], [1], [3]]
    """
    order = rng.permutation(len(lengths))
    portions = max(1, round(sum(lengths) / (10 * frames)))
    groups: list[list[int]] = []
    for portion in np.array_split(order, portions):
        group: list[int] = []
        for place in sorted(portion.tolist(), key=lambda place: lengths[place]):
            if group and (len(group) + 1) * lengths[place] > frames:
                groups.append(group)
                group = []
            group.append(place)
        groups.append(group)
    return [np.array(groups[place], np.int64) for place in rng.permutation(len(groups)) if groups[place]]


def in_order(lengths: Sequence[int], count: int) -> Iterator[NDArray[np.int64]]:
    """Groups of ``count`` from the shortest on: for what is only looked at.

    >>> [group.tolist() for group in in_order([5, 1, 3], 2)]
    [[1, 2], [0]]
    """
    order = np.argsort(np.asarray(lengths), kind="stable")
    for start in range(0, len(order), count):
        yield order[start : start + count].astype(np.int64)
