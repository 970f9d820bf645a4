"""Weight sparsity in training: the smallest weights of recurrent layers become 0 and stay so."""

from __future__ import annotations

import torch
from torch import Tensor

from deltasim.networks.builders.pruning import column_balanced
from deltasim.networks.training.layers.recurrent import Recurrent
from deltasim.networks.training.network import DeltaNetwork

PATTERNS = ("unstructured", "column-balanced")


def masks(model: DeltaNetwork, share: float, pattern: str, elements: int) -> dict[Tensor, Tensor]:
    """For each matrix of the recurrent layers, 1 for the weights that are kept.

    unstructured: of every matrix the ``share`` smallest go; column-balanced: of every column, of the part
    that each of ``elements`` processing elements holds (`networks.builders.pruning.column_balanced`).
    What is 0 already is smallest, so a mask follows from the weights alone.

    >>> from deltasim.networks.training.network import RecurrentShape
    >>> model = DeltaNetwork(2, [RecurrentShape("gru", 4)])
    >>> [int(mask.sum()) for mask in masks(model, 0.5, "unstructured", 1).values()]
    [12, 24]
    """
    found: dict[Tensor, Tensor] = {}
    for layer in model.layers:
        if not isinstance(layer, Recurrent):
            continue
        for _, weight in layer.weights:
            found[weight] = kept(weight.detach(), share, pattern, elements, layer.gates)
    return found


def kept(weight: Tensor, share: float, pattern: str, elements: int, gates: int) -> Tensor:
    """The mask of one matrix (gates targets, sources)."""
    if pattern == "column-balanced":
        blocks = weight.cpu().numpy().reshape(gates, -1, weight.shape[1])
        left = torch.from_numpy(column_balanced(blocks, elements, share)).reshape(weight.shape)
        return left.ne(0).to(weight)
    gone = weight.abs().flatten().argsort(stable=True)[: int(share * weight.numel())]
    mask = torch.ones_like(weight).flatten()
    mask[gone] = 0
    return mask.reshape(weight.shape)


def apply(chosen: dict[Tensor, Tensor]) -> None:
    """Set to 0 what a mask leaves out."""
    with torch.no_grad():
        for weight, mask in chosen.items():
            weight.mul_(mask)


def share_at(goal: float, progress: float) -> float:
    """How much is pruned when ``progress`` (0 to 1) of the ramp is done: fast first, then slowly.

    ``goal (1 - (1 - progress)^3)``, Zhu and Gupta 2017, arXiv 1710.01878.

    >>> share_at(0.8, 0.5), share_at(0.8, 1.0)
    (0.7000000000000001, 0.8)
    """
    return goal * (1 - (1 - progress) ** 3)
