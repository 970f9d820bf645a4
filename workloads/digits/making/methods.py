"""The aids of the delta network's training, alone and together: changes to a benchmark's recipe."""

from __future__ import annotations

from dataclasses import replace

from deltasim.networks.training.trainer.recipe import Recipe

WITHOUT: dict[str, object] = {
    "theta_x": 0.0,
    "theta_h": 0.0,
    "theta_readout": 0.0,
    "learned": "",
    "l1": 0.0,
    "noise": 0.0,
    "sparsity": 0.0,
}
"""A dense network of the same shape, arithmetic and epochs."""

SHORT: dict[str, object] = {"learned": "", "dense_epochs": 20, "epochs": 40}
"""The epochs in which aids are compared, thresholds as the recipe has them."""

PLAIN: dict[str, object] = {**WITHOUT, "bits": 0}
"""A dense network trained in float32, rounded to 8 bits only when it is written."""

AIDS: dict[str, dict[str, object]] = {
    "plain": {**SHORT, **PLAIN},
    "rounding": {**SHORT, **WITHOUT},
    "noise": {**SHORT, **PLAIN, "noise": 0.1},
    "l1": {**SHORT, **PLAIN, "l1": 2.0},
    "sparsity": {**SHORT, **PLAIN, "sparsity": 0.5},
    "threshold": {**SHORT, "bits": 0, "l1": 0.0},
    "together": SHORT,
    "noise-too": {**SHORT, "noise": 0.05},
    "sparsity-too": {**SHORT, "sparsity": 0.5},
    "learned": {**SHORT, "learned": "neuron"},
    "largest": {**SHORT, "l1": 0.0, "budget_h": 5.0},
    "rated": {**SHORT, "l1": 0.0, "budget_h": 5.0, "budget_steps": 8.0, "budget_parts": 16},
    "longer": {},
    "rounding-longer": WITHOUT,
}
"""``plain`` with none, then every aid of the paper alone, then all together (thresholds in the loop, rounding
and L1), and what a further aid adds to those. ``largest`` and ``rated`` bound the messages of states in place
of L1: the five largest changes of a step, or five a step on average and 40 at most, shared by 16 cores.
``longer`` is the recipe itself, ``rounding-longer`` the dense network beside it."""


def changed(recipe: Recipe, method: str) -> Recipe:
    """The recipe of a method: a name of `AIDS`, ``joules``, or ``dense-N``, a dense network of N units.

    >>> changed(Recipe(l1=1.0), "threshold").l1, changed(Recipe(), "dense-16").units
    (0.0, 16)
    """
    if method.startswith("dense-"):
        return replace(recipe, **{**SHORT, **WITHOUT, "units": int(method.removeprefix("dense-"))})  # type: ignore[arg-type]
    return replace(recipe, **AIDS.get(method, {}))  # type: ignore[arg-type]
