"""What messages cost in training, and how many there were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from deltasim.networks.training.layers.layer import Encoding
from deltasim.networks.training.trainer.batches import Batch
from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError, nearest

Prices = Mapping[str, Floats]
"""The price of one message of every source neuron, (n,), by projection: joules, or any other unit."""


class Activity(NamedTuple):
    """What a batch's encoders sent in real frames: elements looked at, messages, and words of both."""

    elements: float
    messages: float
    words: float
    fetched: float

    @property
    def occupancy(self) -> float:
        """Messages over elements."""
        return self.messages / max(1.0, self.elements)

    @property
    def saved(self) -> float:
        """Words a dense network fetches over those fetched."""
        return self.words / max(1.0, self.fetched)


def real_frames(encoding: Encoding, batch: Batch) -> Tensor:
    """1 where a step of the encoder has a frame, (T, B, 1)."""
    steps = torch.arange(len(encoding.held), device=encoding.held.device)[:, None]
    return (steps < batch.lengths - encoding.delay).to(encoding.held.dtype)[:, :, None]


def charge(encoding: Encoding) -> Tensor:
    """What a delta costs in training, (T, B, n): ``|delta| / theta``, 1 for the smallest that is sent.

    The number of messages has no gradient; this has, and shrinks deltas until they are not sent. Where theta
    is 0 it is ``|delta|``.
    """
    size = encoding.deltas().abs()
    theta = encoding.theta
    return size / torch.where(theta > 0, theta, torch.ones_like(theta))


def cost(encodings: tuple[Encoding, ...], batch: Batch, prices: Prices | None = None) -> Tensor:
    """The L1 cost of a batch: charges over what a message of every element at every frame would be charged.

    ``sum_j p_j sum_t |delta_j[t]| / theta_j  /  (frames sum_j p_j)``, over all encoders. Without ``prices``
    every element counts the same; with the joules of a column on a chip it is the share of the dense
    network's joules, so both are weighed on one scale.
    """
    total: Tensor = batch.inputs.new_zeros(())
    every: Tensor = batch.inputs.new_zeros(())
    frames = batch.lengths.sum()
    for encoding in encodings:
        price = price_of(encoding, prices)
        total = total + (charge(encoding) * price * real_frames(encoding, batch)).sum()
        every = every + frames * price.sum()
    return total / every


def price_of(encoding: Encoding, prices: Prices | None) -> Tensor:
    """The prices of an encoder's elements, (n,)."""
    if prices is None:
        return torch.ones(encoding.held.shape[2], dtype=encoding.held.dtype, device=encoding.held.device)
    return torch.as_tensor(prices[encoding.projection]).to(encoding.held)


def require_prices(prices: Prices | None, encodings: tuple[Encoding, ...]) -> None:
    """Refuse prices that do not belong to these encoders."""
    if prices is None:
        return
    for encoding in encodings:
        if encoding.projection not in prices:
            rule = "there is a price for every column of every projection"
            raise InputError("prices", encoding.projection, rule, nearest(encoding.projection, prices))
        array = torch.as_tensor(prices[encoding.projection])
        if array.shape != (encoding.held.shape[2],) or not (torch.isfinite(array) & (array >= 0)).all():
            rule = (
                f"the {encoding.held.shape[2]} columns of a projection have a finite price of at least 0 each"
            )
            raise InputError(f"prices: {encoding.projection}", tuple(array.shape), rule, "Give one a column.")


def activity(encodings: tuple[Encoding, ...], batch: Batch) -> Activity:
    """Count what was sent.

    >>> held = torch.tensor([1.0, 1.0, 0.0]).reshape(3, 1, 1)
    >>> sent = Encoding("a->b", held, torch.tensor(0.5), torch.tensor([4]))
    >>> activity((sent,), Batch(held, torch.tensor([3]), held)).saved
    1.5
    """
    elements = messages = words = fetched = 0.0
    for encoding in encodings:
        sent = (encoding.deltas().detach().ne(0) & real_frames(encoding, batch).bool()).sum((0, 1))
        frames = float(batch.lengths.sum())
        elements += frames * len(sent)
        messages += float(sent.sum())
        words += frames * float(encoding.fan_out.sum())
        fetched += float((sent * encoding.fan_out).sum())
    return Activity(elements, messages, words, fetched)
