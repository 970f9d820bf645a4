"""What is learned: sentences as log-mel features with their letters, changed a little at every epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deltasim.networks.training.trainer.batches import Batch, grouped, in_order, padded
from deltasim.networks.training.trainer.batches import stacked as side_by_side
from deltasim.workloads.digits.making.augment import augmented
from deltasim.workloads.speech.frames import heard, scaled, stacked
from deltasim.workloads.speech.letters import numbered

MASKS = 2  # of bands, and of frames
WIDEST_BANDS, WIDEST_FRAMES = 6, 14
LOOKED_AT = 16  # sentences of a batch that nothing is learned from


class Sentences(NamedTuple):
    """``features[i]`` log-mel (T_i, 40), ``texts[i]`` in the 28 symbols."""

    features: tuple[NDArray[np.float32], ...]
    texts: tuple[str, ...]

    def chosen(self, places: Sequence[int]) -> Sentences:
        """Those at some places, in that order."""
        return Sentences(
            tuple(self.features[place] for place in places), tuple(self.texts[place] for place in places)
        )


def masked(frames: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Scaled features with up to 2 spans of bands and 2 of frames set to their mean, 0.

    Source: SpecAugment (Park et al. 2019, arXiv 1904.08779).

    >>> masked(np.ones((50, 40), np.float32), np.random.default_rng(0)).shape
    (50, 40)
    """
    steps, bands = frames.shape
    changed = frames.copy()
    for _ in range(MASKS):
        width = int(rng.integers(0, WIDEST_BANDS + 1))
        first = int(rng.integers(0, bands - width + 1))
        changed[:, first : first + width] = 0.0
        length = min(int(rng.integers(0, WIDEST_FRAMES + 1)), steps // 8)
        start = int(rng.integers(0, steps - length + 1))
        changed[start : start + length] = 0.0
    return changed


def varied(features: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A sentence as it is learned from: tempo, pitch and noise changed, then scaled and masked."""
    return stacked(masked(scaled(augmented(features, rng)), rng))


def batch_of(frames: Sequence[NDArray[np.float32]], texts: Sequence[str]) -> Batch:
    """Sentences side by side, targets (B, L) padded with -1."""
    rows = [numbered(text)[:, None].astype(np.float32) for text in texts]
    targets: Tensor = torch.from_numpy(side_by_side(rows, -1.0)[:, :, 0]).t().long()
    return padded(frames, targets)


def batches(own: Sentences, count: int, rng: np.random.Generator) -> Iterator[Batch]:
    """An epoch: every sentence once, changed; ``count`` a batch, about."""
    frames = [varied(features, rng) for features in own.features]
    lengths = [len(one) for one in frames]
    for group in grouped(lengths, round(count * float(np.mean(lengths))), rng):
        yield batch_of([frames[place] for place in group], [own.texts[place] for place in group])


def looked_at(own: Sentences) -> list[Batch]:
    """Batches of what is only looked at, as it was recorded."""
    frames = [heard(features) for features in own.features]
    groups = in_order([len(one) for one in frames], LOOKED_AT)
    return [batch_of([frames[place] for place in g], [own.texts[place] for place in g]) for g in groups]
