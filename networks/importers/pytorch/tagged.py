"""What PyTorch's functions are called with: values as tags, numbers as arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from deltasim.networks.importers.lowering.signals import Signals, Tagged
from deltasim.networks.importers.pytorch.tensors import as_array
from deltasim.runtime.arrays import Integers, Numbers

Handler = Callable[..., Any]
"""``handler(signals, place, *args, **kwargs)`` with the function's own arguments, some of them Tagged."""


def numbers(value: Any) -> Numbers:
    """A number or tensor of the model as an array."""
    found = as_array(value) if hasattr(value, "shape") else np.asarray(value, np.float64)
    return np.zeros(()) if found is None else found


def tags_of(signals: Signals, value: Any) -> Integers:
    """The tags of a value, or of numbers."""
    return value.tags if isinstance(value, Tagged) else signals.constant(numbers(value))


def each(value: Any, axes: int) -> list[int]:
    """One number for each axis.

    >>> each(2, 2), each((1, 3), 2)
    ([2, 2], [1, 3])
    """
    listed = [int(own) for own in value] if isinstance(value, Sequence) else [int(value)]
    return listed * axes if len(listed) == 1 else listed
