"""How much each weight moves the outputs: what safe mutations divide a change by.

Source: Lehman, Chen, Clune, Stanley, "Safe Mutations for Deep and Recurrent Neural Networks through Output
Gradients", GECCO 2018, and its code. Gradients are of the outputs, never of a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Numbers


class Block(NamedTuple):
    """The derivative of all outputs by one matrix of weights, as factors.

    ``dy[s, o] / dW[i, j] = sum_t back[s, o, t, i] source[s, t, j]`` for sample s, output o and step t: what
    an output says back to a target times what its source gave. ``back`` (..., S, O, T, n), ``source``
    (..., S, T, m), both with any leading axes, one for each of several networks. A bias has a source of 1.
    """

    back: Numbers
    source: Numbers


Blocks = Sequence[Block]


def jacobian(blocks: Blocks) -> Numbers:
    """All derivatives (..., S, O, weights), matrices in their order, row by row.

    >>> one = Block(np.array([[[[2.0]]]]), np.array([[[3.0, 5.0]]]))
    >>> jacobian([one]).tolist()
    [[[6.0, 10.0]]]
    """
    return np.concatenate([flat(each_sample(block)) for block in blocks], axis=-1)


def each_sample(block: Block) -> Numbers:
    """The derivative by one matrix for every sample and output, (..., S, O, n, m)."""
    found: Numbers = np.matmul(np.swapaxes(block.back, -1, -2), block.source[..., None, :, :])
    return found


def flat(matrices: Numbers) -> Numbers:
    """Matrices (..., n, m) as rows (..., n m)."""
    return matrices.reshape(*matrices.shape[:-2], -1)


def summed(block: Block, weights: Numbers | None = None) -> Numbers:
    """``sum_s w[s, o] dy[s, o] / dW`` for every output, (..., O, n, m); all w 1 where None is given."""
    back = block.back if weights is None else block.back * weights[..., None, None]
    joined = np.moveaxis(back, -3, -4)  # (..., O, S, T, n)
    joined = joined.reshape(*joined.shape[:-3], -1, joined.shape[-1])
    source = block.source.reshape(*block.source.shape[:-3], 1, -1, block.source.shape[-1])
    found: Numbers = np.matmul(np.swapaxes(joined, -1, -2), source)
    return found


def of_sums(blocks: Blocks, _direction: Numbers) -> Numbers:
    """SM-G-SUM: ``s_k = sqrt(sum_o (sum_s dy[s, o] / dw_k)^2)``, (..., weights).

    What moves an output up in one sample and down in another cancels: such a weight seems not to matter.
    """
    return np.concatenate([flat(np.sqrt((summed(block) ** 2).sum(-3))) for block in blocks], axis=-1)


def of_absolutes(blocks: Blocks, _direction: Numbers) -> Numbers:
    """SM-G-ABS: ``s_k = sqrt(sum_o (mean_s |dy[s, o] / dw_k|)^2)``, (..., weights).

    A mean, where SM-G-SUM has a sum: magnitudes of the two are not on one scale.
    """
    return np.concatenate([flat(np.sqrt((mean_absolute(b) ** 2).sum(-3))) for b in blocks], axis=-1)


def mean_absolute(block: Block) -> Numbers:
    """``mean_s |dy[s, o] / dW|``, (..., O, n, m)."""
    if block.back.shape[-2] == 1:  # of one step: the absolute of a product is the product of absolutes
        total = summed(Block(np.abs(block.back), np.abs(block.source)))
    else:
        total = np.abs(each_sample(block)).sum(-4)
    found: Numbers = total / block.back.shape[-4]
    return found


def of_second_order(blocks: Blocks, direction: Numbers) -> Numbers:
    """SM-G-SO: ``s_k = sqrt(|(H v)_k|)`` with v the direction's unit vector, (..., weights).

    H is the Hessian of ``E = mean_s |y - y_old|^2`` at the parent, ``y_old`` held constant. There y - y_old
    is 0 and so are all second derivatives of y in it: ``H = 2 mean_s J_s^T J_s`` exactly, and H v takes two
    products with the Jacobian.
    """
    unit = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
    begin = 0
    moved: Numbers = np.zeros(())
    for block in blocks:
        n, m = block.back.shape[-1], block.source.shape[-1]
        part = unit[..., begin : begin + n * m].reshape(*unit.shape[:-1], n, m)
        begin += n * m
        reached = np.matmul(block.source, np.swapaxes(part, -1, -2)[..., None, :, :])  # (..., S, T, n)
        moved = moved + (block.back * reached[..., None, :, :]).sum((-1, -2))  # (..., S, O)
    samples = blocks[0].back.shape[-4]
    products = [flat(summed(block, moved).sum(-3)) for block in blocks]
    found: Numbers = np.sqrt(np.abs(2 / samples * np.concatenate(products, axis=-1)))
    return found


Sensitivity = Callable[[Blocks, Numbers], Numbers]
SENSITIVITIES: dict[str, Sensitivity] = {
    "sm-g-sum": of_sums,
    "sm-g-abs": of_absolutes,
    "sm-g-so": of_second_order,
}
"""The gradient variants of safe mutation, by name: each a function of the blocks and of the change itself."""
