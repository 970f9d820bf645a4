"""What an output should have been: classes, a class or values at every frame, transcripts."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from deltasim.networks.training.trainer.batches import Batch, frame_mask

SMOOTHING = 0.05  # of the class of a whole sequence

Loss = Callable[[Tensor, Batch], Tensor]
"""``loss(outputs (T, B, m), batch)``: a scalar, the mean over sequences or frames."""


def class_loss(outputs: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy of the last real frame of every sequence with its class, targets (B,)."""
    return torch.nn.functional.cross_entropy(last_frames(outputs, batch), batch.targets)


def pooled_loss(outputs: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy of the outputs averaged over every sequence's real frames with its class, targets (B,).

    Frame t weighs t + 1: what a network has received grows with the frames, so later ones count for more.
    Targets are smoothed by `SMOOTHING` (Szegedy et al. 2016, arXiv 1512.00567).
    """
    frames = torch.arange(len(outputs), device=outputs.device, dtype=outputs.dtype)
    weights = frame_mask(batch) * (frames + 1)[:, None, None]
    pooled = (outputs * weights).sum(0) / weights.sum(0)
    return torch.nn.functional.cross_entropy(pooled, batch.targets, label_smoothing=SMOOTHING)


def last_frames(outputs: Tensor, batch: Batch) -> Tensor:
    """The outputs of every sequence's last real frame, (B, m)."""
    return outputs[batch.lengths - 1, torch.arange(outputs.shape[1], device=outputs.device)]


def frame_loss(outputs: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy of every real frame with its class, targets (T, B), -1 where there is none."""
    return torch.nn.functional.cross_entropy(
        outputs.flatten(0, 1), batch.targets.flatten().long(), ignore_index=-1
    )


def value_loss(outputs: Tensor, batch: Batch) -> Tensor:
    """Mean squared difference of every real frame from its values, targets (T, B, m)."""
    mask = frame_mask(batch)
    return ((outputs - batch.targets).square() * mask).sum() / (mask.sum() * outputs.shape[2])


def transcript_loss(outputs: Tensor, batch: Batch) -> Tensor:
    """Connectionist temporal classification (Graves et al. 2006): targets (B, L) padded with -1.

    The last output is the blank.
    """
    said = batch.targets >= 0
    return torch.nn.functional.ctc_loss(
        outputs.log_softmax(2),
        batch.targets[said],
        batch.lengths,
        said.sum(1),
        blank=outputs.shape[2] - 1,
        zero_infinity=True,
    )
