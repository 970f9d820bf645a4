"""Pruning that leaves every processing element of an accelerator the same number of weights of a column."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError


def column_balanced(weights: Numbers, elements: int, gamma: float) -> Numbers:
    """Zero the smallest weights of every processing element's part of every column.

    ``weights`` (G, n_target, n_source) are gate matrices. Target neuron n lies, with all its gates, on
    processing element ``n mod elements``, which thus holds G n_target / elements words of each column. Of
    these the ⌊gamma words⌋ smallest in magnitude become 0, so that all elements are left with equally many
    and none waits for another. Returns a copy. Rule: the mask of column-balanced targeted dropout at its end
    (Spartus, arXiv 2108.02297), where gamma is 0.94.

    Errors: InputError when gamma is outside 0 to 1 or the targets do not divide among the elements.

    >>> weights = np.arange(1.0, 17.0).reshape(1, 8, 2)          # 8 targets on 2 elements: 4 words each
    >>> kept = column_balanced(weights, elements=2, gamma=0.5) != 0
    >>> [(kept[0, part::2].sum(axis=0)).tolist() for part in range(2)]
    [[2, 2], [2, 2]]
    """
    matrices = np.asarray(weights)
    gates, targets, sources = matrices.shape
    if not 0 <= gamma <= 1:
        raise InputError(
            "gamma", gamma, "a share of pruned weights lies within 0 to 1", "Give for example 0.94."
        )
    if elements < 1 or targets % elements:
        rule = f"{targets} target neurons divide evenly among the processing elements"
        raise InputError("elements", elements, rule, "Give a divisor of their number.")
    rounds = targets // elements
    by_element = matrices.reshape(gates, rounds, elements, sources).transpose(2, 3, 0, 1)
    parts = by_element.reshape(elements, sources, gates * rounds).copy()
    pruned = int(gamma * gates * rounds)
    smallest = np.argsort(np.abs(parts), axis=-1, kind="stable")[..., :pruned]
    np.put_along_axis(parts, smallest, 0, axis=-1)
    back = parts.reshape(elements, sources, gates, rounds).transpose(2, 3, 0, 1)
    return np.ascontiguousarray(back.reshape(gates, targets, sources))
